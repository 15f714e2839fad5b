/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Invitations and connections through the real server.
 */
#include "world.h"

#include <kith/v1/events.pb-c.h>

#include <poll.h>
#include <pthread.h>
#include <stdatomic.h>

static struct person ana, bo, cy;

static int meet(void **state)
{
    (void)world_forget(state);
    ana = world_person("Ana Costa");
    bo = world_person("Bo Lind");
    cy = world_person("Cy Young");
    return 0;
}

static int part(void **state)
{
    (void)state;
    world_person_fini(&ana);
    world_person_fini(&bo);
    world_person_fini(&cy);
    return 0;
}

static const Kith__V1__Contact *accept_code(const struct person *who, const char *code)
{
    Kith__V1__AcceptInvitationRequest in = KITH__V1__ACCEPT_INVITATION_REQUEST__INIT;
    in.code = (char *)(uintptr_t)code;
    const Kith__V1__AcceptInvitationResponse *out =
        world_call(who->client, "AcceptInvitation", &in);
    return out->contact;
}

static void accept_refused(const struct person *who, const char *code, enum err_reason reason)
{
    Kith__V1__AcceptInvitationRequest in = KITH__V1__ACCEPT_INVITATION_REQUEST__INIT;
    in.code = (char *)(uintptr_t)code;
    (void)world_refused(who->client, "AcceptInvitation", &in, reason);
}

static void decline_code(const struct person *who, const char *code)
{
    Kith__V1__DeclineInvitationRequest in = KITH__V1__DECLINE_INVITATION_REQUEST__INIT;
    in.code = (char *)(uintptr_t)code;
    (void)world_call(who->client, "DeclineInvitation", &in);
}

static const Kith__V1__ListInvitationsResponse *list(const struct person *who, bool include_closed)
{
    Kith__V1__ListInvitationsRequest in = KITH__V1__LIST_INVITATIONS_REQUEST__INIT;
    in.include_closed = include_closed;
    return world_call(who->client, "ListInvitations", &in);
}

static const Kith__V1__Contact *contact_of(const struct person *owner, const char *id)
{
    Kith__V1__GetContactRequest in = KITH__V1__GET_CONTACT_REQUEST__INIT;
    in.contact_id = (char *)(uintptr_t)id;
    const Kith__V1__GetContactResponse *out = world_call(owner->client, "GetContact", &in);
    return out->contact;
}

static int64_t events(const struct person *member, const char *kind)
{
    char text[256];
    (void)snprintf(text, sizeof(text),
        "SELECT count(*) FROM contact.outbox WHERE member_id = '%s' AND kind = 'kith.v1.%s'",
        member->id, kind);
    return test_sql_int(world.admin, text);
}

/* The owner's contact linked to that member by a code he gave, without being connected. */
static char *linked_contact(const struct person *owner, const struct person *member)
{
    char *contact = world_contact(owner, "Linked", "");
    char text[256];
    (void)snprintf(text, sizeof(text),
        "UPDATE contact.contact SET linked_member_id = '%s' WHERE contact_id = '%s'", member->id,
        contact);
    test_sql(world.admin, text);
    return contact;
}

static void expire(const char *invitation)
{
    char text[256];
    (void)snprintf(text, sizeof(text),
        "UPDATE contact.invitation SET expires_at = now() WHERE invitation_id = '%s'", invitation);
    test_sql(world.admin, text);
}

/* ---- sending --------------------------------------------------------------------------------- */

