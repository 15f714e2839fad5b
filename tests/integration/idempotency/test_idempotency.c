/* SPDX-License-Identifier: Apache-2.0 */
#include "db_test.h"
#include "idempotency/idempotency.h"
#include "test_idempotency_migrations.h"

#include <pthread.h>
#include <sched.h>

enum { METHOD = 7, OTHER_METHOD = 8 };

static struct db *admin;
static struct db *db;
static const struct id MEMBER = {{0xaa}};
static const struct id OTHER_MEMBER = {{0xbb}};

static int open_database(void **state)
{
    (void)state;
    const struct db_schema schema = {"shop", test_idempotency_migrations};
    struct db_config migrator = test_db_config(NULL, "migrator", 1);
    struct err err = {0};
    assert_ok(db_migrate(&migrator, &schema, NULL, &err), &err);
    admin = test_db_open(NULL, "admin", 1);
    db = test_db_open("shop", "shop", 4);
    return 0;
}

static int close_database(void **state)
{
    (void)state;
    db_close(db);
    db_close(admin);
    return 0;
}

static int forget(void **state)
{
    (void)state;
    test_sql(admin, "TRUNCATE shop.idempotency, shop.effect");
    return 0;
}

/* One call as the dispatcher runs it: begin, effect, finish, in one transaction. */
struct call {
    struct rpc_principal caller;
    const char *key;
    uint32_t method;
    const char *request;
    const char *answer; /* of the handler, if it runs */
    bool fails;         /* the handler does */
    void (*in_handler)(void);
    struct arena arena;
    struct db_bytes reply;
    bool is_replayed;
};

static enum err_code run_handler(struct call *call, struct db_session *s, struct err *err)
{
    if (call->in_handler)
        call->in_handler();
    if (call->fails)
        return err_raise(err, REASON_ASK_CLOSED, "no");
    struct db_result *r = NULL;
    test_sql_in(s, "INSERT INTO effect VALUES (1)", &r);
    db_result_clear(&r);
    call->reply = (struct db_bytes){call->answer, strlen(call->answer)};
    return ERR_OK;
}

static enum err_code attempt(struct db_session *s, void *arg, struct err *err)
{
    struct call *call = arg;
    struct rpc_ctx ctx = {
        .arena = &call->arena, .db = s, .principal = call->caller, .idempotency_key = call->key};
    const struct rpc_keyed_call keyed = {call->method, {call->request, strlen(call->request)}};
    struct db_bytes stored = {0};
    enum err_code code = idempotency_store.begin(&ctx, &keyed, &stored, err);
    if (code != ERR_OK)
        return code;
    if (stored.data) {
        call->reply = stored;
        call->is_replayed = true;
        return ERR_OK;
    }
    code = run_handler(call, s, err);
    return code == ERR_OK ? idempotency_store.finish(&ctx, &keyed, &call->reply, err) : code;
}

static struct call member_call(const char *key, const char *request, const char *answer)
{
    return (struct call){.caller = {.caller = RPC_CALLER_MEMBER, .member = MEMBER},
        .key = key,
        .method = METHOD,
        .request = request,
        .answer = answer};
}

static enum err_code run(struct call *call, struct err *err)
{
    arena_init(&call->arena, 1 << 20);
    struct db_session s = db_session(db, 0);
    return db_in_tx(&s, DB_TX_WRITE, attempt, call, err);
}

static void assert_answered(struct call *call, const char *answer, bool is_replayed)
{
    struct err err = {0};
    assert_ok(run(call, &err), &err);
    assert_int_equal(call->reply.len, strlen(answer));
    assert_memory_equal(call->reply.data, answer, strlen(answer));
    assert_int_equal(call->is_replayed, is_replayed);
    arena_fini(&call->arena);
}

static void assert_reused(struct call *call)
{
    struct err err = {0};
    assert_int_equal(run(call, &err), ERR_FAILED_PRECONDITION);
    assert_int_equal(err.reason, REASON_IDEMPOTENCY_KEY_REUSED);
    arena_fini(&call->arena);
}

static int64_t n_effects(void)
{
    return test_sql_int(admin, "SELECT count(*) FROM shop.effect");
}

static void the_same_call_gets_the_same_reply_and_no_second_effect(void **state)
{
    (void)state;
    struct call first = member_call("k", "request", "first answer");
    struct call again = member_call("k", "request", "second answer");
    assert_answered(&first, "first answer", false);
    assert_answered(&again, "first answer", true);
    assert_int_equal(n_effects(), 1);
}

static void an_empty_reply_is_a_reply(void **state)
{
    (void)state;
    struct call first = member_call("k", "request", "");
    struct call again = member_call("k", "request", "more");
    assert_answered(&first, "", false);
    assert_answered(&again, "", true);
}

static void another_request_or_method_under_the_key_is_refused(void **state)
{
    (void)state;
    struct call first = member_call("k", "request", "answer");
    struct call other_body = member_call("k", "request!", "answer");
    struct call other_method = member_call("k", "request", "answer");
    other_method.method = OTHER_METHOD;
    assert_answered(&first, "answer", false);
    assert_reused(&other_body);
    assert_reused(&other_method);
    assert_int_equal(n_effects(), 1);
}

static void keys_belong_to_their_caller(void **state)
{
    (void)state;
    const struct rpc_principal callers[] = {
        {.caller = RPC_CALLER_MEMBER, .member = MEMBER},
        {.caller = RPC_CALLER_MEMBER, .member = OTHER_MEMBER},
        {.caller = RPC_CALLER_OPERATOR},
        {.caller = RPC_CALLER_SERVICE},
    };
    for (int i = 0; i < 4; i++) {
        struct call call = member_call("k", "request", "answer");
        call.caller = callers[i];
        assert_answered(&call, "answer", false);
        struct call again = member_call("k", "request", "other");
        again.caller = callers[i];
        assert_answered(&again, "answer", true);
    }
    assert_int_equal(n_effects(), 4);
}

