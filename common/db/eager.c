/* SPDX-License-Identifier: Apache-2.0 */
#include "db/eager.h"

#include <poll.h>
#include <sched.h>
#include <stdbool.h>

enum {
    MAX_WAIT_US = 500, /* a row of reads from memory takes half of it */
    GAIN_US = 50,      /* measured: a row is answered so much sooner */
    MAX_LOSS_US = 10 * 1000,
    MIN_PAUSE_US = 500 * 1000,
    MAX_PAUSE_US = 32 * 1000 * 1000,
};

static bool is_readable(int fd)
{
    struct pollfd p = {.fd = fd, .events = POLLIN};
    return poll(&p, 1, 0) > 0;
}

/* As much gained as may be lost: all is well. */
static void note_gain(struct eager *e)
{
    if (atomic_load_explicit(&e->lost_us, memory_order_relaxed) > -MAX_LOSS_US)
        atomic_fetch_sub(&e->lost_us, GAIN_US);
    else if (atomic_load_explicit(&e->last_pause_us, memory_order_relaxed) != 0)
        atomic_store(&e->last_pause_us, 0);
}

static void note_loss(struct eager *e, int64_t lost_us, int64_t now_us)
{
    if (atomic_fetch_add(&e->lost_us, lost_us) + lost_us < MAX_LOSS_US)
        return;
    int64_t pause_us = atomic_load(&e->last_pause_us) * 2;
    if (pause_us < MIN_PAUSE_US)
        pause_us = MIN_PAUSE_US;
    if (pause_us > MAX_PAUSE_US)
        pause_us = MAX_PAUSE_US;
    atomic_store(&e->last_pause_us, pause_us);
    atomic_store(&e->not_before_us, now_us + pause_us);
    atomic_store(&e->lost_us, 0);
}

void eager_wait(struct eager *e, int fd, int64_t until_us, const struct clock *clock)
{
    const int64_t began_us = clock_mono_us(clock);
    int64_t now_us = began_us;
    if (began_us < atomic_load(&e->not_before_us))
        return;
    if (until_us > began_us + MAX_WAIT_US)
        until_us = began_us + MAX_WAIT_US;
    for (; now_us < until_us; now_us = clock_mono_us(clock)) {
        if (is_readable(fd)) {
            note_gain(e);
            return;
        }
        (void)sched_yield();
    }
    note_loss(e, now_us - began_us, now_us);
}
