/* SPDX-License-Identifier: Apache-2.0 */
/*
 * What a server says it has done: over StatsService and in its log.
 */
#include "log/log.h"
#include "loop.h"
#include "unit_test.h"

#include <kith/v1/notification.pb-c.h>
#include <kith/v1/stats.pb-c.h>

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

static struct loop loop;
static struct rpc_client *service; /* who may ask */

static void start(const struct loop_config *config)
{
    loop_start(&loop, config);
    const struct rpc_client_config as_service = {.endpoints = loop.url, .token = "service"};
    assert_ok(rpc_client_new(&service, &as_service, &loop.err), &loop.err);
}

static void stop(void)
{
    rpc_client_free(service);
    loop_stop(&loop);
}

static const Kith__V1__GetStatsResponse *ask(void)
{
    const Kith__V1__GetStatsRequest in = KITH__V1__GET_STATS_REQUEST__INIT;
    ProtobufCMessage *out = NULL;
    assert_ok(rpc_client_call(service, "/kith.v1.StatsService/GetStats", NULL, &in.base,
                  &loop.arena, &out, &loop.err),
        &loop.err);
    return (const Kith__V1__GetStatsResponse *)(const void *)out;
}

static const Kith__V1__MethodStats *find(const Kith__V1__GetStatsResponse *stats, const char *name)
{
    for (size_t i = 0; i < stats->n_methods; i++)
        if (strcmp(stats->methods[i]->method, name) == 0)
            return stats->methods[i];
    return NULL;
}

static uint64_t count(const Kith__V1__MethodStats *method, const char *status)
{
    uint64_t n = 0;
    for (size_t i = 0; i < method->n_statuses; i++)
        if (strcmp(method->statuses[i]->status, status) == 0)
            n += method->statuses[i]->count;
    return n;
}

static uint64_t sum(const Kith__V1__Durations *durations)
{
    uint64_t n = 0;
    assert_int_equal(durations->n_from_us, durations->n_counts);
    for (size_t i = 0; i < durations->n_counts; i++) {
        assert_true(durations->counts[i] > 0);
        assert_true(i == 0 || durations->from_us[i] > durations->from_us[i - 1]);
        n += durations->counts[i];
    }
    return n;
}

static enum err_code mark(void)
{
    static const struct db_bytes in = {"", 0};
    struct db_bytes out;
    return rpc_client_call_bytes(loop.client, "/kith.v1.NotificationService/MarkRead", NULL, &in,
        &loop.arena, &out, &loop.err);
}

static void every_call_is_counted_by_its_method_and_status(void **state)
{
    (void)state;
    start(&(struct loop_config){.token = "member"});
    for (size_t i = 0; i < 5; i++)
        assert_int_equal(mark(), ERR_OK);
    atomic_store(&loop.mark_failures, 1);
    for (size_t i = 0; i < 3; i++)
        assert_int_equal(mark(), ERR_NOT_FOUND);
    const Kith__V1__GetStatsResponse *stats = ask();
    const Kith__V1__MethodStats *marks = find(stats, "/kith.v1.NotificationService/MarkRead");
    assert_non_null(marks);
    assert_int_equal(count(marks, "OK"), 5);
    assert_int_equal(count(marks, "NOT_FOUND"), 3);
    assert_int_equal(sum(marks->took), 8);
    assert_int_equal(sum(stats->queue->waited), 8);
    assert_null(find(stats, "/kith.v1.NotificationService/ListNotifications"));
    stop();
}

static void a_member_may_not_ask(void **state)
{
    (void)state;
    static const struct db_bytes in = {"", 0};
    struct db_bytes out;
    start(&(struct loop_config){.token = "member"});
    assert_int_equal(rpc_client_call_bytes(loop.client, "/kith.v1.StatsService/GetStats", NULL, &in,
                         &loop.arena, &out, &loop.err),
        ERR_PERMISSION_DENIED);
    assert_int_equal(loop.err.reason, REASON_CALLER_NOT_ALLOWED);
    stop();
}

