/* SPDX-License-Identifier: Apache-2.0 */
#include "loop.h"
#include "unit_test.h"

#include <kith/v1/health.pb-c.h>
#include <kith/v1/notification.pb-c.h>
#include <kith/v1/queue.pb-c.h>
#include <kith/v1/reflection.pb-c.h>

#include <pthread.h>
#include <stdlib.h>
#include <string.h>

static struct loop loop;

static enum err_code call(
    const char *method, const struct rpc_call_options *options, const void *in, void *out)
{
    ProtobufCMessage *reply = NULL;
    enum err_code code =
        rpc_client_call(loop.client, method, options, in, &loop.arena, &reply, &loop.err);
    if (out && code == ERR_OK)
        memcpy(out, &reply, sizeof(reply));
    return code;
}

static enum err_code list(void)
{
    Kith__V1__ListNotificationsRequest in;
    kith__v1__list_notifications_request__init(&in);
    return call("/kith.v1.NotificationService/ListNotifications", NULL, &in, NULL);
}

static enum err_code mark_read(void)
{
    Kith__V1__MarkReadRequest in;
    kith__v1__mark_read_request__init(&in);
    return call("/kith.v1.NotificationService/MarkRead", NULL, &in, NULL);
}

static void a_payload_comes_back_as_it_was(void **state)
{
    (void)state;
    loop_start(&loop, &(struct loop_config){0});
    loop_ping(&loop, 0);
    loop_ping(&loop, 100);
    loop_ping(&loop, 65536);
    loop_stop(&loop);
}

static void a_field_over_its_limit_is_refused_by_name(void **state)
{
    (void)state;
    loop_start(&loop, &(struct loop_config){0});
    Kith__V1__PingRequest in = KITH__V1__PING_REQUEST__INIT;
    in.payload.len = 65537;
    in.payload.data = calloc(1, in.payload.len);
    assert_int_equal(call("/kith.v1.HealthService/Ping", NULL, &in, NULL), ERR_INVALID_ARGUMENT);
    assert_int_equal(loop.err.reason, REASON_FIELD_INVALID);
    assert_string_equal(loop.err.field, "payload");
    free(in.payload.data);
    loop_stop(&loop);
}

static void who_may_call_is_decided_by_the_policy(void **state)
{
    (void)state;
    loop_start(&loop, &(struct loop_config){0});
    assert_int_equal(list(), ERR_UNAUTHENTICATED);
    assert_int_equal(loop.err.reason, REASON_TOKEN_MISSING);
    rpc_client_set_token(loop.client, "nobody");
    assert_int_equal(list(), ERR_UNAUTHENTICATED);
    assert_int_equal(loop.err.reason, REASON_TOKEN_UNKNOWN);
    rpc_client_set_token(loop.client, "service");
    assert_int_equal(list(), ERR_PERMISSION_DENIED);
    assert_int_equal(loop.err.reason, REASON_CALLER_NOT_ALLOWED);
    rpc_client_set_token(loop.client, "reader");
    assert_int_equal(list(), ERR_OK);
    assert_int_equal(loop.caller.member.bytes[0], 7);
    assert_int_equal(mark_read(), ERR_PERMISSION_DENIED);
    assert_int_equal(loop.err.reason, REASON_SCOPE_MISSING);
    rpc_client_set_token(loop.client, "member");
    assert_int_equal(mark_read(), ERR_OK);
    loop_stop(&loop);
}

static void a_handler_s_error_arrives_whole(void **state)
{
    (void)state;
    loop_start(&loop, &(struct loop_config){.token = "member"});
    atomic_store(&loop.mark_failures, 1);
    assert_int_equal(mark_read(), ERR_NOT_FOUND);
    assert_int_equal(loop.err.reason, REASON_NOTIFICATION_NOT_FOUND);
    assert_string_equal(loop.err.msg, "no such notification");
    loop_stop(&loop);
}

static void an_unknown_method_is_unimplemented(void **state)
{
    (void)state;
    loop_start(&loop, &(struct loop_config){0});
    struct db_bytes in = {"", 0}, out;
    assert_int_equal(rpc_client_call_bytes(loop.client, "/kith.v1.HealthService/Nothing", NULL, &in,
                         &loop.arena, &out, &loop.err),
        ERR_UNIMPLEMENTED);
    assert_int_equal(loop.err.reason, REASON_METHOD_UNKNOWN);
    loop_stop(&loop);
}

