/* SPDX-License-Identifier: Apache-2.0 */
#include "db/conn.h"

#include <errno.h>
#include <limits.h>
#include <poll.h>
#include <pthread.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

enum { CANCEL_GRACE_US = 1000000, NS_PER_US = 1000, US_PER_MS = 1000, US_PER_S = 1000000 };

int64_t conn_now_us(void)
{
    return clock_mono_us(clock_system());
}

void pg_result_clear(PGresult **r)
{
    PQclear(*r);
    *r = NULL;
}

/*
 * False when time is up or the interrupt came, and nothing else had come before. True also on a
 * socket error: libpq will find out and say what it is.
 */
static bool wait_socket(const struct db_conn *c, short events, int64_t deadline_us)
{
    struct pollfd fds[] = {
        {.fd = PQsocket(c->pg), .events = events},
        {.fd = c->interrupt ? c->interrupt->fd : -1, .events = POLLIN},
    };
    for (;;) {
        int64_t left_us = deadline_us - conn_now_us();
        int64_t left_ms = left_us > 0 ? left_us / US_PER_MS + 1 : 0;
        int n = poll(fds, 2, left_ms > INT_MAX ? INT_MAX : (int)left_ms);
        if (n > 0)
            return fds[0].revents != 0;
        if (n < 0 && errno != EINTR)
            return true;
        if (left_us <= 0)
            return false;
    }
}

/*
 * A cancelled wait for synchronous replication comes as a mere warning on a successful COMMIT,
 * though the change is lost if the primary is. Known by the function that sent it: the text is
 * translated, the SQLSTATE says nothing.
 */
static void on_notice(void *arg, const PGresult *r)
{
    struct db_conn *c = arg;
    const char *origin = PQresultErrorField(r, PG_DIAG_SOURCE_FUNCTION);
    if (origin && strcmp(origin, "SyncRepWaitForLSN") == 0)
        c->is_commit_in_doubt = true;
}

static enum err_code finish_connecting(struct db_conn *c, int64_t deadline_us, struct err *err)
{
    PostgresPollingStatusType state = PGRES_POLLING_WRITING;
    while (PQstatus(c->pg) != CONNECTION_BAD && state != PGRES_POLLING_OK &&
           state != PGRES_POLLING_FAILED) {
        short events = state == PGRES_POLLING_READING ? POLLIN : POLLOUT;
        if (!wait_socket(c, events, deadline_us))
            return err_raise(err, REASON_DATABASE_UNAVAILABLE,
                "the database did not accept a connection in time");
        state = PQconnectPoll(c->pg);
    }
    if (PQstatus(c->pg) != CONNECTION_OK)
        return sqlstate_raise(err, c->pg, NULL, "connect");
    if (PQsetnonblocking(c->pg, 1) != 0)
        return sqlstate_raise(err, c->pg, NULL, "connect");
    (void)PQsetNoticeReceiver(c->pg, on_notice, c);
    return ERR_OK;
}

enum err_code conn_open(
    struct db_conn **out, const struct db_config *config, int64_t deadline_us, struct err *err)
{
    struct db_conn *c = calloc(1, sizeof(*c));
    if (!c)
        return err_raise(err, REASON_INTERNAL_ERROR, "out of memory");
    /* Later keywords win over those in conninfo; a NULL value counts as not given. */
    const char *keywords[] = {"dbname", "client_encoding", "application_name", "password", NULL};
    const char *values[] = {config->conninfo, "UTF8", config->app_name, config->password, NULL};
    c->pg = PQconnectStartParams(keywords, values, 1);
    enum err_code code = c->pg ? finish_connecting(c, deadline_us, err)
                               : err_raise(err, REASON_INTERNAL_ERROR, "out of memory");
    if (code != ERR_OK) {
        conn_free(c);
        return code;
    }
    *out = c;
    return ERR_OK;
}

void conn_free(struct db_conn *c)
{
    if (!c)
        return;
    conn_forget_prepared(c);
    PQfinish(c->pg);
    free(c);
}

