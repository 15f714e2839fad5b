/* SPDX-License-Identifier: Apache-2.0 */
#include "free_port.h"
#include "log/log.h"
#include "loop.h"
#include "raw.h"
#include "rpc/transport_state.h"
#include "unit_test.h"

#include <poll.h>
#include <stdio.h>
#include <unistd.h>

enum { CLIENTS = 300, CALLS = 8, MAX_WAIT_MS = 3 };

static void note_end(void *arg, const struct db_bytes *out, const struct err *err)
{
    (void)out;
    (void)err;
    atomic_int *n_ended = arg;
    atomic_fetch_add(n_ended, 1);
}

/* While requests leave and replies come in: what NNG runs then must not outlive its socket. */
static void a_client_may_leave_at_any_moment(void **state)
{
    (void)state;
    static struct loop loop;
    const struct db_bytes in = {"", 0};
    log_set_level(LOG_ERROR);
    loop_start(&loop, &(struct loop_config){.token = "member"});
    const struct rpc_client_config config = {.endpoints = loop.url, .token = "member"};
    for (int i = 0; i < CLIENTS; i++) {
        struct rpc_client *client = NULL;
        atomic_int n_ended = 0;
        assert_ok(rpc_client_new(&client, &config, &loop.err), &loop.err);
        for (int j = 0; j < CALLS; j++)
            rpc_client_call_async(
                client, "/kith.v1.HealthService/Ping", NULL, &in, note_end, &n_ended);
        while (i % 2 == 0 && atomic_load(&n_ended) == 0)
            continue;
        (void)poll(NULL, 0, i % MAX_WAIT_MS);
        rpc_client_free(client);
        assert_int_equal(atomic_load(&n_ended), CALLS);
    }
    loop_stop(&loop);
}

/* ---- a server that leaves ---- */

static _Atomic(const nng_msg *) watched;
static atomic_int n_freed;

/* NOLINTBEGIN(bugprone-reserved-identifier,readability-identifier-naming): the linker's names */
void __real_nng_msg_free(nng_msg *msg);
void __wrap_nng_msg_free(nng_msg *msg);

void __wrap_nng_msg_free(nng_msg *msg)
{
    n_freed += msg && msg == watched;
    __real_nng_msg_free(msg);
}
/* NOLINTEND(bugprone-reserved-identifier,readability-identifier-naming) */

static void ignore_calls(void *self, struct call *calls, size_t n_calls)
{
    (void)self;
    (void)calls;
    (void)n_calls;
}

static void ignore_end(void *self, uint32_t pipe)
{
    (void)self;
    (void)pipe;
}

static struct departure parked;

static void keep_parked(const struct departure *out)
{
    parked = *out;
}

/* As when the last message that comes in has a lane leave that was stopped before it. */
static void a_reply_that_is_refused_as_the_server_stops_is_freed(void **state)
{
    (void)state;
    char url[64];
    struct err err;
    struct transport *t = NULL;
    const struct transport_config config = {.max_message = 1 << 20, .clock = clock_system()};
    const struct transport_events events = {
        .on_calls = ignore_calls, .on_lane = ignore_end, .on_gone = ignore_end};
    (void)snprintf(url, sizeof(url), "tcp://127.0.0.1:%d", test_free_port());
    assert_ok(transport_new(&t, &config, &events, &err), &err);
    assert_ok(transport_listen(t, &(struct listen_config){.urls = url}, &err), &err);
    int fd = raw_connect(url);
    raw_greet(fd);
    assert_true(raw_send_frames(fd, 1, 42, 0, NULL, 0));
    parked = (struct departure){0};
    while (!parked.lane)
        connections_refresh(&t->connections, INT64_MAX, keep_parked);
    exchanges_stop(t);
    watched = parked.msg;
    n_freed = 0;
    exchange_send(&parked);
    assert_true(transport_free(t));
    assert_int_equal(n_freed, 1);
    watched = NULL;
    (void)close(fd);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_client_may_leave_at_any_moment),
        cmocka_unit_test(a_reply_that_is_refused_as_the_server_stops_is_freed),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
