/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The pool of connections and what belongs to a transaction, private to common/db.
 */
#pragma once

#include "db/conn.h"
#include "db/costs.h"
#include "db/eager.h"

#include <pthread.h>

struct db {
    struct db_config config; /* strings owned */
    pthread_mutex_t lock;
    pthread_cond_t freed;
    struct db_conn **idle; /* the most recently used last */
    size_t n_idle;
    size_t n_open;       /* idle and leased */
    unsigned failures;   /* connection attempts failed in a row */
    int64_t retry_at_us; /* no new attempt before this */
    struct costs costs;
    struct eager eager;
};

struct db_tx {
    struct db_conn *conn;
    enum db_tx_mode mode;
    int64_t deadline_us;
    enum err_reason failed; /* why PostgreSQL aborted it, or REASON_NONE */
};

/* Waits for a free connection until the deadline; give it back with pool_release. */
MUST_USE enum err_code pool_lease(
    struct db *db, int64_t deadline_us, struct db_conn **out, struct err *err);
void pool_release(struct db *db, struct db_conn *conn);

/* When a statement started now must be done. */
int64_t session_deadline_us(const struct db_session *s);

/* CALL_CANCELLED for a session that was interrupted, before more is done for it. */
MUST_USE enum err_code session_check(const struct db_session *s, struct err *err);

/* What a step came to: a wait cut short by the interrupt looks like a deadline to the steps below.
 */
MUST_USE enum err_code session_outcome(
    const struct db_session *s, enum err_code code, struct err *err);

/* Text of several commands in the session's transaction: DDL of migrations. */
MUST_USE enum err_code session_exec(
    struct db_session *s, const char *what, const char *text, struct err *err);