static void health_tells_what_is_wrong(void **state)
{
    (void)state;
    Kith__V1__CheckRequest in = KITH__V1__CHECK_REQUEST__INIT;
    Kith__V1__CheckResponse *out;
    loop_start(&loop, &(struct loop_config){0});
    assert_int_equal(call("/kith.v1.HealthService/Check", NULL, &in, &out), ERR_OK);
    assert_int_equal(out->status, KITH__V1__HEALTH_STATUS__HEALTH_STATUS_SERVING);
    rpc_server_set_health(loop.server, "wordnet", false, "not found; install wordnet-base");
    assert_int_equal(call("/kith.v1.HealthService/Check", NULL, &in, &out), ERR_OK);
    assert_int_equal(out->status, KITH__V1__HEALTH_STATUS__HEALTH_STATUS_DEGRADED);
    rpc_server_set_health(loop.server, "database", true, "connection refused");
    assert_int_equal(call("/kith.v1.HealthService/Check", NULL, &in, &out), ERR_OK);
    assert_int_equal(out->status, KITH__V1__HEALTH_STATUS__HEALTH_STATUS_NOT_SERVING);
    assert_int_equal(out->n_parts, 2);
    assert_string_equal(out->parts[1]->problem, "connection refused");
    rpc_server_set_health(loop.server, "database", true, NULL);
    assert_int_equal(call("/kith.v1.HealthService/Check", NULL, &in, &out), ERR_OK);
    assert_int_equal(out->status, KITH__V1__HEALTH_STATUS__HEALTH_STATUS_DEGRADED);
    loop_stop(&loop);
}

static void reflection_lists_services_and_hands_out_the_descriptors(void **state)
{
    (void)state;
    Kith__V1__ListServicesRequest in = KITH__V1__LIST_SERVICES_REQUEST__INIT;
    Kith__V1__GetDescriptorSetRequest get = KITH__V1__GET_DESCRIPTOR_SET_REQUEST__INIT;
    Kith__V1__ListServicesResponse *names;
    Kith__V1__GetDescriptorSetResponse *set;
    loop_start(&loop, &(struct loop_config){0});
    assert_int_equal(call("/kith.v1.ReflectionService/ListServices", NULL, &in, &names), ERR_OK);
    assert_int_equal(names->n_services, 5);
    assert_string_equal(names->services[0], "kith.v1.NotificationService");
    assert_int_equal(call("/kith.v1.ReflectionService/GetDescriptorSet", NULL, &get, &set), ERR_OK);
    assert_true(set->descriptor_set.len > 10000);
    loop_stop(&loop);
}

/* ---- waiting ---- */

struct answer {
    atomic_bool is_there;
    enum err_code code;
    enum err_reason reason;
};

static void keep_answer(void *arg, const struct db_bytes *out, const struct err *err)
{
    struct answer *answer = arg;
    (void)out;
    answer->code = err ? err->code : ERR_OK;
    answer->reason = err ? err->reason : REASON_NONE;
    atomic_store(&answer->is_there, true);
}

static void wait_for_unread(struct answer *answer, int64_t timeout_ms)
{
    const struct rpc_call_options options = {.timeout_ms = timeout_ms};
    const struct db_bytes in = {"\10\1", 2}; /* only_unread */
    rpc_client_call_async(loop.client, "/kith.v1.NotificationService/ListNotifications", &options,
        &in, keep_answer, answer);
}

static void deliver(struct answer *answer, int64_t timeout_ms)
{
    const struct rpc_call_options options = {.timeout_ms = timeout_ms};
    const struct db_bytes in = {"\n\1x", 3}; /* producer = "x" */
    rpc_client_call_async(
        loop.client, "/kith.v1.QueueService/Deliver", &options, &in, keep_answer, answer);
}

