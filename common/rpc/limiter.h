/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Limiter: so much per second for each of many keys, with a burst of one second's worth. A token
 * bucket kept as one number, the time at which it will be full again (the generic cell rate
 * algorithm, ITU-T I.371). A table of fixed size: full buckets are forgotten, for they say nothing;
 * where none of a set is full, a key shares the fullest. Lock-free; private to common/rpc.
 */
#pragma once

#include <stdatomic.h>
#include <stddef.h>
#include <stdint.h>

enum { LIMITER_SETS = 512, LIMITER_WAYS = 8 };

struct limiter {
    int64_t per_second; /* 0: no limit */
    struct limiter_bucket {
        _Atomic uint64_t key;
        _Atomic int64_t full_at_ns;
    } buckets[LIMITER_SETS][LIMITER_WAYS];
};

/* Take one; 0, or how many milliseconds until there will be one. Keys are random numbers. */
uint32_t limiter_take(struct limiter *l, uint64_t key, int64_t now_us);

/*
 * Take so many, whether there are or not; how many milliseconds until there will be one. In a
 * bucket that is another's it takes only what there is, and waits for none: neither owes what the
 * other took.
 */
uint32_t limiter_charge(struct limiter *l, uint64_t key, uint32_t n, int64_t now_us);

/* The same as limiter_take(), taking none. */
uint32_t limiter_look(struct limiter *l, uint64_t key, int64_t now_us);
