/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Streams with the client: items in order, each once, whatever breaks, and nobody held up by who
 * reads slowly. KITH_TEST_SEED replays the breaking.
 */
#include "log/log.h"
#include "loop.h"
#include "proxy.h"
#include "rpc/client_stream.h"
#include "unit_test.h"

#include <kith/v1/health.pb-c.h>
#include <kith/v1/notification.pb-c.h>
#include <kith/v1/tap.pb-c.h>

#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

static const char WATCH[] = "/kith.v1.NotificationService/WatchNotifications";

static struct loop loop;
static uint64_t seed;

/* ---- reading ---- */

/* A stream, and how far it was read: the loop's cursors count. */
struct reading {
    struct rpc_stream *stream;
    int n;
    bool is_over;
    enum err_code code;
};

static void open_stream(struct reading *r, struct rpc_client *client, int64_t timeout_ms)
{
    const struct db_bytes in = {"", 0};
    const struct rpc_call_options options = {.timeout_ms = timeout_ms};
    *r = (struct reading){0};
    assert_ok(rpc_stream_open(&r->stream, client, WATCH, &options, &in, &loop.err), &loop.err);
}

/* The next item must be the one after the last; false if none came in that time. */
static bool read_one(struct reading *r, int64_t wait_ms)
{
    enum rpc_next what = RPC_NEXT_NONE;
    struct db_bytes item;
    struct err err;
    arena_reset(&loop.arena);
    r->code = rpc_stream_next(r->stream, wait_ms, &loop.arena, &what, &item, &err);
    r->is_over = r->code != ERR_OK || what == RPC_NEXT_END;
    if (r->is_over || what == RPC_NEXT_NONE)
        return false;
    Kith__V1__WatchNotificationsResponse *message =
        kith__v1__watch_notifications_response__unpack(NULL, item.len, item.data);
    assert_non_null(message);
    assert_int_equal(strtol(message->cursor, NULL, 10), r->n + 1);
    assert_int_equal(strlen(message->notification->title), atomic_load(&loop.title_len));
    kith__v1__watch_notifications_response__free_unpacked(message, NULL);
    r->n++;
    return true;
}

static void read_to_its_end(struct reading *r)
{
    while (read_one(r, 30000))
        ;
    assert_true(r->is_over);
}

static void add_items(int n)
{
    atomic_fetch_add(&loop.unread, n);
    rpc_server_wake(loop.server, &loop.watched);
}

/* ---- as it should be ---- */

static void items_come_in_order_and_then_the_end(void **state)
{
    (void)state;
    struct reading r;
    loop_start(&loop, &(struct loop_config){.token = "member"});
    atomic_store(&loop.title_len, 200);
    atomic_store(&loop.last, 5000);
    add_items(5000);
    open_stream(&r, loop.client, 0);
    read_to_its_end(&r);
    assert_int_equal(r.code, ERR_OK);
    assert_int_equal(r.n, 5000);
    assert_false(read_one(&r, 0));
    assert_true(r.is_over);
    rpc_stream_close(r.stream);
    loop_stop(&loop);
}

/* The next state that is told, and of its first part. */
static void assert_told(
    struct rpc_stream *stream, Kith__V1__HealthStatus status, const char *problem)
{
    enum rpc_next what = RPC_NEXT_NONE;
    struct db_bytes item;
    arena_reset(&loop.arena);
    assert_ok(rpc_stream_next(stream, 30000, &loop.arena, &what, &item, &loop.err), &loop.err);
    assert_int_equal(what, RPC_NEXT_ITEM);
    Kith__V1__WatchResponse *message = kith__v1__watch_response__unpack(NULL, item.len, item.data);
    assert_non_null(message);
    assert_int_equal(message->health->status, status);
    assert_int_equal(message->health->n_parts, problem ? 1 : 0);
    if (problem)
        assert_string_equal(message->health->parts[0]->problem, problem);
    kith__v1__watch_response__free_unpacked(message, NULL);
}

