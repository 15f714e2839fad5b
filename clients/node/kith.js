// SPDX-License-Identifier: Apache-2.0
// A client of Kith for Node: proto/README.md in few lines, over TCP or TLS.
import { createRequire } from 'node:module';
import net from 'node:net';
import tls from 'node:tls';
import protobuf from 'protobufjs';
const root = new protobuf.Root();
const find = createRequire(import.meta.url).resolve;
root.resolvePath = (_, file) => find(`${file.startsWith('kith/') ? '../../proto' : 'protobufjs'}/${file}`);
root.loadSync(['contact', 'recommendation', 'notification', 'health', 'wire'].map((name) => `kith/v1/${name}.proto`));
const Meta = root.resolveAll().lookupType('kith.v1.Meta');

const GREETING = Buffer.from('\0SP\0\0\x30\0\0', 'latin1');
const ITEM = 4, END = 5, FRONT = 8 + 4 + 16, HEADER = 32; // length, request id, preamble; header of a frame
const fnv1a = (text) => Buffer.from(text).reduce((h, c) => Math.imul(h ^ c, 16777619) >>> 0, 2166136261);

function message(id, path, timeoutMs, meta, payload) {
  const head = Buffer.alloc(FRONT + HEADER), frame = head.subarray(FRONT);
  head.writeBigUInt64BE(BigInt(head.length - 8 + meta.length + payload.length));
  head.writeUInt32BE((id | 0x80000000) >>> 0, 8);
  head.write('KTH1\x01', 12); // one frame, no session
  frame.set([1, 2, meta.length > 0 ? 1 : 0], 4); // version, CALL, has meta
  const fields = { 0: meta.length + payload.length, 8: id, 16: fnv1a(path), 20: timeoutMs, 24: meta.length };
  for (const at in fields) frame.writeUInt32LE(fields[at], Number(at));
  return Buffer.concat([head, meta, payload]);
}

export class KithError extends Error {
  constructor(status, reason, text, retryAfterMs = 0) { // status: gRPC's; reason: `kith explain`
    Object.assign(super(text), { status, reason, retryAfterMs });
  }
}

export class Client {
  #calls = new Map(); // by id
  #lastId = 0;
  #input = Buffer.alloc(0); // their greeting, then messages
  // "tcp://127.0.0.1:7101", or "tls+tcp://…" with the texts of PEM files as ca, cert and key.
  constructor(url, { token = '', ...pem } = {}) {
    const { protocol, hostname: host, port } = new URL(url);
    const lost = new KithError(14, 'CONNECTION_LOST', `${url} is not there, or gone`);
    this.token = token; // of who calls
    this.socket = protocol === 'tcp:' ? net.connect({ host, port }) : tls.connect({ host, port, ...pem });
    this.socket.on('data', (bytes) => this.#read(bytes)).on('error', () => {});
    this.socket.on('close', () => this.#calls.forEach((call) => call.reject(lost))).write(GREETING);
  }

  // Resolves to the reply, or of a stream to an array of what there is, to go on from the last one's cursor.
  async call(name, request = {}, { timeoutMs = 5000, idempotencyKey } = {}) {
    const [service, method] = name.split('/'), rpc = root.lookupService(`kith.v1.${service}`).methods[method];
    const In = rpc.resolvedRequestType, read = (bytes) => rpc.resolvedResponseType.decode(bytes).toJSON();
    const meta = Meta.encode({ authorization: this.token, idempotencyKey }).finish();
    const id = (this.#lastId = (this.#lastId % 0x7fffffff) + 1); // also that of the request
    return new Promise((resolve, reject) => {
      const late = new KithError(4, 'DEADLINE_PASSED', `${name}: no reply in ${timeoutMs} ms`);
      setTimeout(reject, timeoutMs, late).unref();
      this.#calls.set(id, { resolve: (all) => resolve(rpc.responseStream ? all.map(read) : read(all[0])), reject });
      this.socket.write(message(id, `/kith.v1.${name}`, timeoutMs, meta, In.encode(In.fromObject(request)).finish()));
    }).finally(() => this.#calls.delete(id));
  }

  #read(bytes) {
    this.#input = Buffer.concat([this.#input, bytes]);
    while (this.#input.length >= 16) {
      const end = 16 + Number(this.#input.readBigUInt64BE(8));
      if (this.#input.length < end) return;
      let frame = this.#input.subarray(8 + FRONT, end), next;
      for (const payloads = []; frame.length > 0; frame = frame.subarray(next)) {
        next = HEADER + frame.readUInt32LE(0);
        const call = this.#calls.get(frame.readUInt32LE(8)), status = frame.readUInt32LE(20);
        const payloadAt = HEADER + frame.readUInt32LE(24), meta = Meta.decode(frame.subarray(HEADER, payloadAt));
        if (frame[5] !== END) payloads.push(frame.subarray(payloadAt, next));
        if (status !== 0) call?.reject(new KithError(status, meta.reason, meta.message, meta.retryAfterMs));
        else if (frame[5] !== ITEM) call?.resolve(payloads);
      }
      this.#input = Buffer.concat([GREETING, this.#input.subarray(end)]);
    }
  }
}
