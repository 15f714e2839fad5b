/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Malformed messages and raw garbage beside valid calls: the server answers each message, keeps
 * answering valid calls, and does not grow. KITH_TEST_SEED replays a run, KITH_TEST_ROUNDS sets how
 * many messages are sent (the long run: 1000000). How much slower the valid calls get, and how slow
 * they are beside a flood of messages in which nothing is wrong, is printed, not judged: that is
 * the machine's business too.
 */
#include "clock/clock.h"
#include "log/log.h"
#include "loop.h"
#include "random.h"
#include "raw.h"
#include "rpc/wire.h"
#include "unit_test.h"

#include <kith/v1/health.pb-c.h>
#include <kith/v1/notification.pb-c.h>
#include <kith/v1/queue.pb-c.h>

#include <inttypes.h>
#include <poll.h>
#include <pthread.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/time.h>
#include <unistd.h>

enum {
    N_MESSAGES = 100000,
    PIPELINE = 50,                  /* messages on their way at once */
    LANE = PIPELINE,                /* the request id of messages that only bring a lane */
    SESSION = 7,                    /* of those messages that have one */
    LANE_PATIENCE_MS = 50,          /* until another lane is brought */
    PATIENCE_US = 20 * 1000 * 1000, /* less than a lane may wait */
    PINGS_IN_PEACE = 1000,          /* valid calls beside nothing at all */
    MAX_PINGS = 1 << 20,
    N_CONNECTIONS = 200,
    MESSAGE_SIZE = 8192,
    MAX_GROWTH = 10 << 20,
    N_UNREAD =
        100000, /* replies nobody reads: more than the system keeps and the server has room for */
};

/* The sanitizers keep freed memory or shadows of it: growth says nothing then. */
#if defined(__SANITIZE_ADDRESS__) || defined(__SANITIZE_THREAD__)
#define IS_SANITIZED true
#elif defined(__has_feature)
#if __has_feature(address_sanitizer) || __has_feature(thread_sanitizer)
#define IS_SANITIZED true
#endif
#endif
#ifndef IS_SANITIZED
#define IS_SANITIZED false
#endif

static struct loop loop;
static uint64_t seed;

static uint32_t chance(uint32_t n)
{
    return random_below(&seed, n);
}

static size_t resident_bytes(void)
{
    size_t total, resident = 0;
    FILE *file = fopen("/proc/self/statm", "re");
    assert_non_null(file);
    assert_int_equal(fscanf(file, "%zu %zu", &total, &resident), 2);
    (void)fclose(file);
    return resident * (size_t)sysconf(_SC_PAGESIZE);
}

/* ---- messages ---- */

static size_t put_call(
    uint8_t *out, uint64_t session, const char *method, const void *payload, size_t len)
{
    static const uint8_t meta[] = "\x0a\x07service\x22\x02id";
    const struct wire_frame frame = {
        .type = WIRE_CALL,
        .call_id = 1,
        .method = wire_method_hash(method),
        .value = 1000,
        .meta_len = sizeof(meta) - 1,
        .payload_len = (uint32_t)len,
    };
    wire_put_preamble(out, 1, session);
    wire_put_frame(out + WIRE_PREAMBLE_SIZE, &frame);
    uint8_t *body = out + WIRE_PREAMBLE_SIZE + WIRE_FRAME_SIZE;
    memcpy(body, meta, sizeof(meta) - 1);
    memcpy(body + sizeof(meta) - 1, payload, len);
    return WIRE_PREAMBLE_SIZE + WIRE_FRAME_SIZE + sizeof(meta) - 1 + len;
}

static size_t put_deliver(uint8_t *out, const void *payload, size_t len)
{
    return put_call(out, chance(2) * SESSION, "/kith.v1.QueueService/Deliver", payload, len);
}

static size_t put_valid(uint8_t *out)
{
    uint8_t payload[MESSAGE_SIZE / 2];
    Kith__V1__DeliverRequest request;
    Kith__V1__Event event;
    Kith__V1__Event *events[8] = {&event, &event, &event, &event, &event, &event, &event, &event};
    char id[] = "01890a5d-ac96-774b-bcce-b302099a8057", kind[] = "kith.v1.X", producer[] = "x";
    kith__v1__deliver_request__init(&request);
    kith__v1__event__init(&event);
    event.id = event.member_id = id;
    event.kind = kind;
    request.producer = producer;
    request.events = events;
    request.n_events = chance(9);
    size_t len = kith__v1__deliver_request__pack(&request, payload);
    return put_deliver(out, payload, len);
}