static void ignore(void *arg, const struct db_bytes *out, const struct err *err)
{
    (void)out;
    (void)err;
    atomic_fetch_add((atomic_int *)arg, 1);
}

static void what_waits_and_what_was_refused_is_told(void **state)
{
    (void)state;
    static const struct db_bytes waiting = {"\10\1", 2}, delivery = {"\n\5bench", 7};
    static const struct rpc_call_options options = {.timeout_ms = 60000};
    atomic_int n_watched = 0, n_done = 0;
    /* One worker is held, so that the other can tell of calls set aside. */
    start(&(struct loop_config){.workers = 2, .token = "member", .limits = {.member_rate = 2}});
    rpc_client_call_async(loop.client, "/kith.v1.NotificationService/ListNotifications", &options,
        &waiting, ignore, &n_watched);
    atomic_store(&loop.is_gate_closed, true);
    rpc_client_call_async(
        service, "/kith.v1.QueueService/Deliver", &options, &delivery, ignore, &n_done);
    loop_await(atomic_load(&loop.n_in_gate) == 1);
    loop_await(ask()->queue->parked == 1);
    while (ask()->queue->refused_rate == 0)
        (void)mark();
    const Kith__V1__GetStatsResponse *stats = ask();
    assert_int_equal(stats->queue->workers, 2);
    assert_int_equal(stats->queue->limit, 1000);
    assert_true(stats->queue->refused_rate >= 1);
    assert_int_equal(stats->queue->refused_full + stats->queue->refused_late, 0);
    assert_int_equal(stats->connections->open, 2);
    assert_int_equal(stats->connections->accepted, 2);
    assert_true(stats->connections->received >= 4);
    assert_true(stats->uptime_us > 0);
    atomic_store(&loop.is_gate_closed, false);
    loop_await(atomic_load(&n_done) == 1);
    stop();
}

/* Everything written to standard output meanwhile. */
static void capture_line(char *out, size_t size)
{
    FILE *file = tmpfile();
    assert_non_null(file);
    (void)fflush(stdout);
    int saved = dup(STDOUT_FILENO);
    assert_true(saved >= 0 && dup2(fileno(file), STDOUT_FILENO) >= 0);
    log_set_level(LOG_INFO);
    rpc_server_log_stats(loop.server);
    log_set_level(LOG_FATAL);
    assert_true(dup2(saved, STDOUT_FILENO) >= 0);
    (void)close(saved);
    rewind(file);
    out[fread(out, 1, size - 1, file)] = '\0';
    (void)fclose(file);
}

static void the_log_tells_what_happened_since_the_line_before(void **state)
{
    (void)state;
    char line[4096];
    start(&(struct loop_config){.token = "member"});
    atomic_store(&loop.mark_failures, 1);
    for (size_t i = 0; i < 3; i++)
        assert_int_equal(mark(), ERR_NOT_FOUND);
    loop_ping(&loop, 10);
    capture_line(line, sizeof(line));
    assert_non_null(strstr(line, "evt=rpc.stats"));
    assert_non_null(strstr(line, " calls=4 failed=3 "));
    assert_non_null(strstr(line, "NotificationService/MarkRead=3,3,"));
    assert_non_null(strstr(line, "HealthService/Ping=1,0,"));
    loop_ping(&loop, 10);
    capture_line(line, sizeof(line));
    assert_non_null(strstr(line, " calls=1 failed=0 "));
    assert_null(strstr(line, "MarkRead"));
    stop();
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(every_call_is_counted_by_its_method_and_status),
        cmocka_unit_test(a_member_may_not_ask),
        cmocka_unit_test(what_waits_and_what_was_refused_is_told),
        cmocka_unit_test(the_log_tells_what_happened_since_the_line_before),
    };
    log_open("test", "test", LOG_FORMAT_LOGFMT, LOG_FATAL);
    return cmocka_run_group_tests(tests, NULL, NULL);
}
