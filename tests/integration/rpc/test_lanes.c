/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Many calls sharing messages: what a lane brings back, what happens when connections break.
 */
#include "liar.h"
#include "log/log.h"
#include "loop.h"
#include "raw.h"
#include "rpc/wire.h"
#include "unit_test.h"

#include <poll.h>
#include <pthread.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

enum { SESSION = 42, BUFFER_SIZE = 1 << 20 };

static struct loop loop;
static uint8_t buffer[BUFFER_SIZE];

/* ---- by hand ---- */

static size_t put_call(
    uint8_t *out, uint64_t id, const char *method, const void *payload, size_t len)
{
    static const char meta[] = "\n\6member";
    const struct wire_frame frame = {.type = WIRE_CALL,
        .call_id = id,
        .method = wire_method_hash(method),
        .value = 20000,
        .meta_len = sizeof(meta) - 1,
        .payload_len = (uint32_t)len};
    wire_put_frame(out, &frame);
    memcpy(out + WIRE_FRAME_SIZE, meta, sizeof(meta) - 1);
    memcpy(out + WIRE_FRAME_SIZE + sizeof(meta) - 1, payload, len);
    return WIRE_FRAME_SIZE + sizeof(meta) - 1 + len;
}

static size_t put_wait(uint8_t *out, uint64_t id)
{
    return put_call(out, id, "/kith.v1.NotificationService/ListNotifications", "\10\1", 2);
}

static size_t put_ping(uint8_t *out, uint64_t id)
{
    return put_call(out, id, "/kith.v1.HealthService/Ping", "\n\2hi", 4);
}

static void send_lane(int fd, uint32_t request, uint64_t session, uint32_t n_frames, size_t len)
{
    wire_put_preamble(buffer, n_frames, session);
    assert_true(raw_send(fd, request, buffer, WIRE_PREAMBLE_SIZE + len));
}

/* Reads a reply: the lane it came by, the ids of its results and their statuses. */
static size_t read_lane(int fd, uint32_t *lane, uint64_t *ids, uint32_t *status, size_t max)
{
    struct wire_reader reader;
    struct wire_frame frame;
    size_t n = 0;
    size_t len = raw_receive(fd, lane, buffer, sizeof(buffer));
    assert_true(len != SIZE_MAX);
    assert_true(wire_open(&reader, buffer, len));
    while (wire_next(&reader, &frame) == WIRE_FRAME) {
        assert_true(n < max);
        assert_int_equal(frame.type, WIRE_RESULT);
        status[n] = frame.value;
        ids[n++] = frame.call_id;
    }
    return n;
}

static size_t expect_lane(int fd, uint32_t lane, uint64_t *ids, uint32_t *status, size_t max)
{
    uint32_t came_by;
    size_t n = read_lane(fd, &came_by, ids, status, max);
    assert_int_equal(came_by, lane);
    return n;
}

static int greet(void)
{
    int fd = raw_connect(loop.url);
    raw_greet(fd);
    return fd;
}

#define BODY (buffer + WIRE_PREAMBLE_SIZE)

/* Messages are handled side by side, so which of two lanes is the older one is up to the server. */
static void one_lane_is_parked_and_any_other_goes_back(void **state)
{
    (void)state;
    uint64_t ids[4];
    uint32_t status[4], lane, lanes = 0;
    loop_start(&loop, &(struct loop_config){0});
    int fd = greet();
    send_lane(fd, 1, SESSION, 1, put_wait(BODY, 11));
    loop_await(atomic_load(&loop.wait_runs) == 1);
    for (uint32_t next = 2; next <= 3; next++) {
        send_lane(fd, next, SESSION, 0, 0);
        assert_int_equal(read_lane(fd, &lane, ids, status, 4), 0);
        lanes |= 1u << lane;
    }
    atomic_store(&loop.unread, 1);
    rpc_server_wake(loop.server, &loop.watched);
    assert_int_equal(read_lane(fd, &lane, ids, status, 4), 1);
    lanes |= 1u << lane;
    assert_int_equal(ids[0], 11);
    assert_int_equal(status[0], ERR_OK);
    assert_int_equal(lanes, 1u << 1 | 1u << 2 | 1u << 3);
    (void)close(fd);
    loop_stop(&loop);
}