static void parked_calls_hold_no_worker_and_are_woken(void **state)
{
    (void)state;
    struct answer answers[60] = {0};
    loop_start(&loop, &(struct loop_config){.token = "member"});
    for (size_t i = 0; i < 60; i++)
        wait_for_unread(&answers[i], 20000);
    loop_await(atomic_load(&loop.wait_runs) == 60);
    loop_ping(&loop, 10);
    atomic_store(&loop.unread, 1);
    rpc_server_wake(loop.server, &loop.watched);
    for (size_t i = 0; i < 60; i++) {
        loop_await(atomic_load(&answers[i].is_there));
        assert_int_equal(answers[i].code, ERR_OK);
    }
    loop_stop(&loop);
}

static void another_key_does_not_wake(void **state)
{
    (void)state;
    struct answer answer = {0};
    struct id other = {{9}};
    loop_start(&loop, &(struct loop_config){.token = "member"});
    wait_for_unread(&answer, 20000);
    loop_await(atomic_load(&loop.wait_runs) == 1);
    rpc_server_wake(loop.server, &other);
    loop_ping(&loop, 10);
    assert_int_equal(atomic_load(&loop.wait_runs), 1);
    assert_false(atomic_load(&answer.is_there));
    loop_stop(&loop);
    assert_true(atomic_load(&answer.is_there));
}

static void a_parked_call_gets_a_last_try_before_its_deadline(void **state)
{
    (void)state;
    struct answer answer = {0};
    loop_start(&loop, &(struct loop_config){.token = "member"});
    wait_for_unread(&answer, 500);
    loop_await(atomic_load(&answer.is_there));
    assert_int_equal(answer.code, ERR_OK);
    assert_int_equal(atomic_load(&loop.wait_runs), 2);
    loop_stop(&loop);
}

static void a_full_queue_refuses_with_advice(void **state)
{
    (void)state;
    struct answer answers[4] = {0};
    loop_start(&loop, &(struct loop_config){.workers = 1, .queue_limit = 2, .token = "service"});
    atomic_store(&loop.is_gate_closed, true);
    deliver(&answers[0], 20000);
    loop_await(atomic_load(&loop.n_in_gate) == 1);
    deliver(&answers[1], 20000);
    deliver(&answers[2], 20000);
    deliver(&answers[3], 20000);
    /* Three compete for two places. */
    loop_await(atomic_load(&answers[1].is_there) + atomic_load(&answers[2].is_there) +
                   atomic_load(&answers[3].is_there) ==
               1);
    atomic_store(&loop.is_gate_closed, false);
    size_t refused = 0;
    for (size_t i = 0; i < 4; i++) {
        loop_await(atomic_load(&answers[i].is_there));
        refused += answers[i].reason == REASON_SERVER_BUSY;
    }
    assert_int_equal(refused, 1);
    loop_stop(&loop);
}

static void work_whose_deadline_passed_in_the_queue_is_not_started(void **state)
{
    (void)state;
    struct answer first = {0}, second = {0};
    loop_start(&loop, &(struct loop_config){.workers = 1, .token = "service"});
    atomic_store(&loop.is_gate_closed, true);
    deliver(&first, 20000);
    loop_await(atomic_load(&loop.n_in_gate) == 1);
    deliver(&second, 50);
    loop_await(atomic_load(&second.is_there));
    assert_int_equal(second.code, ERR_DEADLINE_EXCEEDED);
    atomic_store(&loop.is_gate_closed, false);
    loop_await(atomic_load(&first.is_there));
    loop_ping(&loop, 1); /* the queue is empty by now */
    assert_int_equal(atomic_load(&loop.deliveries), 1);
    loop_stop(&loop);
}

static void note_time_left(struct rpc_ctx *ctx, void *left_us)
{
    *(int64_t *)left_us = ctx->deadline_us - clock_mono_us(ctx->clock);
}

static void a_deadline_is_at_most_ten_minutes_away(void **state)
{
    (void)state;
    static const int64_t minute_us = 60 * 1000 * 1000;
    const struct rpc_call_options options = {.timeout_ms = 3000000000};
    int64_t left_us = 0;
    Kith__V1__MarkReadRequest in;
    kith__v1__mark_read_request__init(&in);
    loop_start(&loop, &(struct loop_config){.token = "member"});
    loop.on_mark = note_time_left;
    loop.on_mark_arg = &left_us;
    assert_int_equal(call("/kith.v1.NotificationService/MarkRead", &options, &in, NULL), ERR_OK);
    assert_in_range(left_us, 9 * minute_us, 10 * minute_us);
    loop_stop(&loop);
}