static void an_invitation_has_a_code_that_its_sender_finds_again(void **state)
{
    (void)state;
    const char *contact = world_contact(&ana, "Bo", "");
    const Kith__V1__Invitation *sent = world_invite(&ana, contact);
    assert_int_equal(strlen(sent->code), 19);
    assert_int_equal(sent->state, KITH__V1__INVITATION_STATE__INVITATION_STATE_PENDING);
    assert_true(sent->expires_us - sent->sent_us == INT64_C(30) * 24 * 3600 * 1000000);
    const Kith__V1__ListInvitationsResponse *listed = list(&ana, false);
    assert_int_equal(listed->n_invitations, 1);
    assert_string_equal(listed->invitations[0]->code, sent->code);
    assert_string_equal(listed->invitations[0]->name, "Bo");
    assert_string_equal(listed->invitations[0]->note, "Shall we?");
    assert_string_equal(listed->invitations[0]->contact_id, contact);
    assert_true(listed->invitations[0]->is_outgoing);
}

static void inviting_looks_the_same_for_members_addresses_and_others(void **state)
{
    (void)state;
    const Kith__V1__Invitation *to_member = world_invite(&ana, world_contact(&ana, "X", bo.email));
    const Kith__V1__Invitation *to_other =
        world_invite(&ana, world_contact(&ana, "X", "nobody@example.org"));
    assert_string_equal(to_member->name, to_other->name);
    assert_int_equal(to_member->state, to_other->state);
    /* Nor does the member notice that somebody tried his address. */
    assert_int_equal(list(&bo, true)->n_invitations, 0);
    assert_int_equal(events(&bo, "InvitationReceived"), 0);
}

static void a_linked_member_finds_the_invitation_without_its_code(void **state)
{
    (void)state;
    const Kith__V1__Invitation *sent = world_invite(&ana, linked_contact(&ana, &bo));
    const Kith__V1__ListInvitationsResponse *received = list(&bo, false);
    assert_int_equal(received->n_invitations, 1);
    assert_string_equal(received->invitations[0]->id, sent->id);
    assert_string_equal(received->invitations[0]->name, "Ana Costa");
    assert_string_equal(received->invitations[0]->code, "");
    assert_string_equal(received->invitations[0]->contact_id, "");
    assert_false(received->invitations[0]->is_outgoing);
    assert_int_equal(events(&bo, "InvitationReceived"), 1);
    assert_int_equal(events(&cy, "InvitationReceived"), 0);
}

/* The payload of this member's only event of a kind. */
static ProtobufCMessage *payload_of(
    const struct person *member, const char *kind, const ProtobufCMessageDescriptor *type)
{
    char text[256];
    (void)snprintf(text, sizeof(text),
        "SELECT payload FROM contact.outbox WHERE member_id = '%s' AND kind = 'kith.v1.%s'",
        member->id, kind);
    struct db_session session = db_session(world.admin, 0);
    struct db_result *r = NULL;
    test_sql_in(&session, text, &r);
    assert_int_equal(db_rows(r), 1);
    struct db_bytes payload = db_get_bytes(r, 0, 0);
    ProtobufCMessage *message = protobuf_c_message_unpack(type, NULL, payload.len, payload.data);
    assert_non_null(message);
    db_result_clear(&r);
    return message;
}

static void events_name_the_invitation_and_both_members(void **state)
{
    (void)state;
    const Kith__V1__Invitation *sent = world_invite(&ana, linked_contact(&ana, &bo));
    ProtobufCMessage *message =
        payload_of(&bo, "InvitationReceived", &kith__v1__invitation_received__descriptor);
    const Kith__V1__InvitationReceived *received = (const void *)message;
    assert_string_equal(received->invitation_id, sent->id);
    assert_string_equal(received->from_member_id, ana.id);
    assert_string_equal(received->to_member_id, bo.id);
    protobuf_c_message_free_unpacked(message, NULL);

    (void)accept_code(&bo, sent->code);
    message = payload_of(&ana, "InvitationAccepted", &kith__v1__invitation_accepted__descriptor);
    const Kith__V1__InvitationAccepted *accepted = (const void *)message;
    assert_string_equal(accepted->invitation_id, sent->id);
    assert_string_equal(accepted->from_member_id, ana.id);
    assert_string_equal(accepted->by_member_id, bo.id);
    protobuf_c_message_free_unpacked(message, NULL);
}