static void a_slow_call_does_not_hold_a_fast_one_of_its_message(void **state)
{
    (void)state;
    uint64_t ids[4];
    uint32_t status[4];
    loop_start(&loop, &(struct loop_config){0});
    int fd = greet();
    size_t len = put_wait(BODY, 1);
    len += put_ping(BODY + len, 2);
    send_lane(fd, 1, SESSION, 2, len);
    assert_int_equal(expect_lane(fd, 1, ids, status, 4), 1);
    assert_int_equal(ids[0], 2);
    (void)close(fd);
    loop_stop(&loop);
}

static void without_a_session_a_message_is_answered_when_all_its_calls_are(void **state)
{
    (void)state;
    uint64_t ids[4];
    uint32_t status[4];
    loop_start(&loop, &(struct loop_config){0});
    int fd = greet();
    size_t len = put_wait(BODY, 1);
    len += put_ping(BODY + len, 2);
    len += put_ping(BODY + len, 3);
    send_lane(fd, 1, 0, 3, len);
    loop_await(atomic_load(&loop.wait_runs) == 1);
    atomic_store(&loop.unread, 1);
    rpc_server_wake(loop.server, &loop.watched);
    assert_int_equal(expect_lane(fd, 1, ids, status, 4), 3);
    assert_int_equal(1 << ids[0] | 1 << ids[1] | 1 << ids[2], 1 << 1 | 1 << 2 | 1 << 3);
    (void)close(fd);
    loop_stop(&loop);
}

static void a_second_session_on_a_connection_is_refused(void **state)
{
    (void)state;
    uint64_t ids[4];
    uint32_t status[4];
    loop_start(&loop, &(struct loop_config){0});
    int fd = greet();
    send_lane(fd, 1, SESSION, 1, put_ping(BODY, 1));
    assert_int_equal(expect_lane(fd, 1, ids, status, 4), 1);
    send_lane(fd, 2, SESSION + 1, 1, put_ping(BODY, 2));
    assert_int_equal(expect_lane(fd, 2, ids, status, 4), 1);
    assert_int_equal(ids[0], 0);
    assert_int_equal(status[0], ERR_INVALID_ARGUMENT);
    (void)close(fd);
    loop_stop(&loop);
}

static void replies_of_a_session_stay_small(void **state)
{
    (void)state;
    static uint8_t payload[60004];
    size_t n_answered = 0;
    loop_start(&loop, &(struct loop_config){0});
    int fd = greet();
    memcpy(payload, "\n\xe0\xd4\x03", 4); /* 60,000 bytes */
    size_t len = 0;
    for (uint64_t id = 1; id <= 12; id++)
        len += put_call(BODY + len, id, "/kith.v1.HealthService/Ping", payload, sizeof(payload));
    send_lane(fd, 1, SESSION, 12, len);
    for (uint32_t lane = 1; n_answered < 12; lane++) {
        uint32_t request;
        struct wire_reader reader;
        len = raw_receive(fd, &request, buffer, sizeof(buffer));
        assert_in_range(len, WIRE_PREAMBLE_SIZE, 256 * 1024);
        assert_true(wire_open(&reader, buffer, len));
        n_answered += reader.n_frames;
        send_lane(fd, lane + 1, SESSION, 0, 0);
    }
    assert_int_equal(n_answered, 12);
    (void)close(fd);
    loop_stop(&loop);
}

enum {
    N_SETS = 100,
    SMALL_REFUSAL = 512,
    MAX_BACKLOG = 4 << 20,
    MAX_BACKLOG_OF_STRANGER = 256 << 10,
};

static size_t put_set_requests(uint8_t *out)
{
    size_t len = 0;
    for (uint64_t id = 1; id <= N_SETS; id++)
        len += put_call(out + len, id, "/kith.v1.ReflectionService/GetDescriptorSet", "", 0);
    return len;
}

struct totals {
    size_t n_ok, n_busy, n_bytes;
};

