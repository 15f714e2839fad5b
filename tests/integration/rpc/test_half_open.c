/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Connections whose other end is gone without a word: both sides notice, and soon.
 */
#include "clock/clock.h"
#include "liar.h"
#include "log/log.h"
#include "loop.h"
#include "proxy.h"
#include "raw.h"
#include "rpc/client_stream.h"
#include "unit_test.h"

#include <kith/v1/notification.pb-c.h>

#include <poll.h>
#include <string.h>
#include <unistd.h>

enum {
    PING_MS = 400,
    PATIENT_PING_MS = 1000,
    SESSION = 42,
    LONG_MS = 10 * 60 * 1000,
    REST_S = 31,
    TICKS_MS = 2500, /* one of the server's, and then some */
    GREAT_PATIENCE_MS = 60 * 1000,
};

static const char PING[] = "/kith.v1.HealthService/Ping";
static const char LIST[] = "/kith.v1.NotificationService/ListNotifications";
static const char WATCH[] = "/kith.v1.NotificationService/WatchNotifications";
static const struct db_bytes nothing = {"", 0}, only_unread = {"\10\1", 2};

static struct loop loop;
static uint8_t buffer[1 << 20];

static struct rpc_client *connect_to(const char *url, int64_t ping_after_ms)
{
    struct rpc_client *client = NULL;
    const struct rpc_client_config config = {
        .endpoints = url, .token = "member", .ping_after_ms = ping_after_ms};
    assert_ok(rpc_client_new(&client, &config, &loop.err), &loop.err);
    return client;
}

/* ---- the server is gone ---- */

struct ending {
    atomic_bool is_over;
    enum err_reason reason;
};

static void note_end(void *arg, const struct db_bytes *out, const struct err *err)
{
    (void)out;
    struct ending *ending = arg;
    ending->reason = err ? err->reason : REASON_NONE;
    atomic_store(&ending->is_over, true);
}

static void calls_of_a_lost_server_end_soon_or_begin_again(void **state)
{
    (void)state;
    struct ending once = {0}, again = {0};
    loop_start(&loop, &(struct loop_config){.workers = 1});
    struct proxy *proxy = proxy_start(loop.url, 1);
    struct rpc_client *client = connect_to(proxy_url(proxy), PING_MS);
    const struct rpc_call_options begun_once = {.timeout_ms = LONG_MS, .is_begun_once = true};
    const struct rpc_call_options repeated = {.timeout_ms = LONG_MS};
    rpc_client_call_async(client, LIST, &begun_once, &only_unread, note_end, &once);
    rpc_client_call_async(client, LIST, &repeated, &only_unread, note_end, &again);
    loop_await(atomic_load(&loop.wait_runs) == 2);
    proxy_freeze(proxy);
    loop_await(atomic_load(&once.is_over));
    assert_int_equal(once.reason, REASON_CONNECTION_LOST);
    loop_await(atomic_load(&loop.wait_runs) == 3);
    atomic_store(&loop.unread, 1);
    rpc_server_wake(loop.server, &loop.watched);
    loop_await(atomic_load(&again.is_over));
    assert_int_equal(again.reason, REASON_NONE);
    rpc_client_free(client);
    loop_stop(&loop);
    proxy_stop(proxy);
}

static void a_stream_goes_on_elsewhere_when_its_server_is_lost(void **state)
{
    (void)state;
    struct rpc_stream *stream = NULL;
    enum rpc_next what = RPC_NEXT_NONE;
    struct db_bytes item;
    loop_start(&loop, &(struct loop_config){.workers = 1});
    struct proxy *proxy = proxy_start(loop.url, 1);
    struct rpc_client *client = connect_to(proxy_url(proxy), PING_MS);
    assert_ok(rpc_stream_open(&stream, client, WATCH, NULL, &nothing, &loop.err), &loop.err);
    loop_await(atomic_load(&loop.watch_runs) == 1);
    proxy_freeze(proxy);
    atomic_store(&loop.unread, 1);
    rpc_server_wake(loop.server, &loop.watched);
    assert_ok(rpc_stream_next(stream, GREAT_PATIENCE_MS / 2, &loop.arena, &what, &item, &loop.err),
        &loop.err);
    assert_int_equal(what, RPC_NEXT_ITEM);
    rpc_stream_close(stream);
    rpc_client_free(client);
    loop_stop(&loop);
    proxy_stop(proxy);
}

/* ---- the server is quiet, but there ---- */

struct quiet {
    uint64_t call_id;
    int n_pings;
};

