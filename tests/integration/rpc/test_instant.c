/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Calls that run on the thread that received them: when they do, and that nothing else about them
 * differs.
 */
#include "log/log.h"
#include "loop.h"
#include "raw.h"
#include "unit_test.h"

#include <kith/v1/health.pb-c.h>

#include <ctype.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

enum { FAR_MS = 60000, SOON_MS = 50, SESSION = 42, FEW = 8 /* calls of one message */, MANY = 96 };

#define PING "/kith.v1.HealthService/Ping"
#define MARK "/kith.v1.NotificationService/MarkRead"

static struct loop loop;
static struct rpc_client *service; /* who may deliver */
static atomic_int n_delivered;

static void note_delivery(void *arg, const struct db_bytes *out, const struct err *err)
{
    (void)arg;
    (void)out;
    atomic_fetch_add(&n_delivered, !err);
}

static void deliver(void)
{
    static const struct rpc_call_options options = {.timeout_ms = FAR_MS};
    static const struct db_bytes in = {"\n\5bench", 7};
    rpc_client_call_async(
        service, "/kith.v1.QueueService/Deliver", &options, &in, note_delivery, NULL);
}

/* A server whose one worker is held until the gate opens. */
static int start(void **state)
{
    (void)state;
    loop_start(&loop, &(struct loop_config){.workers = 1, .token = "member", .has_desks = true});
    const struct rpc_client_config config = {.endpoints = loop.url, .token = "service"};
    assert_ok(rpc_client_new(&service, &config, &loop.err), &loop.err);
    atomic_store(&n_delivered, 0);
    atomic_store(&loop.is_gate_closed, true);
    deliver();
    loop_await(atomic_load(&loop.n_in_gate) == 1);
    return 0;
}

static void open_gate(int n_deliveries)
{
    atomic_store(&loop.is_gate_closed, false);
    loop_await(atomic_load(&n_delivered) == n_deliveries);
}

static int stop(void **state)
{
    (void)state;
    atomic_store(&loop.is_gate_closed, false);
    rpc_client_free(service);
    loop_stop(&loop);
    return 0;
}

static enum err_code ping_within(int64_t timeout_ms, const struct db_bytes *in)
{
    const struct rpc_call_options options = {.timeout_ms = timeout_ms};
    struct db_bytes out;
    arena_reset(&loop.arena);
    return rpc_client_call_bytes(loop.client, PING, &options, in, &loop.arena, &out, &loop.err);
}

/* A ping that is answered at once overtakes a queue, or there is none. */
static bool is_queueing(void)
{
    static const struct db_bytes none = {"", 0};
    return ping_within(SOON_MS, &none) == ERR_DEADLINE_EXCEEDED;
}

/* ---- when they do ---- */

static void it_needs_no_worker(void **state)
{
    (void)state;
    loop_ping(&loop, 100);
    assert_int_equal(atomic_load(&loop.n_in_gate), 1);
    open_gate(1);
}

static void it_overtakes_nobody_who_waits_for_one(void **state)
{
    (void)state;
    deliver();
    loop_await(is_queueing());
    open_gate(2);
    loop_ping(&loop, 100);
}

static int greet(void)
{
    int fd = raw_connect(loop.url);
    raw_greet(fd);
    return fd;
}

/* In one message; ids from 1 on. */
static void send_pings(int fd, uint32_t n)
{
    static uint8_t frames[16384];
    size_t len = 0;
    for (uint32_t i = 0; i < n; i++)
        len += raw_put_call(frames + len, i + 1, "HealthService/Ping", "", "");
    assert_true(raw_send_frames(fd, 1, SESSION, n, frames, len));
}

