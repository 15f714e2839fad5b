/* SPDX-License-Identifier: Apache-2.0 */
#include "db/query.h"

#include "db/gather.h"
#include "db/pool.h"

#include <ctype.h>
#include <string.h>

/* Does `word` stand alone somewhere in `text`, in either case? */
static bool has_word(const char *text, const char *word)
{
    size_t len = strlen(word);
    for (const char *at = text; (at = strcasestr(at, word)); at += len) {
        bool starts = at == text || !(isalnum((unsigned char)at[-1]) || at[-1] == '_');
        bool ends = !(isalnum((unsigned char)at[len]) || at[len] == '_');
        if (starts && ends)
            return true;
    }
    return false;
}

/* Asked only when a connection broke; a word in a comment makes us careful, not wrong. */
static bool may_write(const struct db_stmt *stmt)
{
    return has_word(stmt->text, "insert") || has_word(stmt->text, "update") ||
           has_word(stmt->text, "delete") || has_word(stmt->text, "merge");
}

static enum err_code send_and_finish(struct db_conn *conn, const struct prepared_stmt *prepared,
    const struct params *params, int64_t deadline_us, struct db_result **out, struct err *err)
{
    PGresult *r;
    if (!PQsendQueryPrepared(conn->pg, prepared->name, params->n, params->values, params->lengths,
            params->formats, 1)) {
        conn->is_broken = PQstatus(conn->pg) == CONNECTION_BAD;
        return sqlstate_raise(err, conn->pg, NULL, prepared->stmt->name);
    }
    enum err_code code = conn_finish(conn, prepared->stmt->name, deadline_us, &r, err);
    return code == ERR_OK ? result_from_pg(r, out, err) : code;
}

enum err_code conn_run(struct db_conn *conn, const struct db_stmt *stmt,
    const struct db_param *values, int64_t deadline_us, struct db_result **out, struct err *err)
{
    const struct prepared_stmt *prepared;
    enum err_code code = conn_prepare(conn, stmt, deadline_us, &prepared, err);
    if (code != ERR_OK)
        return code;
    struct params params;
    code = params_encode(&params, prepared, values, err);
    if (code == ERR_OK)
        code = send_and_finish(conn, prepared, &params, deadline_us, out, err);
    params_fini(&params);
    return code;
}

/* Why PostgreSQL aborted the transaction: what came first. */
static void note_failed(const struct db_session *s, const struct err *err)
{
    if (s->tx && s->tx->failed == REASON_NONE)
        s->tx->failed = err->reason;
}

/*
 * Its own transaction: the connection breaking, or a doubtful commit, leaves a change in doubt.
 * *is_lost: the connection broke, and with it what was read.
 */
static enum err_code run_once(struct db_session *s, const struct db_stmt *stmt,
    const struct db_param *params, struct db_result **out, bool *is_lost, struct err *err)
{
    *is_lost = false;
    int64_t deadline_us = session_deadline_us(s);
    struct db_conn *conn;
    enum err_code code = pool_lease(s->db, deadline_us, &conn, err);
    if (code != ERR_OK)
        return code;
    conn->is_commit_in_doubt = false;
    conn->interrupt = s->interrupt;
    int64_t started_us = conn_now_us();
    code = conn_run(conn, stmt, params, deadline_us, out, err);
    if (stmt->is_read)
        costs_note(&s->db->costs, stmt, conn_now_us() - started_us);
    *is_lost = conn->is_broken && code != ERR_OK && err->reason == REASON_DATABASE_UNAVAILABLE;
    if (conn->is_commit_in_doubt || (*is_lost && may_write(stmt))) {
        struct err cause = *err;
        db_result_clear(out);
        code = err_raise(err, REASON_COMMIT_IN_DOUBT,
            "the database did not confirm the change; it may or may not have been made");
        if (*is_lost)
            err_detail(err, "%s", cause.detail);
    }
    pool_release(s->db, conn);
    return code;
}

enum err_code query_alone(struct db_session *s, const struct db_stmt *stmt,
    const struct db_param *params, struct db_result **out, struct err *err)
{
    bool is_lost;
    enum err_code code = run_once(s, stmt, params, out, &is_lost, err);
    return is_lost && stmt->is_read ? run_once(s, stmt, params, out, &is_lost, err) : code;
}

enum err_code db_query(struct db_session *s, const struct db_stmt *stmt,
    const struct db_param *params, struct db_result **out, struct err *err)
{
    int64_t started_us = conn_now_us();
    struct db_result *r = NULL;
    enum err_code code = session_check(s, err);
    if (code != ERR_OK)
        return code;
    if (s->tx)
        code = conn_run(s->tx->conn, stmt, params, s->tx->deadline_us, &r, err);
    else if (stmt->is_read && s->gather)
        code = gather_read(s, stmt, params, &r, err);
    else
        code = query_alone(s, stmt, params, &r, err);
    s->db_us += conn_now_us() - started_us;
    code = session_outcome(s, code, err);
    if (code == ERR_OK)
        *out = r;
    else
        note_failed(s, err);
    return code;
}

enum err_code db_check(struct db *db, const struct db_stmt *stmt, struct err *err)
{
    struct db_session session = db_session(db, 0);
    int64_t deadline_us = session_deadline_us(&session);
    struct db_conn *conn;
    enum err_code code = pool_lease(db, deadline_us, &conn, err);
    if (code != ERR_OK)
        return code;
    const struct prepared_stmt *prepared;
    code = conn_prepare(conn, stmt, deadline_us, &prepared, err);
    pool_release(db, conn);
    return code;
}

enum err_code session_exec(
    struct db_session *s, const char *what, const char *text, struct err *err)
{
    enum err_code code = conn_exec(s->tx->conn, what, text, s->tx->deadline_us, err);
    if (code != ERR_OK)
        note_failed(s, err);
    return code;
}
