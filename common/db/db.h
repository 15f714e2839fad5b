/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Database: prepared statements embedded from .sql files, run on pooled PostgreSQL connections.
 *
 * A `struct db` belongs to the process and may be used from any thread. A `struct db_session` is
 * one request's view of it: its deadline, and its transaction if it has one. A statement outside a
 * transaction commits by itself. Every embedded .sql file becomes an inline function
 *
 *     <prefix>_sql_<file>(session, &result, err, db_id(&member), db_text(name), …)
 *
 * with exactly as many parameters as the text has `$n`. SQLSTATEs are translated here and nowhere
 * else: a lost connection is DATABASE_UNAVAILABLE (COMMIT_IN_DOUBT after COMMIT was sent), a
 * serialization failure or deadlock TRANSACTION_CONFLICT, a timeout DEADLINE_PASSED. A
 * unique_violation is a TRANSACTION_CONFLICT as well: a twin got past the same check at the same
 * moment, and the next attempt finds what it made. What is expected says ON CONFLICT or checks
 * first; other broken constraints are INTERNAL_ERROR.
 */
#pragma once

#include "arena/arena.h"
#include "clock/clock.h"
#include "err/err.h"
#include "ids/ids.h"

#include <stdatomic.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

struct db;
struct db_tx;
struct db_result;

struct db_config {
    const char *conninfo; /* libpq key/value string; the password apart */
    const char *password; /* NULL: none */
    const char *app_name; /* application_name of every connection */
    int64_t pool_size;    /* connections kept */
    bool allow_unsafe;    /* do not refuse fsync=off and its kin (tests) */
};

/*
 * Connects, checks the durability settings (DATABASE_UNSAFE) and keeps the pool. Waits up to
 * wait_ms for a database that is still starting, saying so in the log.
 */
MUST_USE enum err_code db_open(
    struct db **out, const struct db_config *config, int64_t wait_ms, struct err *err);
void db_close(struct db *db);

/* Is the database there? One round trip; for health checks. */
MUST_USE enum err_code db_ping(struct db *db, int64_t timeout_ms, struct err *err);

struct db_pool_counts {
    size_t size;   /* connections there may be */
    size_t n_open; /* there are */
    size_t n_idle; /* of these, not at work */
};
struct db_pool_counts db_pool_count(struct db *db);

struct db_session {
    struct db *db;       /* NULL: none may be asked; INTERNAL_ERROR */
    struct db_tx *tx;    /* NULL: every statement is its own transaction */
    int64_t deadline_us; /* on the monotonic system clock; 0: the pool's default of 30 s */
    int64_t db_us;       /* time spent waiting for the database so far; for the log */
    const struct db_interrupt *interrupt; /* NULL: only the deadline ends a wait */
    struct db_gather *gather;             /* NULL: it waits for its reads by itself */
};

struct db_session db_session(struct db *db, int64_t deadline_us);

/*
 * How another thread ends what a session waits for: whoever asked has gone. Once it is set, the
 * statement at work is cancelled and further ones are refused, with CALL_CANCELLED; a COMMIT, once
 * sent, is waited for. The thread that waits for the statement does the cancelling and keeps its
 * connection meanwhile, so that no other session's statement can be hit. Reads that share a batch
 * with others' are not cancelled: they are quick, and their neighbours would suffer.
 */
struct db_interrupt {
    atomic_bool is_set;
    int fd; /* readable while it is set */
};

/* INTERNAL_ERROR without file descriptors. db_interrupt_fini() is due only after success. */
MUST_USE enum err_code db_interrupt_init(struct db_interrupt *i, struct err *err);
void db_interrupt_fini(struct db_interrupt *i);

/* Any thread; does not block. Whoever sets sees to it that nobody clears at the same time. */
void db_interrupt_set(struct db_interrupt *i);
void db_interrupt_clear(struct db_interrupt *i);
bool db_interrupt_is_set(const struct db_interrupt *i); /* false for NULL */

