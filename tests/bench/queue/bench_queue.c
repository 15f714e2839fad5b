/* SPDX-License-Identifier: Apache-2.0 */
/*
 * bench_queue EVENTS: so many events of 200 members from outbox to effect, over NNG, relay and
 * consumer in one process. Run it by tests/with-postgres --durable.
 */
#include "../../integration/queue/rig.h"

enum { MEMBERS = 200, US_PER_S = 1000000 };

int main(int argc, char **argv)
{
    static struct rig rig;
    int n = argc == 2 ? (int)strtol(argv[1], NULL, 10) / MEMBERS * MEMBERS : 0;
    if (n <= 0)
        return 2;
    rig_open(&rig);
    rig_reset(&rig);
    rig_start_consumer(&rig);
    struct rpc_client *client = rig_client(&rig);
    const struct queue_subscriber subscribers[] = {{"till", client}};
    const struct queue_relay_config config = {.db = rig.producer,
        .clock = clock_system(),
        .owner = "bench",
        .subscribers = subscribers,
        .n_subscribers = 1};
    rig_emit(&rig, 1, MEMBERS, n / MEMBERS, "kith.v1.MemberChanged");

    struct queue_relay *relay = NULL;
    struct err err = {0};
    int64_t started_us = clock_mono_us(clock_system());
    assert_ok(queue_relay_start(&relay, &config, &err), &err);
    while (atomic_load(&rig.script.n_after) < n)
        rig_pause();
    double seconds = (double)(clock_mono_us(clock_system()) - started_us) / US_PER_S;
    (void)printf("queue events=%d rate=%.0f us/op=%.1f\n", n, n / seconds, seconds * US_PER_S / n);
    queue_relay_stop(relay);
    rpc_client_free(client);
    rig_stop_consumer(&rig);
    rig_close(&rig);
    return 0;
}
