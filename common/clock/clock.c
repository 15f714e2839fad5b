/* SPDX-License-Identifier: Apache-2.0 */
#include "clock/clock.h"

#include <stdio.h>
#include <time.h>

enum { US_PER_S = 1000000, NS_PER_US = 1000 };

static int64_t read_us(clockid_t id)
{
    struct timespec now;
    (void)clock_gettime(id, &now);
    return (int64_t)now.tv_sec * US_PER_S + now.tv_nsec / NS_PER_US;
}

static int64_t system_wall_us(void *self)
{
    (void)self;
    return read_us(CLOCK_REALTIME);
}

static int64_t system_mono_us(void *self)
{
    (void)self;
    return read_us(CLOCK_MONOTONIC);
}

const struct clock *clock_system(void)
{
    static const struct clock clock = {system_wall_us, system_mono_us, NULL};
    return &clock;
}

int64_t clock_wall_us(const struct clock *c)
{
    return c->wall_us(c->self);
}

int64_t clock_mono_us(const struct clock *c)
{
    return c->mono_us(c->self);
}

void clock_format_rfc3339(int64_t wall_us, char out[CLOCK_RFC3339_SIZE])
{
    int64_t us = wall_us % US_PER_S;
    time_t seconds = (time_t)(wall_us / US_PER_S);
    if (us < 0) {
        us += US_PER_S;
        seconds--;
    }
    struct tm tm;
    if (!gmtime_r(&seconds, &tm) || tm.tm_year < -1900 || tm.tm_year > 8099) {
        (void)snprintf(out, CLOCK_RFC3339_SIZE, "0000-00-00T00:00:00.000000Z");
        return;
    }
    char date[sizeof("YYYY-MM-DDTHH:MM:SS")];
    (void)strftime(date, sizeof(date), "%Y-%m-%dT%H:%M:%S", &tm);
    (void)snprintf(out, CLOCK_RFC3339_SIZE, "%s.%06dZ", date, (int)us);
}