static void a_call_repeated_with_its_key_sends_one_invitation(void **state)
{
    (void)state;
    Kith__V1__SendInvitationRequest in = KITH__V1__SEND_INVITATION_REQUEST__INIT;
    in.contact_id = world_contact(&ana, "Bo", "");
    const struct rpc_call_options options = {.idempotency_key = "invite-bo"};
    ProtobufCMessage *replies[2] = {NULL};
    for (size_t i = 0; i < 2; i++)
        assert_ok(rpc_client_call(ana.client, "/kith.v1.ContactService/SendInvitation", &options,
                      &in.base, &world.arena, &replies[i], &world.err),
            &world.err);
    assert_string_equal(((Kith__V1__SendInvitationResponse *)(void *)replies[0])->invitation->code,
        ((Kith__V1__SendInvitationResponse *)(void *)replies[1])->invitation->code);
    assert_int_equal(list(&ana, true)->n_invitations, 1);
}

static void one_invitation_to_a_contact_is_open_at_a_time(void **state)
{
    (void)state;
    const char *contact = world_contact(&ana, "Bo", "");
    const Kith__V1__Invitation *first = world_invite(&ana, contact);
    Kith__V1__SendInvitationRequest in = KITH__V1__SEND_INVITATION_REQUEST__INIT;
    in.contact_id = (char *)(uintptr_t)contact;
    (void)world_refused(ana.client, "SendInvitation", &in, REASON_INVITATION_PENDING);
    expire(first->id);
    const Kith__V1__Invitation *second = world_invite(&ana, contact);
    assert_string_not_equal(first->code, second->code);
    assert_int_equal(list(&ana, false)->n_invitations, 1);
    const Kith__V1__ListInvitationsResponse *all = list(&ana, true);
    assert_int_equal(all->n_invitations, 2);
    assert_string_equal(all->invitations[0]->id, second->id);
    assert_int_equal(
        all->invitations[1]->state, KITH__V1__INVITATION_STATE__INVITATION_STATE_EXPIRED);
}

static void only_own_contacts_can_be_invited(void **state)
{
    (void)state;
    Kith__V1__SendInvitationRequest in = KITH__V1__SEND_INVITATION_REQUEST__INIT;
    in.contact_id = world_contact(&bo, "Cy", "");
    (void)world_refused(ana.client, "SendInvitation", &in, REASON_CONTACT_NOT_FOUND);
}

static void invitations_come_in_pages(void **state)
{
    (void)state;
    for (int i = 0; i < 5; i++)
        (void)world_invite(&ana, world_contact(&ana, "X", ""));
    Kith__V1__ListInvitationsRequest in = KITH__V1__LIST_INVITATIONS_REQUEST__INIT;
    in.page_size = 2;
    size_t n = 0;
    char last[ID_TEXT_SIZE] = "~";
    do {
        const Kith__V1__ListInvitationsResponse *out =
            world_call(ana.client, "ListInvitations", &in);
        for (size_t i = 0; i < out->n_invitations; i++, n++) {
            assert_true(strcmp(out->invitations[i]->id, last) < 0);
            (void)snprintf(last, sizeof(last), "%s", out->invitations[i]->id);
        }
        in.page_token = out->next_page_token;
    } while (in.page_token[0] != '\0');
    assert_int_equal(n, 5);
    in.page_token = (char[]){"invented"};
    (void)world_refused(ana.client, "ListInvitations", &in, REASON_PAGE_TOKEN_INVALID);
}

/* ---- accepting ------------------------------------------------------------------------------- */

