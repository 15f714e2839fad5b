/* SPDX-License-Identifier: Apache-2.0 */
/*
 * More calls than the server can do, or than a caller may make: who is served, who is refused, and
 * what the client makes of it.
 */
#include "log/log.h"
#include "loop.h"
#include "unit_test.h"

#include <kith/v1/notification.pb-c.h>

#include <string.h>

enum { FAR_MS = 60000, OTHER = 8, MAX_TURNS = 4096 };

static struct loop loop;
static struct rpc_client *other;

static atomic_size_t n_ok, n_busy, n_throttled, n_limited, n_else;

static void spin(struct rpc_ctx *ctx, void *arg)
{
    (void)arg;
    int64_t until_us = clock_mono_us(ctx->clock) + 2000;
    while (clock_mono_us(ctx->clock) < until_us)
        ;
}

/* Whose calls ran, in this order; the one worker writes it. */
static uint8_t turns[MAX_TURNS];
static atomic_size_t n_turns;

static void spin_and_note_turn(struct rpc_ctx *ctx, void *arg)
{
    size_t n = atomic_load(&n_turns);
    if (n < MAX_TURNS)
        turns[n] = ctx->principal.member.bytes[0];
    atomic_store(&n_turns, n + 1);
    spin(ctx, arg);
}

static size_t count_turns_of_other(size_t first)
{
    size_t n = 0;
    for (size_t i = 0; i < first; i++)
        n += turns[i] == OTHER;
    return n;
}

static void on_done(void *arg, const struct db_bytes *out, const struct err *err)
{
    (void)out;
    if (!err)
        atomic_fetch_add(&n_ok, 1);
    else if (err->reason == REASON_SERVER_BUSY)
        atomic_fetch_add(&n_busy, 1);
    else if (err->reason == REASON_CALL_THROTTLED)
        atomic_fetch_add(&n_throttled, 1);
    else if (err->reason == REASON_RATE_LIMITED)
        atomic_fetch_add(&n_limited, 1);
    else
        atomic_fetch_add(&n_else, 1);
    if (arg)
        atomic_fetch_add((atomic_size_t *)arg, !err);
}

static size_t n_done(void)
{
    return atomic_load(&n_ok) + atomic_load(&n_busy) + atomic_load(&n_throttled) +
           atomic_load(&n_limited) + atomic_load(&n_else);
}

static void mark(struct rpc_client *client, atomic_size_t *n_own_ok)
{
    static const struct rpc_call_options options = {.timeout_ms = FAR_MS};
    static const struct db_bytes in = {"", 0};
    rpc_client_call_async(
        client, "/kith.v1.NotificationService/MarkRead", &options, &in, on_done, n_own_ok);
}

static void start(const struct loop_config *config)
{
    n_ok = n_busy = n_throttled = n_limited = n_else = 0;
    loop_start(&loop, config);
    const struct rpc_client_config second = {.endpoints = loop.url, .token = "other"};
    assert_ok(rpc_client_new(&other, &second, &loop.err), &loop.err);
}

static void stop(void)
{
    rpc_client_free(other);
    loop_stop(&loop);
}

/* The one worker is held until the gate opens. */
static void hold_worker(struct rpc_client **service)
{
    static const struct rpc_call_options options = {.timeout_ms = FAR_MS};
    static const struct db_bytes in = {"\n\5bench", 7};
    const struct rpc_client_config config = {.endpoints = loop.url, .token = "service"};
    assert_ok(rpc_client_new(service, &config, &loop.err), &loop.err);
    atomic_store(&loop.is_gate_closed, true);
    rpc_client_call_async(*service, "/kith.v1.QueueService/Deliver", &options, &in, on_done, NULL);
    loop_await(atomic_load(&loop.n_in_gate) == 1);
}

