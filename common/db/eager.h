/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Eager waiting: to look for an answer again and again, and let others run in between, instead of
 * sleeping until it is there. To be woken takes a good part of the time PostgreSQL takes for a row
 * of reads (tests/bench/README.md, GetMember). It pays where answers come soon and nobody else
 * wants the processors; how schedulers see to that differs. So what it gains and loses is kept
 * count of: after a loss of 10 ms nobody waits eagerly for half a second, and for twice as long
 * each time more, up to half a minute. Private to common/db; any thread, no lock.
 */
#pragma once

#include "clock/clock.h"

#include <stdatomic.h>

/* What was learnt; zeroed in the beginning. */
struct eager {
    _Atomic int64_t lost_us; /* more than was gained; negative: less */
    _Atomic int64_t not_before_us;
    _Atomic int64_t last_pause_us; /* 0: all has been well since */
};

/* Until there is something to read, or it does not pay: then it is for the caller to sleep. */
void eager_wait(struct eager *e, int fd, int64_t until_us, const struct clock *clock);