static void accepting_connects_both_sides(void **state)
{
    (void)state;
    const char *anas = world_contact(&ana, "Bo from work", "");
    const Kith__V1__Invitation *sent = world_invite(&ana, anas);
    const Kith__V1__Contact *bos = accept_code(&bo, sent->code);
    assert_string_equal(bos->name, "Ana Costa");
    assert_string_equal(bos->member_id, ana.id);
    assert_true(bos->is_connected);
    assert_string_equal(bos->email, "");
    assert_string_equal(contact_of(&ana, anas)->member_id, bo.id);
    assert_string_equal(contact_of(&ana, anas)->name, "Bo from work");
    assert_true(contact_of(&ana, anas)->is_connected);
    assert_int_equal(events(&ana, "InvitationAccepted"), 1);
    assert_int_equal(events(&ana, "ContactsChanged"), 1);
    assert_int_equal(events(&bo, "ContactsChanged"), 1);
    assert_int_equal(list(&ana, false)->n_invitations, 0);
    assert_int_equal(list(&ana, true)->invitations[0]->state,
        KITH__V1__INVITATION_STATE__INVITATION_STATE_ACCEPTED);
    assert_string_equal(list(&bo, true)->invitations[0]->contact_id, bos->id);

    Kith__V1__SendInvitationRequest in = KITH__V1__SEND_INVITATION_REQUEST__INIT;
    in.contact_id = (char *)(uintptr_t)anas;
    (void)world_refused(ana.client, "SendInvitation", &in, REASON_ALREADY_CONNECTED);
}

static void accepting_again_is_the_same_answer(void **state)
{
    (void)state;
    const Kith__V1__Invitation *sent = world_invite(&ana, world_contact(&ana, "Bo", ""));
    const Kith__V1__Contact *first = accept_code(&bo, sent->code);
    const Kith__V1__Contact *second = accept_code(&bo, sent->code);
    assert_string_equal(first->id, second->id);
    assert_int_equal(events(&ana, "InvitationAccepted"), 1);
    accept_refused(&cy, sent->code, REASON_INVITATION_CLOSED);
}

static void a_known_sender_keeps_her_entry(void **state)
{
    (void)state;
    const char *by_email = world_contact(&bo, "Ana (choir)", ana.email);
    const Kith__V1__Invitation *sent = world_invite(&ana, world_contact(&ana, "Bo", ""));
    assert_string_equal(accept_code(&bo, sent->code)->id, by_email);
    assert_int_equal(
        world_count("SELECT count(*) FROM contact.contact WHERE member_id = '%s'", bo.id), 1);
}

static void a_received_invitation_is_accepted_by_its_id(void **state)
{
    (void)state;
    const Kith__V1__Invitation *sent = world_invite(&ana, linked_contact(&ana, &bo));
    Kith__V1__AcceptInvitationRequest in = KITH__V1__ACCEPT_INVITATION_REQUEST__INIT;
    in.invitation_id = sent->id;
    (void)world_refused(cy.client, "AcceptInvitation", &in, REASON_INVITATION_NOT_FOUND);
    (void)world_refused(ana.client, "AcceptInvitation", &in, REASON_INVITATION_NOT_FOUND);
    (void)world_call(bo.client, "AcceptInvitation", &in);
    assert_int_equal(events(&ana, "InvitationAccepted"), 1);
}

static void a_code_meant_for_one_member_is_no_good_to_another(void **state)
{
    (void)state;
    const Kith__V1__Invitation *sent = world_invite(&ana, linked_contact(&ana, &bo));
    accept_refused(&cy, sent->code, REASON_INVITATION_NOT_FOUND);
    (void)accept_code(&bo, sent->code);
}

static void two_who_invited_each_other_end_with_one_contact_each(void **state)
{
    (void)state;
    const Kith__V1__Invitation *from_ana = world_invite(&ana, world_contact(&ana, "Bo", ""));
    const Kith__V1__Invitation *from_bo = world_invite(&bo, world_contact(&bo, "Ana", ""));
    (void)accept_code(&bo, from_ana->code);
    (void)accept_code(&ana, from_bo->code);
    /* Bo's entry for Ana was unknown to be her when he accepted; the second answer says so. */
    assert_int_equal(world_count("SELECT count(*) FROM contact.contact WHERE member_id = '%s' "
                                 "AND linked_member_id IS NOT NULL",
                         bo.id),
        1);
    assert_int_equal(
        world_count("SELECT count(*) FROM contact.contact WHERE member_id = '%s'", ana.id), 1);
}

