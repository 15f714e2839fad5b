/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Calls that nobody waits for any more: given up by their caller, or left behind by a client that
 * went. What waits is dropped, what runs is told, the statement at work ends, and nothing else
 * does.
 */
#include "db_test.h"
#include "loop.h"
#include "raw.h"
#include "rpc/wire.h"

#include <kith/v1/notification.pb-c.h>

#include <unistd.h>

enum { SESSION = 42, CALL_TIMEOUT_MS = 100 * 1000, CALLERS = 6, ROUNDS = 40 };

#define MARK "/kith.v1.NotificationService/MarkRead"
#define WAIT "/kith.v1.NotificationService/ListNotifications"
#define ONLY_UNREAD "\10\1"
#define DELIVER "/kith.v1.QueueService/Deliver"

static struct loop loop;
static struct db *admin; /* looks on */
static uint8_t buffer[4096];

static int open_admin(void **state)
{
    (void)state;
    admin = test_db_open(NULL, "admin", 1);
    return 0;
}

static int close_admin(void **state)
{
    (void)state;
    db_close(admin);
    return 0;
}

static int start(void **state)
{
    struct db *db = test_db_open(NULL, "cancelled", 4);
    loop_start(&loop, &(struct loop_config){.workers = 1, .token = "member", .db = db});
    *state = db;
    return 0;
}

static int stop(void **state)
{
    atomic_store(&loop.is_gate_closed, false);
    loop_stop(&loop);
    db_close(*state);
    return 0;
}

/* ---- a call under way ---- */

struct outcome {
    atomic_bool is_told;
    enum err_code code;
    enum err_reason reason;
};

static void note_outcome(void *arg, const struct db_bytes *out, const struct err *err)
{
    struct outcome *o = arg;
    (void)out;
    o->code = err ? err->code : ERR_OK;
    o->reason = err ? err->reason : REASON_NONE;
    atomic_store(&o->is_told, true);
}

static void begin(struct outcome *o, const char *method, struct rpc_cancel *cancel)
{
    const struct rpc_call_options options = {.timeout_ms = CALL_TIMEOUT_MS, .cancel = cancel};
    const struct db_bytes none = {"", 0};
    rpc_client_call_async(loop.client, method, &options, &none, note_outcome, o);
}

static bool is_asleep(void)
{
    return test_sql_int(admin, "SELECT count(*) FROM pg_stat_activity WHERE application_name = "
                               "'cancelled' AND wait_event = 'PgSleep'") > 0;
}

static void sleep_in_the_database(struct rpc_ctx *ctx, void *arg)
{
    struct err err = {0};
    struct db_result *r = NULL;
    enum err_code *code = arg;
    *code = db_query(ctx->db, test_stmt("SELECT 1::int8 FROM pg_sleep(100)", 0), NULL, &r, &err);
    db_result_clear(&r);
}

/* ---- by hand ---- */

static size_t put_call(
    uint8_t *out, uint64_t id, const char *method, const char *token, const char *payload)
{
    uint8_t meta[32] = {'\n', (uint8_t)strlen(token)};
    memcpy(meta + 2, token, strlen(token));
    const struct wire_frame frame = {.type = WIRE_CALL,
        .call_id = id,
        .method = wire_method_hash(method),
        .value = CALL_TIMEOUT_MS,
        .meta_len = (uint32_t)(2 + strlen(token)),
        .payload_len = (uint32_t)strlen(payload)};
    wire_put_frame(out, &frame);
    memcpy(out + WIRE_FRAME_SIZE, meta, frame.meta_len);
    memcpy(out + WIRE_FRAME_SIZE + frame.meta_len, payload, frame.payload_len);
    return WIRE_FRAME_SIZE + frame.meta_len + frame.payload_len;
}

static size_t put_cancel(uint8_t *out, uint64_t id)
{
    wire_put_frame(out, &(struct wire_frame){.type = WIRE_CANCEL, .call_id = id});
    return WIRE_FRAME_SIZE;
}

#define BODY (buffer + WIRE_PREAMBLE_SIZE)

static void send_lane(int fd, uint32_t request, uint32_t n_frames, size_t len)
{
    wire_put_preamble(buffer, n_frames, SESSION);
    assert_true(raw_send(fd, request, buffer, WIRE_PREAMBLE_SIZE + len));
}

