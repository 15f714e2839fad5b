/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Stats: what a server has counted since it started: per method the calls by status and how long
 * they took, how long calls waited, and who was refused why. Counting takes no lock and no memory:
 * each worker has counters of its own, added up by who reads. Private to common/rpc; any thread.
 */
#pragma once

#include "err/err.h"
#include "rpc/histogram.h"

enum { STATS_CODES = ERR_UNAUTHENTICATED + 1 };

/* Why a call was refused without being looked at. */
enum stats_refusal {
    STATS_QUEUE_FULL,
    STATS_WAITED_TOO_LONG,
    STATS_RATE_LIMITED,
    STATS_OTHER_REFUSAL, /* draining, unknown method, results not fetched */
    STATS_REFUSALS,
};

struct stats;

/* NULL without memory. Shards are taken in turn: 0 … n_shards - 1, beyond them again. */
struct stats *stats_new(size_t n_methods, size_t n_shards);
void stats_free(struct stats *s);

/* A call that ran: how it ended, how long it waited for a worker and took in all. */
void stats_add(struct stats *s, size_t shard, size_t method, enum err_code code, int64_t wait_us,
    int64_t took_us);
void stats_add_refusal(struct stats *s, enum stats_refusal why);

struct stats_method {
    uint64_t by_code[STATS_CODES];
    uint64_t took_us;
    struct histogram_copy took;
};

void stats_read_method(const struct stats *s, size_t method, struct stats_method *out);
void stats_read_waits(const struct stats *s, struct histogram_copy *out);
uint64_t stats_refused(const struct stats *s, enum stats_refusal why);