/* How many results come in one message. */
static uint32_t receive_results(int fd)
{
    static uint8_t buffer[16384];
    struct wire_reader reader;
    struct wire_frame frame;
    uint32_t request_id, n = 0;
    size_t len = raw_receive(fd, &request_id, buffer, sizeof(buffer));
    assert_true(len != SIZE_MAX && wire_open(&reader, buffer, len));
    while (wire_next(&reader, &frame) == WIRE_FRAME) {
        assert_int_equal(frame.type, WIRE_RESULT);
        assert_int_equal(frame.value, ERR_OK);
        n++;
    }
    return n;
}

static void those_of_a_message_are_answered_together(void **state)
{
    (void)state;
    int fd = greet();
    send_pings(fd, FEW);
    assert_int_equal(receive_results(fd), FEW);
    open_gate(1);
    (void)close(fd);
}

/* ---- nothing else differs ---- */

static void its_limits_are_checked(void **state)
{
    (void)state;
    static uint8_t payload[4 + 65537] = {0x0a, 0x81, 0x80, 0x04};
    const struct db_bytes in = {payload, sizeof(payload)};
    assert_int_equal(ping_within(FAR_MS, &in), ERR_INVALID_ARGUMENT);
    assert_string_equal(loop.err.field, "payload");
    open_gate(1);
}

static void who_calls_too_often_is_told_so(void **state)
{
    (void)state;
    static const struct db_bytes none = {"", 0};
    enum err_code code = ERR_OK;
    loop_start(&loop, &(struct loop_config){.has_desks = true, .limits = {.connection_rate = 1}});
    loop_await(loop_try_ping(&loop) == ERR_OK);
    for (size_t i = 0; i < 1000 && code != ERR_RESOURCE_EXHAUSTED; i++)
        code = ping_within(SOON_MS, &none);
    assert_int_equal(code, ERR_RESOURCE_EXHAUSTED);
    assert_int_equal(loop.err.reason, REASON_RATE_LIMITED);
    loop_stop(&loop);
}

/* What is written to the log until log_end(). */
struct captured {
    FILE *file;
    int saved;
};

static struct captured log_begin(void)
{
    struct captured log = {tmpfile(), dup(STDOUT_FILENO)};
    assert_non_null(log.file);
    (void)fflush(stdout);
    assert_true(log.saved >= 0 && dup2(fileno(log.file), STDOUT_FILENO) >= 0);
    log_set_level(LOG_INFO);
    return log;
}

static void log_end(struct captured *log, char *out, size_t size)
{
    log_set_level(LOG_FATAL);
    assert_true(dup2(log->saved, STDOUT_FILENO) >= 0);
    (void)close(log->saved);
    rewind(log->file);
    out[fread(out, 1, size - 1, log->file)] = '\0';
    (void)fclose(log->file);
}

/* Of a ping, and of what happened until then, without the values. */
static void log_ping(char *out, size_t size)
{
    struct captured log = log_begin();
    loop_ping(&loop, 10);
    rpc_server_log_stats(loop.server);
    log_end(&log, out, size);
}

/* "key=value key=value" becomes "key key". */
static void drop_values(char *text)
{
    char *to = text;
    bool is_value = false;
    for (; *text; text++) {
        is_value = *text == '=' || (is_value && !isspace((unsigned char)*text));
        if (!is_value)
            *to++ = *text;
    }
    *to = '\0';
}

static void its_line_of_the_log_and_its_count_are_those_of_any_call(void **state)
{
    (void)state;
    char at_once[4096], by_worker[4096];
    loop_start(&loop, &(struct loop_config){.has_desks = true});
    log_ping(at_once, sizeof(at_once));
    loop_stop(&loop);
    loop_start(&loop, &(struct loop_config){0});
    log_ping(by_worker, sizeof(by_worker));
    loop_stop(&loop);
    assert_non_null(strstr(at_once, "method=" PING " code=OK "));
    assert_non_null(strstr(at_once, " in_bytes=12 out_bytes=12"));
    assert_non_null(strstr(at_once, " calls=1 failed=0 "));
    assert_non_null(strstr(at_once, "HealthService/Ping=1,0,"));
    drop_values(at_once);
    drop_values(by_worker);
    assert_string_equal(at_once, by_worker);
}

