/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Clock: time as something passed in, so that tests can turn it. Callable from any thread.
 */
#pragma once

#include <pthread.h>
#include <stdint.h>
#include <time.h>

struct clock {
    int64_t (*wall_us)(void *self); /* microseconds since 1970-01-01 UTC; may jump */
    int64_t (*mono_us)(void *self); /* microseconds since some start; never goes back */
    void *self;
};

/* The system's clocks. Static storage. */
const struct clock *clock_system(void);

int64_t clock_wall_us(const struct clock *c);
int64_t clock_mono_us(const struct clock *c);

/* RFC 3339 in UTC with microseconds: 2026-03-01T12:00:00.000000Z. */
enum { CLOCK_RFC3339_SIZE = 28 };
void clock_format_rfc3339(int64_t wall_us, char out[CLOCK_RFC3339_SIZE]);

/* So many microseconds from now on the monotonic clock of the system, to wait until. */
struct timespec clock_after_us(int64_t us);

/* A condition variable that times out by the monotonic clock of the system. */
void clock_condition_init(pthread_cond_t *condition);