/* A server refuses what it does not serve without a worker: by then it has what was sent before. */
static void wait_until_received(struct rpc_client *client)
{
    static const struct db_bytes in = {"", 0};
    struct db_bytes out;
    for (size_t i = 0; i < 3; i++)
        assert_int_equal(rpc_client_call_bytes(client, "/kith.v1.ContactService/GetMember", NULL,
                             &in, &loop.arena, &out, &loop.err),
            ERR_UNIMPLEMENTED);
}

static void one_who_makes_a_hundred_times_the_calls_of_another_does_not_keep_her_waiting(
    void **state)
{
    (void)state;
    struct rpc_client *service = NULL;
    atomic_size_t n_others = 0;
    start(&(struct loop_config){.workers = 1, .queue_limit = 200, .token = "member"});
    loop.on_mark = spin_and_note_turn;
    atomic_store(&n_turns, 0);
    hold_worker(&service);
    for (size_t i = 0; i < 1000; i++)
        mark(loop.client, NULL);
    loop_await(n_done() > 0); /* the queue is full */
    for (size_t i = 0; i < 10; i++)
        mark(other, &n_others);
    wait_until_received(other);
    atomic_store(&loop.is_gate_closed, false);
    loop_await(n_done() == 1011);
    assert_int_equal(atomic_load(&n_others), 10);
    assert_int_equal(count_turns_of_other(60), 10); /* of 210 at least, in turn with the flood's */
    assert_true(atomic_load(&n_busy) > 0);
    assert_int_equal(atomic_load(&n_else), 0);
    rpc_client_free(service);
    stop();
}

static void while_the_queue_stands_some_calls_are_refused_and_the_others_served(void **state)
{
    (void)state;
    const struct rpc_limits limits = {.queue_target_ms = 5, .queue_interval_ms = 100};
    start(&(struct loop_config){.workers = 1, .token = "member", .limits = limits});
    loop.on_mark = spin;
    for (size_t i = 0; i < 400; i++)
        mark(loop.client, NULL);
    loop_await(n_done() == 400);
    assert_true(atomic_load(&n_busy) > 0);
    assert_true(atomic_load(&n_ok) > 0);
    assert_int_equal(atomic_load(&n_else) + atomic_load(&n_limited), 0);
    loop_await(loop_try_ping(&loop) == ERR_OK); /* and soon it is over with them */
    stop();
}

/* Calls of HealthService; with one worker, which is held, these end with their deadline. */
static void expect_pings_sent(struct rpc_client *client)
{
    static const struct rpc_call_options options = {.timeout_ms = 20};
    static const struct db_bytes in = {"", 0};
    struct db_bytes out;
    for (size_t i = 0; i < 20; i++) {
        assert_int_not_equal(rpc_client_call_bytes(client, "/kith.v1.HealthService/Ping", &options,
                                 &in, &loop.arena, &out, &loop.err),
            ERR_OK);
        assert_int_not_equal(loop.err.reason, REASON_CALL_THROTTLED);
    }
}

static void what_a_busy_server_would_refuse_is_not_sent_and_counted(void **state)
{
    (void)state;
    struct rpc_client *service = NULL;
    start(&(struct loop_config){.workers = 1, .queue_limit = 1, .token = "member"});
    hold_worker(&service);
    for (size_t i = 1; i <= 100; i++) {
        mark(loop.client, NULL);
        if (i > 1) /* the first one waits for the worker */
            loop_await(rpc_client_count(loop.client).n_refused +
                           rpc_client_count(loop.client).n_throttled >=
                       i - 1);
    }
    assert_true(rpc_client_count(loop.client).n_throttled > 0);
    assert_int_equal(rpc_client_count(other).n_throttled, 0); /* its own are not */
    expect_pings_sent(loop.client);
    atomic_store(&loop.is_gate_closed, false);
    loop_await(n_done() == 101);
    assert_true(atomic_load(&n_throttled) > 0);
    rpc_client_free(service);
    stop();
}

