/* SPDX-License-Identifier: Apache-2.0 */
/*
 * NNG has two threads for each processor to run callbacks on, at most 16, and one queue and lock
 * for all of them. A message takes about seven callbacks, most of which only lead to the next; for
 * each of them a thread is woken that then waits for the lock of who woke it. That costs more than
 * the callbacks do. The fewer threads there are, the more often one finds the next callback in the
 * queue without being woken (tests/bench/README.md, "threads of NNG").
 *
 * How many there are is settled when NNG is built. But a callback that waits keeps its thread, and
 * that is how all but one are put to rest here. NNG itself starts two at least, for if a callback
 * waits for another, one would wait for ever; and in spite of all rules somebody's may wait, or
 * compute for long, as those do that shake hands for TLS. So one of those at rest is a watch: it
 * has a callback made every TICK_MS, and when that does not get through all are called back to
 * work. A second later they rest again, all but one more than before; and one less after a while in
 * which nothing was in the way.
 */
#include "rpc/spare.h"

#include "clock/clock.h"

#include <dirent.h>
#include <nng/nng.h>
#include <nng/supplemental/util/platform.h>
#include <pthread.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

enum {
    TICK_MS = 100,
    BACK_TO_WORK_MS = 1000,
    MIN_GOOD_TICKS = 600, /* until one less is tried; doubles each time they are called back */
    MAX_GOOD_TICKS = 36000,
    PROCESSORS_PER_THREAD = 4, /* that stays at work; there is one at least */
    MIN_THREADS = 3,           /* where there are fewer, and one is the watch, none is spare */
    MAX_RESTS = 32,
    NAME_SIZE = 16
};

struct spare {
    pthread_mutex_t lock;
    pthread_cond_t changed;
    bool is_over;
    bool shall_rest;
    bool is_answered; /* the callback that the watch had made came through */
    size_t n_resting;
    size_t n_more; /* at work than should be enough */
    unsigned good_ticks, wanted_ticks;
    size_t n_recalls;
    nng_aio *watch;
    nng_aio *probe;
    nng_aio *rests[MAX_RESTS];
};

/* The process's, for NNG's threads are. */
static pthread_mutex_t holders_lock = PTHREAD_MUTEX_INITIALIZER;
static size_t n_holders;
static struct spare *spare;

/* ---- how many -------------------------------------------------------------------------------- */

static bool runs_callbacks(const char *thread)
{
    char path[64], name[NAME_SIZE + 1] = "";
    (void)snprintf(path, sizeof(path), "/proc/self/task/%.20s/comm", thread);
    FILE *file = fopen(path, "re");
    if (!file)
        return false;
    bool is_read = fgets(name, sizeof(name), file) != NULL;
    (void)fclose(file);
    return is_read && strcmp(name, "nng:task\n") == 0;
}

/* NNG does not tell; none where the system does not. */
static size_t count_threads(void)
{
    size_t n = 0;
    DIR *dir = opendir("/proc/self/task");
    if (!dir)
        return 0;
    for (const struct dirent *entry; (entry = readdir(dir)) != NULL;)
        n += runs_callbacks(entry->d_name);
    (void)closedir(dir);
    return n;
}

/* Of all threads, but for the watch and those at work. */
static size_t count_rests(size_t n_more)
{
    long n_processors = sysconf(_SC_NPROCESSORS_ONLN);
    size_t n = count_threads();
    size_t n_busy = n_processors > 0 ? (size_t)n_processors / PROCESSORS_PER_THREAD : 0;
    if (n_busy > n / 2)
        n_busy = n / 2;
    if (n_busy == 0)
        n_busy = 1;
    n_busy += n_more;
    size_t n_rests = n > n_busy + 1 ? n - n_busy - 1 : 0;
    return n_rests < MAX_RESTS ? n_rests : MAX_RESTS;
}

/* ---- callbacks ------------------------------------------------------------------------------- */

static void rest(void *arg)
{
    struct spare *s = arg;
    (void)pthread_mutex_lock(&s->lock);
    while (s->shall_rest)
        (void)pthread_cond_wait(&s->changed, &s->lock);
    s->n_resting--;
    (void)pthread_mutex_unlock(&s->lock);
}

static void answer(void *arg)
{
    struct spare *s = arg;
    (void)pthread_mutex_lock(&s->lock);
    s->is_answered = true;
    (void)pthread_mutex_unlock(&s->lock);
}

