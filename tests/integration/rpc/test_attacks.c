/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Who means harm, with a socket and the wire specification: what one connection can take from the
 * others, and what it can make a server believe.
 */
#include "log/log.h"
#include "loop.h"
#include "raw.h"
#include "unit_test.h"

#include <kith/v1/notification.pb-c.h>

#include <errno.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/time.h>
#include <unistd.h>

enum { SESSION = 42, BUFFER_SIZE = 1 << 20 };

static struct loop loop;
static uint8_t frames[BUFFER_SIZE];

static int greet(void)
{
    int fd = raw_connect(loop.url);
    raw_greet(fd);
    return fd;
}

/* The frames of the next reply, in its order; pointing into static memory. Returns how many. */
static size_t receive(int fd, struct wire_frame *out, size_t max)
{
    static uint8_t reply[BUFFER_SIZE];
    struct wire_reader reader;
    uint32_t lane;
    size_t n = 0;
    size_t len = raw_receive(fd, &lane, reply, sizeof(reply));
    assert_true(len != SIZE_MAX);
    assert_true(wire_open(&reader, reply, len));
    while (n < max && wire_next(&reader, &out[n]) == WIRE_FRAME)
        n++;
    return n;
}

/* ---- messages that are broken somewhere ---- */

static void what_stands_before_a_broken_frame_does_not_run(void **state)
{
    (void)state;
    struct wire_frame reply[4];
    loop_start(&loop, &(struct loop_config){0});
    int fd = greet();
    size_t len = raw_put_call(frames, 1, "QueueService/Deliver", "service", "\n\1x");
    assert_true(raw_send_frames(fd, 1, 0, 1, frames, len));
    assert_int_equal(receive(fd, reply, 4), 1);
    assert_int_equal(atomic_load(&loop.deliveries), 1);
    frames[len + 4] = WIRE_VERSION + 1;
    len += WIRE_FRAME_SIZE;
    assert_true(raw_send_frames(fd, 2, 0, 2, frames, len));
    assert_int_equal(receive(fd, reply, 4), 1);
    assert_int_equal(reply[0].call_id, 0);
    assert_int_equal(reply[0].value, ERR_INVALID_ARGUMENT);
    assert_int_equal(atomic_load(&loop.deliveries), 1);
    (void)close(fd);
    loop_stop(&loop);
}

/* ---- floods ---- */

static bool is_closed_soon(int fd)
{
    uint8_t byte;
    const struct timeval patience = {.tv_sec = 10};
    (void)setsockopt(fd, SOL_SOCKET, SO_RCVTIMEO, &patience, sizeof(patience));
    ssize_t n;
    while ((n = read(fd, &byte, 1)) > 0)
        continue;
    return n == 0 || errno == ECONNRESET;
}

static void who_floods_with_frames_about_calls_is_hung_up_on(void **state)
{
    (void)state;
    size_t len = 0;
    loop_start(&loop, &(struct loop_config){.limits = {.connection_rate = 100}});
    for (uint64_t i = 0; i < 1000; i++)
        len += raw_put_frame(frames + len,
            &(struct wire_frame){.type = i % 2 ? WIRE_CANCEL : WIRE_CREDIT, .call_id = i});
    int fd = greet();
    assert_true(raw_send_frames(fd, 1, SESSION, 1000, frames, len));
    assert_true(is_closed_soon(fd));
    loop_ping(&loop, 10);
    (void)close(fd);
    loop_stop(&loop);
}

/* A message of calls nobody knows, then one of calls there is no room for: another's runs, and one
 * of these waits. */
static void flood(uint64_t session)
{
    enum { N = 500 };
    static struct wire_frame reply[N];
    size_t len = 0;
    loop_start(&loop, &(struct loop_config){.workers = 1, .queue_limit = 1});
    atomic_store(&loop.is_gate_closed, true);
    int fd = greet(), other = greet();
    size_t held = raw_put_call(frames, 1, "QueueService/Deliver", "service", "\n\1x");
    assert_true(raw_send_frames(other, 1, 0, 1, frames, held));
    loop_await(atomic_load(&loop.n_in_gate) == 1);
    for (uint64_t i = 0; i < N; i++)
        len += raw_put_call(frames + len, 1 + i, "NoService/NoMethod", "", "");
    assert_true(raw_send_frames(fd, 1, session, N, frames, len));
    assert_int_equal(receive(fd, reply, N), N);
    len = 0;
    for (uint64_t i = 0; i < N; i++)
        len += raw_put_call(frames + len, 1 + i, "QueueService/Deliver", "service", "\n\1x");
    assert_true(raw_send_frames(fd, 2, session, N, frames, len));
    if (session != 0)
        assert_int_equal(receive(fd, reply, N), N - 1);
    atomic_store(&loop.is_gate_closed, false);
    if (session == 0)
        assert_int_equal(receive(fd, reply, N), N);
    (void)close(fd);
    (void)close(other);
    loop_stop(&loop);
}

static void refusals_of_a_message_leave_together(void **state)
{
    (void)state;
    flood(SESSION);
    flood(0);
}

/* ---- crowds ---- */

static void list(enum err_code expected)
{
    Kith__V1__ListNotificationsRequest in = KITH__V1__LIST_NOTIFICATIONS_REQUEST__INIT;
    ProtobufCMessage *out;
    arena_reset(&loop.arena);
    assert_int_equal(rpc_client_call(loop.client, "/kith.v1.NotificationService/ListNotifications",
                         NULL, &in.base, &loop.arena, &out, &loop.err),
        expected);
}

static void strangers_who_only_take_up_room_make_room(void **state)
{
    (void)state;
    enum { N = 40 };
    int fds[N];
    struct wire_frame reply;
    loop_start(&loop, &(struct loop_config){.token = "member", .limits = {.max_connections = 4}});
    list(ERR_OK);
    for (size_t i = 0; i < N; i++)
        fds[i] = greet();
    assert_true(is_closed_soon(fds[0]));
    size_t len = raw_put_call(frames, 1, "HealthService/Ping", "", "");
    assert_true(raw_send_frames(fds[N - 1], 1, 0, 1, frames, len));
    assert_int_equal(receive(fds[N - 1], &reply, 1), 1);
    assert_int_equal(reply.value, ERR_OK);
    list(ERR_OK);
    for (size_t i = 0; i < N; i++)
        (void)close(fds[i]);
    loop_stop(&loop);
}

static void where_everybody_is_known_one_more_is_turned_away(void **state)
{
    (void)state;
    loop_start(&loop, &(struct loop_config){.token = "member", .limits = {.max_connections = 1}});
    list(ERR_OK);
    int fd = greet(); /* NNG lets ten seconds pass before it hangs up on who does not */
    assert_true(is_closed_soon(fd));
    list(ERR_OK);
    (void)close(fd);
    loop_stop(&loop);
}

int main(void)
{
    log_open("test", "attacks", LOG_FORMAT_JSON, LOG_FATAL);
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(what_stands_before_a_broken_frame_does_not_run),
        cmocka_unit_test(who_floods_with_frames_about_calls_is_hung_up_on),
        cmocka_unit_test(refusals_of_a_message_leave_together),
        cmocka_unit_test(strangers_who_only_take_up_room_make_room),
        cmocka_unit_test(where_everybody_is_known_one_more_is_turned_away),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
