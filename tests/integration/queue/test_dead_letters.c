/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Events that fail: counted, tried again later, given up with their cause, and redriven.
 */
#include "rig.h"

#include <kith/v1/queue.pb-c.h>

static const char CHANGED[] = "kith.v1.MemberChanged";
enum { POISONED = 7 };

static struct rig rig;
static struct rpc_client *client; /* to the consumer */
static struct queue_relay *relay;
static struct arena arena;
static struct err err;

static int open_rig(void **state)
{
    (void)state;
    rig_open(&rig);
    return 0;
}

static int close_rig(void **state)
{
    (void)state;
    rig_close(&rig);
    return 0;
}

static int reset_rig(void **state)
{
    (void)state;
    rig_reset(&rig);
    client = rig_client(&rig);
    relay = NULL;
    arena_init(&arena, 1 << 20);
    return 0;
}

static int stop_all(void **state)
{
    (void)state;
    queue_relay_stop(relay);
    rpc_client_free(client);
    rig_stop_consumer(&rig);
    arena_fini(&arena);
    return 0;
}

static void start_relay(int64_t max_attempts, int64_t retry_last_ms)
{
    const struct queue_subscriber subscribers[] = {{"till", client}};
    const struct queue_relay_config config = {.db = rig.producer,
        .clock = clock_system(),
        .owner = "relay",
        .lease_ms = 300, /* dead letters are counted as often */
        .poll_ms = 20,
        .max_attempts = max_attempts,
        .retry_first_ms = 5,
        .retry_last_ms = retry_last_ms,
        .subscribers = subscribers,
        .n_subscribers = 1};
    assert_ok(queue_relay_start(&relay, &config, &err), &err);
}

static void poison(enum err_reason refusal)
{
    atomic_store(&rig.script.refusal, refusal);
    atomic_store(&rig.script.refused_member, POISONED);
}

/* ---- giving up ------------------------------------------------------------------------------- */

static void an_event_at_fault_itself_is_given_up_at_once_with_its_cause(void **state)
{
    (void)state;
    poison(REASON_REQUEST_MALFORMED);
    rig_start_consumer(&rig);
    start_relay(100, 20);
    rig_emit(&rig, 1, 20, 3, CHANGED);
    rig_await(&rig, "SELECT count(*) FROM shop.outbox", 0);
    rig_assert_once_and_in_order(&rig, INT64_C(19) * 3);
    assert_int_equal(rig_count(&rig, "SELECT count(*) FROM shop.dead_letter"), 3);
    assert_int_equal(rig_count(&rig, "SELECT count(*) FROM shop.dead_letter WHERE attempts = 1 "
                                     "AND reason = 'REQUEST_MALFORMED' AND subscriber = 'till' "
                                     "AND message = 'refused by the test'"),
        3);
    rig_await_that(queue_relay_dead_letters(relay) == 3);
}

static void an_event_that_failed_often_enough_is_given_up_and_the_next_one_tried(void **state)
{
    (void)state;
    poison(REASON_NONE);
    rig_start_consumer(&rig);
    start_relay(4, 20);
    rig_emit(&rig, POISONED, 1, 2, CHANGED);
    rig_await(&rig, "SELECT count(*) FROM shop.dead_letter", 2);
    assert_int_equal(rig_count(&rig, "SELECT count(*) FROM shop.dead_letter WHERE attempts = 4 "
                                     "AND reason = 'INTERNAL_ERROR'"),
        2);
    assert_int_equal(rig_count(&rig, "SELECT count(*) FROM shop.dead_letter AS a "
                                     "JOIN shop.dead_letter AS b ON a.id < b.id "
                                     "WHERE a.died_at < b.died_at"),
        1);
    assert_int_equal(rig_count(&rig, "SELECT count(*) FROM shop.outbox"), 0);
}

static void an_event_that_kills_its_consumer_is_given_up(void **state)
{
    (void)state;
    start_relay(3, 20);
    rig_emit(&rig, 1, 1, 1, CHANGED);
    for (int life = 0; rig_count(&rig, "SELECT count(*) FROM shop.dead_letter") == 0; life++) {
        assert_true(life < 30);
        rig_run_consumer(&rig, CONSUMER_PROCESS, 0, 1);
        /* Whoever killed it is counted, before the next one lives. */
        rig_await_that(rig_count(&rig, "SELECT count(*) FROM shop.dead_letter") > 0 ||
                       rig_count(&rig, "SELECT count(*) FROM shop.outbox WHERE attempts > 0") > 0);
    }
    rig_start_consumer(&rig);
    rig_emit(&rig, 1, 1, 1, CHANGED);
    rig_await_all_done(&rig, 1);
}