/* Thousands of nested length-delimited fields: the stack of a naive decoder. */
static size_t put_depth_bomb(uint8_t *out)
{
    uint8_t payload[4096];
    size_t n = 0;
    while (n + 3 < sizeof(payload)) {
        size_t left = sizeof(payload) - n - 3;
        payload[n++] = 0x12;
        payload[n++] = (uint8_t)(0x80 | (left & 0x7f));
        payload[n++] = (uint8_t)(left >> 7);
    }
    return put_deliver(out, payload, n);
}

/* Many tiny elements: the most memory for the fewest bytes. */
static size_t put_amplifier(uint8_t *out)
{
    uint8_t payload[6000];
    for (size_t i = 0; i < sizeof(payload); i += 2)
        memcpy(payload + i, "\x12\0", 2);
    return put_deliver(out, payload, sizeof(payload));
}

static size_t put_bad_text(uint8_t *out)
{
    static const char *const texts[] = {"\n\3a\0b", "\n\2\xc3\x28", "\n\1\xff", "\n\3\xed\xa0\x80"};
    const char *text = texts[chance(4)];
    return put_deliver(out, text, 2 + (size_t)text[1]);
}

static size_t put_noise(uint8_t *out)
{
    size_t len = chance(200);
    for (size_t i = 0; i < len; i++)
        out[i] = (uint8_t)chance(256);
    return len;
}

static size_t put_malformed(uint8_t *out)
{
    size_t len;
    switch (chance(8)) {
    case 0:
        return put_noise(out);
    case 1:
        return put_depth_bomb(out);
    case 2:
        return put_amplifier(out);
    case 3:
        return put_bad_text(out);
    case 4:
        len = put_valid(out);
        return chance((uint32_t)len); /* cut */
    case 5:
        len = put_valid(out);
        memset(out + 4 + chance(44), 0xff, 4); /* huge numbers in preamble or header */
        return len;
    default:
        len = put_valid(out);
        for (uint32_t n = 1 + chance(8); n > 0; n--)
            out[chance((uint32_t)len)] ^= (uint8_t)(1 << chance(8));
        return len;
    }
}

/* ---- valid calls beside them ---- */

struct pinger {
    pthread_t thread;
    atomic_bool is_over;
    atomic_int n; /* of took_us; of those beyond its end nothing is noted */
    int n_failed; /* read it once the thread is over */
    int64_t took_us[MAX_PINGS];
};

static void *keep_pinging(void *arg)
{
    struct pinger *p = arg;
    while (!atomic_load(&p->is_over)) {
        int64_t began_us = clock_mono_us(clock_system());
        arena_reset(&loop.arena);
        if (loop_try_ping(&loop) != ERR_OK)
            p->n_failed++;
        int n = atomic_load(&p->n);
        if (n < MAX_PINGS) {
            p->took_us[n] = clock_mono_us(clock_system()) - began_us;
            atomic_store(&p->n, n + 1);
        }
        loop_pause();
    }
    return NULL;
}

static int compare_times(const void *a, const void *b)
{
    int64_t x = *(const int64_t *)a, y = *(const int64_t *)b;
    return (x > y) - (x < y);
}

/* Of the calls [from, to), which get sorted. */
static int64_t p99_us(struct pinger *p, int from, int to)
{
    assert_true(from < to);
    qsort(p->took_us + from, (size_t)(to - from), sizeof(int64_t), compare_times);
    return p->took_us[from + (to - from) * 99 / 100];
}

/* How many valid calls have been made; one at least since `n_before`. */
static int await_pings(struct pinger *p, int n_before)
{
    loop_await(atomic_load(&p->n) > n_before || atomic_load(&p->n) == MAX_PINGS);
    return atomic_load(&p->n);
}

/* ---- tests ---- */

static bool has_come(int fd, int within_ms)
{
    struct pollfd readable = {.fd = fd, .events = POLLIN};
    return poll(&readable, 1, within_ms) == 1;
}

/* Results of all replies, and how many of them are of calls that succeeded. */
struct results {
    uint64_t n, n_ok;
};