static void what_can_not_be_accepted(void **state)
{
    (void)state;
    const Kith__V1__Invitation *sent = world_invite(&ana, world_contact(&ana, "Bo", ""));
    accept_refused(&ana, sent->code, REASON_INVITATION_NOT_FOUND);
    accept_refused(&bo, "ABCD-EFGH-JKMN-PQRS", REASON_INVITATION_NOT_FOUND);
    accept_refused(&bo, "", REASON_FIELD_INVALID);
    Kith__V1__AcceptInvitationRequest both = KITH__V1__ACCEPT_INVITATION_REQUEST__INIT;
    both.code = sent->code;
    both.invitation_id = sent->id;
    (void)world_refused(bo.client, "AcceptInvitation", &both, REASON_FIELD_INVALID);
    expire(sent->id);
    accept_refused(&bo, sent->code, REASON_INVITATION_CLOSED);
    assert_int_equal(
        world_count("SELECT count(*) FROM contact.tie WHERE member_id = '%s'", ana.id), 0);
}

struct racer {
    const struct person *who;
    const char *code;
    const char *contact; /* what LinkContact is to link */
    enum err_code result;
    atomic_bool is_done;
};

static void *race(void *arg)
{
    struct racer *racer = arg;
    struct arena arena;
    struct err err = {0};
    ProtobufCMessage *out = NULL;
    Kith__V1__AcceptInvitationRequest in = KITH__V1__ACCEPT_INVITATION_REQUEST__INIT;
    in.code = (char *)(uintptr_t)racer->code;
    arena_init(&arena, 1 << 20);
    racer->result = rpc_client_call(racer->who->client, "/kith.v1.ContactService/AcceptInvitation",
        NULL, &in.base, &arena, &out, &err);
    atomic_store(&racer->is_done, true);
    arena_fini(&arena);
    return NULL;
}

static void of_two_who_use_a_code_at_once_one_is_connected(void **state)
{
    (void)state;
    for (int round = 0; round < 5; round++) {
        const Kith__V1__Invitation *sent = world_invite(&ana, world_contact(&ana, "Who", ""));
        struct person eve = world_person("Eve"), fay = world_person("Fay");
        struct racer racers[] = {
            {.who = &eve, .code = sent->code}, {.who = &fay, .code = sent->code}};
        pthread_t threads[2];
        for (size_t i = 0; i < 2; i++)
            assert_int_equal(pthread_create(&threads[i], NULL, race, &racers[i]), 0);
        for (size_t i = 0; i < 2; i++)
            assert_int_equal(pthread_join(threads[i], NULL), 0);
        assert_int_equal((racers[0].result == ERR_OK) + (racers[1].result == ERR_OK), 1);
        assert_int_equal(
            world_count("SELECT count(*) FROM contact.tie WHERE member_id = '%s'", eve.id) +
                world_count("SELECT count(*) FROM contact.tie WHERE member_id = '%s'", fay.id),
            1);
        world_person_fini(&eve);
        world_person_fini(&fay);
    }
}

static int64_t deadlocks(void)
{
    return test_sql_int(
        world.admin, "SELECT deadlocks FROM pg_stat_database WHERE datname = current_database()");
}

