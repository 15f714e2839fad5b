/* SPDX-License-Identifier: Apache-2.0 */
#include "db/eager.h"

#include <poll.h>
#include <sched.h>
#include <stdbool.h>

enum {
    MAX_WAIT_US = 500, /* a row of reads from memory takes half of it */
    GAIN_US = 50,      /* measured: a row is answered so much sooner */
    MAX_LOSS_US = 10 * 1000,
    PAUSE_US = 500 * 1000,
};

static bool is_readable(int fd)
{
    struct pollfd p = {.fd = fd, .events = POLLIN};
    return poll(&p, 1, 0) != 0;
}

static void note_gain(struct eager *e)
{
    if (atomic_load_explicit(&e->lost_us, memory_order_relaxed) > 0)
        atomic_fetch_sub(&e->lost_us, GAIN_US);
}

static void note_loss(struct eager *e, int64_t lost_us, int64_t now_us)
{
    if (atomic_fetch_add(&e->lost_us, lost_us) + lost_us < MAX_LOSS_US)
        return;
    atomic_store(&e->not_before_us, now_us + PAUSE_US);
    atomic_store(&e->lost_us, 0);
}

void eager_wait(struct eager *e, int fd, const struct clock *clock)
{
    const int64_t began_us = clock_mono_us(clock);
    int64_t now_us = began_us, turn_us = 0;
    if (began_us < atomic_load(&e->not_before_us))
        return;
    while (now_us - began_us <= MAX_WAIT_US) {
        if (is_readable(fd)) {
            note_gain(e);
            return;
        }
        (void)sched_yield();
        turn_us = clock_mono_us(clock) - now_us;
        now_us += turn_us;
    }
    /* The processor was wanted by others, or only wasted; a turn of who computes is long. */
    note_loss(e, GAIN_US + turn_us, now_us);
}