static void health_is_told_when_it_changes(void **state)
{
    (void)state;
    const struct db_bytes in = {"", 0};
    struct rpc_stream *stream;
    loop_start(&loop, &(struct loop_config){.token = "service"});
    assert_ok(
        rpc_stream_open(&stream, loop.client, "/kith.v1.HealthService/Watch", NULL, &in, &loop.err),
        &loop.err);
    assert_told(stream, KITH__V1__HEALTH_STATUS__HEALTH_STATUS_SERVING, NULL);
    rpc_server_set_health(loop.server, "database", true, "connection refused");
    assert_told(stream, KITH__V1__HEALTH_STATUS__HEALTH_STATUS_NOT_SERVING, "connection refused");
    rpc_server_set_health(loop.server, "database", true, "connection refused");
    rpc_server_set_health(loop.server, "database", false, "connection refused");
    assert_told(stream, KITH__V1__HEALTH_STATUS__HEALTH_STATUS_DEGRADED, "connection refused");
    rpc_server_set_health(loop.server, "database", false, NULL);
    assert_told(stream, KITH__V1__HEALTH_STATUS__HEALTH_STATUS_SERVING, "");
    rpc_server_free(loop.server); /* another has not the same to tell */
    loop_serve(&loop, &(struct loop_config){0});
    assert_told(stream, KITH__V1__HEALTH_STATUS__HEALTH_STATUS_SERVING, NULL);
    assert_true(rpc_server_drain(loop.server, 30000));
    assert_told(stream, KITH__V1__HEALTH_STATUS__HEALTH_STATUS_NOT_SERVING, NULL);
    rpc_stream_close(stream);
    loop_stop(&loop);
}

/* One look at the tap, from there on. */
static const Kith__V1__ReadTapResponse *look(struct rpc_client *service, uint64_t after)
{
    Kith__V1__ReadTapRequest in = KITH__V1__READ_TAP_REQUEST__INIT;
    ProtobufCMessage *out = NULL;
    in.after = after;
    assert_ok(rpc_client_call(service, "/kith.v1.TapService/ReadTap", NULL, &in.base, &loop.arena,
                  &out, &loop.err),
        &loop.err);
    return (const void *)out;
}

static void assert_item(const Kith__V1__TappedCall *call, uint32_t n)
{
    char cursor[16];
    (void)snprintf(cursor, sizeof(cursor), "%u", n);
    assert_string_equal(call->method, WATCH);
    assert_string_equal(call->code, "OK");
    assert_int_equal(call->item, n);
    Kith__V1__WatchNotificationsResponse *item =
        kith__v1__watch_notifications_response__unpack(NULL, call->reply.len, call->reply.data);
    assert_non_null(item);
    assert_string_equal(item->cursor, cursor);
    kith__v1__watch_notifications_response__free_unpacked(item, NULL);
}

static void items_are_shown_to_who_taps(void **state)
{
    (void)state;
    struct reading r;
    loop_start(&loop, &(struct loop_config){.token = "member", .may_be_tapped = true});
    const struct rpc_client_config config = {.endpoints = loop.url, .token = "service"};
    struct rpc_client *service = NULL;
    assert_ok(rpc_client_new(&service, &config, &loop.err), &loop.err);
    uint64_t next = look(service, 0)->next;
    add_items(2);
    open_stream(&r, loop.client, 0);
    assert_true(read_one(&r, 30000) && read_one(&r, 30000));
    atomic_store(&loop.last, 3);
    add_items(1);
    read_to_its_end(&r);
    arena_reset(&loop.arena);
    const Kith__V1__ReadTapResponse *seen = look(service, next);
    assert_int_equal(seen->n_calls, 4);
    for (uint32_t n = 1; n <= 3; n++)
        assert_item(seen->calls[n - 1], n);
    assert_int_equal(seen->calls[3]->item, 0);
    assert_int_equal(seen->calls[3]->reply.len, 0);
    rpc_stream_close(r.stream);
    rpc_client_free(service);
    loop_stop(&loop);
}

static void large_items_and_small_credit_get_along(void **state)
{
    (void)state;
    struct reading r;
    loop_start(&loop, &(struct loop_config){.token = "member"});
    atomic_store(&loop.title_len, LOOP_MAX_TITLE); /* more than all the credit there is */
    atomic_store(&loop.last, 40);
    add_items(40);
    open_stream(&r, loop.client, 0);
    read_to_its_end(&r);
    assert_int_equal(r.n, 40);
    rpc_stream_close(r.stream);
    loop_stop(&loop);
}

static void a_stream_waits_without_a_worker_for_what_comes(void **state)
{
    (void)state;
    struct reading r[20];
    loop_start(&loop, &(struct loop_config){.workers = 1, .token = "member"});
    for (size_t i = 0; i < 20; i++)
        open_stream(&r[i], loop.client, 0);
    loop_await(atomic_load(&loop.watch_runs) == 20);
    loop_ping(&loop, 10);
    assert_false(read_one(&r[0], 0));
    for (int round = 1; round <= 3; round++) {
        add_items(1);
        for (size_t i = 0; i < 20; i++)
            assert_true(read_one(&r[i], 30000));
    }
    for (size_t i = 0; i < 20; i++)
        rpc_stream_close(r[i].stream);
    loop_stop(&loop);
}