/* Adds what one reply brings; large ones need more than `buffer`. */
static void add_reply(int fd, struct totals *totals)
{
    static uint8_t reply[2 * MAX_BACKLOG];
    struct wire_reader reader;
    struct wire_frame frame;
    uint32_t lane;
    size_t len = raw_receive(fd, &lane, reply, sizeof(reply));
    assert_true(len != SIZE_MAX);
    assert_true(wire_open(&reader, reply, len));
    while (wire_next(&reader, &frame) == WIRE_FRAME) {
        totals->n_ok += frame.value == ERR_OK;
        totals->n_busy += frame.value == ERR_RESOURCE_EXHAUSTED;
        if (frame.value != ERR_OK)
            assert_in_range(frame.meta_len + frame.payload_len, 1, SMALL_REFUSAL);
    }
    totals->n_bytes += len;
}

/* Did a lane come back, which is to say that the one sent after it arrived? */
static bool has_returned(int fd)
{
    return poll(&(struct pollfd){.fd = fd, .events = POLLIN}, 1, 0) == 1;
}

static void results_nobody_fetches_do_not_pile_up(void **state)
{
    (void)state;
    struct totals totals = {0};
    loop_start(&loop, &(struct loop_config){.workers = 1, .token = "member"});
    int fd = greet();
    send_lane(fd, 1, SESSION, 1, put_wait(BODY, N_SETS + 1));
    loop_await(atomic_load(&loop.wait_runs) == 1);
    loop_ping(&loop, 10); /* by now the server knows whose token this is */
    send_lane(fd, 2, SESSION, N_SETS, put_set_requests(BODY));
    loop_await(has_returned(fd));
    loop_ping(&loop, 10); /* the same member's: the one worker comes to it after all of them */
    uint32_t lane = 3;
    for (; totals.n_ok + totals.n_busy < N_SETS; lane++) {
        add_reply(fd, &totals);
        send_lane(fd, lane, SESSION, 0, 0);
    }
    assert_true(totals.n_ok > 0 && totals.n_busy > 0);
    assert_in_range(totals.n_bytes, MAX_BACKLOG, MAX_BACKLOG + (1 << 20));
    /* They have been fetched: calls are served again. */
    totals = (struct totals){0};
    send_lane(fd, lane, SESSION, 1, put_ping(BODY, 1));
    while (totals.n_ok + totals.n_busy == 0)
        add_reply(fd, &totals);
    assert_int_equal(totals.n_ok, 1);
    (void)close(fd);
    loop_stop(&loop);
}

static void the_reply_to_a_message_of_a_stranger_is_bounded_closely(void **state)
{
    (void)state;
    struct totals totals = {0};
    loop_start(&loop, &(struct loop_config){0});
    int fd = greet();
    send_lane(fd, 1, 0, N_SETS, put_set_requests(BODY));
    add_reply(fd, &totals);
    assert_int_equal(totals.n_ok + totals.n_busy, N_SETS);
    assert_in_range(totals.n_bytes, MAX_BACKLOG_OF_STRANGER, MAX_BACKLOG_OF_STRANGER + (1 << 20));
    (void)close(fd);
    loop_stop(&loop);
}

static void a_connection_that_waits_too_often_is_refused_and_leaves_room_for_others(void **state)
{
    (void)state;
    enum { N_PLACES = 64, N_WATCHES = N_PLACES + 6 };
    uint64_t ids[N_WATCHES];
    uint32_t status[N_WATCHES];
    loop_start(&loop, &(struct loop_config){.token = "member"});
    int fd = greet();
    /* Each a message of its own, without session: each keeps a context of the server. */
    for (uint32_t i = 1; i <= N_WATCHES; i++)
        send_lane(fd, i, 0, 1, put_wait(BODY, i));
    uint32_t lane;
    for (size_t i = 0; i < N_WATCHES - N_PLACES; i++) {
        assert_int_equal(read_lane(fd, &lane, ids, status, N_WATCHES), 1);
        assert_int_equal(status[0], ERR_RESOURCE_EXHAUSTED);
    }
    loop_ping(&loop, 10);
    atomic_store(&loop.unread, 1);
    rpc_server_wake(loop.server, &loop.watched);
    for (size_t i = 0; i < N_PLACES; i++) {
        assert_int_equal(read_lane(fd, &lane, ids, status, N_WATCHES), 1);
        assert_int_equal(status[0], ERR_OK);
    }
    (void)close(fd);
    loop_stop(&loop);
}

