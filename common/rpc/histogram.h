/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Histogram: how long things took, in buckets of a sixteenth of their magnitude, so that each
 * figure read from it is right to 6 % at any scale (log-linear, as HdrHistogram by Tene). Counting
 * is one addition; histograms are added and subtracted bucket by bucket. Any thread.
 */
#pragma once

#include <stdatomic.h>
#include <stddef.h>
#include <stdint.h>

/* Up to 2^32 us, more than an hour; what takes longer counts as that. */
enum { HISTOGRAM_BUCKETS = 29 * 16 };

struct histogram {
    _Atomic uint32_t counts[HISTOGRAM_BUCKETS]; /* may wrap: differences stay right */
};

/* What was counted, by one reader. */
struct histogram_copy {
    uint32_t counts[HISTOGRAM_BUCKETS];
};

unsigned histogram_bucket(int64_t us);
int64_t histogram_start(unsigned bucket); /* the least that falls into it */

void histogram_add(struct histogram *h, int64_t us);

/* Add what `h` holds to the copy. */
void histogram_read(const struct histogram *h, struct histogram_copy *into);

/* What `now` has beyond `before`. */
void histogram_subtract(struct histogram_copy *now, const struct histogram_copy *before);

uint64_t histogram_count(const struct histogram_copy *h);

/* So long at most took `share` (0 … 1) of them; 0 for none. */
int64_t histogram_percentile(const struct histogram_copy *h, double share);
