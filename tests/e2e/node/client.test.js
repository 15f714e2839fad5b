// SPDX-License-Identifier: Apache-2.0
// The Node client against the real services. Their addresses, Mira's token and her certificate come
// from the environment.
import assert from 'node:assert/strict';
import { readFileSync } from 'node:fs';
import { after, test } from 'node:test';

const { Client, KithError } = await import(process.env.KITH_NODE_CLIENT);
const { KITH_CONTACT_ENDPOINTS: contact, KITH_NOTIFICATION_ENDPOINTS: notification } = process.env;
const { TLS_ADDRESS, TLS_FOLDER, MIRA_TOKEN: token, MIRA_ID: id } = process.env;
const mira = new Client(contact, { token });
after(() => mira.socket.destroy());

test('ping brings back what it carried', async () => {
  const payload = Buffer.from('hällo\0').toString('base64');
  assert.deepEqual(await mira.call('HealthService/Ping', { payload }), { payload });
});

test('a member is who her token says', async () => {
  const { member } = await mira.call('ContactService/GetMember');
  assert.equal(member.id, id);
  assert.equal(member.name, 'Mira Solberg');
});

test('an address book comes page by page', async () => {
  const names = new Set();
  let pageToken = '';
  do {
    const page = await mira.call('ContactService/ListContacts', { pageSize: 100, pageToken });
    for (const { name } of page.contacts) names.add(name);
    pageToken = page.nextPageToken;
  } while (pageToken);
  assert.ok(names.size > 250, `${names.size} names`);
  assert.ok(names.has('Dana Whitlock'));
});

test('a stream comes in parts, each from where the last one ended', async () => {
  const names = [];
  let part, cursor = '';
  do {
    part = await mira.call('ContactService/ExportContacts', { cursor });
    for (const item of part) names.push(item.contact.name);
    cursor = part.at(-1)?.cursor;
  } while (part.length > 0);
  assert.ok(names.length > 250, `${names.length} names`);
  assert.equal(names.filter((name) => name === 'Dana Whitlock').length, 1);
});

test('calls on one connection may overlap and answer in any order', async () => {
  const inbox = new Client(notification, { token });
  const { cursor } = await inbox.call('NotificationService/ListNotifications');
  const waiting = inbox.call('NotificationService/WatchNotifications', { cursor }, { timeoutMs: 1500 });
  await Promise.all(Array.from({ length: 50 }, () => inbox.call('HealthService/Ping')));
  assert.deepEqual(await waiting, []); // nothing came in time
  inbox.socket.destroy();
});

test('a refusal says why, in a word for programs and a sentence for people', async () => {
  const call = mira.call('ContactService/GetContact', { contactId: '018f0000-0000-7000-8000-000000000000' });
  await assert.rejects(call, (error) => {
    assert.ok(error instanceof KithError);
    assert.equal(error.status, 5);
    assert.equal(error.reason, 'CONTACT_NOT_FOUND');
    return true;
  });
  const stranger = new Client(contact);
  await assert.rejects(stranger.call('ContactService/GetMember'), { status: 16, reason: 'TOKEN_MISSING' });
  stranger.socket.destroy();
});

test('where nobody listens a call fails at once', async () => {
  const lost = new Client('tcp://127.0.0.1:1');
  await assert.rejects(lost.call('HealthService/Ping'), { status: 14, reason: 'CONNECTION_LOST' });
});

test('it speaks TLS, and shows its certificate', async () => {
  const [ca, cert, key] = ['ca.pem', 'client.pem', 'client.key'].map((name) => readFileSync(`${TLS_FOLDER}/${name}`));
  const known = new Client(TLS_ADDRESS, { token, ca, cert, key });
  assert.equal((await known.call('ContactService/GetMember')).member.id, id);
  known.socket.destroy();
  const unknown = new Client(TLS_ADDRESS, { token, ca });
  await assert.rejects(unknown.call('HealthService/Ping'), { reason: 'CONNECTION_LOST' });
});
