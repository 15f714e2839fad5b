/* SPDX-License-Identifier: Apache-2.0 */
/*
 * One connection to PostgreSQL, private to common/db. Used by one thread at a time; who holds the
 * lease holds the connection. Waiting is always bounded by a deadline on the monotonic clock.
 */
#pragma once

#include "db/db.h"

#include <libpq-fe.h>

struct prepared; /* prepared.c */

struct db_conn {
    PGconn *pg;
    bool is_broken;          /* lost, or in a state nobody may go on with: close, do not pool */
    bool is_commit_in_doubt; /* the server committed, but says the replica may not have it */
    const struct db_interrupt *interrupt; /* ends a wait like a deadline; NULL between leases */
    struct prepared *prepared;
    size_t n_prepared;
};

int64_t conn_now_us(void);

MUST_USE enum err_code conn_open(
    struct db_conn **out, const struct db_config *config, int64_t deadline_us, struct err *err);
void conn_free(struct db_conn *c);

/* False when the server hung up while the connection was idle. One poll, no round trip. */
bool conn_is_alive(struct db_conn *c);

/*
 * The outcome of what was just sent: the last result, or the first error translated. At the
 * deadline, or when interrupted, the statement is cancelled; a server that does not even answer
 * that loses us (is_broken). `what` names the statement in the error's detail.
 */
MUST_USE enum err_code conn_finish(
    struct db_conn *c, const char *what, int64_t deadline_us, PGresult **out, struct err *err);

/* Until the next result is there, all sent; false: the deadline passed before. */
MUST_USE bool conn_await(struct db_conn *c, int64_t deadline_us);

/*
 * Ask the server to stop the statement at work. True only if the server has heard it, which makes
 * the connection safe to go on with.
 */
bool conn_cancel(struct db_conn *c);

/* Text without parameters by the simple protocol, several commands allowed, results dropped. */
MUST_USE enum err_code conn_exec(
    struct db_conn *c, const char *what, const char *text, int64_t deadline_us, struct err *err);

void pg_result_clear(PGresult **r);

/* ---- prepared.c: statements, prepared when first used on a connection ------------------------ */

struct prepared_stmt {
    const struct db_stmt *stmt;
    char name[16];
    Oid *types; /* of the parameters, as PostgreSQL inferred them */
};

/* Checks number and types of parameters and columns once, when it prepares. */
MUST_USE enum err_code conn_prepare(struct db_conn *c, const struct db_stmt *stmt,
    int64_t deadline_us, const struct prepared_stmt **out, struct err *err);
void conn_forget_prepared(struct db_conn *c);

/* ---- params.c -------------------------------------------------------------------------------- */

enum { PARAMS_MAX = 64 };

/* Parameters as libpq wants them. params_fini() after sending. */
struct params {
    const char *values[PARAMS_MAX];
    int lengths[PARAMS_MAX];
    int formats[PARAMS_MAX];
    unsigned char scalars[PARAMS_MAX][8];
    void *owned[PARAMS_MAX]; /* encoded arrays */
    int n;
};

MUST_USE enum err_code params_encode(struct params *p, const struct prepared_stmt *prepared,
    const struct db_param *params, struct err *err);
void params_fini(struct params *p);

/* The same for `n` callers of a keyed statement; arrays of the values each of them gave. */
MUST_USE enum err_code params_encode_keys(struct params *p, const struct prepared_stmt *prepared,
    const struct db_param *const *callers, size_t n, struct err *err);

/* Is there a C type that can be bound to parameters of this type, or as a key to arrays of it? */
bool params_can_bind(Oid type, bool is_keyed);

/* ---- query.c --------------------------------------------------------------------------------- */

/* Prepare where needed, send, and wait for the result. */
MUST_USE enum err_code conn_run(struct db_conn *c, const struct db_stmt *stmt,
    const struct db_param *params, int64_t deadline_us, struct db_result **out, struct err *err);

/* ---- result.c -------------------------------------------------------------------------------- */

/* A result of all rows. Takes `r`, also when it fails: INTERNAL_ERROR without memory. */
MUST_USE enum err_code result_from_pg(PGresult *r, struct db_result **out, struct err *err);

/* The same for the `n` callers of a keyed statement: to each the rows of her key. */
MUST_USE enum err_code result_split(PGresult *r, size_t n, struct db_result **out, struct err *err);

/* Is there a db_get_… that can read columns of this type? */
bool result_can_read(Oid type);

/* ---- sqlstate.c: the one place that knows what SQLSTATEs mean to us ---------------------------
 */

MUST_USE enum err_code sqlstate_raise(
    struct err *err, const PGconn *pg, const PGresult *r, const char *what);