static void calls_of_a_client_that_left_are_not_run_again(void **state)
{
    (void)state;
    loop_start(&loop, &(struct loop_config){0});
    int fd = greet();
    send_lane(fd, 1, SESSION, 1, put_wait(BODY, 1));
    loop_await(atomic_load(&loop.wait_runs) == 1);
    (void)close(fd);
    /* Once the server has noticed, nothing is owed to anybody. */
    assert_true(rpc_server_drain(loop.server, 10000));
    assert_in_range(atomic_load(&loop.wait_runs), 1, 2);
    loop_stop(&loop);
}

static void a_connection_cut_at_any_byte_harms_nobody(void **state)
{
    (void)state;
    loop_start(&loop, &(struct loop_config){0});
    size_t len = put_ping(BODY, 1);
    len += put_wait(BODY + len, 2);
    wire_put_preamble(buffer, 2, SESSION);
    for (size_t cut = 0; cut <= WIRE_PREAMBLE_SIZE + len; cut++) {
        const uint8_t header[12] = {0, 0, 0, 0, 0, 0, 0, (uint8_t)(20 + len), 0x80, 0, 0, 1};
        int fd = greet();
        assert_true(raw_write(fd, header, sizeof(header)));
        assert_true(raw_write(fd, buffer, cut));
        (void)close(fd);
    }
    loop_ping(&loop, 10);
    assert_true(rpc_server_drain(loop.server, 10000));
    loop_stop(&loop);
}

/* ---- with the client ---- */

enum { N_THREADS = 8, N_CALLS = 1000 };

static void *ping_many_times(void *arg)
{
    struct arena arena;
    struct err err;
    arena_init(&arena, 1 << 20);
    size_t n_good = 0;
    for (uint32_t i = 0; i < N_CALLS; i++) {
        char payload[6] = {'\n', 4};
        memcpy(payload + 2, &i, sizeof(i));
        const struct db_bytes in = {payload, sizeof(payload)};
        struct db_bytes out;
        arena_reset(&arena);
        enum err_code code = rpc_client_call_bytes(
            loop.client, "/kith.v1.HealthService/Ping", NULL, &in, &arena, &out, &err);
        n_good += code == ERR_OK && out.len == 6 && memcmp(out.data, payload, 6) == 0;
    }
    arena_fini(&arena);
    *(size_t *)arg = n_good;
    return NULL;
}

static void every_caller_gets_the_reply_to_her_own_call(void **state)
{
    (void)state;
    pthread_t threads[N_THREADS];
    size_t n_good[N_THREADS];
    loop_start(&loop, &(struct loop_config){0});
    for (size_t i = 0; i < N_THREADS; i++)
        assert_int_equal(pthread_create(&threads[i], NULL, ping_many_times, &n_good[i]), 0);
    for (size_t i = 0; i < N_THREADS; i++) {
        (void)pthread_join(threads[i], NULL);
        assert_int_equal(n_good[i], N_CALLS);
    }
    loop_stop(&loop);
}

struct tally {
    atomic_int n_ok, n_failed;
};

static void count(void *arg, const struct db_bytes *out, const struct err *err)
{
    struct tally *tally = arg;
    (void)out;
    atomic_fetch_add(err ? &tally->n_failed : &tally->n_ok, 1);
}

/* What a server was sent that answers every call. */
struct receipts {
    atomic_uint n_messages, n_calls[8]; /* of pings, each message's */
};

static size_t note_and_answer(
    void *arg, const uint8_t *message, size_t len, uint8_t reply[LIAR_BUFFER_SIZE])
{
    struct receipts *receipts = arg;
    struct wire_reader reader;
    struct wire_frame frame;
    uint32_t n_calls = 0, n_pings = 0;
    size_t n = WIRE_PREAMBLE_SIZE;
    assert_true(wire_open(&reader, message, len));
    while (wire_next(&reader, &frame) == WIRE_FRAME) {
        if (frame.type != WIRE_CALL)
            continue;
        n_calls++;
        n_pings += frame.method == wire_method_hash("/kith.v1.HealthService/Ping");
        n += raw_put_frame(
            reply + n, &(struct wire_frame){.type = WIRE_RESULT, .call_id = frame.call_id});
    }
    unsigned i = atomic_load(&receipts->n_messages);
    if (n_pings > 0 && i < sizeof(receipts->n_calls) / sizeof(receipts->n_calls[0])) {
        atomic_store(&receipts->n_calls[i], n_pings);
        atomic_store(&receipts->n_messages, i + 1);
    }
    wire_put_preamble(reply, n_calls, reader.session);
    return n_calls > 0 ? n : 0;
}