/*
 * Tasks of one thread that read side by side. A session with `gather` set says what it wants to
 * read, outside a transaction, and calls `wait`, which lets other tasks run; when all of them wait,
 * db_gather_run() sends what they want as one round trip, and keyed statements that several of them
 * want as one statement. A read that is slow, or was in the way of the others, runs alone after
 * them; so does each of those that share a statement, should it fail.
 */
struct db_gather;
typedef void db_gather_wait_fn(void *arg);
struct db_gather *db_gather_new(struct db *db, db_gather_wait_fn *wait, void *arg);
void db_gather_free(struct db_gather *g); /* nobody may be waiting; NULL is fine */

/* One round trip; afterwards all who wait should look again, which returns some from `wait`. */
void db_gather_run(struct db_gather *g);

/* Is the next round trip one that others share, or may it take long? */
bool db_gather_is_quick(const struct db_gather *g);

/* ---- transactions ---------------------------------------------------------------------------- */

enum db_tx_mode { DB_TX_NONE, DB_TX_READ, DB_TX_WRITE };

/*
 * Leases a connection until commit or rollback. DB_TX_READ is REPEATABLE READ READ ONLY,
 * DB_TX_WRITE is READ COMMITTED: statements carry their own conditions. After a failed statement
 * only db_rollback() makes sense; db_commit() rolls back and fails for the same reason.
 */
MUST_USE enum err_code db_begin(struct db_session *s, enum db_tx_mode mode, struct err *err);
MUST_USE enum err_code db_commit(struct db_session *s, struct err *err);
void db_rollback(struct db_session *s); /* nothing to do without a transaction */

/*
 * Run `body` in a transaction, again (≤ 4 times, jittered) on TRANSACTION_CONFLICT. Inside an open
 * transaction `body` just joins it: whoever opened it retries.
 */
typedef enum err_code db_tx_fn(struct db_session *s, void *arg, struct err *err);
MUST_USE enum err_code db_in_tx(
    struct db_session *s, enum db_tx_mode mode, db_tx_fn *body, void *arg, struct err *err);

/* ---- statements ------------------------------------------------------------------------------ */

/* A statement as embed_sql() generates it. Static storage: connections remember it. */
struct db_stmt {
    const char *name; /* "contact.get_member" */
    const char *text;
    int n_params;
    bool is_read; /* changes nothing: outside a transaction it may share a round trip with others */
    bool is_keyed; /* a read for one caller or many; see below */
};

/*
 * A keyed statement answers all callers that ask the same thing at the same time, each with a key
 * of its own, at little more than the cost of one. Its file begins with "-- Keyed:" and says
 *
 *     SELECT …, k.ord
 *     FROM unnest($1::uuid[], …) WITH ORDINALITY AS k (member_id, …, ord)
 *     JOIN …
 *     WHERE k.ord BETWEEN 1 AND 64
 *     ORDER BY k.ord, …
 *
 * Each $n is an array with one element per caller, and the last column tells whose row it is. The
 * function made of it takes one caller's values and yields one caller's rows, whoever else asked;
 * a lone caller is an array of one. The bounds of k.ord are what makes PostgreSQL plan it as it
 * would for one key, by the index, at whatever size of array and table. For reads of few rows: what
 * one caller gets lives until the last of them clears her result.
 */
enum { DB_KEYS_MAX = 64 };

/* A parameter with its type; sent in binary. The pointers are borrowed until the call returns. */
enum db_type {
    DB_TEXT,
    DB_BYTES,
    DB_ID,
    DB_INT,
    DB_FLOAT,
    DB_BOOL,
    DB_TIME,
    DB_TEXT_ARRAY,
    DB_ID_ARRAY,
    DB_INT_ARRAY,
    DB_FLOAT_ARRAY,
    DB_TIME_ARRAY,
    DB_BYTES_ARRAY
};

struct db_bytes {
    const void *data;
    size_t len;
};

struct db_param {
    enum db_type type;
    bool is_null;
    union {
        const char *text;
        struct db_bytes bytes;
        const struct id *id;
        int64_t num;
        double real;
        bool flag;
        struct {
            const void *items;
            size_t n;
        } array;
    } value;
};

