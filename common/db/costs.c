/* SPDX-License-Identifier: Apache-2.0 */
#include "db/costs.h"

#include <stdatomic.h>

enum { SLOW_US = 10000, WEIGHT = 8 };

static size_t slot_of(const struct db_stmt *stmt)
{
    return ((uintptr_t)stmt / sizeof(*stmt)) % N_COSTS;
}

void costs_note(struct costs *costs, const struct db_stmt *stmt, int64_t us)
{
    struct cost *cost = &costs->slots[slot_of(stmt)];
    int64_t old_us = atomic_load_explicit(&cost->us, memory_order_relaxed);
    if (atomic_load_explicit(&cost->stmt, memory_order_relaxed) != stmt)
        old_us = us;
    atomic_store_explicit(&cost->stmt, stmt, memory_order_relaxed);
    atomic_store_explicit(&cost->us, ((WEIGHT - 1) * old_us + us) / WEIGHT, memory_order_relaxed);
}

bool costs_is_slow(const struct costs *costs, const struct db_stmt *stmt)
{
    const struct cost *cost = &costs->slots[slot_of(stmt)];
    return atomic_load_explicit(&cost->stmt, memory_order_relaxed) == stmt &&
           atomic_load_explicit(&cost->us, memory_order_relaxed) >= SLOW_US;
}