static void a_slow_reader_holds_nobody_up(void **state)
{
    (void)state;
    enum { N = 4000, TITLE = 1000, CREDIT = 64 * 1024 };
    struct reading slow, fast;
    loop_start(&loop, &(struct loop_config){.workers = 1, .token = "member"});
    atomic_store(&loop.title_len, TITLE);
    atomic_store(&loop.last, N);
    add_items(N);
    open_stream(&slow, loop.client, 0);
    open_stream(&fast, loop.client, 0);
    read_to_its_end(&fast);
    assert_int_equal(fast.n, N);
    for (int i = 0; i < 200; i++)
        loop_ping(&loop, 10);
    /* All that was sent to the slow one fits its credit, and one run of the handler. */
    int runs = atomic_load(&loop.watch_runs);
    assert_in_range(runs, 1, N * TITLE / (CREDIT / 2) + 20);
    read_to_its_end(&slow);
    assert_int_equal(slow.n, N);
    rpc_stream_close(slow.stream);
    rpc_stream_close(fast.stream);
    loop_stop(&loop);
}

static void a_thousand_streams_in_one_process(void **state)
{
    (void)state;
    enum { N_CLIENTS = 4, N_EACH = 250, N_ITEMS = 3 };
    static struct reading r[N_CLIENTS][N_EACH];
    struct rpc_client *clients[N_CLIENTS];
    loop_start(&loop, &(struct loop_config){.token = "member"});
    const struct rpc_client_config config = {.endpoints = loop.url, .token = "member"};
    for (size_t c = 0; c < N_CLIENTS; c++) {
        assert_ok(rpc_client_new(&clients[c], &config, &loop.err), &loop.err);
        for (size_t i = 0; i < N_EACH; i++)
            open_stream(&r[c][i], clients[c], 0);
    }
    loop_await(atomic_load(&loop.watch_runs) == N_CLIENTS * N_EACH);
    loop_ping(&loop, 10);
    add_items(N_ITEMS);
    for (size_t c = 0; c < N_CLIENTS; c++)
        for (size_t i = 0; i < N_EACH; i++)
            while (r[c][i].n < N_ITEMS)
                assert_true(read_one(&r[c][i], 30000));
    for (size_t c = 0; c < N_CLIENTS; c++) {
        for (size_t i = 0; i < N_EACH; i++)
            rpc_stream_close(r[c][i].stream);
        rpc_client_free(clients[c]);
    }
    loop_stop(&loop);
}

/* ---- ends ---- */

static void a_stream_ends_with_its_time(void **state)
{
    (void)state;
    struct reading r;
    loop_start(&loop, &(struct loop_config){.token = "member"});
    open_stream(&r, loop.client, 300);
    read_to_its_end(&r);
    assert_int_equal(r.code, ERR_DEADLINE_EXCEEDED);
    rpc_stream_close(r.stream);
    loop_stop(&loop);
}

static void who_may_not_call_gets_the_reason(void **state)
{
    (void)state;
    struct reading r;
    loop_start(&loop, &(struct loop_config){.token = "service"});
    open_stream(&r, loop.client, 0);
    read_to_its_end(&r);
    assert_int_equal(r.code, ERR_PERMISSION_DENIED);
    rpc_stream_close(r.stream);
    loop_stop(&loop);
}

static void a_call_is_no_stream_and_a_stream_no_call(void **state)
{
    (void)state;
    struct rpc_stream *stream = NULL;
    const struct db_bytes in = {"", 0};
    struct db_bytes out;
    loop_start(&loop, &(struct loop_config){.token = "member"});
    assert_int_equal(
        rpc_stream_open(&stream, loop.client, "/kith.v1.HealthService/Ping", NULL, &in, &loop.err),
        ERR_UNIMPLEMENTED);
    assert_int_equal(
        rpc_client_call_bytes(loop.client, WATCH, NULL, &in, &loop.arena, &out, &loop.err),
        ERR_UNIMPLEMENTED);
    loop_stop(&loop);
}

static void a_stream_that_is_stopped_says_so(void **state)
{
    (void)state;
    struct reading r;
    loop_start(&loop, &(struct loop_config){.token = "member"});
    open_stream(&r, loop.client, 0);
    rpc_stream_stop(r.stream);
    assert_false(read_one(&r, -1));
    assert_int_equal(r.code, ERR_CANCELLED);
    rpc_stream_close(r.stream);
    loop_stop(&loop);
}

/* ---- as it should not be ---- */