static uint32_t expect_reply(int fd, struct results *results)
{
    static uint8_t reply[65536];
    struct wire_reader reader;
    struct wire_frame frame;
    uint32_t id;
    size_t len = raw_receive(fd, &id, reply, sizeof(reply));
    assert_true(len != SIZE_MAX);
    assert_true(wire_open(&reader, reply, len));
    enum wire_step step;
    while ((step = wire_next(&reader, &frame)) == WIRE_FRAME) {
        results->n += frame.type == WIRE_RESULT;
        results->n_ok += frame.type == WIRE_RESULT && frame.value == ERR_OK;
    }
    assert_int_equal(step, WIRE_DONE);
    return id;
}

/* One message of a session waits at the server as its lane, until another comes. */
static void bring_lane(int fd)
{
    assert_true(raw_send_frames(fd, LANE, SESSION, 0, NULL, 0));
}

static bool is_one(uint64_t set)
{
    return (set & (set - 1)) == 0;
}

/* Not more than one can be that waits as a lane: for others, bringing a lane is no cure. */
static void send_some(int fd, size_t (*put)(uint8_t *out), struct results *results)
{
    static uint8_t message[MESSAGE_SIZE];
    uint64_t unanswered = 0;
    for (uint32_t i = 0; i < PIPELINE; i++) {
        assert_true(raw_send(fd, i, message, put(message)));
        unanswered |= UINT64_C(1) << i;
    }
    bring_lane(fd);
    int64_t until_us = clock_mono_us(clock_system()) + PATIENCE_US;
    while (unanswered != 0) {
        if (!has_come(fd, LANE_PATIENCE_MS)) {
            if (clock_mono_us(clock_system()) > until_us)
                fail_msg("no reply to those of %" PRIx64, unanswered);
            if (is_one(unanswered))
                bring_lane(fd);
            continue;
        }
        uint32_t id = expect_reply(fd, results);
        assert_true(id == LANE || (id < PIPELINE && unanswered >> id & 1));
        unanswered &= ~(UINT64_C(1) << id);
    }
}

static struct results send_many(int fd, size_t (*put)(uint8_t *out), uint64_t n_left)
{
    struct results results = {0};
    size_t before = 0;
    for (uint32_t round = 0; n_left >= PIPELINE; round++, n_left -= PIPELINE) {
        send_some(fd, put, &results);
        if (round == 200)
            before = resident_bytes();
    }
    if (before == 0 || IS_SANITIZED)
        return results;
    size_t after = resident_bytes();
    print_message("resident: %zu KiB, then %zu KiB\n", before / 1024, after / 1024);
    assert_in_range(after, 0, before + MAX_GROWTH);
    return results;
}

/* In a session a result may still be on its way when all messages are answered. */
static void send_valid(int fd, uint64_t n)
{
    struct results results = send_many(fd, put_valid, n);
    int64_t until_us = clock_mono_us(clock_system()) + PATIENCE_US;
    while (results.n < n) {
        assert_true(clock_mono_us(clock_system()) < until_us);
        bring_lane(fd);
        while (has_come(fd, LANE_PATIENCE_MS))
            (void)expect_reply(fd, &results);
    }
    assert_int_equal(results.n, n);
    assert_int_equal(results.n_ok, n);
    assert_int_equal(atomic_load(&loop.deliveries), n);
}

static void malformed_messages_are_answered_and_harm_nobody(void **state)
{
    (void)state;
    static struct pinger pinger;
    uint64_t n_messages = random_told("KITH_TEST_ROUNDS", N_MESSAGES);
    uint64_t n_valid = n_messages / 4 / PIPELINE * PIPELINE;
    assert_true(n_valid > 0);
    memset(pinger.took_us, 0, sizeof(pinger.took_us)); /* resident before anything is measured */
    loop_start(&loop, &(struct loop_config){.token = "member"});
    loop_ping(&loop, 100);
    assert_int_equal(pthread_create(&pinger.thread, NULL, keep_pinging, &pinger), 0);
    int n_alone = await_pings(&pinger, PINGS_IN_PEACE);
    int fd = raw_connect(loop.url);
    raw_greet(fd);
    bring_lane(fd); /* the session is this one's */
    send_valid(fd, n_valid);
    int n_beside_valid = await_pings(&pinger, n_alone);
    (void)send_many(fd, put_malformed, n_messages);
    int n_pings = await_pings(&pinger, n_beside_valid);
    atomic_store(&pinger.is_over, true);
    assert_int_equal(pthread_join(pinger.thread, NULL), 0);
    assert_int_equal(pinger.n_failed, 0);
    print_message("p99 of valid calls: %" PRId64 " us alone, %" PRId64
                  " us beside valid messages, %" PRId64 " us beside malformed ones\n",
        p99_us(&pinger, 0, n_alone), p99_us(&pinger, n_alone, n_beside_valid),
        p99_us(&pinger, n_beside_valid, n_pings));
    loop_ping(&loop, 100);
    (void)close(fd);
    loop_stop(&loop);
}

