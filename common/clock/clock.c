/* SPDX-License-Identifier: Apache-2.0 */
#include "clock/clock.h"

#include <string.h>
#include <time.h>

enum { US_PER_S = 1000000, NS_PER_US = 1000, NS_PER_S = 1000000000 };
enum { DATE_LEN = sizeof("YYYY-MM-DDTHH:MM:SS") - 1 };

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

/* NULL outside of the years 0 to 9999. Most of what is formatted, the lines of the log, falls into
 * the same second as the last. */
static const char *date_of(time_t seconds)
{
    static _Thread_local char date[DATE_LEN + 1];
    static _Thread_local time_t last;
    struct tm tm;
    if (seconds == last && date[0] != '\0')
        return date;
    if (!gmtime_r(&seconds, &tm) || tm.tm_year < -1900 || tm.tm_year > 8099)
        return NULL;
    (void)strftime(date, sizeof(date), "%Y-%m-%dT%H:%M:%S", &tm);
    last = seconds;
    return date;
}

void clock_format_rfc3339(int64_t wall_us, char out[CLOCK_RFC3339_SIZE])
{
    int64_t us = wall_us % US_PER_S;
    time_t seconds = (time_t)(wall_us / US_PER_S);
    if (us < 0) {
        us += US_PER_S;
        seconds--;
    }
    memcpy(out, "0000-00-00T00:00:00.000000Z", CLOCK_RFC3339_SIZE);
    const char *date = date_of(seconds);
    if (!date)
        return;
    memcpy(out, date, DATE_LEN);
    for (char *digit = out + CLOCK_RFC3339_SIZE - 3; us > 0; us /= 10)
        *digit-- = (char)('0' + us % 10);
}

struct timespec clock_after_us(int64_t us)
{
    struct timespec t;
    (void)clock_gettime(CLOCK_MONOTONIC, &t);
    int64_t ns = t.tv_nsec + us % US_PER_S * NS_PER_US;
    t.tv_sec += (time_t)(us / US_PER_S + ns / NS_PER_S);
    t.tv_nsec = (long)(ns % NS_PER_S);
    return t;
}

void clock_condition_init(pthread_cond_t *condition)
{
    pthread_condattr_t monotonic;
    (void)pthread_condattr_init(&monotonic);
    (void)pthread_condattr_setclock(&monotonic, CLOCK_MONOTONIC);
    (void)pthread_cond_init(condition, &monotonic);
    (void)pthread_condattr_destroy(&monotonic);
}