static struct call strangers_call(const char *request, const char *answer)
{
    struct call call = member_call("k", request, answer);
    call.caller = (struct rpc_principal){.caller = RPC_CALLER_ANYBODY};
    return call;
}

static void a_strangers_key_belongs_to_the_request_it_came_with(void **state)
{
    (void)state;
    struct call first = strangers_call("request", "first answer");
    struct call other = strangers_call("another request", "other answer");
    struct call again = strangers_call("request", "second answer");
    assert_answered(&first, "first answer", false);
    assert_answered(&other, "other answer", false);
    assert_answered(&again, "first answer", true);
    assert_int_equal(n_effects(), 2);
}

static void a_failed_call_leaves_its_key_free(void **state)
{
    (void)state;
    struct err err = {0};
    struct call failing = member_call("k", "request", "answer");
    failing.fails = true;
    assert_int_equal(run(&failing, &err), ERR_FAILED_PRECONDITION);
    assert_int_equal(err.reason, REASON_ASK_CLOSED);
    arena_fini(&failing.arena);
    struct call again = member_call("k", "request", "answer");
    assert_answered(&again, "answer", false);
}

/* ---- twins ----------------------------------------------------------------------------------- */

/* Holds its key, uncommitted: only then may the twin start, or it might come first. */
static _Atomic bool first_is_in_handler;

static void wait_until_the_twin_waits(void)
{
    first_is_in_handler = true;
    while (test_sql_int(admin, "SELECT count(*) FROM pg_stat_activity WHERE application_name = "
                               "'shop' AND wait_event_type = 'Lock'") == 0)
        sched_yield();
}

static void *run_twin(void *arg)
{
    struct call *twin = arg;
    while (!first_is_in_handler)
        sched_yield();
    struct err err = {0};
    return run(twin, &err) == ERR_OK ? NULL : twin;
}

static void *start_twin(struct call *first, struct call *twin, struct err *err, enum err_code *code)
{
    pthread_t thread;
    void *failed = NULL;
    first_is_in_handler = false;
    first->in_handler = wait_until_the_twin_waits;
    assert_int_equal(pthread_create(&thread, NULL, run_twin, twin), 0);
    *code = run(first, err);
    assert_int_equal(pthread_join(thread, &failed), 0);
    return failed;
}

static void a_twin_waits_and_gets_the_first_ones_reply(void **state)
{
    (void)state;
    struct err err = {0};
    enum err_code code;
    struct call first = member_call("k", "request", "first answer");
    struct call twin = member_call("k", "request", "second answer");
    assert_null(start_twin(&first, &twin, &err, &code));
    assert_ok(code, &err);
    assert_true(twin.is_replayed);
    assert_memory_equal(twin.reply.data, "first answer", strlen("first answer"));
    assert_int_equal(n_effects(), 1);
    arena_fini(&first.arena);
    arena_fini(&twin.arena);
}

static struct call *strangers_twin;

static void run_strangers_twin(void)
{
    struct err err = {0};
    assert_ok(run(strangers_twin, &err), &err);
}

/* It holds nothing to wait for: both work, one is kept, and the other is sent to its reply. */
static void a_strangers_twin_gets_the_first_ones_reply(void **state)
{
    (void)state;
    struct err err = {0};
    struct call first = strangers_call("request", "first answer");
    struct call twin = strangers_call("request", "second answer");
    strangers_twin = &twin;
    first.in_handler = run_strangers_twin;
    assert_ok(run(&first, &err), &err);
    assert_false(twin.is_replayed);
    assert_true(first.is_replayed);
    assert_memory_equal(first.reply.data, "second answer", strlen("second answer"));
    assert_int_equal(n_effects(), 1);
    arena_fini(&first.arena);
    arena_fini(&twin.arena);
}

static void a_twin_takes_over_when_the_first_one_fails(void **state)
{
    (void)state;
    struct err err = {0};
    enum err_code code;
    struct call first = member_call("k", "request", "first answer");
    struct call twin = member_call("k", "request", "second answer");
    first.fails = true;
    assert_null(start_twin(&first, &twin, &err, &code));
    assert_int_equal(code, ERR_FAILED_PRECONDITION);
    assert_false(twin.is_replayed);
    assert_int_equal(n_effects(), 1);
    arena_fini(&first.arena);
    arena_fini(&twin.arena);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup(the_same_call_gets_the_same_reply_and_no_second_effect, forget),
        cmocka_unit_test_setup(an_empty_reply_is_a_reply, forget),
        cmocka_unit_test_setup(another_request_or_method_under_the_key_is_refused, forget),
        cmocka_unit_test_setup(keys_belong_to_their_caller, forget),
        cmocka_unit_test_setup(a_strangers_key_belongs_to_the_request_it_came_with, forget),
        cmocka_unit_test_setup(a_strangers_twin_gets_the_first_ones_reply, forget),
        cmocka_unit_test_setup(a_failed_call_leaves_its_key_free, forget),
        cmocka_unit_test_setup(a_twin_waits_and_gets_the_first_ones_reply, forget),
        cmocka_unit_test_setup(a_twin_takes_over_when_the_first_one_fails, forget),
    };
    return cmocka_run_group_tests(tests, open_database, close_database);
}
