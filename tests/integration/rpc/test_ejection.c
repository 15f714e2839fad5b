/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Two servers, one of which answers that it cannot, or nothing at all: the other gets the calls,
 * until the first says that it is ready again.
 */
#include "liar.h"
#include "log/log.h"
#include "loop.h"
#include "raw.h"
#include "unit_test.h"

#include <kith/v1/health.pb-c.h>

#include <stdio.h>

enum { EJECT_AFTER = 5, CALLS = 200, SHORT_MS = 50, LONG_MS = 10000 };

static const char DELIVER[] = "/kith.v1.QueueService/Deliver";
static const char CHECK[] = "/kith.v1.HealthService/Check";

static struct loop loop;

/* A server that can be told to fail. */
struct patient {
    struct liar *liar;
    struct rpc_client *client; /* of it, and of a server that is well */
    atomic_int status;         /* of its calls; … */
    atomic_bool is_silent;     /* … which it answers */
    atomic_int health;         /* what it says of itself */
    atomic_int n_calls, n_checks;
    int64_t timeout_ms;
};

static size_t put_result(
    uint8_t *out, uint64_t id, uint32_t status, const uint8_t *payload, uint32_t len)
{
    return raw_put_frame(out, &(struct wire_frame){.type = WIRE_RESULT,
                                  .call_id = id,
                                  .value = status,
                                  .payload = payload,
                                  .payload_len = len});
}

/* An empty message is a lane for it to keep. */
static size_t answer(void *arg, const uint8_t *message, size_t len, uint8_t *reply)
{
    struct patient *p = arg;
    struct wire_reader reader;
    struct wire_frame frame;
    uint32_t n_frames = 0;
    size_t n = WIRE_PREAMBLE_SIZE;
    assert_true(wire_open(&reader, message, len));
    bool is_lane = reader.n_frames == 0;
    while (wire_next(&reader, &frame) == WIRE_FRAME) {
        const uint8_t health[] = {1 << 3, (uint8_t)atomic_load(&p->health)};
        if (frame.type != WIRE_CALL)
            continue;
        bool is_check = frame.method == wire_method_hash(CHECK);
        atomic_fetch_add(is_check ? &p->n_checks : &p->n_calls, 1);
        if (is_check)
            n += put_result(reply + n, frame.call_id, ERR_OK, health, sizeof(health));
        else if (!atomic_load(&p->is_silent))
            n += put_result(reply + n, frame.call_id, (uint32_t)atomic_load(&p->status), NULL, 0);
        else
            continue;
        n_frames++;
    }
    wire_put_preamble(reply, n_frames, reader.session);
    return is_lane ? 0 : n;
}

static enum err_code try_once(struct patient *p)
{
    const struct rpc_call_options options = {.timeout_ms = p->timeout_ms};
    const struct db_bytes delivery = {"\n\1x", 3};
    struct db_bytes out;
    arena_reset(&loop.arena);
    return rpc_client_call_bytes(
        p->client, DELIVER, &options, &delivery, &loop.arena, &out, &loop.err);
}

static int count_failures(struct patient *p, int n_calls)
{
    int n = 0;
    for (int i = 0; i < n_calls; i++)
        n += try_once(p) != ERR_OK;
    return n;
}

static void is_asked_again(struct patient *p)
{
    atomic_store(&p->is_silent, false);
    atomic_store(&p->status, ERR_OK);
    atomic_store(&p->health, KITH__V1__HEALTH_STATUS__HEALTH_STATUS_DEGRADED);
    int n_calls = atomic_load(&p->n_calls);
    loop_await(count_failures(p, 1) == 0 && atomic_load(&p->n_calls) > n_calls);
}

/* With as little to do as the other, the first address is asked; so the other is once it fails. */
static int begin(void **state)
{
    static struct patient patient;
    char urls[160];
    loop_start(&loop, &(struct loop_config){.token = "service"});
    patient = (struct patient){.status = ERR_UNAVAILABLE, .timeout_ms = LONG_MS};
    patient.liar = liar_start(answer, &patient);
    (void)snprintf(urls, sizeof(urls), "%s,%s", liar_url(patient.liar), loop.url);
    const struct rpc_client_config config = {.endpoints = urls, .token = "service"};
    assert_ok(rpc_client_new(&patient.client, &config, &loop.err), &loop.err);
    loop_await(count_failures(&patient, 1) == 0 && atomic_load(&loop.deliveries) > 0);
    is_asked_again(&patient);
    *state = &patient;
    return 0;
}

static int end(void **state)
{
    struct patient *p = *state;
    rpc_client_free(p->client);
    liar_stop(p->liar);
    loop_stop(&loop);
    return 0;
}

/* No call notices that it was asked in vain. */
static void stays_ejected_for_checks(struct patient *p, int n_checks)
{
    int n_calls = atomic_load(&p->n_calls);
    n_checks += atomic_load(&p->n_checks);
    loop_await(count_failures(p, 1) == 0 && atomic_load(&p->n_checks) >= n_checks);
    assert_int_equal(count_failures(p, CALLS), 0);
    assert_int_equal(atomic_load(&p->n_calls), n_calls);
}

static void who_fails_is_left_alone_until_it_is_ready(void **state)
{
    struct patient *p = *state;
    atomic_store(&p->health, KITH__V1__HEALTH_STATUS__HEALTH_STATUS_NOT_SERVING);
    atomic_store(&p->status, ERR_UNAVAILABLE);
    assert_int_equal(count_failures(p, CALLS), EJECT_AFTER);
    stays_ejected_for_checks(p, 2);
    is_asked_again(p);
}

static void so_is_who_does_not_answer(void **state)
{
    struct patient *p = *state;
    atomic_store(&p->health, KITH__V1__HEALTH_STATUS__HEALTH_STATUS_UNSPECIFIED);
    atomic_store(&p->is_silent, true);
    p->timeout_ms = SHORT_MS;
    assert_in_range(count_failures(p, EJECT_AFTER), EJECT_AFTER, EJECT_AFTER);
    p->timeout_ms = LONG_MS;
    stays_ejected_for_checks(p, 1);
    is_asked_again(p);
}

static void refusals_of_a_busy_server_are_no_failures(void **state)
{
    struct patient *p = *state;
    atomic_store(&p->status, ERR_RESOURCE_EXHAUSTED);
    assert_int_equal(count_failures(p, 4 * EJECT_AFTER), 4 * EJECT_AFTER);
}

static void who_claims_to_be_ready_and_fails_is_ejected_again(void **state)
{
    struct patient *p = *state;
    atomic_store(&p->status, ERR_UNAVAILABLE);
    for (int round = 1; round <= 2; round++) {
        loop_await(count_failures(p, 1) == 1); /* it is asked, again */
        assert_int_equal(count_failures(p, 4 * EJECT_AFTER), EJECT_AFTER - 1);
    }
}

int main(void)
{
    log_open("test", "ejection", LOG_FORMAT_JSON, LOG_FATAL);
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup_teardown(who_fails_is_left_alone_until_it_is_ready, begin, end),
        cmocka_unit_test_setup_teardown(so_is_who_does_not_answer, begin, end),
        cmocka_unit_test_setup_teardown(refusals_of_a_busy_server_are_no_failures, begin, end),
        cmocka_unit_test_setup_teardown(
            who_claims_to_be_ready_and_fails_is_ejected_again, begin, end),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