static void two_who_accept_each_other_at_once_are_both_connected(void **state)
{
    (void)state;
    int64_t deadlocks_before = deadlocks();
    for (int round = 0; round < 20; round++) {
        struct person eve = world_person("Eve"), fay = world_person("Fay");
        const char *from_eve = world_invite(&eve, world_contact(&eve, "Fay", ""))->code;
        const char *from_fay = world_invite(&fay, world_contact(&fay, "Eve", ""))->code;
        struct racer racers[] = {{.who = &eve, .code = from_fay}, {.who = &fay, .code = from_eve}};
        pthread_t threads[2];
        for (size_t i = 0; i < 2; i++)
            assert_int_equal(pthread_create(&threads[i], NULL, race, &racers[i]), 0);
        for (size_t i = 0; i < 2; i++)
            assert_int_equal(pthread_join(threads[i], NULL), 0);
        for (size_t i = 0; i < 2; i++) {
            assert_int_equal(racers[i].result, ERR_OK);
            assert_int_equal(world_count("SELECT count(*) FROM contact.v1_contact "
                                         "WHERE member_id = '%s' AND is_connected "
                                         "AND linked_member_id IS NOT NULL",
                                 racers[i].who->id),
                1);
        }
        world_person_fini(&eve);
        world_person_fini(&fay);
    }
    assert_int_equal(deadlocks(), deadlocks_before);
}

static void *race_to_link(void *arg)
{
    struct racer *racer = arg;
    struct rpc_client *own = world_client(racer->who->token);
    struct arena arena;
    struct err err = {0};
    ProtobufCMessage *out = NULL;
    Kith__V1__LinkContactRequest in = KITH__V1__LINK_CONTACT_REQUEST__INIT;
    in.contact_id = (char *)(uintptr_t)racer->contact;
    in.invitation_code = (char *)(uintptr_t)racer->code;
    arena_init(&arena, 1 << 20);
    racer->result = rpc_client_call(
        own, "/kith.v1.ContactService/LinkContact", NULL, &in.base, &arena, &out, &err);
    arena_fini(&arena);
    rpc_client_free(own);
    return NULL;
}

static void await_that_waits_or_is_done(const struct racer *racer, int64_t n)
{
    for (int tries = 0; world_n_waiting() < n && !atomic_load(&racer->is_done); tries++) {
        assert_true(tries < 10000);
        (void)poll(NULL, 0, 1);
    }
}

static struct db_session lock_contact(const char *id)
{
    char text[160];
    struct db_session s = db_session(world.admin, 0);
    struct db_result *locked = NULL;
    (void)snprintf(text, sizeof(text),
        "SELECT 1::int8 FROM contact.contact WHERE contact_id = '%s' FOR UPDATE", id);
    assert_ok(db_begin(&s, DB_TX_WRITE, &world.err), &world.err);
    test_sql_in(&s, text, &locked);
    db_result_clear(&locked);
    return s;
}

/*
 * The link is held up in the moment before it is written. An acceptance of another invitation by
 * the same sender would now find no contact that is linked to her, and make a second one, did it
 * not wait for the two members.
 */
static void an_acceptance_waits_for_a_link_to_the_same_sender(void **state)
{
    (void)state;
    const char *to_link = world_invite(&bo, world_contact(&bo, "Ana", ""))->code;
    const char *to_accept = world_invite(&bo, world_contact(&bo, "Ana from choir", ""))->code;
    const char *contact = world_contact(&ana, "Bo", "");
    struct racer linker = {.who = &ana, .code = to_link, .contact = contact};
    struct racer accepter = {.who = &ana, .code = to_accept};
    pthread_t threads[2];
    struct db_session s = lock_contact(contact);
    assert_int_equal(pthread_create(&threads[0], NULL, race_to_link, &linker), 0);
    world_await_waiting(1);
    assert_int_equal(pthread_create(&threads[1], NULL, race, &accepter), 0);
    await_that_waits_or_is_done(&accepter, 2);
    assert_ok(db_commit(&s, &world.err), &world.err);
    for (size_t i = 0; i < 2; i++)
        assert_int_equal(pthread_join(threads[i], NULL), 0);
    assert_int_equal(linker.result, ERR_OK);
    assert_int_equal(accepter.result, ERR_OK);
    assert_int_equal(
        world_count("SELECT count(*) FROM contact.contact WHERE member_id = '%s'", ana.id), 1);
    assert_string_equal(contact_of(&ana, contact)->member_id, bo.id);
    assert_true(contact_of(&ana, contact)->is_connected);
}

