/* SPDX-License-Identifier: Apache-2.0 */
/*
 * What reads take, as far as we saw: slow ones must not hold up a batch. Private to common/db. Any
 * thread, no lock; an estimate lost to a race or a collision is only made again.
 */
#pragma once

#include "db/db.h"

enum { N_COSTS = 256 };

struct cost {
    _Atomic(const struct db_stmt *) stmt;
    _Atomic int64_t us; /* moving average over about eight runs */
};

struct costs {
    struct cost slots[N_COSTS]; /* by the statement's address */
};

void costs_note(struct costs *costs, const struct db_stmt *stmt, int64_t us);
bool costs_is_slow(const struct costs *costs, const struct db_stmt *stmt);