/* ---- waiting --------------------------------------------------------------------------------- */

static void a_failing_event_holds_nobody_else_of_its_bucket(void **state)
{
    (void)state;
    const struct id poisoned = rig_member(POISONED);
    poison(REASON_NONE);
    rig_start_consumer(&rig);
    start_relay(1000, 600000);
    rig_emit(&rig, POISONED, 1, 2, CHANGED);
    rig_await(&rig, "SELECT count(*) FROM shop.outbox WHERE attempts > 0", 1);
    int n_others = 0;
    for (int i = POISONED + 256; n_others < 20; i++) {
        const struct id member = rig_member(i);
        if (id_bucket(&member) != id_bucket(&poisoned) || member.bytes[0] == POISONED)
            continue;
        rig_emit(&rig, i, 1, 1, CHANGED);
        n_others++;
    }
    rig_await(&rig, "SELECT count(*) FROM till.effect", 20);
    rig_await(&rig, "SELECT count(*) FROM shop.outbox", 2);
    assert_int_equal(rig_count(&rig, "SELECT count(*) FROM shop.outbox WHERE attempts > 0"), 1);
}

static void another_relay_knows_what_was_tried_and_waits_as_long(void **state)
{
    (void)state;
    rig_emit(&rig, POISONED, 1, 2, CHANGED);
    test_sql(rig.admin, "UPDATE shop.outbox SET attempts = 2, retry_at = now() + interval '1 hour' "
                        "WHERE id = (SELECT min(id::text)::uuid FROM shop.outbox)");
    rig_emit(&rig, 1, 1, 1, CHANGED);
    rig_start_consumer(&rig);
    start_relay(3, 20);
    rig_await(&rig, "SELECT count(*) FROM till.effect", 1);
    assert_int_equal(rig_count(&rig, "SELECT count(*) FROM till.effect WHERE member_id::text "
                                     "LIKE '07%'"),
        0);
    queue_relay_stop(relay);
    poison(REASON_NONE);
    test_sql(rig.admin, "UPDATE shop.outbox SET retry_at = NULL");
    start_relay(3, 20);
    rig_await(&rig, "SELECT count(*) FROM shop.dead_letter WHERE attempts = 3", 2);
}

/* ---- the operator ---------------------------------------------------------------------------- */

static enum err_code authenticate(void *self, struct db_session *db, const char *token,
    struct rpc_principal *out, struct err *failure)
{
    (void)self;
    (void)db;
    (void)failure;
    out->caller = strcmp(token, "operator") == 0 ? RPC_CALLER_OPERATOR : RPC_CALLER_SERVICE;
    return ERR_OK;
}

/* The producer's side: a server whose dead letters can be seen. */
static struct rpc_server *serve(char url[64])
{
    struct rpc_server *server = NULL;
    (void)snprintf(url, 64, "%s", rig_free_url());
    const struct rpc_server_config config = {.listen = url,
        .workers = 2,
        .queue_limit = 100,
        .max_message = 1 << 20,
        .max_memory = 4 << 20,
        .db = rig.producer,
        .clock = clock_system(),
        .authenticate = authenticate};
    const struct rpc_registration services[] = {{&dead_letter_rpc, &relay}};
    assert_ok(rpc_server_new(&server, &config, services, 1, &err), &err);
    assert_ok(rpc_server_listen(server, &err), &err);
    return server;
}

static struct rpc_client *as(const char *url, const char *token)
{
    struct rpc_client *out = NULL;
    const struct rpc_client_config config = {.endpoints = url, .token = token};
    assert_ok(rpc_client_new(&out, &config, &err), &err);
    return out;
}

static const Kith__V1__ListDeadLettersResponse *list(struct rpc_client *who)
{
    Kith__V1__ListDeadLettersRequest in = KITH__V1__LIST_DEAD_LETTERS_REQUEST__INIT;
    ProtobufCMessage *out = NULL;
    enum err_code code = rpc_client_call(
        who, "/kith.v1.DeadLetterService/ListDeadLetters", NULL, &in.base, &arena, &out, &err);
    return code == ERR_OK ? (const void *)out : NULL;
}

