/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Fair queue: calls waiting for a worker, those of each caller in a row of their own. The rows take
 * turns by the time their calls need (deficit round robin; a caller who had nothing waiting goes
 * first), so that one who floods waits for himself. Rows that stand too long are shortened (CoDel).
 *
 * After RFC 8290 (FQ-CoDel): Shreedhar and Varghese, "Efficient Fair Queueing using Deficit Round
 * Robin", 1995; Nichols and Jacobson, "Controlling Queue Delay", 2012. Packets are dropped ever
 * more often until their senders slow down; calls are refused as Facebook's servers do it (Maurer,
 * "Fail at Scale", 2015): while even the shortest wait of an interval was over the target, every
 * call that waited twice the target. From then on, too, no more calls are let in than leave within
 * that time: who would be refused later is refused at once. As that keeps the queue short, it goes
 * on as long as one in five is turned away. Private to common/rpc, not thread-safe.
 */
#pragma once

#include "rpc/call.h"

struct fair_queue_config {
    size_t limit;        /* calls that may wait */
    int64_t target_us;   /* a wait nobody minds; 0: no call is refused for having waited */
    int64_t interval_us; /* how long waits may stay above it */
    size_t n_spared;     /* so few waiting calls are no queue: one for each worker */
};

struct fair_queue;

/* NULL without memory. */
struct fair_queue *fair_queue_new(const struct fair_queue_config *config);
void fair_queue_free(struct fair_queue *q);

size_t fair_queue_len(const struct fair_queue *q);

/* Of how many callers calls wait. */
size_t fair_queue_callers(const struct fair_queue *q);

/*
 * Add a call to the row of `call->flow`, at `call->queued_us`. NULL, or the call there is no room
 * for: this one, or, where its caller has less waiting than others, the first of a long row.
 *
 * The `away_ms` of a call refused here, or late, is what those that wait take at the rate at which
 * calls leave, and half as long as the queue has been standing: from 10 ms to 1 s.
 */
struct call *fair_queue_push(struct fair_queue *q, struct call *call);

/* Add a call that was let in before: never refused, neither now nor for having waited. */
void fair_queue_return(struct fair_queue *q, struct call *call);

/* The call whose turn it is, still waiting; NULL if there is none. */
const struct call *fair_queue_peek(struct fair_queue *q);

/* Take that call. `call->is_late`: it waited too long and is to be refused. */
struct call *fair_queue_pop(struct fair_queue *q, int64_t now_us);

/* Take this call, which waits here, out of its row. */
void fair_queue_remove(struct fair_queue *q, struct call *call);
