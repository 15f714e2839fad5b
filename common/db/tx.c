/* SPDX-License-Identifier: Apache-2.0 */
#include "db/pool.h"

#include <assert.h>
#include <sodium.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

enum {
    US_PER_MS = 1000,
    US_PER_S = 1000000,
    NS_PER_US = 1000,
    DEFAULT_TIMEOUT_US = 30 * US_PER_S,
    ROLLBACK_TIMEOUT_US = US_PER_S,
    COMMIT_GRACE_US = US_PER_S,
    MAX_ATTEMPTS = 4,
    RETRY_DELAY_US = 10 * US_PER_MS,
};

struct db_session db_session(struct db *db, int64_t deadline_us)
{
    return (struct db_session){.db = db, .deadline_us = deadline_us};
}

int64_t session_deadline_us(const struct db_session *s)
{
    if (s->tx)
        return s->tx->deadline_us;
    return s->deadline_us ? s->deadline_us : conn_now_us() + DEFAULT_TIMEOUT_US;
}

enum err_code session_check(const struct db_session *s, struct err *err)
{
    if (!s->db)
        return err_raise(err, REASON_INTERNAL_ERROR,
            "the database may not be asked here: who runs this waits for nothing");
    if (!db_interrupt_is_set(s->interrupt))
        return ERR_OK;
    return err_raise(err, REASON_CALL_CANCELLED, "nobody waits for the answer any more");
}

enum err_code session_outcome(const struct db_session *s, enum err_code code, struct err *err)
{
    return code == ERR_DEADLINE_EXCEEDED && session_check(s, err) != ERR_OK ? err->code : code;
}

/*
 * The server enforces the deadline as well, should we vanish: it bounds each statement and each
 * pause between two of them. SET LOCAL ends with the transaction, so poolers can be in between.
 */
static enum err_code begin(
    struct db_conn *conn, enum db_tx_mode mode, int64_t deadline_us, struct err *err)
{
    int64_t left_ms = (deadline_us - conn_now_us()) / US_PER_MS;
    if (left_ms <= 0)
        return err_raise(
            err, REASON_DEADLINE_PASSED, "the deadline passed before the change began");
    char text[256];
    (void)snprintf(text, sizeof(text),
        "BEGIN ISOLATION LEVEL %s; SET LOCAL statement_timeout = %lld;"
        "SET LOCAL idle_in_transaction_session_timeout = %lld",
        mode == DB_TX_READ ? "REPEATABLE READ READ ONLY" : "READ COMMITTED READ WRITE",
        (long long)left_ms, (long long)left_ms);
    return conn_exec(conn, "begin", text, deadline_us, err);
}

enum err_code db_begin(struct db_session *s, enum db_tx_mode mode, struct err *err)
{
    assert(!s->tx);
    if (mode == DB_TX_NONE)
        return ERR_OK;
    enum err_code code = session_check(s, err);
    if (code != ERR_OK)
        return code;
    int64_t started_us = conn_now_us();
    int64_t deadline_us = session_deadline_us(s);
    struct db_tx *tx = calloc(1, sizeof(*tx));
    if (!tx)
        return err_raise(err, REASON_INTERNAL_ERROR, "out of memory");
    *tx = (struct db_tx){.mode = mode, .deadline_us = deadline_us};
    code = pool_lease(s->db, deadline_us, &tx->conn, err);
    if (code == ERR_OK) {
        tx->conn->interrupt = s->interrupt;
        code = begin(tx->conn, mode, deadline_us, err);
        if (code != ERR_OK)
            pool_release(s->db, tx->conn); /* not idle any more: it is closed */
    }
    s->db_us += conn_now_us() - started_us;
    if (code != ERR_OK) {
        free(tx);
        return session_outcome(s, code, err);
    }
    s->tx = tx;
    return ERR_OK;
}

static void end(struct db_session *s)
{
    pool_release(s->db, s->tx->conn);
    free(s->tx);
    s->tx = NULL;
}