static void speak_garbage(int fd, uint32_t kind)
{
    uint8_t noise[256];
    for (size_t i = 0; i < sizeof(noise); i++)
        noise[i] = (uint8_t)chance(256);
    switch (kind) {
    case 0: /* says nothing and leaves */
        return;
    case 1: /* no greeting at all */
        (void)raw_write(fd, noise, chance(sizeof(noise)));
        return;
    case 2: /* another protocol */
        (void)raw_write(fd, "GET / HTTP/1.1\r\n\r\n", 18);
        return;
    case 3: /* a huge length */
        raw_greet(fd);
        memset(noise, 0xff, 8);
        (void)raw_write(fd, noise, sizeof(noise));
        return;
    case 4: /* over the limit by one */
        raw_greet(fd);
        (void)raw_write(fd, "\0\0\0\0\0\x10\0\1", 8);
        (void)raw_write(fd, noise, sizeof(noise));
        return;
    case 5: /* a message without NNG's request id */
        raw_greet(fd);
        (void)raw_write(fd, "\0\0\0\0\0\0\0\2xy", 10);
        return;
    default: /* cut in the middle of a message */
        raw_greet(fd);
        (void)raw_write(fd, "\0\0\0\0\0\0\1\0", 8);
        (void)raw_write(fd, noise, 100);
        return;
    }
}

static void garbage_on_the_wire_harms_nobody(void **state)
{
    (void)state;
    loop_start(&loop, &(struct loop_config){0});
    for (uint32_t i = 0; i < N_CONNECTIONS; i++) {
        int fd = raw_connect(loop.url);
        speak_garbage(fd, i % 7);
        (void)close(fd);
        if (i % 10 == 0)
            loop_ping(&loop, 100);
    }
    loop_ping(&loop, 100);
    loop_stop(&loop);
}

/* Asks and asks, until it is cut off or all is said. */
static void ask_without_reading(int fd)
{
    static uint8_t message[MESSAGE_SIZE];
    Kith__V1__PingRequest ping = KITH__V1__PING_REQUEST__INIT;
    uint8_t echoed[1000] = {0}, payload[1100];
    const struct timeval patience = {.tv_sec = 1};
    (void)setsockopt(fd, SOL_SOCKET, SO_SNDTIMEO, &patience, sizeof(patience));
    ping.payload = (ProtobufCBinaryData){sizeof(echoed), echoed};
    size_t payload_len = kith__v1__ping_request__pack(&ping, payload);
    size_t len = put_call(message, 0, "/kith.v1.HealthService/Ping", payload, payload_len);
    for (uint32_t i = 0; i < N_UNREAD; i++)
        if (!raw_send(fd, i, message, len))
            return;
}

static void who_reads_no_replies_keeps_nobody_else_out(void **state)
{
    (void)state;
    loop_start(&loop, &(struct loop_config){0});
    loop_ping(&loop, 100);
    int fd = raw_connect(loop.url);
    raw_greet(fd);
    ask_without_reading(fd);
    loop_ping(&loop, 100);
    (void)close(fd);
    loop_stop(&loop);
}

int main(void)
{
    seed = random_told("KITH_TEST_SEED", (uint64_t)getpid() * UINT64_C(0x9e3779b97f4a7c15));
    print_message("KITH_TEST_SEED=%" PRIu64 "\n", seed);
    log_open("test", "hostile", LOG_FORMAT_JSON, LOG_FATAL);
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(malformed_messages_are_answered_and_harm_nobody),
        cmocka_unit_test(garbage_on_the_wire_harms_nobody),
        cmocka_unit_test(who_reads_no_replies_keeps_nobody_else_out),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
