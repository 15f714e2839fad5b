/* SPDX-License-Identifier: Apache-2.0 */
/* A server that leaves: what its clients are told, and for what it waits. */
#include "loop.h"
#include "raw.h"
#include "rpc/wire.h"
#include "unit_test.h"

#include <pthread.h>
#include <unistd.h>

enum { SESSION = 42, DRAIN_MS = 10000 };

static uint8_t buffer[4096];

static int64_t now_us(void)
{
    return clock_mono_us(clock_system());
}

/* ---- by hand ---- */

static void send_lane(int fd, uint32_t request, const struct wire_frame *frame)
{
    wire_put_preamble(buffer, frame != NULL, SESSION);
    if (frame)
        wire_put_frame(buffer + WIRE_PREAMBLE_SIZE, frame);
    assert_true(raw_send(fd, request, buffer, WIRE_PREAMBLE_SIZE + (frame ? WIRE_FRAME_SIZE : 0)));
}

/* The frames of the next reply, as bits of their types. */
static unsigned read_types(int fd)
{
    struct wire_reader reader;
    struct wire_frame frame;
    uint32_t lane;
    unsigned types = 0;
    size_t len = raw_receive(fd, &lane, buffer, sizeof(buffer));
    assert_true(len != SIZE_MAX);
    assert_true(wire_open(&reader, buffer, len));
    enum wire_step step;
    while ((step = wire_next(&reader, &frame)) == WIRE_FRAME)
        types |= 1u << frame.type;
    assert_int_equal(step, WIRE_DONE);
    return types;
}

static int greet(const struct loop *loop)
{
    int fd = raw_connect(loop->url);
    raw_greet(fd);
    return fd;
}

struct drain {
    struct rpc_server *server;
    int64_t took_us;
    bool is_complete;
};

static void *drain(void *arg)
{
    struct drain *d = arg;
    int64_t started_us = now_us();
    d->is_complete = rpc_server_drain(d->server, DRAIN_MS);
    d->took_us = now_us() - started_us;
    return NULL;
}

static pthread_t start(void *(*run)(void *), void *arg)
{
    pthread_t thread;
    assert_int_equal(pthread_create(&thread, NULL, run, arg), 0);
    return thread;
}

static const struct wire_frame *ping_frame(uint64_t id)
{
    static struct wire_frame ping;
    ping = (struct wire_frame){.type = WIRE_CALL,
        .call_id = id,
        .method = wire_method_hash("/kith.v1.HealthService/Ping"),
        .value = 20000};
    return &ping;
}

static void a_parked_lane_brings_goaway_at_once_and_the_good_bye_ends_the_drain(void **state)
{
    (void)state;
    struct loop loop;
    loop_start(&loop, &(struct loop_config){0});
    int fd = greet(&loop);
    send_lane(fd, 1, ping_frame(1));
    assert_int_equal(read_types(fd), 1u << WIRE_RESULT);
    send_lane(fd, 2, ping_frame(2)); /* answered, or parked: what comes last is a parked lane */
    assert_int_equal(read_types(fd), 1u << WIRE_RESULT);
    send_lane(fd, 3, NULL);
    send_lane(fd, 4, NULL);
    assert_int_equal(read_types(fd), 0); /* one went back: the other is parked */
    struct drain d = {.server = loop.server};
    pthread_t thread = start(drain, &d);
    assert_int_equal(read_types(fd), 1u << WIRE_GOAWAY);
    send_lane(fd, 5, &(struct wire_frame){.type = WIRE_GOAWAY, .value = 2});
    assert_int_equal(pthread_join(thread, NULL), 0);
    assert_true(d.is_complete);
    assert_in_range(d.took_us, 0, 200 * 1000);
    (void)close(fd);
    loop_stop(&loop);
}

/* The good-bye names one call more than has come: that one is waited for, and answered. */
static void a_call_on_its_way_when_the_server_leaves_is_answered(void **state)
{
    (void)state;
    struct loop loop;
    loop_start(&loop, &(struct loop_config){0});
    int fd = greet(&loop);
    send_lane(fd, 1, NULL);
    send_lane(fd, 2, NULL);
    assert_int_equal(read_types(fd), 0);
    struct drain d = {.server = loop.server};
    pthread_t thread = start(drain, &d);
    assert_int_equal(read_types(fd), 1u << WIRE_GOAWAY);
    send_lane(fd, 3, &(struct wire_frame){.type = WIRE_GOAWAY, .value = 1});
    send_lane(fd, 4, ping_frame(1));
    unsigned types = read_types(fd); /* one of the lanes may go back empty first */
    assert_int_equal(types != 0 ? types : read_types(fd), 1u << WIRE_RESULT);
    assert_int_equal(pthread_join(thread, NULL), 0);
    assert_true(d.is_complete);
    (void)close(fd);
    loop_stop(&loop);
}

