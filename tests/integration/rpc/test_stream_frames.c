/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Streams frame by frame, as a client of another language or a hostile one would have them.
 */
#include "log/log.h"
#include "loop.h"
#include "raw.h"
#include "rpc/wire.h"
#include "unit_test.h"

#include <string.h>
#include <unistd.h>

enum {
    SESSION = 42,
    BUFFER_SIZE = 2 << 20,
    CREDIT = 64 * 1024,
    MAX_CREDIT = 1024 * 1024,
    MAX_OF_PIPE = 256,
    BACKLOG = 256 * 1024,
};

static struct loop loop;
static uint8_t buffer[BUFFER_SIZE];

#define BODY (buffer + WIRE_PREAMBLE_SIZE)

static size_t put_watch(uint8_t *out, uint64_t id, uint32_t timeout_ms)
{
    static const char meta[] = "\n\6member";
    const struct wire_frame frame = {.type = WIRE_CALL,
        .call_id = id,
        .method = wire_method_hash("/kith.v1.NotificationService/WatchNotifications"),
        .value = timeout_ms,
        .meta_len = sizeof(meta) - 1};
    wire_put_frame(out, &frame);
    memcpy(out + WIRE_FRAME_SIZE, meta, sizeof(meta) - 1);
    return WIRE_FRAME_SIZE + sizeof(meta) - 1;
}

static size_t put_control(uint8_t *out, uint8_t type, uint64_t id, uint32_t value)
{
    wire_put_frame(out, &(struct wire_frame){.type = type, .call_id = id, .value = value});
    return WIRE_FRAME_SIZE;
}

static void send_lane(int fd, uint32_t lane, uint64_t session, uint32_t n_frames, size_t len)
{
    wire_put_preamble(buffer, n_frames, session);
    assert_true(raw_send(fd, lane, buffer, WIRE_PREAMBLE_SIZE + len));
}

/* What came of the streams so far. */
struct heard {
    uint32_t n_items;
    size_t n_bytes;
    uint32_t n_ends;
    struct wire_frame end; /* the last one; its Meta is gone */
    uint32_t n_refused;
};

static void read_lane(int fd, struct heard *heard)
{
    struct wire_reader reader;
    struct wire_frame frame;
    uint32_t lane;
    size_t len = raw_receive(fd, &lane, buffer, sizeof(buffer));
    assert_true(len != SIZE_MAX);
    assert_true(wire_open(&reader, buffer, len));
    while (wire_next(&reader, &frame) == WIRE_FRAME) {
        heard->n_items += frame.type == WIRE_ITEM;
        heard->n_bytes += WIRE_FRAME_SIZE + frame.payload_len;
        heard->n_ends += frame.type == WIRE_END;
        heard->n_refused += frame.type == WIRE_RESULT && frame.value == ERR_RESOURCE_EXHAUSTED;
        if (frame.type != WIRE_ITEM)
            heard->end = frame;
    }
}

static int open_loop(int n_items, int title_len)
{
    loop_start(&loop, &(struct loop_config){.workers = 1, .token = "member"});
    atomic_store(&loop.title_len, title_len);
    atomic_store(&loop.unread, n_items);
    int fd = raw_connect(loop.url);
    raw_greet(fd);
    return fd;
}

static void close_loop(int fd)
{
    (void)close(fd);
    loop_stop(&loop);
}

static void without_a_session_a_stream_ends_with_its_first_items_and_more(void **state)
{
    (void)state;
    struct heard heard = {0};
    int fd = open_loop(3, 10);
    send_lane(fd, 1, 0, 1, put_watch(BODY, 7, 20000));
    read_lane(fd, &heard);
    assert_int_equal(heard.n_items, 3);
    assert_int_equal(heard.n_ends, 1);
    assert_int_equal(heard.end.value, ERR_OK);
    assert_int_equal(heard.end.flags & WIRE_MORE, WIRE_MORE);
    assert_int_equal(heard.end.sequence, 3);
    close_loop(fd);
}

static void a_stream_where_nothing_comes_in_time_ends_with_more(void **state)
{
    (void)state;
    struct heard heard = {0};
    int fd = open_loop(0, 0);
    send_lane(fd, 1, 0, 1, put_watch(BODY, 7, 300));
    read_lane(fd, &heard);
    assert_int_equal(heard.n_items, 0);
    assert_int_equal(heard.end.value, ERR_OK);
    assert_int_equal(heard.end.flags & WIRE_MORE, WIRE_MORE);
    close_loop(fd);
}

static void without_a_session_a_stream_is_alone_in_its_message(void **state)
{
    (void)state;
    struct heard heard = {0};
    int fd = open_loop(3, 10);
    size_t len = put_watch(BODY, 7, 20000);
    len += put_watch(BODY + len, 8, 20000);
    send_lane(fd, 1, 0, 2, len);
    read_lane(fd, &heard);
    assert_int_equal(heard.n_items, 0);
    assert_int_equal(heard.end.value, ERR_INVALID_ARGUMENT);
    close_loop(fd);
}

/* It sends until its credit is used up, with one item more at most, and goes on when there is some.
 */
static void what_is_sent_is_bounded_by_the_credit(void **state)
{
    (void)state;
    enum { ITEM = 1000 };
    struct heard heard = {0};
    uint32_t lane = 2;
    int fd = open_loop(1000, ITEM);
    send_lane(fd, 1, SESSION, 1, put_watch(BODY, 7, 20000));
    for (; heard.n_bytes < CREDIT; lane++) {
        read_lane(fd, &heard);
        send_lane(fd, lane, SESSION, 0, 0);
    }
    loop_ping(&loop, 10); /* the one worker has nothing more to send */
    assert_in_range(heard.n_bytes, CREDIT, CREDIT + 2 * ITEM);
    size_t before = heard.n_bytes;
    send_lane(fd, lane++, SESSION, 1, put_control(BODY, WIRE_CREDIT, 7, 10 * ITEM));
    while (heard.n_bytes < before + 9 * ITEM) {
        read_lane(fd, &heard);
        send_lane(fd, lane++, SESSION, 0, 0);
    }
    assert_in_range(heard.n_bytes, before + 9 * ITEM, before + 12 * ITEM);
    assert_int_equal(heard.n_ends, 0);
    close_loop(fd);
}

