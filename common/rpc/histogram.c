/* SPDX-License-Identifier: Apache-2.0 */
#include "rpc/histogram.h"

enum { STEPS = 16, STEP_BITS = 4 };

unsigned histogram_bucket(int64_t us)
{
    if (us < STEPS)
        return us < 0 ? 0 : (unsigned)us;
    if (us > UINT32_MAX)
        return HISTOGRAM_BUCKETS - 1;
    unsigned magnitude = 31u - (unsigned)__builtin_clz((unsigned)us);
    unsigned shift = magnitude - STEP_BITS;
    return (shift + 1) * STEPS + ((unsigned)us >> shift) - STEPS;
}

int64_t histogram_start(unsigned bucket)
{
    if (bucket < STEPS)
        return bucket;
    unsigned shift = bucket / STEPS - 1;
    return (int64_t)(STEPS + bucket % STEPS) << shift;
}

void histogram_add(struct histogram *h, int64_t us)
{
    atomic_fetch_add_explicit(&h->counts[histogram_bucket(us)], 1, memory_order_relaxed);
}

void histogram_read(const struct histogram *h, struct histogram_copy *into)
{
    for (size_t i = 0; i < HISTOGRAM_BUCKETS; i++)
        into->counts[i] += atomic_load_explicit(&h->counts[i], memory_order_relaxed);
}

void histogram_subtract(struct histogram_copy *now, const struct histogram_copy *before)
{
    for (size_t i = 0; i < HISTOGRAM_BUCKETS; i++)
        now->counts[i] -= before->counts[i];
}

uint64_t histogram_count(const struct histogram_copy *h)
{
    uint64_t n = 0;
    for (size_t i = 0; i < HISTOGRAM_BUCKETS; i++)
        n += h->counts[i];
    return n;
}

int64_t histogram_percentile(const struct histogram_copy *h, double share)
{
    double wanted = (double)histogram_count(h) * share;
    double seen = 0;
    for (unsigned i = 0; i < HISTOGRAM_BUCKETS; i++) {
        seen += h->counts[i];
        if (h->counts[i] > 0 && seen >= wanted)
            return histogram_start(i + 1) - 1;
    }
    return 0;
}
