/* SPDX-License-Identifier: Apache-2.0 */
#include "db/pool.h"

#include "db_sql.h"
#include "log/log.h"

#include <assert.h>
#include <sodium.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

enum {
    US_PER_MS = 1000,
    US_PER_S = 1000000,
    NS_PER_US = 1000,
    CONNECT_TIMEOUT_US = 5 * US_PER_S,
    CONNECT_FAIR_US = US_PER_S, /* who grants less learns nothing of the database */
    BACKOFF_FIRST_US = 50 * US_PER_MS,
    BACKOFF_LAST_US = US_PER_S,
    WAIT_STEP_US = 200 * US_PER_MS,
};

static int64_t earlier(int64_t a, int64_t b)
{
    return a < b ? a : b;
}

/* ---- leases ---------------------------------------------------------------------------------- */

/* Half to all of a delay that doubles, so that a restarted database is not stormed. */
static int64_t backoff_us(unsigned failures)
{
    int64_t delay = BACKOFF_FIRST_US;
    for (unsigned i = 1; i < failures && delay < BACKOFF_LAST_US; i++)
        delay *= 2;
    delay = earlier(delay, BACKOFF_LAST_US);
    return delay / 2 + randombytes_uniform((uint32_t)(delay / 2));
}

static void note_connected(struct db *db)
{
    pthread_mutex_lock(&db->lock);
    bool was_down = db->failures > 0;
    db->failures = 0;
    db->retry_at_us = 0;
    pthread_mutex_unlock(&db->lock);
    if (was_down)
        log_info("db.reconnected", LOG_NONE);
}

static void note_failed(struct db *db, struct err *err)
{
    pthread_mutex_lock(&db->lock);
    bool was_up = db->failures++ == 0;
    int64_t delay_us = backoff_us(db->failures);
    db->retry_at_us = conn_now_us() + delay_us;
    db->n_open--;
    pthread_cond_signal(&db->freed);
    pthread_mutex_unlock(&db->lock);
    err->retry_after_ms = (uint32_t)(delay_us / US_PER_MS);
    if (was_up)
        log_warn("db.lost", LOG_ERR(err));
}

static void give_place_back(struct db *db)
{
    pthread_mutex_lock(&db->lock);
    db->n_open--;
    pthread_cond_signal(&db->freed);
    pthread_mutex_unlock(&db->lock);
}

/* The caller has taken a place in n_open. */
static enum err_code open_leased(
    struct db *db, int64_t deadline_us, struct db_conn **out, struct err *err)
{
    int64_t now_us = conn_now_us();
    int64_t until_us = earlier(deadline_us, now_us + CONNECT_TIMEOUT_US);
    enum err_code code = conn_open(out, &db->config, until_us, err);
    if (code == ERR_OK) {
        note_connected(db);
    } else if (deadline_us - now_us < CONNECT_FAIR_US && conn_now_us() >= deadline_us) {
        give_place_back(db);
        code = err_raise(
            err, REASON_DEADLINE_PASSED, "the deadline passed while connecting to the database");
    } else {
        note_failed(db, err);
    }
    return code;
}

enum taken { TAKEN_IDLE, TAKEN_PLACE, TAKEN_BACKOFF, TAKEN_LATE };

/* An idle connection, or a place to open one; waits while all are leased. */
static enum taken take(
    struct db *db, int64_t deadline_us, struct db_conn **out, int64_t *backoff_left_us)
{
    enum taken taken = TAKEN_LATE;
    struct timespec until = {deadline_us / US_PER_S, deadline_us % US_PER_S * NS_PER_US};
    pthread_mutex_lock(&db->lock);
    while (db->n_idle == 0 && db->n_open >= (size_t)db->config.pool_size)
        if (pthread_cond_timedwait(&db->freed, &db->lock, &until) != 0)
            break;
    *backoff_left_us = db->retry_at_us - conn_now_us();
    if (db->n_idle > 0) {
        *out = db->idle[--db->n_idle];
        taken = TAKEN_IDLE;
    } else if (db->n_open < (size_t)db->config.pool_size) {
        taken = *backoff_left_us > 0 ? TAKEN_BACKOFF : TAKEN_PLACE;
        db->n_open += taken == TAKEN_PLACE;
    }
    pthread_mutex_unlock(&db->lock);
    return taken;
}

static enum err_code raise_backing_off(int64_t left_us, struct err *err)
{
    enum err_code code =
        err_raise(err, REASON_DATABASE_UNAVAILABLE, "the database could not be reached just now");
    err->retry_after_ms = (uint32_t)(left_us / US_PER_MS) + 1;
    return code;
}

enum err_code pool_lease(struct db *db, int64_t deadline_us, struct db_conn **out, struct err *err)
{
    for (;;) {
        struct db_conn *conn = NULL;
        int64_t backoff_left_us;
        if (conn_now_us() >= deadline_us)
            return err_raise(
                err, REASON_DEADLINE_PASSED, "the deadline passed before the database was asked");
        switch (take(db, deadline_us, &conn, &backoff_left_us)) {
        case TAKEN_LATE:
            return err_raise(err, REASON_DEADLINE_PASSED,
                "the deadline passed while waiting for one of %d database connections",
                (int)db->config.pool_size);
        case TAKEN_BACKOFF:
            return raise_backing_off(backoff_left_us, err);
        case TAKEN_PLACE:
            return open_leased(db, deadline_us, out, err);
        case TAKEN_IDLE:
            break;
        }
        if (conn_is_alive(conn)) {
            *out = conn;
            return ERR_OK;
        }
        conn->is_broken = true; /* the server hung up while it was idle: nothing was lost */
        pool_release(db, conn);
    }
}

