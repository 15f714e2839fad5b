/* SPDX-License-Identifier: Apache-2.0 */
#include "rpc/stats.h"

#include <stdlib.h>

enum { MAX_SHARDS = 16 };

struct counters {
    _Atomic uint64_t by_code[STATS_CODES];
    _Atomic uint64_t took_us;
    struct histogram took;
};

struct stats {
    size_t n_methods;
    size_t n_shards;
    struct counters *counters; /* those of a shard beside each other */
    struct histogram *waits;   /* one per shard */
    _Atomic uint64_t refused[STATS_REFUSALS];
};

struct stats *stats_new(size_t n_methods, size_t n_shards)
{
    struct stats *s = calloc(1, sizeof(*s));
    if (!s)
        return NULL;
    s->n_methods = n_methods;
    s->n_shards = n_shards < MAX_SHARDS ? n_shards : MAX_SHARDS;
    s->counters = calloc(s->n_shards * n_methods, sizeof(*s->counters));
    s->waits = calloc(s->n_shards, sizeof(*s->waits));
    if (s->counters && s->waits)
        return s;
    stats_free(s);
    return NULL;
}

void stats_free(struct stats *s)
{
    if (!s)
        return;
    free(s->counters);
    free(s->waits);
    free(s);
}

static void add(_Atomic uint64_t *counter, uint64_t n)
{
    atomic_fetch_add_explicit(counter, n, memory_order_relaxed);
}

static uint64_t read(const _Atomic uint64_t *counter)
{
    return atomic_load_explicit(counter, memory_order_relaxed);
}

void stats_add(struct stats *s, size_t shard, size_t method, enum err_code code, int64_t wait_us,
    int64_t took_us)
{
    shard %= s->n_shards;
    struct counters *c = &s->counters[shard * s->n_methods + method];
    add(&c->by_code[code], 1);
    add(&c->took_us, (uint64_t)took_us);
    histogram_add(&c->took, took_us);
    histogram_add(&s->waits[shard], wait_us);
}

void stats_add_refusal(struct stats *s, enum stats_refusal why)
{
    add(&s->refused[why], 1);
}

void stats_read_method(const struct stats *s, size_t method, struct stats_method *out)
{
    *out = (struct stats_method){0};
    for (size_t shard = 0; shard < s->n_shards; shard++) {
        const struct counters *c = &s->counters[shard * s->n_methods + method];
        for (size_t i = 0; i < STATS_CODES; i++)
            out->by_code[i] += read(&c->by_code[i]);
        out->took_us += read(&c->took_us);
        histogram_read(&c->took, &out->took);
    }
}

void stats_read_waits(const struct stats *s, struct histogram_copy *out)
{
    *out = (struct histogram_copy){0};
    for (size_t shard = 0; shard < s->n_shards; shard++)
        histogram_read(&s->waits[shard], out);
}

uint64_t stats_refused(const struct stats *s, enum stats_refusal why)
{
    return read(&s->refused[why]);
}
