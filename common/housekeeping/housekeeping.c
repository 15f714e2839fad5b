/* SPDX-License-Identifier: Apache-2.0 */
#include "housekeeping/housekeeping.h"

#include "housekeeping_sql.h"
#include "log/log.h"

#include <pthread.h>
#include <sodium.h>
#include <stdlib.h>
#include <time.h>

enum {
    DEFAULT_INTERVAL_MS = 10 * 60 * 1000,
    DEFAULT_BATCH = 500,
    FIRST_MS = 60 * 1000, /* a service that has just started has better things to do */
    PAUSE_MS = 50,        /* between two batches, for the others */
    TIMEOUT_US = 10 * 1000000,
    REMEMBERED_DAYS = 7, /* ids of events, replies of idempotency keys: as documented */
    US_PER_S = 1000000,
    US_PER_MS = 1000,
    NS_PER_US = 1000,
    N_COMMON = 3,
};
static const int64_t us_per_day = INT64_C(86400) * US_PER_S;

struct housekeeping {
    struct housekeeping_config config;
    struct housekeeping_task common[N_COMMON];
    pthread_mutex_t lock;
    pthread_cond_t wake;
    bool is_stopping; /* under the lock */
    pthread_t thread;
};

static void init(struct housekeeping *h, const struct housekeeping_config *config)
{
    *h = (struct housekeeping){.config = *config,
        .common = {{"inbox", REMEMBERED_DAYS, &HOUSEKEEPING_SQL_CLEAN_INBOX},
            {"idempotency", REMEMBERED_DAYS, &HOUSEKEEPING_SQL_CLEAN_IDEMPOTENCY},
            {"dead-letters", config->dead_letter_days, &HOUSEKEEPING_SQL_CLEAN_DEAD_LETTERS}}};
    if (h->config.interval_ms <= 0)
        h->config.interval_ms = DEFAULT_INTERVAL_MS;
    if (h->config.batch <= 0)
        h->config.batch = DEFAULT_BATCH;
}

static size_t n_tasks(const struct housekeeping *h)
{
    return N_COMMON + h->config.n_tasks;
}

static const struct housekeeping_task *task_at(const struct housekeeping *h, size_t i)
{
    return i < N_COMMON ? &h->common[i] : &h->config.tasks[i - N_COMMON];
}

static struct db_session session(const struct housekeeping *h)
{
    return db_session(h->config.db, clock_mono_us(clock_system()) + TIMEOUT_US);
}

/* ---- one task -------------------------------------------------------------------------------- */

static enum err_code clean_batch(
    const struct housekeeping *h, const struct housekeeping_task *task, int64_t *n, struct err *err)
{
    int64_t before_us = clock_wall_us(h->config.clock) - task->keep_days * us_per_day;
    const struct db_param params[] = {db_time(before_us), db_int(h->config.batch)};
    struct db_session s = session(h);
    CLEANUP(db_result_clear) struct db_result *cleaned = NULL;
    enum err_code code = db_query(&s, task->clean, params, &cleaned, err);
    if (code == ERR_OK)
        *n = db_get_int(cleaned, 0, 0);
    return code;
}

/* False once we are to stop. */
static bool pause_for(struct housekeeping *h, int64_t ms)
{
    int64_t until_us = clock_mono_us(clock_system()) + ms * US_PER_MS;
    const struct timespec until = {until_us / US_PER_S, until_us % US_PER_S * NS_PER_US};
    (void)pthread_mutex_lock(&h->lock);
    while (!h->is_stopping && clock_mono_us(clock_system()) < until_us)
        (void)pthread_cond_timedwait(&h->wake, &h->lock, &until);
    bool goes_on = !h->is_stopping;
    (void)pthread_mutex_unlock(&h->lock);
    return goes_on;
}

/* Until a batch is not full any more. */
static void clean(struct housekeeping *h, const struct housekeeping_task *task)
{
    int64_t total = 0;
    int64_t n = 0;
    struct err err;
    enum err_code code;
    do {
        code = clean_batch(h, task, &n, &err);
        total += code == ERR_OK ? n : 0;
    } while (code == ERR_OK && n >= h->config.batch && pause_for(h, PAUSE_MS));
    if (code != ERR_OK)
        log_warn("housekeeping.failed", LOG_STR("task", task->name), LOG_ERR(&err));
    if (total > 0)
        log_info("housekeeping.cleaned", LOG_STR("task", task->name), LOG_INT("rows", total));
}

/* Is it our turn? Nobody else's then for an interval. */
static bool takes_turn(const struct housekeeping *h, const struct housekeeping_task *task)
{
    struct err err;
    struct db_session s = session(h);
    CLEANUP(db_result_clear) struct db_result *taken = NULL;
    enum err_code code = housekeeping_sql_take_turn(
        &s, &taken, &err, db_text(task->name), db_int(h->config.interval_ms));
    if (code != ERR_OK)
        log_warn("housekeeping.failed", LOG_STR("task", task->name), LOG_ERR(&err));
    return code == ERR_OK && db_rows(taken) == 1;
}

/* ---- the thread ------------------------------------------------------------------------------ */

static void *run(void *arg)
{
    struct housekeeping *h = arg;
    int64_t interval_ms = h->config.interval_ms;
    int64_t first_ms = interval_ms < FIRST_MS ? interval_ms : FIRST_MS;
    int64_t wait_ms = 1 + randombytes_uniform((uint32_t)first_ms);
    while (pause_for(h, wait_ms)) {
        for (size_t i = 0; i < n_tasks(h); i++) {
            const struct housekeeping_task *task = task_at(h, i);
            if (task->keep_days > 0 && takes_turn(h, task))
                clean(h, task);
        }
        wait_ms = interval_ms / 2 + 1 + randombytes_uniform((uint32_t)interval_ms);
    }
    return NULL;
}

enum err_code housekeeping_start(
    struct housekeeping **out, const struct housekeeping_config *config, struct err *err)
{
    struct housekeeping *h = malloc(sizeof(*h));
    if (!h)
        return err_raise(err, REASON_INTERNAL_ERROR, "out of memory");
    init(h, config);
    clock_condition_init(&h->wake);
    (void)pthread_mutex_init(&h->lock, NULL);
    if (pthread_create(&h->thread, NULL, run, h) != 0) {
        (void)pthread_cond_destroy(&h->wake);
        (void)pthread_mutex_destroy(&h->lock);
        free(h);
        return err_raise(err, REASON_INTERNAL_ERROR, "no more threads");
    }
    *out = h;
    return ERR_OK;
}

void housekeeping_stop(struct housekeeping *h)
{
    if (!h)
        return;
    (void)pthread_mutex_lock(&h->lock);
    h->is_stopping = true;
    (void)pthread_cond_broadcast(&h->wake);
    (void)pthread_mutex_unlock(&h->lock);
    (void)pthread_join(h->thread, NULL);
    (void)pthread_cond_destroy(&h->wake);
    (void)pthread_mutex_destroy(&h->lock);
    free(h);
}

enum err_code housekeeping_run(const struct housekeeping_config *config, struct err *err)
{
    struct housekeeping h;
    enum err_code code = ERR_OK;
    init(&h, config);
    for (size_t i = 0; i < n_tasks(&h) && code == ERR_OK; i++) {
        int64_t n = h.config.batch;
        while (task_at(&h, i)->keep_days > 0 && code == ERR_OK && n >= h.config.batch)
            code = clean_batch(&h, task_at(&h, i), &n, err);
    }
    return code;
}
