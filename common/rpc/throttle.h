/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Throttle: calls that a busy server would most likely refuse are refused where they are made, for
 * even to refuse them costs it more than many a call does. It is sent about twice what it accepts:
 * enough to show, soon, that it takes more again (Beyer et al., "Site Reliability Engineering",
 * 2016, ch. 21: client-side throttling with K = 2).
 *
 * Kept as tokens, like the throttle of gRPC's retries: a refusal takes one, a call accepted brings
 * one back, and so does time, two a second; with less than half of them, calls are held back at
 * random. Unlike a count of calls over some time this does not depend on how many were held back:
 * who calls in vain as fast as he can is not kept waiting for longer afterwards. And a call always
 * goes when none did for half a second: whoever calls seldom finds out as soon as anybody that it
 * is over.
 *
 * Private to common/rpc, not thread-safe.
 */
#pragma once

#include <stdbool.h>
#include <stdint.h>

/* A zeroed one is ready. */
struct throttle {
    double n_spent; /* tokens */
    int64_t filled_us;
    int64_t sent_us; /* when a call went last */
};

/* What the server made of a call. */
void throttle_note(struct throttle *t, bool is_accepted, int64_t now_us);

/* A call goes. */
void throttle_send(struct throttle *t, int64_t now_us);

/* Is the next call to be held back? */
bool throttle_holds(struct throttle *t, int64_t now_us);
