/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Eager waiting: to look for an answer again and again, and let others run in between, instead of
 * sleeping until it is there. Being woken takes about as long as PostgreSQL does for a row of reads
 * (tests/bench/README.md, GetMember). It pays where answers come soon and nobody else wants the
 * processors; what it gained and lost is kept count of, and after too much of a loss nobody waits
 * eagerly for a while. Private to common/db; any thread, no lock.
 */
#pragma once

#include "clock/clock.h"

#include <stdatomic.h>

/* What was learnt; zeroed in the beginning. */
struct eager {
    _Atomic int64_t lost_us; /* more than was gained */
    _Atomic int64_t not_before_us;
};

/* Until there is something to read, or it does not pay: then it is for the caller to sleep. */
void eager_wait(struct eager *e, int fd, const struct clock *clock);