void pool_release(struct db *db, struct db_conn *conn)
{
    conn->interrupt = NULL;
    bool is_reusable = !conn->is_broken && PQtransactionStatus(conn->pg) == PQTRANS_IDLE;
    if (!is_reusable)
        conn_free(conn);
    pthread_mutex_lock(&db->lock);
    if (is_reusable)
        db->idle[db->n_idle++] = conn;
    else
        db->n_open--;
    pthread_cond_signal(&db->freed);
    pthread_mutex_unlock(&db->lock);
}

/* ---- opening --------------------------------------------------------------------------------- */

static char *copy_of(const char *s)
{
    return s ? strdup(s) : NULL;
}

static struct db *new_pool(const struct db_config *config)
{
    struct db *db = calloc(1, sizeof(*db));
    if (!db)
        return NULL;
    clock_condition_init(&db->freed);
    (void)pthread_mutex_init(&db->lock, NULL);
    db->config = *config;
    if (db->config.pool_size < 1)
        db->config.pool_size = 1;
    db->config.conninfo = copy_of(config->conninfo);
    db->config.password = copy_of(config->password);
    db->config.app_name = copy_of(config->app_name);
    db->idle = calloc((size_t)db->config.pool_size, sizeof(struct db_conn *));
    assert(db->n_idle == 0);
    if (!db->idle || !db->config.conninfo) {
        db_close(db);
        return NULL;
    }
    return db;
}

void db_close(struct db *db)
{
    if (!db)
        return;
    for (size_t i = 0; i < db->n_idle; i++)
        conn_free(db->idle[i]);
    free(db->idle);
    free((void *)(uintptr_t)db->config.conninfo);
    free((void *)(uintptr_t)db->config.password);
    free((void *)(uintptr_t)db->config.app_name);
    (void)pthread_cond_destroy(&db->freed);
    (void)pthread_mutex_destroy(&db->lock);
    free(db);
}

/* Only what gets better by itself is worth waiting for; a wrong password is not. */
static bool may_be_starting(const struct err *err)
{
    return err->reason == REASON_DATABASE_UNAVAILABLE &&
           strstr(err->detail, "FATAL:  password") == NULL &&
           strstr(err->detail, "FATAL:  role") == NULL;
}

static enum err_code wait_until_up(struct db *db, int64_t wait_ms, struct err *err)
{
    int64_t deadline_us = conn_now_us() + wait_ms * US_PER_MS;
    bool is_told = false;
    for (;;) {
        enum err_code code = db_ping(db, CONNECT_TIMEOUT_US / US_PER_MS, err);
        if (code == ERR_OK || !may_be_starting(err) || conn_now_us() >= deadline_us)
            return code;
        if (!is_told)
            log_info("db.waiting", LOG_INT("wait_ms", wait_ms), LOG_ERR(err));
        is_told = true;
        struct timespec step = {0, WAIT_STEP_US * NS_PER_US};
        (void)clock_nanosleep(CLOCK_MONOTONIC, 0, &step, NULL);
    }
}

/* The settings without which an acknowledged change can be lost. */
static enum err_code check_durability(struct db *db, struct err *err)
{
    struct db_session session = db_session(db, 0);
    CLEANUP(db_result_clear) struct db_result *unsafe = NULL;
    enum err_code code = db_sql_unsafe_settings(&session, &unsafe, err);
    if (code != ERR_OK || db_rows(unsafe) == 0)
        return code;
    const char *name = db_get_text(unsafe, 0, 0);
    if (!db->config.allow_unsafe)
        return err_raise(err, REASON_DATABASE_UNSAFE,
            "the database runs with %s = off: an acknowledged change could be lost; turn it on, or "
            "accept the risk with allow-unsafe-database",
            name);
    log_warn("db.unsafe", LOG_STR("setting", name));
    return ERR_OK;
}

enum err_code db_open(
    struct db **out, const struct db_config *config, int64_t wait_ms, struct err *err)
{
    struct db *db = new_pool(config);
    if (!db)
        return err_raise(err, REASON_INTERNAL_ERROR, "out of memory");
    enum err_code code = wait_until_up(db, wait_ms, err);
    if (code == ERR_OK)
        code = check_durability(db, err);
    if (code != ERR_OK) {
        db_close(db);
        return code;
    }
    *out = db;
    return ERR_OK;
}

enum err_code db_ping(struct db *db, int64_t timeout_ms, struct err *err)
{
    int64_t deadline_us = conn_now_us() + timeout_ms * US_PER_MS;
    struct db_conn *conn;
    enum err_code code = pool_lease(db, deadline_us, &conn, err);
    if (code != ERR_OK)
        return code;
    code = conn_exec(conn, "ping", "", deadline_us, err);
    pool_release(db, conn);
    return code;
}

struct db_pool_counts db_pool_count(struct db *db)
{
    (void)pthread_mutex_lock(&db->lock);
    const struct db_pool_counts counts = {
        .size = (size_t)db->config.pool_size, .n_open = db->n_open, .n_idle = db->n_idle};
    (void)pthread_mutex_unlock(&db->lock);
    return counts;
}