/* The next result; lanes that come back empty go out again. */
static void expect_result(int fd, uint64_t id, enum err_code status)
{
    struct wire_reader reader;
    struct wire_frame frame;
    for (;;) {
        uint32_t lane;
        size_t len = raw_receive(fd, &lane, buffer, sizeof(buffer));
        assert_true(len != SIZE_MAX);
        assert_true(wire_open(&reader, buffer, len));
        if (wire_next(&reader, &frame) == WIRE_FRAME)
            break;
        send_lane(fd, lane, 0, 0);
    }
    assert_int_equal(frame.call_id, id);
    assert_int_equal(frame.value, status);
}

static int greet(void)
{
    int fd = raw_connect(loop.url);
    raw_greet(fd);
    return fd;
}

/* The only worker waits at the gate for a call of its own connection. */
static int occupy_the_worker(void)
{
    int fd = greet();
    atomic_store(&loop.is_gate_closed, true);
    send_lane(fd, 1, 1, put_call(BODY, 1, DELIVER, "service", "\n\1p"));
    loop_await(atomic_load(&loop.n_in_gate) == 1);
    return fd;
}

/* ---- given up ---- */

static void a_cancelled_call_ends_its_statement_and_the_connection_lives(void **state)
{
    (void)state;
    struct rpc_cancel cancel = {0};
    struct outcome o = {0};
    enum err_code code = ERR_OK;
    int64_t pid = test_sql_int(*state, "SELECT pg_backend_pid()::int8");
    loop.on_mark = sleep_in_the_database;
    loop.on_mark_arg = &code;
    begin(&o, MARK, &cancel);
    loop_await(is_asleep());
    rpc_client_cancel(loop.client, &cancel);
    assert_true(atomic_load(&o.is_told));
    assert_int_equal(o.reason, REASON_CALL_CANCELLED);
    loop_await(!is_asleep());
    loop_ping(&loop, 1); /* the worker is free again */
    assert_int_equal(code, ERR_CANCELLED);
    assert_int_equal(test_sql_int(*state, "SELECT pg_backend_pid()::int8"), pid);
}

static void spin_until_cancelled(struct rpc_ctx *ctx, void *arg)
{
    atomic_int *stage = arg;
    atomic_store(stage, 1);
    while (!rpc_is_cancelled(ctx))
        loop_pause();
    atomic_store(stage, 2);
}

static void a_handler_that_computes_can_see_that_its_call_was_cancelled(void **state)
{
    (void)state;
    struct rpc_cancel cancel = {0};
    struct outcome o = {0};
    atomic_int stage = 0;
    loop.on_mark = spin_until_cancelled;
    loop.on_mark_arg = &stage;
    begin(&o, MARK, &cancel);
    loop_await(atomic_load(&stage) == 1);
    rpc_client_cancel(loop.client, &cancel);
    loop_await(atomic_load(&stage) == 2);
    loop_ping(&loop, 1);
}

static void what_is_cancelled_before_it_begins_never_reaches_the_server(void **state)
{
    (void)state;
    struct rpc_cancel cancel = {0};
    struct outcome o = {0};
    rpc_client_cancel(loop.client, &cancel);
    begin(&o, WAIT, &cancel);
    assert_true(atomic_load(&o.is_told));
    assert_int_equal(o.code, ERR_CANCELLED);
    loop_ping(&loop, 1);
    assert_int_equal(atomic_load(&loop.wait_runs), 0);
}

static void a_cancelled_call_that_waits_for_a_worker_is_answered_and_never_runs(void **state)
{
    (void)state;
    int busy = occupy_the_worker();
    int fd = greet();
    size_t len = put_call(BODY, 7, DELIVER, "service", "\n\1p");
    len += put_call(BODY + len, 3, "/kith.v1.HealthService/Unknown", "", "");
    send_lane(fd, 1, 2, len);
    expect_result(fd, 3, ERR_UNIMPLEMENTED); /* so the other one is in the queue by now */
    send_lane(fd, 2, 1, put_cancel(BODY, 7));
    expect_result(fd, 7, ERR_CANCELLED);
    atomic_store(&loop.is_gate_closed, false);
    expect_result(busy, 1, ERR_OK);
    loop_ping(&loop, 1);
    assert_int_equal(atomic_load(&loop.deliveries), 1);
    (void)close(fd);
    (void)close(busy);
}

static void a_cancelled_call_that_is_parked_is_answered(void **state)
{
    (void)state;
    int fd = greet();
    send_lane(fd, 1, 1, put_call(BODY, 8, WAIT, "member", ONLY_UNREAD));
    loop_await(atomic_load(&loop.wait_runs) == 1);
    send_lane(fd, 2, 1, put_cancel(BODY, 8));
    expect_result(fd, 8, ERR_CANCELLED);
    rpc_server_wake(loop.server, &loop.watched);
    loop_ping(&loop, 1);
    assert_int_equal(atomic_load(&loop.wait_runs), 1);
    (void)close(fd);
}