static void who_grants_too_much_loses_the_stream(void **state)
{
    (void)state;
    struct heard heard = {0};
    uint32_t lane = 3;
    int fd = open_loop(0, 0);
    send_lane(fd, 1, SESSION, 1, put_watch(BODY, 7, 20000));
    loop_await(atomic_load(&loop.watch_runs) == 1);
    send_lane(fd, 2, SESSION, 1, put_control(BODY, WIRE_CREDIT, 7, MAX_CREDIT));
    for (; heard.n_ends == 0; lane++) {
        read_lane(fd, &heard);
        send_lane(fd, lane, SESSION, 0, 0);
    }
    assert_int_equal(heard.end.value, ERR_INVALID_ARGUMENT);
    assert_int_equal(heard.end.flags & WIRE_MORE, 0);
    close_loop(fd);
}

static void credit_for_what_is_not_there_is_ignored(void **state)
{
    (void)state;
    struct heard heard = {0};
    int fd = open_loop(1, 0);
    size_t len = put_control(BODY, WIRE_CREDIT, 7, UINT32_MAX);
    len += put_control(BODY + len, WIRE_CREDIT, UINT64_MAX, 1);
    send_lane(fd, 1, SESSION, 2, len);
    send_lane(fd, 2, SESSION, 1, put_watch(BODY, 8, 20000));
    while (heard.n_items == 0)
        read_lane(fd, &heard);
    assert_int_equal(heard.n_ends, 0);
    close_loop(fd);
}

static void a_cancelled_stream_ends(void **state)
{
    (void)state;
    struct heard heard = {0};
    uint32_t lane = 3;
    int fd = open_loop(0, 0);
    send_lane(fd, 1, SESSION, 1, put_watch(BODY, 7, 20000));
    loop_await(atomic_load(&loop.watch_runs) == 1);
    send_lane(fd, 2, SESSION, 1, put_control(BODY, WIRE_CANCEL, 7, 0));
    for (; heard.n_ends == 0; lane++) {
        read_lane(fd, &heard);
        send_lane(fd, lane, SESSION, 0, 0);
    }
    assert_int_equal(heard.end.value, ERR_CANCELLED);
    close_loop(fd);
}

static void a_connection_has_its_share_of_streams_and_no_more(void **state)
{
    (void)state;
    enum { N = MAX_OF_PIPE + 6 };
    struct heard heard = {0};
    int fd = open_loop(0, 0);
    size_t len = 0;
    for (uint64_t id = 1; id <= N; id++)
        len += put_watch(BODY + len, id, 20000);
    send_lane(fd, 1, SESSION, N, len);
    for (uint32_t lane = 2; heard.n_refused < N - MAX_OF_PIPE; lane++) {
        read_lane(fd, &heard);
        send_lane(fd, lane, SESSION, 0, 0);
    }
    assert_int_equal(heard.n_refused, N - MAX_OF_PIPE);
    loop_await(atomic_load(&loop.watch_runs) == MAX_OF_PIPE);
    loop_ping(&loop, 10);
    close_loop(fd);
}

/* Many streams with all the credit there may be, and nobody who fetches: bounded by the backlog. */
static void streams_nobody_fetches_are_held(void **state)
{
    (void)state;
    enum { N = 100, ITEM = 10000, A_RUN = 64 * 1024 };
    struct heard heard = {0};
    uint32_t lane = 3;
    int fd = open_loop(100000, ITEM);
    size_t len = 0;
    for (uint64_t id = 1; id <= N; id++)
        len += put_watch(BODY + len, id, 20000);
    for (uint64_t id = 1; id <= N; id++)
        len += put_control(BODY + len, WIRE_CREDIT, id, MAX_CREDIT - CREDIT);
    send_lane(fd, 1, SESSION, 2 * N, len);
    read_lane(fd, &heard); /* the lane it came by; no other is there now */
    loop_ping(&loop, 10);
    loop_ping(&loop, 10);
    int runs = atomic_load(&loop.watch_runs);
    assert_in_range(runs, 1, 2 * BACKLOG / A_RUN + 4);
    /* Whoever comes for them finds them going on. */
    for (; heard.n_items < 10 * (uint32_t)N; lane++) {
        send_lane(fd, lane, SESSION, 0, 0);
        read_lane(fd, &heard);
    }
    assert_int_equal(heard.n_ends, 0);
    close_loop(fd);
}

int main(void)
{
    log_open("test", "stream_frames", LOG_FORMAT_JSON, LOG_FATAL);
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(without_a_session_a_stream_ends_with_its_first_items_and_more),
        cmocka_unit_test(a_stream_where_nothing_comes_in_time_ends_with_more),
        cmocka_unit_test(without_a_session_a_stream_is_alone_in_its_message),
        cmocka_unit_test(what_is_sent_is_bounded_by_the_credit),
        cmocka_unit_test(who_grants_too_much_loses_the_stream),
        cmocka_unit_test(credit_for_what_is_not_there_is_ignored),
        cmocka_unit_test(a_cancelled_stream_ends),
        cmocka_unit_test(a_connection_has_its_share_of_streams_and_no_more),
        cmocka_unit_test(streams_nobody_fetches_are_held),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