bool conn_is_alive(struct db_conn *c)
{
    /* An idle server has nothing to say but good-bye; at worst we reconnect for nothing. */
    struct pollfd fd = {.fd = PQsocket(c->pg), .events = POLLIN};
    return poll(&fd, 1, 0) == 0;
}

bool conn_await(struct db_conn *c, int64_t deadline_us)
{
    int unsent = PQflush(c->pg); /* 1: there is more to send; -1: reading will tell why */
    while (unsent > 0 || PQisBusy(c->pg)) {
        short events = (short)(unsent > 0 ? POLLIN | POLLOUT : POLLIN);
        if (!wait_socket(c, events, deadline_us))
            return false;
        if (!PQconsumeInput(c->pg))
            return true;
        if (unsent > 0)
            unsent = PQflush(c->pg);
    }
    return true;
}

static void *cancel_thread(void *arg)
{
    PGcancel *cancel = arg;
    char ignored[256];
    (void)PQcancel(cancel, ignored, sizeof(ignored));
    PQfreeCancel(cancel);
    return NULL;
}

/* PQcancel blocks for as long as the server likes, so it has a thread of its own. */
bool conn_cancel(struct db_conn *c)
{
    PGcancel *cancel = PQgetCancel(c->pg);
    if (!cancel)
        return false;
    pthread_t thread;
    if (pthread_create(&thread, NULL, cancel_thread, cancel) != 0) {
        PQfreeCancel(cancel);
        return false;
    }
    /* By the wall clock: the thread sanitizer does not know pthread_clockjoin_np. */
    int64_t until_us = clock_wall_us(clock_system()) + CANCEL_GRACE_US;
    struct timespec until = {until_us / US_PER_S, until_us % US_PER_S * NS_PER_US};
    if (pthread_timedjoin_np(thread, NULL, &until) == 0)
        return true;
    (void)pthread_detach(thread);
    return false;
}

/* At the deadline, or when interrupted: cancel and give the server a moment to say so. */
static bool await_or_cancel(struct db_conn *c, int64_t *deadline_us, bool *is_cancelled)
{
    if (conn_await(c, *deadline_us))
        return true;
    if (*is_cancelled || !conn_cancel(c))
        return false;
    *is_cancelled = true;
    c->interrupt = NULL; /* heard */
    *deadline_us = conn_now_us() + CANCEL_GRACE_US;
    return conn_await(c, *deadline_us);
}

static bool is_success(const PGresult *r)
{
    ExecStatusType status = PQresultStatus(r);
    return status == PGRES_COMMAND_OK || status == PGRES_TUPLES_OK || status == PGRES_EMPTY_QUERY;
}

enum err_code conn_finish(
    struct db_conn *c, const char *what, int64_t deadline_us, PGresult **out, struct err *err)
{
    CLEANUP(pg_result_clear) PGresult *kept = NULL;
    bool is_cancelled = false;
    for (;;) {
        if (!await_or_cancel(c, &deadline_us, &is_cancelled)) {
            c->is_broken = true;
            return err_raise(
                err, REASON_DEADLINE_PASSED, "the deadline passed before the database answered");
        }
        PGresult *r = PQgetResult(c->pg);
        if (!r)
            break;
        /* An error may follow a result: the commit of a statement comes after its rows. */
        if (kept && !is_success(kept)) {
            PQclear(r);
            continue;
        }
        PQclear(kept);
        kept = r;
        if (PQresultStatus(r) == PGRES_COPY_OUT || PQresultStatus(r) == PGRES_COPY_IN) {
            c->is_broken = true;
            break;
        }
    }
    if (PQstatus(c->pg) == CONNECTION_BAD)
        c->is_broken = true;
    if (c->is_broken || !kept || !is_success(kept))
        return sqlstate_raise(err, c->pg, kept, what);
    *out = kept;
    kept = NULL;
    return ERR_OK;
}

enum err_code conn_exec(
    struct db_conn *c, const char *what, const char *text, int64_t deadline_us, struct err *err)
{
    if (!PQsendQuery(c->pg, text)) {
        c->is_broken = true;
        return sqlstate_raise(err, c->pg, NULL, what);
    }
    CLEANUP(pg_result_clear) PGresult *r = NULL;
    return conn_finish(c, what, deadline_us, &r, err);
}
