/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The relay from inside, private to common/queue: one keeper thread holds the leases on buckets,
 * and each subscriber has a lane, a thread that reads, delivers and deletes. A subscriber that
 * hangs therefore delays nobody else.
 */
#pragma once

#include "queue/queue.h"

#include <pthread.h>

enum { RELAY_US_PER_MS = 1000 };

/* What may be read and deleted, and until when. Epochs begin at 1; 0: not ours. */
struct ownership {
    int64_t epoch[ID_BUCKETS];
    int64_t until_us; /* monotonic, counted from before the database was asked */
};

enum { HELD_MAX = 256 };

/* An event that failed: later ones of the member wait until it is tried again, or given up. */
struct held {
    struct id member;
    int bucket;
};

/*
 * Where a lane stands. `floor` is an accelerator, not a cursor: rows up to it were delivered and
 * deleted, or are held; it spares reading over dead rows. Rows may yet appear below it, from
 * transactions that committed late, so it lags behind the clock and is dropped every minute.
 */
struct lane {
    struct queue_relay *relay;
    const char *name;
    struct rpc_client *client;
    pthread_t thread;
    bool is_hinted;       /* under the relay's lock */
    bool is_to_look_back; /* the same: there may be rows below the floors */

    struct ownership own; /* as of this round */
    uint64_t pending;     /* buckets that may hold something not yet delivered */
    uint64_t blocked;     /* buckets left alone until retry_us: too much is held */
    struct id floor[ID_BUCKETS];
    int next_bucket;
    struct held held[HELD_MAX];
    size_t n_held;
    size_t limit;       /* events of one delivery; halved while deliveries fail */
    unsigned failures;  /* deliveries failed in a row */
    int64_t blocked_us; /* do nothing before this: the subscriber is down */
    int64_t retry_us;   /* look at what is held again; 0: nothing is */
    int64_t sweep_us;   /* forget the floors */
};

struct queue_relay {
    struct queue_relay_config config;
    char *owner;
    pthread_mutex_t lock; /* of what follows */
    pthread_cond_t wake;
    bool is_stopping;
    struct ownership own;
    _Atomic int64_t n_dead_letters;
    pthread_t keeper;
    int64_t generation; /* keeper's only */
    struct lane *lanes;
    size_t n_lanes;
    size_t n_started;
};

/* ---- ownership.c: leases on buckets ---- */

/* Take the name; buckets a predecessor held are ours at once. */
MUST_USE enum err_code ownership_register(struct queue_relay *relay, struct err *err);

/* Renew, and move one step towards a fair share. *is_settled: nothing is left to claim. */
MUST_USE enum err_code ownership_renew(
    struct queue_relay *relay, struct ownership *out, bool *is_settled, struct err *err);

/* Give all back. */
void ownership_resign(struct queue_relay *relay);

/* ---- lane.c: what to read next, what to hold, when to wait ---- */

uint64_t lane_bit(int bucket);
void lane_init(struct lane *lane, struct queue_relay *relay, const struct queue_subscriber *to);

/* Take over what the keeper holds now. False if that is nothing, or no longer sure. */
bool lane_refresh(struct lane *lane, const struct ownership *own, int64_t now_us);
bool lane_is_held(const struct lane *lane, const struct id *member);
void lane_hold(struct lane *lane, const struct id *member, int bucket, int64_t until_us);

/* Nothing is left in the bucket, as far as we saw. */
void lane_drained(struct lane *lane, int bucket, int64_t wall_us);
bool lane_is_down(const struct err *err);
void lane_failed(struct lane *lane, const struct err *err, int64_t now_us);
void lane_succeeded(struct lane *lane);

/* When to look again if nobody hints. */
int64_t lane_next_us(const struct lane *lane, int64_t now_us);

/* ---- failure.c: what becomes of events that failed ---- */

struct failure {
    struct id member;
    struct id id;
    int bucket;
    int64_t epoch;
    int64_t attempts; /* that failed before this one */
    const char *kind;
    enum err_code code;
    const char *reason;
    const char *message;
};

/*
 * Counts the attempt. What another one may cure waits, its member's later events with it; the rest
 * becomes a dead letter, and *dead has the buckets to read again for what was behind it.
 */
MUST_USE enum err_code failure_settle(struct lane *lane, struct arena *arena,
    const struct failure *failures, size_t n, uint64_t *dead, struct err *err);

/* ---- deliver.c: one delivery ---- */

/* Read a batch of what is pending, deliver it, delete what was acknowledged. */
MUST_USE enum err_code deliver_batch(struct lane *lane, struct arena *arena, struct err *err);

/* Look which buckets hold anything. */
MUST_USE enum err_code deliver_probe(struct lane *lane, struct err *err);
