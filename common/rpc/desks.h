/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Desks: where calls of instant methods run, on the threads that receive them. There are fewer
 * desks than NNG has threads, should those at rest be at work (see spare.h), so that a flood of
 * such calls then leaves some to receive and to send. Private to common/rpc; all functions may be
 * called from any thread, and none waits.
 */
#pragma once

#include "log/log.h"
#include "rpc/dispatch.h"

enum { MAX_DESKS = 8 };

struct desk {
    atomic_bool is_taken;
    struct scratch scratch; /* of who took it */
    struct log_buffer log;  /* … likewise */
};

struct desks {
    size_t n;
    struct desk all[MAX_DESKS];
};

/* In zeroed memory. Their scratches count in `first_shard` and those behind it. */
void desks_init(struct desks *desks, size_t max_memory, size_t first_shard);
void desks_fini(struct desks *desks); /* a zeroed one is fine */

/* NULL: all are taken. */
struct desk *desk_take(struct desks *desks);
void desk_leave(struct desk *desk);