static int64_t redrive(struct rpc_client *who, const char *id)
{
    Kith__V1__RedriveDeadLettersRequest in = KITH__V1__REDRIVE_DEAD_LETTERS_REQUEST__INIT;
    ProtobufCMessage *out = NULL;
    in.id = (char *)(uintptr_t)id;
    if (rpc_client_call(who, "/kith.v1.DeadLetterService/RedriveDeadLetters", NULL, &in.base,
            &arena, &out, &err) != ERR_OK)
        return -1;
    return ((const Kith__V1__RedriveDeadLettersResponse *)(const void *)out)->redriven;
}

static void the_operatorsees_dead_letters_and_redrives_them(void **state)
{
    (void)state;
    char url[64];
    struct rpc_server *server = serve(url);
    struct rpc_client *operator= as(url, "operator");
    poison(REASON_REQUEST_MALFORMED);
    rig_start_consumer(&rig);
    start_relay(100, 20);
    rig_emit(&rig, POISONED, 1, 3, CHANGED);
    rig_await(&rig, "SELECT count(*) FROM shop.dead_letter", 3);
    const Kith__V1__ListDeadLettersResponse *letters = list(operator);
    assert_non_null(letters);
    assert_int_equal(letters->n_dead_letters, 3);
    const Kith__V1__DeadLetter *letter = letters->dead_letters[0];
    assert_string_equal(letter->kind, CHANGED);
    assert_string_equal(letter->subscriber, "till");
    assert_string_equal(letter->reason, "REQUEST_MALFORMED");
    assert_string_equal(letter->message, "refused by the test");
    assert_int_equal(letter->attempts, 1);
    assert_true(letter->died_us >= letter->occurred_us && letter->occurred_us > 0);

    /* As long as the cause is there, it comes back. */
    assert_int_equal(redrive(operator, letter->id), 1);
    rig_await(&rig, "SELECT count(*) FROM shop.dead_letter", 3);
    atomic_store(&rig.script.refused_member, 0);
    assert_int_equal(redrive(operator, letter->id), 1);
    rig_await(&rig, "SELECT count(*) FROM till.effect", 1);
    assert_int_equal(redrive(operator, ""), 2);
    rig_await(&rig, "SELECT count(*) FROM till.effect", 3);
    assert_int_equal(list(operator)->n_dead_letters, 0);
    rig_await_that(queue_relay_dead_letters(relay) == 0);
    rpc_client_free(operator);
    rpc_server_free(server);
}

static void dead_letters_are_the_operators_alone(void **state)
{
    (void)state;
    char url[64];
    struct rpc_server *server = serve(url);
    struct rpc_client *peer = as(url, "peer");
    struct rpc_client *operator= as(url, "operator");
    assert_null(list(peer));
    assert_int_equal(err.reason, REASON_CALLER_NOT_ALLOWED);
    assert_int_equal(redrive(peer, ""), -1);
    assert_int_equal(err.reason, REASON_CALLER_NOT_ALLOWED);
    assert_int_equal(redrive(operator, "01890000-0000-7000-8000-000000000000"), -1);
    assert_int_equal(err.reason, REASON_DEAD_LETTER_NOT_FOUND);
    assert_int_equal(redrive(operator, ""), 0);
    rpc_client_free(operator);
    rpc_client_free(peer);
    rpc_server_free(server);
}

#define TEST(f) cmocka_unit_test_setup_teardown(f, reset_rig, stop_all)

int main(void)
{
    const struct CMUnitTest tests[] = {
        TEST(an_event_at_fault_itself_is_given_up_at_once_with_its_cause),
        TEST(an_event_that_failed_often_enough_is_given_up_and_the_next_one_tried),
        TEST(an_event_that_kills_its_consumer_is_given_up),
        TEST(a_failing_event_holds_nobody_else_of_its_bucket),
        TEST(another_relay_knows_what_was_tried_and_waits_as_long),
        TEST(the_operatorsees_dead_letters_and_redrives_them),
        TEST(dead_letters_are_the_operators_alone),
    };
    return cmocka_run_group_tests(tests, open_rig, close_rig);
}
