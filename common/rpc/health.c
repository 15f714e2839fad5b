/* SPDX-License-Identifier: Apache-2.0 */
#include "rpc/health.h"

#include <kith/v1/health.pb-c.h>

#include <errno.h>
#include <inttypes.h>
#include <pthread.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum { MAX_PARTS = 32, PART_SIZE = 48, PROBLEM_SIZE = 256, CURSOR_SIZE = ID_TEXT_SIZE + 21 };

struct part {
    char name[PART_SIZE];
    char problem[PROBLEM_SIZE]; /* "": fine */
    bool is_required;
};

struct health {
    pthread_mutex_t lock;
    const struct clock *clock;
    int64_t started_us;
    struct id process;  /* tells cursors of another from its own; waited for as well */
    uint64_t n_changes; /* of what is below */
    bool is_draining;
    struct part parts[MAX_PARTS];
    size_t n_parts;
};

struct health *health_new(const struct clock *clock)
{
    struct health *h = calloc(1, sizeof(*h));
    if (!h)
        return NULL;
    (void)pthread_mutex_init(&h->lock, NULL);
    h->clock = clock;
    h->started_us = clock_mono_us(clock);
    h->process = id_new(clock);
    return h;
}

void health_free(struct health *h)
{
    if (!h)
        return;
    (void)pthread_mutex_destroy(&h->lock);
    free(h);
}

static struct part *find_part(struct health *h, const char *name)
{
    for (size_t i = 0; i < h->n_parts; i++)
        if (strncmp(h->parts[i].name, name, PART_SIZE - 1) == 0)
            return &h->parts[i];
    if (h->n_parts == MAX_PARTS)
        return NULL;
    struct part *part = &h->parts[h->n_parts++];
    (void)snprintf(part->name, sizeof(part->name), "%s", name);
    return part;
}

bool health_set(struct health *h, const char *name, bool is_required, const char *problem)
{
    struct part before = {0};
    (void)pthread_mutex_lock(&h->lock);
    size_t n_before = h->n_parts;
    struct part *part = find_part(h, name);
    if (part) {
        before = *part;
        part->is_required = is_required;
        (void)snprintf(part->problem, sizeof(part->problem), "%s", problem ? problem : "");
    }
    bool is_changed =
        h->n_parts > n_before || (part && (part->is_required != before.is_required ||
                                              strcmp(part->problem, before.problem) != 0));
    h->n_changes += is_changed;
    (void)pthread_mutex_unlock(&h->lock);
    return is_changed;
}

void health_drain(struct health *h)
{
    (void)pthread_mutex_lock(&h->lock);
    h->n_changes += !h->is_draining;
    h->is_draining = true;
    (void)pthread_mutex_unlock(&h->lock);
}

const struct id *health_key(const struct health *h)
{
    return &h->process;
}

/* ---- Check ---- */

static Kith__V1__HealthStatus status_of(const struct part *part)
{
    if (part->problem[0] == '\0')
        return KITH__V1__HEALTH_STATUS__HEALTH_STATUS_SERVING;
    return part->is_required ? KITH__V1__HEALTH_STATUS__HEALTH_STATUS_NOT_SERVING
                             : KITH__V1__HEALTH_STATUS__HEALTH_STATUS_DEGRADED;
}

static Kith__V1__HealthPart *describe_part(struct arena *arena, const struct part *part)
{
    Kith__V1__HealthPart *out = arena_alloc(arena, sizeof(*out));
    if (!out)
        return NULL;
    kith__v1__health_part__init(out);
    out->name = arena_strdup(arena, part->name);
    out->problem = arena_strdup(arena, part->problem);
    out->status = status_of(part);
    return out->name && out->problem ? out : NULL;
}

static bool describe(struct health *h, struct arena *arena, Kith__V1__CheckResponse *out)
{
    out->status = h->is_draining ? KITH__V1__HEALTH_STATUS__HEALTH_STATUS_NOT_SERVING
                                 : KITH__V1__HEALTH_STATUS__HEALTH_STATUS_SERVING;
    out->uptime_s = (uint64_t)(clock_mono_us(h->clock) - h->started_us) / 1000000;
    out->service = arena_strdup(arena, program_invocation_short_name);
    out->version = arena_strdup(arena, KITH_VERSION);
    out->parts = arena_calloc(arena, h->n_parts, sizeof(Kith__V1__HealthPart *));
    if (!out->service || !out->version || !out->parts)
        return false;
    for (; out->n_parts < h->n_parts; out->n_parts++) {
        Kith__V1__HealthPart *part = describe_part(arena, &h->parts[out->n_parts]);
        if (!part)
            return false;
        out->parts[out->n_parts] = part;
        if (part->status > out->status)
            out->status = part->status;
    }
    return true;
}

rpc_handler_fn rpc_check, rpc_watch_health, rpc_ping;

RPC_HANDLER(check, Kith__V1__CheckRequest, Kith__V1__CheckResponse)
{
    (void)in;
    struct health *h = ctx->service;
    (void)pthread_mutex_lock(&h->lock);
    bool is_described = describe(h, ctx->arena, out);
    (void)pthread_mutex_unlock(&h->lock);
    if (!is_described)
        return err_raise(&ctx->err, REASON_INTERNAL_ERROR, "no memory to describe the health");
    return ERR_OK;
}

static void format_cursor(const struct health *h, char out[CURSOR_SIZE])
{
    id_format(&h->process, out);
    (void)snprintf(out + strlen(out), CURSOR_SIZE - strlen(out), ".%" PRIu64, h->n_changes);
}

RPC_HANDLER(watch_health, Kith__V1__WatchRequest, Kith__V1__WatchResponse)
{
    struct health *h = ctx->service;
    Kith__V1__CheckResponse state = KITH__V1__CHECK_RESPONSE__INIT;
    char cursor[CURSOR_SIZE];
    (void)pthread_mutex_lock(&h->lock);
    format_cursor(h, cursor);
    bool is_known = strcmp(in->cursor, cursor) == 0;
    bool is_described = is_known || describe(h, ctx->arena, &state);
    (void)pthread_mutex_unlock(&h->lock);
    if (is_known)
        return rpc_park(ctx, &h->process);
    if (!is_described)
        return err_raise(&ctx->err, REASON_INTERNAL_ERROR, "no memory to describe the health");
    out->health = &state;
    out->cursor = cursor;
    return rpc_send(ctx, &out->base);
}

RPC_HANDLER(ping, Kith__V1__PingRequest, Kith__V1__PingResponse)
{
    (void)ctx;
    out->payload = in->payload;
    return ERR_OK;
}

static const struct rpc_method health_methods[] = {
    {"Check", rpc_check, DB_TX_NONE, .is_instant = true},
    {"Watch", rpc_watch_health, DB_TX_NONE},
    {"Ping", rpc_ping, DB_TX_NONE, .is_instant = true},
};

const struct rpc_service health_service = {&kith__v1__health_service__descriptor, health_methods,
    sizeof(health_methods) / sizeof(health_methods[0])};
