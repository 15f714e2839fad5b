/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Running: the call a worker is at, for another thread to interrupt. Private to common/rpc;
 * running_begin and running_end belong to the worker, the rest to any thread.
 */
#pragma once

#include "rpc/call.h"

#include <pthread.h>

struct running {
    pthread_mutex_t lock;
    bool is_busy;
    uint32_t pipe;
    uint64_t call_id;
    struct db_interrupt interrupt; /* set only under the lock, while busy */
};

MUST_USE enum err_code running_init(struct running *r, struct err *err);
void running_fini(struct running *r);

void running_begin(struct running *r, struct call *call);

/* The call, which need not exist any more, is not ours now. Was it interrupted? */
bool running_end(struct running *r);

/* Interrupt the call if it came over this connection and, unless `ids` is NULL, is one of them. */
void running_interrupt(struct running *r, uint32_t pipe, const uint64_t *ids, size_t n);