void db_rollback(struct db_session *s)
{
    if (!s->tx)
        return;
    int64_t started_us = conn_now_us();
    struct err ignored;
    s->tx->conn->interrupt = NULL;
    if (!s->tx->conn->is_broken && conn_exec(s->tx->conn, "rollback", "ROLLBACK",
                                       started_us + ROLLBACK_TIMEOUT_US, &ignored) != ERR_OK)
        s->tx->conn->is_broken = true;
    end(s);
    s->db_us += conn_now_us() - started_us;
}

/* A commit is never cancelled: that could not undo it, only leave it in doubt. */
static enum err_code send_commit(struct db_conn *conn, int64_t deadline_us, struct err *err)
{
    conn->interrupt = NULL;
    int64_t grace_us = conn_now_us() + COMMIT_GRACE_US;
    int64_t until_us = deadline_us > grace_us ? deadline_us : grace_us;
    conn->is_commit_in_doubt = false;
    if (!PQsendQuery(conn->pg, "COMMIT")) {
        conn->is_broken = true;
        return sqlstate_raise(err, conn->pg, NULL, "commit");
    }
    CLEANUP(pg_result_clear) PGresult *r = NULL;
    enum err_code code = ERR_OK;
    if (conn_await(conn, until_us))
        code = conn_finish(conn, "commit", until_us, &r, err);
    else
        conn->is_broken = true;
    if (conn->is_broken || conn->is_commit_in_doubt)
        return err_raise(err, REASON_COMMIT_IN_DOUBT,
            "the database did not confirm the change; it may or may not have been made");
    if (code == ERR_OK && strcmp(PQcmdStatus(r), "COMMIT") != 0)
        return err_raise(err, REASON_INTERNAL_ERROR, "the change was rolled back");
    return code;
}

enum err_code db_commit(struct db_session *s, struct err *err)
{
    if (!s->tx)
        return ERR_OK;
    struct db_tx *tx = s->tx;
    enum err_reason failed = tx->failed;
    if (failed != REASON_NONE) {
        db_rollback(s); /* frees tx */
        return err_raise(err, failed, "the change was rolled back: a statement had failed");
    }
    enum err_code code = session_check(s, err);
    if (code != ERR_OK) {
        db_rollback(s);
        return code;
    }
    if (conn_now_us() >= tx->deadline_us) {
        db_rollback(s);
        return err_raise(
            err, REASON_DEADLINE_PASSED, "the deadline passed before the change was committed");
    }
    int64_t started_us = conn_now_us();
    code = send_commit(tx->conn, tx->deadline_us, err);
    end(s);
    s->db_us += conn_now_us() - started_us;
    return code;
}

static void pause_before_retry(int attempt)
{
    int64_t us = randombytes_uniform((uint32_t)RETRY_DELAY_US << attempt);
    struct timespec pause = {us / US_PER_S, us % US_PER_S * NS_PER_US};
    (void)clock_nanosleep(CLOCK_MONOTONIC, 0, &pause, NULL);
}

static enum err_code attempt_tx(
    struct db_session *s, enum db_tx_mode mode, db_tx_fn *body, void *arg, struct err *err)
{
    enum err_code code = db_begin(s, mode, err);
    if (code != ERR_OK)
        return code;
    code = body(s, arg, err);
    if (code == ERR_OK)
        return db_commit(s, err);
    db_rollback(s);
    return code;
}

enum err_code db_in_tx(
    struct db_session *s, enum db_tx_mode mode, db_tx_fn *body, void *arg, struct err *err)
{
    if (s->tx) /* the owner of the transaction retries it as a whole */
        return body(s, arg, err);
    for (int attempt = 1;; attempt++) {
        enum err_code code = attempt_tx(s, mode, body, arg, err);
        if (code == ERR_OK || err->reason != REASON_TRANSACTION_CONFLICT ||
            attempt == MAX_ATTEMPTS || conn_now_us() >= session_deadline_us(s))
            return code;
        pause_before_retry(attempt);
    }
}
