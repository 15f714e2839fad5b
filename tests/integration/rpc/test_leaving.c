/* SPDX-License-Identifier: Apache-2.0 */
#include "log/log.h"
#include "loop.h"
#include "unit_test.h"

#include <poll.h>

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

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_client_may_leave_at_any_moment),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
