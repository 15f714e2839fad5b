/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Connections that break anywhere, servers that come and go: every call ends, once, with its own
 * reply or an honest error. KITH_TEST_SEED replays a run.
 */
#include "log/log.h"
#include "loop.h"
#include "proxy.h"
#include "unit_test.h"

#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

enum { N_CALLS = 4000, IN_FLIGHT = 32, LIFE_BYTES = 20000 };

static struct loop loop;
static uint64_t seed;

/* A call that says its own number, over and over until enough were made. */
struct caller {
    struct rpc_client *client;
    atomic_int *n_begun, *n_ok, *n_failed, *n_wrong;
    atomic_int n_running;
    uint32_t number;
    atomic_bool is_through;
};

static void call_next(struct caller *c);

static bool is_own(const struct caller *c, const struct db_bytes *out)
{
    return out->len == 6 && memcmp((const char *)out->data + 2, &c->number, 4) == 0;
}

static void on_done(void *arg, const struct db_bytes *out, const struct err *err)
{
    struct caller *c = arg;
    if (atomic_fetch_sub(&c->n_running, 1) != 1)
        atomic_fetch_add(c->n_wrong, 1); /* told twice */
    if (err && err->code == ERR_UNAVAILABLE)
        atomic_fetch_add(c->n_failed, 1);
    else if (err || !is_own(c, out))
        atomic_fetch_add(c->n_wrong, 1);
    else
        atomic_fetch_add(c->n_ok, 1);
    call_next(c);
}

static void call_next(struct caller *c)
{
    static const struct rpc_call_options options = {.timeout_ms = 20000};
    char payload[6] = {'\n', 4};
    c->number = (uint32_t)atomic_fetch_add(c->n_begun, 1);
    if (c->number >= N_CALLS) {
        atomic_store(&c->is_through, true);
        return;
    }
    memcpy(payload + 2, &c->number, 4);
    const struct db_bytes in = {payload, sizeof(payload)};
    atomic_fetch_add(&c->n_running, 1);
    rpc_client_call_async(c->client, "/kith.v1.HealthService/Ping", &options, &in, on_done, c);
}

struct outcome_counts {
    atomic_int n_begun, n_ok, n_failed, n_wrong;
};

static void make_calls(struct rpc_client *client, struct outcome_counts *n)
{
    static struct caller callers[IN_FLIGHT];
    for (size_t i = 0; i < IN_FLIGHT; i++) {
        struct caller *c = &callers[i];
        memset(c, 0, sizeof(*c));
        c->client = client;
        c->n_begun = &n->n_begun;
        c->n_ok = &n->n_ok;
        c->n_failed = &n->n_failed;
        c->n_wrong = &n->n_wrong;
        call_next(c);
    }
    for (size_t i = 0; i < IN_FLIGHT; i++)
        loop_await(atomic_load(&callers[i].is_through));
}

static struct rpc_client *connect_to(const char *endpoints)
{
    struct rpc_client *client;
    const struct rpc_client_config config = {.endpoints = endpoints};
    assert_ok(rpc_client_new(&client, &config, &loop.err), &loop.err);
    return client;
}

static void every_call_ends_once_over_connections_that_break(void **state)
{
    (void)state;
    struct outcome_counts n = {0};
    loop_start(&loop, &(struct loop_config){0});
    struct proxy *proxy = proxy_start(loop.url, seed);
    proxy_set_life(proxy, LIFE_BYTES);
    struct rpc_client *client = connect_to(proxy_url(proxy));
    make_calls(client, &n);
    assert_int_equal(atomic_load(&n.n_wrong), 0);
    assert_int_equal(atomic_load(&n.n_ok) + atomic_load(&n.n_failed), N_CALLS);
    assert_true(atomic_load(&n.n_ok) > 0);
    assert_true(proxy_count_broken(proxy) > 5);

    proxy_set_life(proxy, 0);
    struct outcome_counts again = {0};
    make_calls(client, &again);
    assert_int_equal(atomic_load(&again.n_wrong), 0);
    assert_true(atomic_load(&again.n_ok) > N_CALLS / 2);
    rpc_client_free(client);
    proxy_stop(proxy);
    loop_ping(&loop, 100);
    loop_stop(&loop);
}

static void calls_move_to_another_server_when_one_drains(void **state)
{
    (void)state;
    static struct loop other;
    char endpoints[160];
    struct outcome_counts n = {0};
    loop_start(&loop, &(struct loop_config){0});
    loop_start(&other, &(struct loop_config){0});
    (void)snprintf(endpoints, sizeof(endpoints), "%s,%s", loop.url, other.url);
    struct rpc_client *client = connect_to(endpoints);
    assert_true(rpc_server_drain(other.server, 10000));
    make_calls(client, &n);
    assert_int_equal(atomic_load(&n.n_ok), N_CALLS);
    rpc_client_free(client);
    loop_stop(&other);
    loop_stop(&loop);
}

int main(void)
{
    const char *text = getenv("KITH_TEST_SEED");
    seed = text ? strtoull(text, NULL, 10) : (uint64_t)getpid() * UINT64_C(0x9e3779b97f4a7c15);
    print_message("KITH_TEST_SEED=%" PRIu64 "\n", seed);
    log_open("test", "faults", LOG_FORMAT_JSON, LOG_FATAL);
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(every_call_ends_once_over_connections_that_break),
        cmocka_unit_test(calls_move_to_another_server_when_one_drains),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