static void draining_finishes_what_is_under_way_and_refuses_the_rest(void **state)
{
    (void)state;
    struct answer watching = {0};
    loop_start(&loop, &(struct loop_config){.token = "member"});
    wait_for_unread(&watching, 20000);
    loop_await(atomic_load(&loop.wait_runs) == 1);
    assert_true(rpc_server_drain(loop.server, 5000));
    loop_await(atomic_load(&watching.is_there));
    assert_int_equal(watching.code, ERR_OK);
    assert_int_equal(list(), ERR_UNAVAILABLE);
    assert_int_equal(loop.err.reason, REASON_SERVER_DRAINING);
    Kith__V1__CheckRequest in = KITH__V1__CHECK_REQUEST__INIT;
    Kith__V1__CheckResponse *out;
    /* A probe, which is new here, is told. */
    rpc_client_free(loop.client);
    const struct rpc_client_config probe = {.endpoints = loop.url};
    assert_ok(rpc_client_new(&loop.client, &probe, &loop.err), &loop.err);
    assert_int_equal(call("/kith.v1.HealthService/Check", NULL, &in, &out), ERR_OK);
    assert_int_equal(out->status, KITH__V1__HEALTH_STATUS__HEALTH_STATUS_NOT_SERVING);
    loop_stop(&loop);
}

static void a_server_that_is_not_there_is_unreachable(void **state)
{
    (void)state;
    loop_start(&loop, &(struct loop_config){.token = "service"});
    rpc_server_free(loop.server);
    loop.server = NULL;
    struct answer answer = {0};
    deliver(&answer, 20000);
    loop_await(atomic_load(&answer.is_there));
    assert_int_equal(answer.code, ERR_UNAVAILABLE);
    loop_stop(&loop);
}

/* Shorter than a client waits for a connection: the deadline is not what went wrong. */
static void a_server_that_is_not_there_is_unreachable_before_a_short_deadline_too(void **state)
{
    (void)state;
    loop_start(&loop, &(struct loop_config){.token = "service"});
    rpc_server_free(loop.server);
    loop.server = NULL;
    struct answer notice = {0}; /* that the connection is gone */
    deliver(&notice, 20000);
    loop_await(atomic_load(&notice.is_there));
    for (int64_t timeout_ms = 1; timeout_ms < 300; timeout_ms *= 4) {
        struct answer answer = {0};
        deliver(&answer, timeout_ms);
        loop_await(atomic_load(&answer.is_there));
        assert_int_equal(answer.reason, REASON_SERVER_UNREACHABLE);
    }
    loop_stop(&loop);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_payload_comes_back_as_it_was),
        cmocka_unit_test(a_field_over_its_limit_is_refused_by_name),
        cmocka_unit_test(who_may_call_is_decided_by_the_policy),
        cmocka_unit_test(a_handler_s_error_arrives_whole),
        cmocka_unit_test(an_unknown_method_is_unimplemented),
        cmocka_unit_test(health_tells_what_is_wrong),
        cmocka_unit_test(reflection_lists_services_and_hands_out_the_descriptors),
        cmocka_unit_test(parked_calls_hold_no_worker_and_are_woken),
        cmocka_unit_test(another_key_does_not_wake),
        cmocka_unit_test(a_parked_call_gets_a_last_try_before_its_deadline),
        cmocka_unit_test(a_full_queue_refuses_with_advice),
        cmocka_unit_test(work_whose_deadline_passed_in_the_queue_is_not_started),
        cmocka_unit_test(a_deadline_is_at_most_ten_minutes_away),
        cmocka_unit_test(draining_finishes_what_is_under_way_and_refuses_the_rest),
        cmocka_unit_test(a_server_that_is_not_there_is_unreachable),
        cmocka_unit_test(a_server_that_is_not_there_is_unreachable_before_a_short_deadline_too),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