/* Answers empty messages with empty ones, and the call with the third. */
static size_t answer_pings_only(
    void *arg, const uint8_t *message, size_t len, uint8_t reply[LIAR_BUFFER_SIZE])
{
    struct quiet *quiet = arg;
    struct wire_reader reader;
    struct wire_frame frame;
    assert_true(wire_open(&reader, message, len));
    while (wire_next(&reader, &frame) == WIRE_FRAME)
        if (frame.type == WIRE_CALL)
            quiet->call_id = frame.call_id;
    if (reader.n_frames == 0 && len > WIRE_PREAMBLE_SIZE)
        return 0;
    bool is_last = ++quiet->n_pings == 3;
    wire_put_preamble(reply, is_last, reader.session);
    if (!is_last)
        return WIRE_PREAMBLE_SIZE;
    const struct wire_frame result = {.type = WIRE_RESULT, .call_id = quiet->call_id};
    return WIRE_PREAMBLE_SIZE + raw_put_frame(reply + WIRE_PREAMBLE_SIZE, &result);
}

static void a_server_that_answers_pings_has_all_the_time_it_needs(void **state)
{
    (void)state;
    struct quiet quiet = {0};
    struct ending ending = {0};
    struct liar *liar = liar_start(answer_pings_only, &quiet);
    struct rpc_client *client = connect_to(liar_url(liar), PATIENT_PING_MS);
    const struct rpc_call_options options = {.timeout_ms = LONG_MS, .is_begun_once = true};
    rpc_client_call_async(client, PING, &options, &nothing, note_end, &ending);
    loop_await(atomic_load(&ending.is_over));
    assert_int_equal(ending.reason, REASON_NONE);
    rpc_client_free(client);
    liar_stop(liar);
    assert_int_equal(quiet.n_pings, 3);
}

/* ---- the client is gone ---- */

static atomic_llong ahead_us;

static int64_t later(void *self)
{
    (void)self;
    return clock_mono_us(clock_system()) + atomic_load(&ahead_us);
}

static int64_t wall(void *self)
{
    (void)self;
    return clock_wall_us(clock_system());
}

static const struct clock turned = {wall, later, NULL};

static void pass(int64_t seconds)
{
    atomic_fetch_add(&ahead_us, seconds * 1000 * 1000);
}

static int connect_and_send(uint32_t lane, const char *method)
{
    int fd = raw_connect(loop.url);
    raw_greet(fd);
    size_t len = raw_put_call(buffer, 1, method, "member", "");
    const uint32_t timeout_ms = LONG_MS;
    wire_restamp(buffer, timeout_ms, 0);
    assert_true(raw_send_frames(fd, lane, SESSION, 1, buffer, len));
    return fd;
}

/* The server's next word: an empty message, a result, or none any more. */
static bool is_empty_lane(int fd)
{
    uint32_t lane;
    size_t len = raw_receive(fd, &lane, buffer, sizeof(buffer));
    assert_true(len != SIZE_MAX);
    return len == WIRE_PREAMBLE_SIZE;
}

static bool ends(int fd, int wait_ms)
{
    struct pollfd poller = {.fd = fd, .events = POLLIN};
    return poll(&poller, 1, wait_ms) == 1 && read(fd, buffer, 1) <= 0;
}

static void a_client_that_owes_a_lane_is_given_up(void **state)
{
    (void)state;
    loop_start(&loop, &(struct loop_config){.clock = &turned});
    int gone = connect_and_send(1, "NotificationService/WatchNotifications");
    int alive = connect_and_send(2, "NotificationService/WatchNotifications");
    int idle = connect_and_send(3, "HealthService/Ping");
    assert_false(is_empty_lane(idle));
    loop_await(atomic_load(&loop.watch_runs) == 2);
    pass(REST_S);
    assert_true(is_empty_lane(gone)); /* the lane that waited long */
    assert_true(is_empty_lane(alive));
    assert_true(raw_send_frames(alive, 4, SESSION, 0, NULL, 0));
    assert_true(raw_send_frames(alive, 5, SESSION, 0, NULL, 0));
    assert_true(is_empty_lane(alive)); /* one of the two: the other is there */
    pass(REST_S);
    assert_true(ends(gone, GREAT_PATIENCE_MS));
    assert_true(is_empty_lane(alive));
    assert_true(raw_send_frames(alive, 6, SESSION, 0, NULL, 0));
    assert_false(ends(alive, TICKS_MS));
    assert_false(ends(idle, 0)); /* it waits for nothing */
    (void)close(gone);
    (void)close(alive);
    (void)close(idle);
    loop_stop(&loop);
}

int main(void)
{
    log_open("test", "half_open", LOG_FORMAT_JSON, LOG_FATAL);
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(calls_of_a_lost_server_end_soon_or_begin_again),
        cmocka_unit_test(a_stream_goes_on_elsewhere_when_its_server_is_lost),
        cmocka_unit_test(a_server_that_answers_pings_has_all_the_time_it_needs),
        cmocka_unit_test(a_client_that_owes_a_lane_is_given_up),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