static void a_call_beyond_the_rate_is_made_again_when_the_server_says(void **state)
{
    (void)state;
    start(&(struct loop_config){.limits = {.connection_rate = 10}});
    for (size_t i = 0; i < 13; i++)
        loop_ping(&loop, 10);
    stop();
}

/*
 * Call until the rate is reached; until then each ends with `before`. The client has no time to
 * call again by itself.
 */
static void expect_limited(const char *method, enum err_code before)
{
    static const struct rpc_call_options options = {.timeout_ms = 300};
    static const struct db_bytes in = {"", 0};
    struct db_bytes out;
    enum err_code code = before;
    for (size_t tries = 0; tries < 1000 && code == before; tries++) {
        loop.err = (struct err){0};
        code =
            rpc_client_call_bytes(loop.client, method, &options, &in, &loop.arena, &out, &loop.err);
    }
    assert_int_equal(code, ERR_RESOURCE_EXHAUSTED);
    assert_int_equal(loop.err.reason, REASON_RATE_LIMITED);
    assert_in_range(loop.err.retry_after_ms, 1, 1000);
}

static void a_caller_with_no_time_left_is_told_that_he_calls_too_often(void **state)
{
    (void)state;
    start(&(struct loop_config){.limits = {.connection_rate = 1}});
    expect_limited("/kith.v1.HealthService/Ping", ERR_OK);
    rpc_client_free(other); /* another connection has its own */
    const struct rpc_client_config config = {.endpoints = loop.url};
    assert_ok(rpc_client_new(&other, &config, &loop.err), &loop.err);
    struct rpc_client *first = loop.client;
    loop.client = other;
    assert_ok(loop_try_ping(&loop), &loop.err);
    loop.client = first;
    stop();
}

/* One client may carry the calls of many. */
static void one_who_calls_too_often_is_no_reason_to_hold_others_back(void **state)
{
    (void)state;
    static const struct rpc_call_options options = {.timeout_ms = 100};
    static const struct db_bytes in = {"", 0};
    static const char method[] = "/kith.v1.NotificationService/ListNotifications";
    struct db_bytes out;
    start(&(struct loop_config){.token = "member", .limits = {.member_rate = 1}});
    expect_limited(method, ERR_OK); /* by then the server knows whose token it is */
    for (size_t i = 0; i < 200; i++)
        rpc_client_call_async(loop.client, method, &options, &in, on_done, NULL);
    loop_await(n_done() == 200);
    assert_true(atomic_load(&n_limited) > 100);
    rpc_client_set_token(loop.client, "other");
    assert_ok(rpc_client_call_bytes(loop.client, method, NULL, &in, &loop.arena, &out, &loop.err),
        &loop.err);
    assert_int_equal(rpc_client_count(loop.client).n_throttled, 0);
    stop();
}

static void who_guesses_tokens_is_slowed_down(void **state)
{
    (void)state;
    start(&(struct loop_config){.token = "guess", .limits = {.bad_token_rate = 1}});
    expect_limited("/kith.v1.NotificationService/ListNotifications", ERR_UNAUTHENTICATED);
    stop();
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(
            one_who_makes_a_hundred_times_the_calls_of_another_does_not_keep_her_waiting),
        cmocka_unit_test(while_the_queue_stands_some_calls_are_refused_and_the_others_served),
        cmocka_unit_test(what_a_busy_server_would_refuse_is_not_sent_and_counted),
        cmocka_unit_test(a_call_beyond_the_rate_is_made_again_when_the_server_says),
        cmocka_unit_test(a_caller_with_no_time_left_is_told_that_he_calls_too_often),
        cmocka_unit_test(one_who_calls_too_often_is_no_reason_to_hold_others_back),
        cmocka_unit_test(who_guesses_tokens_is_slowed_down),
    };
    log_open("test", "test", LOG_FORMAT_LOGFMT, LOG_FATAL);
    return cmocka_run_group_tests(tests, NULL, NULL);
}