static void each_of_many_has_its_line(void **state)
{
    (void)state;
    static char lines[MANY * 1024];
    loop_start(&loop, &(struct loop_config){.has_desks = true});
    struct captured log = log_begin();
    int fd = greet();
    for (uint32_t n = 0; n < MANY; n += FEW) {
        send_pings(fd, FEW);
        assert_int_equal(receive_results(fd), FEW);
    }
    (void)close(fd);
    loop_stop(&loop);
    log_end(&log, lines, sizeof(lines));
    size_t n = 0;
    for (const char *at = lines; (at = strstr(at, "method=" PING " code=OK ")) != NULL; at++)
        n++;
    assert_int_equal(n, MANY);
}

/* ---- many ---- */

enum { FLOODERS = 4, IN_FLIGHT = 32, CALLS = 200 };

static atomic_bool is_flooding;
static atomic_int n_flying;
static atomic_long n_flown;

static void fly(struct rpc_client *client);

static void fly_on(void *arg, const struct db_bytes *out, const struct err *err)
{
    (void)out;
    (void)err;
    atomic_fetch_add(&n_flown, 1);
    if (atomic_load(&is_flooding))
        fly(arg);
    atomic_fetch_sub(&n_flying, 1);
}

static void fly(struct rpc_client *client)
{
    static const struct db_bytes none = {"", 0};
    atomic_fetch_add(&n_flying, 1);
    rpc_client_call_async(client, PING, NULL, &none, fly_on, client);
}

static void mark(void)
{
    static const struct rpc_call_options options = {.timeout_ms = FAR_MS};
    static const struct db_bytes none = {"", 0};
    struct db_bytes out;
    arena_reset(&loop.arena);
    assert_ok(
        rpc_client_call_bytes(loop.client, MARK, &options, &none, &loop.arena, &out, &loop.err),
        &loop.err);
}

static void a_flood_of_them_leaves_others_their_turn_and_a_server_may_stop_under_it(void **state)
{
    (void)state;
    struct rpc_client *clients[FLOODERS];
    loop_start(&loop, &(struct loop_config){.token = "member", .has_desks = true});
    atomic_store(&is_flooding, true);
    for (size_t i = 0; i < FLOODERS; i++) {
        const struct rpc_client_config config = {.endpoints = loop.url};
        assert_ok(rpc_client_new(&clients[i], &config, &loop.err), &loop.err);
        for (size_t k = 0; k < IN_FLIGHT; k++)
            fly(clients[i]);
    }
    for (size_t i = 0; i < CALLS; i++)
        mark();
    assert_true(atomic_load(&n_flown) > CALLS);
    assert_true(rpc_server_drain(loop.server, FAR_MS));
    loop_stop(&loop);
    atomic_store(&is_flooding, false);
    for (size_t i = 0; i < FLOODERS; i++)
        rpc_client_free(clients[i]);
    assert_int_equal(atomic_load(&n_flying), 0);
}

int main(void)
{
#define HELD(name) cmocka_unit_test_setup_teardown(name, start, stop)
    const struct CMUnitTest tests[] = {
        HELD(it_needs_no_worker),
        HELD(it_overtakes_nobody_who_waits_for_one),
        HELD(those_of_a_message_are_answered_together),
        HELD(its_limits_are_checked),
        cmocka_unit_test(who_calls_too_often_is_told_so),
        cmocka_unit_test(its_line_of_the_log_and_its_count_are_those_of_any_call),
        cmocka_unit_test(each_of_many_has_its_line),
        cmocka_unit_test(a_flood_of_them_leaves_others_their_turn_and_a_server_may_stop_under_it),
    };
    log_open("test", "test", LOG_FORMAT_LOGFMT, LOG_FATAL);
    return cmocka_run_group_tests(tests, NULL, NULL);
}
