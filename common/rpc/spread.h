/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Spread: which slot of a table a pair of numbers goes to, so that nobody who chooses the numbers
 * can fill one slot (multiply-shift by secret factors; Dietzfelbinger et al., "A reliable
 * randomized algorithm for the closest-pair problem", 1997). Private to common/rpc.
 */
#pragma once

#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>

enum { SPREAD_BITS = 12, SPREAD_SLOTS = 1 << SPREAD_BITS };

struct spread {
    uint64_t factors[2]; /* odd */
};

static inline struct spread spread_new(void)
{
    struct spread s;
    arc4random_buf(&s, sizeof(s));
    s.factors[0] |= 1;
    s.factors[1] |= 1;
    return s;
}

/* Below SPREAD_SLOTS. */
static inline size_t spread_slot(const struct spread *s, uint64_t a, uint64_t b)
{
    return (size_t)((a * s->factors[0] + b * s->factors[1]) >> (64 - SPREAD_BITS));
}