enum { BURST = 64, BEGINNING = 24 };

struct burst {
    struct rpc_client *client;
    struct tally tally;
};

static void make_burst(void *arg, const struct db_bytes *out, const struct err *err)
{
    struct burst *burst = arg;
    const struct db_bytes nothing = {"", 0};
    (void)out;
    assert_null(err);
    for (int i = 0; i < BURST; i++)
        rpc_client_call_async(
            burst->client, "/kith.v1.HealthService/Ping", NULL, &nothing, count, &burst->tally);
}

static void a_server_with_nothing_to_do_gets_the_first_calls_early(void **state)
{
    (void)state;
    struct receipts receipts = {0};
    struct burst burst = {0};
    struct err err;
    const struct db_bytes nothing = {"", 0};
    struct liar *liar = liar_start(note_and_answer, &receipts);
    const struct rpc_client_config config = {.endpoints = liar_url(liar)};
    assert_ok(rpc_client_new(&burst.client, &config, &err), &err);
    rpc_client_call_async(
        burst.client, "/kith.v1.HealthService/Ping", NULL, &nothing, make_burst, &burst);
    loop_await(atomic_load(&burst.tally.n_ok) == BURST);
    rpc_client_free(burst.client);
    liar_stop(liar);
    assert_int_equal(receipts.n_calls[0], 1);
    assert_int_equal(receipts.n_calls[1], BEGINNING);
    unsigned n = 0;
    for (unsigned i = 1; i < receipts.n_messages; i++)
        n += receipts.n_calls[i];
    assert_int_equal(n, BURST);
}

static void every_call_ends_when_the_server_dies(void **state)
{
    (void)state;
    struct tally tally = {0};
    const struct db_bytes in = {"\10\1", 2}; /* only_unread */
    const struct rpc_call_options options = {.timeout_ms = 5000};
    loop_start(&loop, &(struct loop_config){.token = "member"});
    for (int i = 0; i < 60; i++)
        rpc_client_call_async(loop.client, "/kith.v1.NotificationService/ListNotifications",
            &options, &in, count, &tally);
    loop_await(atomic_load(&loop.wait_runs) == 60);
    rpc_server_free(loop.server);
    loop.server = NULL;
    loop_await(atomic_load(&tally.n_failed) == 60);
    assert_int_equal(atomic_load(&tally.n_ok), 0);
    loop_stop(&loop);
}

static void a_server_that_came_back_is_found_again(void **state)
{
    (void)state;
    loop_start(&loop, &(struct loop_config){.token = "member"});
    for (int i = 0; i < 3; i++) {
        loop_ping(&loop, 100);
        rpc_server_free(loop.server);
        loop_serve(&loop, &(struct loop_config){0});
        loop_await(loop_try_ping(&loop) == ERR_OK);
    }
    loop_stop(&loop);
}

int main(void)
{
    log_open("test", "lanes", LOG_FORMAT_JSON, LOG_FATAL);
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(one_lane_is_parked_and_any_other_goes_back),
        cmocka_unit_test(a_slow_call_does_not_hold_a_fast_one_of_its_message),
        cmocka_unit_test(without_a_session_a_message_is_answered_when_all_its_calls_are),
        cmocka_unit_test(a_second_session_on_a_connection_is_refused),
        cmocka_unit_test(replies_of_a_session_stay_small),
        cmocka_unit_test(results_nobody_fetches_do_not_pile_up),
        cmocka_unit_test(the_reply_to_a_message_of_a_stranger_is_bounded_closely),
        cmocka_unit_test(a_connection_that_waits_too_often_is_refused_and_leaves_room_for_others),
        cmocka_unit_test(calls_of_a_client_that_left_are_not_run_again),
        cmocka_unit_test(a_connection_cut_at_any_byte_harms_nobody),
        cmocka_unit_test(every_caller_gets_the_reply_to_her_own_call),
        cmocka_unit_test(a_server_with_nothing_to_do_gets_the_first_calls_early),
        cmocka_unit_test(every_call_ends_when_the_server_dies),
        cmocka_unit_test(a_server_that_came_back_is_found_again),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