/* ---- declining ------------------------------------------------------------------------------- */

static void the_sender_is_not_told_of_a_refusal(void **state)
{
    (void)state;
    const char *contact = world_contact(&ana, "Bo", "");
    const Kith__V1__Invitation *sent = world_invite(&ana, contact);
    decline_code(&bo, sent->code);
    decline_code(&bo, sent->code);
    const Kith__V1__ListInvitationsResponse *outgoing = list(&ana, false);
    assert_int_equal(outgoing->n_invitations, 1);
    assert_int_equal(
        outgoing->invitations[0]->state, KITH__V1__INVITATION_STATE__INVITATION_STATE_PENDING);
    Kith__V1__SendInvitationRequest in = KITH__V1__SEND_INVITATION_REQUEST__INIT;
    in.contact_id = (char *)(uintptr_t)contact;
    (void)world_refused(ana.client, "SendInvitation", &in, REASON_INVITATION_PENDING);
    assert_int_equal(events(&ana, "InvitationAccepted"), 0);

    assert_int_equal(list(&bo, false)->n_invitations, 0);
    assert_int_equal(list(&bo, true)->invitations[0]->state,
        KITH__V1__INVITATION_STATE__INVITATION_STATE_DECLINED);
    accept_refused(&bo, sent->code, REASON_INVITATION_CLOSED);
    accept_refused(&cy, sent->code, REASON_INVITATION_CLOSED);
}

static void an_accepted_invitation_can_not_be_declined(void **state)
{
    (void)state;
    const Kith__V1__Invitation *sent = world_invite(&ana, world_contact(&ana, "Bo", ""));
    (void)accept_code(&bo, sent->code);
    Kith__V1__DeclineInvitationRequest in = KITH__V1__DECLINE_INVITATION_REQUEST__INIT;
    in.code = sent->code;
    (void)world_refused(bo.client, "DeclineInvitation", &in, REASON_INVITATION_CLOSED);
    (void)world_refused(ana.client, "DeclineInvitation", &in, REASON_INVITATION_NOT_FOUND);
}

#define TEST(name) cmocka_unit_test_setup_teardown(name, meet, part)

int main(void)
{
    const struct CMUnitTest tests[] = {
        TEST(an_invitation_has_a_code_that_its_sender_finds_again),
        TEST(inviting_looks_the_same_for_members_addresses_and_others),
        TEST(a_linked_member_finds_the_invitation_without_its_code),
        TEST(events_name_the_invitation_and_both_members),
        TEST(a_call_repeated_with_its_key_sends_one_invitation),
        TEST(one_invitation_to_a_contact_is_open_at_a_time),
        TEST(only_own_contacts_can_be_invited),
        TEST(invitations_come_in_pages),
        TEST(accepting_connects_both_sides),
        TEST(accepting_again_is_the_same_answer),
        TEST(a_known_sender_keeps_her_entry),
        TEST(a_received_invitation_is_accepted_by_its_id),
        TEST(a_code_meant_for_one_member_is_no_good_to_another),
        TEST(two_who_invited_each_other_end_with_one_contact_each),
        TEST(what_can_not_be_accepted),
        TEST(of_two_who_use_a_code_at_once_one_is_connected),
        TEST(two_who_accept_each_other_at_once_are_both_connected),
        TEST(an_acceptance_waits_for_a_link_to_the_same_sender),
        TEST(the_sender_is_not_told_of_a_refusal),
        TEST(an_accepted_invitation_can_not_be_declined),
    };
    return cmocka_run_group_tests(tests, world_start, world_stop);
}