static void a_stream_goes_on_at_a_server_that_came_back(void **state)
{
    (void)state;
    struct reading r;
    loop_start(&loop, &(struct loop_config){.token = "member"});
    add_items(10);
    open_stream(&r, loop.client, 0);
    for (int round = 0; round < 3; round++) {
        while (r.n < atomic_load(&loop.unread))
            assert_true(read_one(&r, 30000));
        rpc_server_free(loop.server);
        loop_serve(&loop, &(struct loop_config){0});
        add_items(10);
    }
    while (r.n < 40)
        assert_true(read_one(&r, 30000));
    rpc_stream_close(r.stream);
    loop_stop(&loop);
}

static void draining_ends_streams_at_once_and_they_move_on(void **state)
{
    (void)state;
    static struct loop other;
    struct reading r[20];
    char endpoints[160];
    struct rpc_client *client;
    loop_start(&loop, &(struct loop_config){0});
    loop_start(&other, &(struct loop_config){0});
    (void)snprintf(endpoints, sizeof(endpoints), "%s,%s", loop.url, other.url);
    const struct rpc_client_config config = {.endpoints = endpoints, .token = "member"};
    assert_ok(rpc_client_new(&client, &config, &loop.err), &loop.err);
    for (size_t i = 0; i < 20; i++)
        open_stream(&r[i], client, 0);
    loop_await(atomic_load(&loop.watch_runs) + atomic_load(&other.watch_runs) == 20);
    assert_true(rpc_server_drain(other.server, 5000));
    add_items(5);
    for (size_t i = 0; i < 20; i++)
        while (r[i].n < 5)
            assert_true(read_one(&r[i], 30000));
    for (size_t i = 0; i < 20; i++)
        rpc_stream_close(r[i].stream);
    rpc_client_free(client);
    loop_stop(&other);
    loop_stop(&loop);
}

static void a_stream_cut_anywhere_loses_and_doubles_nothing(void **state)
{
    (void)state;
    enum { N_STREAMS = 3, N_ITEMS = 6000, LIFE_BYTES = 300000 };
    struct reading r[N_STREAMS];
    struct rpc_client *client;
    loop_start(&loop, &(struct loop_config){.token = "member"});
    atomic_store(&loop.title_len, 100);
    atomic_store(&loop.last, N_ITEMS);
    add_items(N_ITEMS);
    struct proxy *proxy = proxy_start(loop.url, seed);
    proxy_set_life(proxy, LIFE_BYTES);
    const struct rpc_client_config config = {.endpoints = proxy_url(proxy), .token = "member"};
    assert_ok(rpc_client_new(&client, &config, &loop.err), &loop.err);
    for (size_t i = 0; i < N_STREAMS; i++)
        open_stream(&r[i], client, 0);
    size_t n_over = 0;
    while (n_over < N_STREAMS) {
        n_over = 0;
        for (size_t i = 0; i < N_STREAMS; i++) {
            if (!r[i].is_over)
                (void)read_one(&r[i], 2);
            n_over += r[i].is_over;
        }
    }
    for (size_t i = 0; i < N_STREAMS; i++) {
        assert_int_equal(r[i].code, ERR_OK);
        assert_int_equal(r[i].n, N_ITEMS);
        rpc_stream_close(r[i].stream);
    }
    print_message("%u connections broken\n", proxy_count_broken(proxy));
    assert_true(proxy_count_broken(proxy) > 5);
    rpc_client_free(client);
    proxy_stop(proxy);
    loop_ping(&loop, 100);
    loop_stop(&loop);
}

int main(void)
{
    const char *text = getenv("KITH_TEST_SEED");
    seed = text ? strtoull(text, NULL, 10) : (uint64_t)getpid() * UINT64_C(0x9e3779b97f4a7c15);
    print_message("KITH_TEST_SEED=%" PRIu64 "\n", seed);
    log_open("test", "streams", LOG_FORMAT_JSON, LOG_FATAL);
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(items_come_in_order_and_then_the_end),
        cmocka_unit_test(items_are_shown_to_who_taps),
        cmocka_unit_test(large_items_and_small_credit_get_along),
        cmocka_unit_test(a_stream_waits_without_a_worker_for_what_comes),
        cmocka_unit_test(a_slow_reader_holds_nobody_up),
        cmocka_unit_test(a_thousand_streams_in_one_process),
        cmocka_unit_test(a_stream_ends_with_its_time),
        cmocka_unit_test(who_may_not_call_gets_the_reason),
        cmocka_unit_test(a_call_is_no_stream_and_a_stream_no_call),
        cmocka_unit_test(a_stream_that_is_stopped_says_so),
        cmocka_unit_test(a_stream_goes_on_at_a_server_that_came_back),
        cmocka_unit_test(health_is_told_when_it_changes),
        cmocka_unit_test(draining_ends_streams_at_once_and_they_move_on),
        cmocka_unit_test(a_stream_cut_anywhere_loses_and_doubles_nothing),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
