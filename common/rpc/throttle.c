/* SPDX-License-Identifier: Apache-2.0 */
#include "rpc/throttle.h"

#include <stdlib.h>

static const double TOKENS = 32, PER_SECOND = 2;

enum { PROBE_US = 500 * 1000 };

static void add(struct throttle *t, double tokens)
{
    t->n_spent -= tokens;
    if (t->n_spent < 0)
        t->n_spent = 0;
}

static void refill(struct throttle *t, int64_t now_us)
{
    if (t->n_spent > 0)
        add(t, (double)(now_us - t->filled_us) * PER_SECOND / 1e6);
    t->filled_us = now_us;
}

void throttle_note(struct throttle *t, bool is_accepted, int64_t now_us)
{
    if (is_accepted && t->n_spent <= 0)
        return;
    refill(t, now_us);
    add(t, is_accepted ? 1 : -1);
    if (t->n_spent > TOKENS)
        t->n_spent = TOKENS;
}

void throttle_send(struct throttle *t, int64_t now_us)
{
    t->sent_us = now_us;
}

bool throttle_holds(struct throttle *t, int64_t now_us)
{
    if (t->n_spent <= TOKENS / 2 || now_us - t->sent_us >= PROBE_US)
        return false;
    refill(t, now_us);
    double share = (t->n_spent - TOKENS / 2) / (TOKENS / 2);
    return (double)arc4random() < share * ((double)UINT32_MAX + 1);
}