/*
 * text, uuid, bytea, int8, float8, bool, timestamptz. A NULL pointer is SQL NULL. Text may also go
 * where varchar or json is expected, an integer where int4 or int2 is (INTERNAL_ERROR if too big).
 */
struct db_param db_text(const char *s);
struct db_param db_bytes(const void *data, size_t len);
struct db_param db_id(const struct id *id);
struct db_param db_int(int64_t n);
struct db_param db_float(double x);
struct db_param db_bool(bool b);
struct db_param db_time(int64_t wall_us); /* microseconds since 1970 */
struct db_param db_null(enum db_type type);

/* text[], uuid[], int8[], float8[], timestamptz[], bytea[] for `unnest`. NULL items: text and bytes
 * whose pointer is NULL; DB_TIME_NULL in times. */
#define DB_TIME_NULL INT64_MIN
struct db_param db_text_array(const char *const *items, size_t n);
struct db_param db_id_array(const struct id *items, size_t n);
struct db_param db_int_array(const int64_t *items, size_t n);
struct db_param db_float_array(const double *items, size_t n);
struct db_param db_time_array(const int64_t *items, size_t n);
struct db_param db_bytes_array(const struct db_bytes *items, size_t n);

/*
 * Run one statement. On success the caller clears *out (CLEANUP(db_result_clear)). The types given
 * must be those PostgreSQL inferred for the text ($1::uuid …); a difference is INTERNAL_ERROR and
 * names statement and parameter.
 */
MUST_USE enum err_code db_query(struct db_session *s, const struct db_stmt *stmt,
    const struct db_param *params, struct db_result **out, struct err *err);

/* Prepare without running: a test calls this for every statement of a service. */
MUST_USE enum err_code db_check(struct db *db, const struct db_stmt *stmt, struct err *err);

/* ---- results: row and column from 0; reading a column as another type is a bug (assert) --------
 */

void db_result_clear(struct db_result **r);
size_t db_rows(const struct db_result *r);
bool db_is_null(const struct db_result *r, size_t row, int col);

/* Points into the result; "" for NULL. text, varchar, json, name, enum types. */
const char *db_get_text(const struct db_result *r, size_t row, int col);
struct db_bytes db_get_bytes(const struct db_result *r, size_t row, int col); /* bytea */
struct id db_get_id(const struct db_result *r, size_t row, int col);          /* uuid */
int64_t db_get_int(const struct db_result *r, size_t row, int col);           /* int2, int4, int8 */
double db_get_float(const struct db_result *r, size_t row, int col);          /* float4, float8 */
bool db_get_bool(const struct db_result *r, size_t row, int col);
int64_t db_get_time(
    const struct db_result *r, size_t row, int col); /* timestamptz, in µs since 1970 */

/* A copy in `arena`; NULL when the column is NULL or the arena is full. */
char *db_dup_text(struct arena *arena, const struct db_result *r, size_t row, int col);

/* ---- migrations -------------------------------------------------------------------------------
 */

/* One embedded migrations/NNNN_name.sql, in ascending order; the list ends with a NULL name. */
struct db_migration {
    int number;
    const char *name; /* "0001_members" */
    const char *text;
};

struct db_schema {
    const char *name; /* schema and login role of the service */
    const struct db_migration *migrations;
};

/*
 * As the migrator: create the roles of all services, schema and privileges where missing, apply
 * what is not applied, each in one transaction, recorded with its checksum. In a migration, names
 * without a schema mean this schema, and its tables are granted to the service's role by default
 * privileges; views for other services it grants itself. MIGRATION_MISMATCH if an applied one was
 * edited. Safe to run from several places at once. `role_password` may be NULL (peer or trust
 * authentication).
 */
MUST_USE enum err_code db_migrate(const struct db_config *migrator, const struct db_schema *schema,
    const char *role_password, struct err *err);

/* As the service: MIGRATION_MISMATCH unless exactly these migrations are applied. */
MUST_USE enum err_code db_schema_check(
    struct db *db, const struct db_schema *schema, struct err *err);
