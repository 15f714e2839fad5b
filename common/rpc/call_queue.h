/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Call queue: calls waiting for a worker, in a fair queue, and parked calls waiting for a wake or
 * for the end of their time. Bounded; all functions may be called from any thread.
 */
#pragma once

#include "rpc/fair_queue.h"

#include <pthread.h>

struct call_queue;

struct call_queue_config {
    struct fair_queue_config fair;
    size_t max_crews; /* see call_queue_take() */
    const struct clock *clock;
    /* Has this connection ended? Asked under the queue's lock; NULL: none ever does. */
    bool (*is_gone)(const void *self, uint32_t pipe);
    const void *self;
};

/*
 * Where a worker waits for calls. Of those that wait the one that sat down last is called first:
 * what it works with is still near a processor. Lives as long as the queue.
 */
struct seat {
    pthread_cond_t called;
    struct seat *below; /* who sat down before */
    bool is_taken;
};
void seat_init(struct seat *seat);
void seat_fini(struct seat *seat);

/* NULL without memory. */
struct call_queue *call_queue_new(const struct call_queue_config *config);
void call_queue_free(struct call_queue *q);

/*
 * Add a list of calls linked by `next`; returns those there was no room for, linked likewise: they
 * may be others, of callers with many waiting. The calls stay the caller's; the queue only links
 * them.
 */
struct call *call_queue_push(struct call_queue *q, struct call *calls);

/*
 * The next call; waits for one. NULL once the queue was stopped. Quick calls come several at once,
 * linked by `next`, for the worker to run in a row. Parked calls come back when they are woken,
 * when their client is gone, or, with is_last_try, shortly before their deadline. Calls with
 * is_late waited too long: they are to be refused.
 *
 * No more than max_crews workers have rows that begin with a shared call, until they disband: so
 * that under load the rows are long, rather than many.
 */
struct call *call_queue_take(struct call_queue *q, struct seat *seat);

/* The same without waiting: NULL if there is none. */
struct call *call_queue_try(struct call_queue *q);

/* The row, begun with a shared call, is done; or what is left of it may take long. */
void call_queue_disband(struct call_queue *q);

/*
 * Set aside until `call->key` is woken. A wake since the call was taken brings it back at once.
 * False if too many are parked, of this connection (64) or of all (8192): it stays the caller's.
 */
MUST_USE bool call_queue_park(struct call_queue *q, struct call *call);
/* Run it again, behind those that wait; it has been taken before and keeps its place. */
void call_queue_again(struct call_queue *q, struct call *call);

void call_queue_wake(struct call_queue *q, const struct id *key);

/* Keys of parked calls, at most so many; returns how many. */
size_t call_queue_list_parked(struct call_queue *q, struct id *out, size_t max);

/*
 * Take the calls of this connection with these ids out, waiting or parked; returns them linked by
 * `next`, for the caller to answer.
 */
struct call *call_queue_cancel(
    struct call_queue *q, uint32_t pipe, const uint64_t *ids, size_t n_ids);

/* The calls of this connection are abandoned from now on; parked ones come back. */
void call_queue_abandon(struct call_queue *q, uint32_t pipe);

/* Every parked call, now and from now on, gets its last try. */
void call_queue_unpark_all(struct call_queue *q);

/* Does no call wait for a worker, and would one be taken? As of a moment ago; takes no lock. */
bool call_queue_is_free(const struct call_queue *q);

struct call_queue_counts {
    size_t n_waiting; /* for a worker */
    size_t n_callers; /* whose calls these are */
    size_t n_parked;
    size_t n_napping; /* workers with nothing to do */
};
struct call_queue_counts call_queue_count(struct call_queue *q);

/* call_queue_take returns NULL from now on. */
void call_queue_stop(struct call_queue *q);