/* At once: by nng_sleep_aio(0) NNG's clock would turn in circles until the next millisecond. */
static void have_called(nng_aio *aio)
{
    if (nng_aio_begin(aio))
        nng_aio_finish(aio, 0);
}

static void send_to_rest(struct spare *s)
{
    size_t n = count_rests(s->n_more);
    s->shall_rest = true;
    for (size_t i = 0; i < n; i++) {
        if (!s->rests[i] && nng_aio_alloc(&s->rests[i], rest, s) != 0)
            break;
        s->n_resting++;
        have_called(s->rests[i]);
    }
}

static void call_back(struct spare *s)
{
    s->shall_rest = false;
    (void)pthread_cond_broadcast(&s->changed);
}

static void wait_a_tick(struct spare *s)
{
    struct timespec until = clock_after_us(TICK_MS * 1000);
    int rv = 0;
    while (!s->is_over && rv == 0)
        rv = pthread_cond_timedwait(&s->changed, &s->lock, &until);
}

/* All went well for another tick. */
static void note_good(struct spare *s)
{
    if (++s->good_ticks < s->wanted_ticks || s->n_more == 0)
        return;
    s->good_ticks = 0;
    s->n_more--;
    call_back(s); /* to rest again once all have come */
}

static void note_bad(struct spare *s)
{
    s->n_recalls++;
    s->n_more += s->n_more < MAX_RESTS;
    s->good_ticks = 0;
    if (s->wanted_ticks < MAX_GOOD_TICKS)
        s->wanted_ticks *= 2;
    call_back(s);
}

static void watch(void *arg)
{
    struct spare *s = arg;
    if (count_threads() < MIN_THREADS)
        return;
    (void)pthread_mutex_lock(&s->lock);
    while (!s->is_over && s->is_answered) {
        if (!s->shall_rest && s->n_resting == 0)
            send_to_rest(s);
        s->is_answered = false;
        have_called(s->probe);
        wait_a_tick(s);
        if (s->is_answered)
            note_good(s);
    }
    if (!s->is_over) {
        note_bad(s);
        nng_sleep_aio(BACK_TO_WORK_MS, s->watch);
    }
    (void)pthread_mutex_unlock(&s->lock);
}

/* ---- life ------------------------------------------------------------------------------------ */

static void stop(struct spare *s)
{
    (void)pthread_mutex_lock(&s->lock);
    s->is_over = true;
    call_back(s);
    (void)pthread_mutex_unlock(&s->lock);
    nng_aio_stop(s->watch); /* the first: it starts the others */
    nng_aio_stop(s->probe);
    for (size_t i = 0; i < MAX_RESTS; i++)
        nng_aio_stop(s->rests[i]);
}

static void spare_free(struct spare *s)
{
    if (!s)
        return;
    stop(s);
    nng_aio_free(s->watch);
    nng_aio_free(s->probe);
    for (size_t i = 0; i < MAX_RESTS; i++)
        nng_aio_free(s->rests[i]);
    (void)pthread_cond_destroy(&s->changed);
    (void)pthread_mutex_destroy(&s->lock);
    free(s);
}

/* NULL without memory: NNG then works as it always does. */
static struct spare *spare_new(void)
{
    struct spare *s = calloc(1, sizeof(*s));
    if (!s)
        return NULL;
    clock_condition_init(&s->changed);
    (void)pthread_mutex_init(&s->lock, NULL);
    s->is_answered = true;
    s->wanted_ticks = MIN_GOOD_TICKS;
    if (nng_aio_alloc(&s->watch, watch, s) != 0 || nng_aio_alloc(&s->probe, answer, s) != 0) {
        spare_free(s);
        return NULL;
    }
    nng_sleep_aio(TICK_MS, s->watch); /* who only asks one thing is gone by then */
    return s;
}

void spare_hold(void)
{
    (void)pthread_mutex_lock(&holders_lock);
    if (n_holders++ == 0)
        spare = spare_new();
    (void)pthread_mutex_unlock(&holders_lock);
}

void spare_release(void)
{
    (void)pthread_mutex_lock(&holders_lock);
    if (--n_holders == 0) {
        spare_free(spare);
        spare = NULL;
    }
    (void)pthread_mutex_unlock(&holders_lock);
}

size_t spare_recalls(void)
{
    size_t n = 0;
    (void)pthread_mutex_lock(&holders_lock);
    if (spare) {
        (void)pthread_mutex_lock(&spare->lock);
        n = spare->n_recalls;
        (void)pthread_mutex_unlock(&spare->lock);
    }
    (void)pthread_mutex_unlock(&holders_lock);
    return n;
}
