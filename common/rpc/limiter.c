/* SPDX-License-Identifier: Apache-2.0 */
#include "rpc/limiter.h"

#include <stdbool.h>

static const int64_t SECOND_NS = 1000 * 1000 * 1000;

static struct limiter_bucket *find(struct limiter *l, uint64_t key, int64_t now_ns)
{
    struct limiter_bucket *set = l->buckets[key % LIMITER_SETS];
    struct limiter_bucket *fullest = set;
    for (size_t i = 0; i < LIMITER_WAYS; i++) {
        if (atomic_load_explicit(&set[i].key, memory_order_relaxed) == key)
            return &set[i];
        if (atomic_load_explicit(&set[i].full_at_ns, memory_order_relaxed) <
            atomic_load_explicit(&fullest->full_at_ns, memory_order_relaxed))
            fullest = &set[i];
    }
    if (atomic_load_explicit(&fullest->full_at_ns, memory_order_relaxed) <= now_ns)
        atomic_store_explicit(&fullest->key, key, memory_order_relaxed);
    return fullest;
}

static int64_t cost_ns(const struct limiter *l)
{
    return SECOND_NS / l->per_second;
}

/* How long until a bucket that will be full at that time has one to give. */
static uint32_t wait_ms(const struct limiter *l, int64_t full_at_ns, int64_t now_ns)
{
    int64_t wait_ns = full_at_ns + cost_ns(l) - SECOND_NS - now_ns;
    return wait_ns <= 0 ? 0 : (uint32_t)((wait_ns + 999999) / 1000000);
}

uint32_t limiter_take(struct limiter *l, uint64_t key, int64_t now_us)
{
    if (l->per_second <= 0)
        return 0;
    int64_t now_ns = now_us * 1000;
    struct limiter_bucket *bucket = find(l, key, now_ns);
    int64_t full_at_ns = atomic_load_explicit(&bucket->full_at_ns, memory_order_relaxed);
    int64_t after_ns;
    do {
        uint32_t ms = wait_ms(l, full_at_ns, now_ns);
        if (ms > 0)
            return ms;
        after_ns = (full_at_ns > now_ns ? full_at_ns : now_ns) + cost_ns(l);
    } while (!atomic_compare_exchange_weak_explicit(
        &bucket->full_at_ns, &full_at_ns, after_ns, memory_order_relaxed, memory_order_relaxed));
    return 0;
}

uint32_t limiter_charge(struct limiter *l, uint64_t key, uint32_t n, int64_t now_us)
{
    if (l->per_second <= 0)
        return 0;
    int64_t now_ns = now_us * 1000;
    struct limiter_bucket *bucket = find(l, key, now_ns);
    int64_t full_at_ns = atomic_load_explicit(&bucket->full_at_ns, memory_order_relaxed);
    bool is_own = atomic_load_explicit(&bucket->key, memory_order_relaxed) == key;
    int64_t after_ns;
    do {
        int64_t before_ns = full_at_ns > now_ns ? full_at_ns : now_ns;
        after_ns = before_ns + n * cost_ns(l);
        if (!is_own && after_ns > now_ns + SECOND_NS)
            after_ns = before_ns > now_ns + SECOND_NS ? before_ns : now_ns + SECOND_NS;
    } while (!atomic_compare_exchange_weak_explicit(
        &bucket->full_at_ns, &full_at_ns, after_ns, memory_order_relaxed, memory_order_relaxed));
    return is_own ? wait_ms(l, after_ns, now_ns) : 0;
}

uint32_t limiter_look(struct limiter *l, uint64_t key, int64_t now_us)
{
    if (l->per_second <= 0)
        return 0;
    int64_t now_ns = now_us * 1000;
    const struct limiter_bucket *bucket = find(l, key, now_ns);
    return wait_ms(l, atomic_load_explicit(&bucket->full_at_ns, memory_order_relaxed), now_ns);
}
