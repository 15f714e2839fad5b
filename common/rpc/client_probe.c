/* SPDX-License-Identifier: Apache-2.0 */
#include "rpc/client_state.h"
#include "rpc/unpack.h"

#include <kith/v1/health.pb-c.h>

enum {
    EJECT_AFTER = 5, /* failures in a row */
    FIRST_REST_US = 1000 * 1000,
    MAX_DOUBLINGS = 5, /* of the time it rests, while it keeps failing */
    PROBE_MS = 2000,
    PROBE_MEMORY = 64 * 1024
};

static const char CHECK[] = "/kith.v1.HealthService/Check";

static void eject(struct endpoint *e, int64_t now_us)
{
    unsigned doublings = e->n_ejections < MAX_DOUBLINGS ? e->n_ejections : MAX_DOUBLINGS;
    e->is_ejected = true;
    e->n_ejections++;
    e->probe_at_us = now_us + ((int64_t)FIRST_REST_US << doublings);
}

void endpoint_note_result(struct endpoint *e, enum err_code code, int64_t now_us)
{
    if (code == ERR_RESOURCE_EXHAUSTED || code == ERR_CANCELLED)
        return; /* says nothing of what it can do */
    if (code != ERR_UNAVAILABLE && code != ERR_DEADLINE_EXCEEDED) {
        e->n_failures = e->n_ejections = 0;
        e->is_ejected = false;
        return;
    }
    e->n_failures++;
    if (e->n_failures >= EJECT_AFTER && !e->is_ejected)
        eject(e, now_us);
}

static bool is_ready(const struct schema *schema, const struct db_bytes *reply)
{
    struct arena arena;
    ProtobufCMessage *message;
    struct err ignored;
    arena_init(&arena, PROBE_MEMORY);
    const struct schema_message *type = schema_find_name(schema, CHECK)->out;
    bool is_read = unpack_reply(type, reply, &arena, &message, &ignored) == ERR_OK;
    Kith__V1__HealthStatus status =
        is_read ? ((const Kith__V1__CheckResponse *)(const void *)message)->status
                : KITH__V1__HEALTH_STATUS__HEALTH_STATUS_UNSPECIFIED;
    arena_fini(&arena);
    return status == KITH__V1__HEALTH_STATUS__HEALTH_STATUS_SERVING ||
           status == KITH__V1__HEALTH_STATUS__HEALTH_STATUS_DEGRADED;
}

static void on_probed(void *arg, const struct db_bytes *out, const struct err *err)
{
    struct endpoint *e = arg;
    bool is_well = !err && is_ready(e->client->schema, out);
    (void)pthread_mutex_lock(&e->client->lock);
    e->is_probed = false;
    if (e->probed != e->connection) {
        (void)pthread_cond_signal(&e->client->changed); /* the new one is yet to be asked */
    } else if (is_well) {
        e->n_failures = 0;
        e->is_ejected = false;
    } else if (e->is_ejected) {
        eject(e, clock_mono_us(clock_system()));
    }
    (void)pthread_mutex_unlock(&e->client->lock);
}

static bool begin_probe(struct endpoint *e, int64_t now_us)
{
    (void)pthread_mutex_lock(&e->client->lock);
    bool is_due = e->is_ejected && !e->is_probed && endpoint_is_open(e) && now_us >= e->probe_at_us;
    e->is_probed |= is_due;
    if (is_due)
        e->probed = e->connection;
    (void)pthread_mutex_unlock(&e->client->lock);
    return is_due;
}

void client_probe(struct rpc_client *client, int64_t now_us)
{
    static const struct rpc_call_options options = {.timeout_ms = PROBE_MS};
    static const struct db_bytes nothing = {"", 0};
    for (size_t i = 0; client->n_endpoints > 1 && i < client->n_endpoints; i++) {
        struct endpoint *e = &client->endpoints[i];
        const struct client_listener listener = {NULL, on_probed, e};
        if (begin_probe(e, now_us))
            (void)client_begin(client, e, CHECK, &options, &nothing, &listener);
    }
}