static void nobody_cancels_the_calls_of_another_connection(void **state)
{
    (void)state;
    int fd = greet();
    int stranger = greet();
    send_lane(fd, 1, 1, put_call(BODY, 9, WAIT, "member", ONLY_UNREAD));
    loop_await(atomic_load(&loop.wait_runs) == 1);
    size_t len = put_cancel(BODY, 9);
    len += put_call(BODY + len, 10, "/kith.v1.HealthService/Ping", "", "");
    send_lane(stranger, 1, 2, len);
    expect_result(stranger, 10, ERR_OK);
    atomic_store(&loop.unread, 1);
    rpc_server_wake(loop.server, &loop.watched);
    expect_result(fd, 9, ERR_OK);
    (void)close(fd);
    (void)close(stranger);
}

/* ---- left behind ---- */

static void a_client_that_vanishes_ends_the_statement_of_its_call(void **state)
{
    (void)state;
    enum err_code code = ERR_OK;
    loop.on_mark = sleep_in_the_database;
    loop.on_mark_arg = &code;
    int fd = greet();
    send_lane(fd, 1, 1, put_call(BODY, 1, MARK, "member", ""));
    loop_await(is_asleep());
    (void)close(fd);
    loop_await(!is_asleep());
    loop_ping(&loop, 1);
    assert_int_equal(code, ERR_CANCELLED);
}

/* ---- many at once ---- */

static atomic_int n_wrong;

static void nap_in_the_database(struct rpc_ctx *ctx, void *arg)
{
    struct err err = {0};
    struct db_result *r = NULL;
    (void)arg;
    enum err_code code =
        db_query(ctx->db, test_stmt("SELECT 1::int8 FROM pg_sleep(0.002)", 0), NULL, &r, &err);
    db_result_clear(&r);
    if (code != ERR_OK && code != ERR_CANCELLED)
        atomic_fetch_add(&n_wrong, 1);
}

/* Half of the callers give up at some time during their call; the others must never notice. */
static void *call_and_give_up(void *arg)
{
    unsigned seed = (unsigned)(uintptr_t)arg;
    bool gives_up = seed % 2 == 0;
    for (int i = 0; i < ROUNDS; i++) {
        struct rpc_cancel cancel = {0};
        struct outcome o = {0};
        begin(&o, MARK, &cancel);
        for (int wait = gives_up ? rand_r(&seed) % 5 : 0; wait > 0; wait--)
            loop_pause();
        if (gives_up)
            rpc_client_cancel(loop.client, &cancel);
        while (!atomic_load(&o.is_told))
            loop_pause();
        if (o.code != ERR_OK && !(gives_up && o.code == ERR_CANCELLED))
            atomic_fetch_add(&n_wrong, 1);
    }
    return NULL;
}

static void a_cancel_never_ends_the_statement_of_another_call(void **state)
{
    pthread_t threads[CALLERS];
    loop_stop(&loop);
    loop_start(&loop, &(struct loop_config){.workers = 3, .token = "member", .db = *state});
    loop.on_mark = nap_in_the_database;
    atomic_store(&n_wrong, 0);
    for (int i = 0; i < CALLERS; i++)
        assert_int_equal(
            pthread_create(&threads[i], NULL, call_and_give_up, (void *)(uintptr_t)(i + 1)), 0);
    for (int i = 0; i < CALLERS; i++)
        assert_int_equal(pthread_join(threads[i], NULL), 0);
    assert_int_equal(atomic_load(&n_wrong), 0);
}

#define TEST(name) cmocka_unit_test_setup_teardown(name, start, stop)

int main(void)
{
    const struct CMUnitTest tests[] = {
        TEST(a_cancelled_call_ends_its_statement_and_the_connection_lives),
        TEST(a_handler_that_computes_can_see_that_its_call_was_cancelled),
        TEST(what_is_cancelled_before_it_begins_never_reaches_the_server),
        TEST(a_cancelled_call_that_waits_for_a_worker_is_answered_and_never_runs),
        TEST(a_cancelled_call_that_is_parked_is_answered),
        TEST(nobody_cancels_the_calls_of_another_connection),
        TEST(a_client_that_vanishes_ends_the_statement_of_its_call),
        TEST(a_cancel_never_ends_the_statement_of_another_call),
    };
    return cmocka_run_group_tests(tests, open_admin, close_admin);
}