/* A drain of a server with one client that parked a lane; when the client answers, it is that it
 * waits for `n_waited` results. How long it took. */
static int64_t drain_with_goodbye(uint32_t n_waited)
{
    struct loop loop;
    loop_start(&loop, &(struct loop_config){0});
    int fd = greet(&loop);
    send_lane(fd, 1, NULL);
    send_lane(fd, 2, NULL);
    assert_int_equal(read_types(fd), 0);
    struct drain d = {.server = loop.server};
    pthread_t thread = start(drain, &d);
    assert_int_equal(read_types(fd), 1u << WIRE_GOAWAY);
    send_lane(fd, 3, &(struct wire_frame){.type = WIRE_GOAWAY, .sequence = n_waited});
    assert_int_equal(pthread_join(thread, NULL), 0);
    assert_true(d.is_complete);
    (void)close(fd);
    loop_stop(&loop);
    return d.took_us;
}

static void results_are_given_time_until_the_client_has_them(void **state)
{
    (void)state;
    assert_in_range(drain_with_goodbye(0), 0, 190 * 1000);
    assert_in_range(drain_with_goodbye(1), 190 * 1000, 2000 * 1000);
}

static void a_client_that_does_not_answer_is_not_waited_for_long(void **state)
{
    (void)state;
    struct loop loop;
    loop_start(&loop, &(struct loop_config){0});
    int fd = greet(&loop);
    send_lane(fd, 1, NULL);
    send_lane(fd, 2, NULL);
    assert_int_equal(read_types(fd), 0);
    struct drain d = {.server = loop.server};
    (void)drain(&d);
    assert_true(d.is_complete);
    assert_in_range(d.took_us, 190 * 1000, 2000 * 1000);
    (void)close(fd);
    loop_stop(&loop);
}

static void an_idle_server_leaves_at_once(void **state)
{
    (void)state;
    struct loop loop;
    loop_start(&loop, &(struct loop_config){0});
    loop_ping(&loop, 1);
    int64_t started_us = now_us();
    assert_true(rpc_server_drain(loop.server, DRAIN_MS));
    rpc_server_free(loop.server);
    loop.server = NULL;
    assert_in_range(now_us() - started_us, 0, 300 * 1000);
    loop_stop(&loop);
}

static void note_end(void *arg, const struct db_bytes *out, const struct err *err)
{
    (void)out;
    (void)err;
    atomic_store((atomic_bool *)arg, true);
}

static enum err_code try_ping_for(struct loop *loop, int64_t timeout_ms)
{
    static const struct db_bytes in = {"", 0};
    const struct rpc_call_options options = {.timeout_ms = timeout_ms};
    struct db_bytes out;
    return rpc_client_call_bytes(
        loop->client, "/kith.v1.HealthService/Ping", &options, &in, &loop->arena, &out, &loop->err);
}

static void *free_server(void *arg)
{
    rpc_server_free(arg);
    return NULL;
}

static void who_calls_a_server_that_ends_without_a_drain_is_told_so(void **state)
{
    (void)state;
    static const struct db_bytes in = {"\n\5bench", 7};
    static const struct rpc_call_options patient = {.timeout_ms = 30000};
    struct loop loop;
    atomic_bool is_over = false;
    loop_start(&loop, &(struct loop_config){.workers = 1, .token = "service"});
    atomic_store(&loop.is_gate_closed, true);
    rpc_client_call_async(
        loop.client, "/kith.v1.QueueService/Deliver", &patient, &in, note_end, &is_over);
    loop_await(atomic_load(&loop.n_in_gate) == 1);
    pthread_t ending = start(free_server, loop.server);
    enum err_code code = ERR_OK;
    while (code == ERR_OK || code == ERR_DEADLINE_EXCEEDED) /* it waits for the worker */
        code = try_ping_for(&loop, 50);
    assert_int_equal(loop.err.reason, REASON_SERVER_DRAINING);
    atomic_store(&loop.is_gate_closed, false);
    (void)pthread_join(ending, NULL);
    loop.server = NULL;
    loop_stop(&loop);
    assert_true(atomic_load(&is_over));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_parked_lane_brings_goaway_at_once_and_the_good_bye_ends_the_drain),
        cmocka_unit_test(a_call_on_its_way_when_the_server_leaves_is_answered),
        cmocka_unit_test(results_are_given_time_until_the_client_has_them),
        cmocka_unit_test(a_client_that_does_not_answer_is_not_waited_for_long),
        cmocka_unit_test(an_idle_server_leaves_at_once),
        cmocka_unit_test(who_calls_a_server_that_ends_without_a_drain_is_told_so),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
