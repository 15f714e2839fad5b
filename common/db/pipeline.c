/* SPDX-License-Identifier: Apache-2.0 */
#include "db/pipeline.h"

void pipeline_enter(struct db_conn *conn)
{
    if (!PQenterPipelineMode(conn->pg))
        conn->is_broken = true;
}

static void leave_unfinished(struct shared_stmt *stmt)
{
    for (struct shared_read *read = stmt->first; read; read = read->next)
        read->is_unfinished = true;
}

/* Whose fault it was is known of one; of several, each shall see alone. */
static void fail(struct shared_stmt *stmt, enum err_code code, const struct err *err)
{
    if (stmt->n > 1) {
        leave_unfinished(stmt);
    } else {
        stmt->first->code = code;
        stmt->first->err = *err;
    }
}

static enum err_code encode(struct params *out, const struct shared_stmt *stmt, struct err *err)
{
    const struct db_param *callers[PIPELINE_MAX];
    size_t n = 0;
    for (const struct shared_read *read = stmt->first; read; read = read->next)
        callers[n++] = read->params;
    return n == 1 ? params_encode(out, stmt->prepared, callers[0], err)
                  : params_encode_keys(out, stmt->prepared, callers, n, err);
}

bool pipeline_send(struct db_conn *conn, struct shared_stmt *stmt)
{
    struct params params;
    struct err err;
    enum err_code code = encode(&params, stmt, &err);
    bool is_sent = false;
    if (code != ERR_OK) {
        fail(stmt, code, &err);
    } else {
        is_sent = !conn->is_broken && PQsendQueryPrepared(conn->pg, stmt->prepared->name, params.n,
                                          params.values, params.lengths, params.formats, 1);
        conn->is_broken |= !is_sent;
    }
    params_fini(&params);
    return is_sent;
}

void pipeline_sync(struct db_conn *conn)
{
    if (!conn->is_broken && !PQpipelineSync(conn->pg))
        conn->is_broken = true;
}

static void take_rows(struct shared_stmt *stmt, PGresult *r)
{
    struct db_result *results[PIPELINE_MAX];
    struct err err;
    enum err_code code =
        stmt->n == 1 ? result_from_pg(r, results, &err) : result_split(r, stmt->n, results, &err);
    size_t i = 0;
    if (code != ERR_OK)
        fail(stmt, code, &err);
    else
        for (struct shared_read *read = stmt->first; read; read = read->next)
            read->result = results[i++];
}

static void take_result(struct db_conn *conn, struct shared_stmt *stmt, PGresult *r)
{
    ExecStatusType status = PQresultStatus(r);
    if (status == PGRES_TUPLES_OK || status == PGRES_COMMAND_OK) {
        take_rows(stmt, r);
        return;
    }
    if (status == PGRES_PIPELINE_ABORTED) {
        leave_unfinished(stmt);
    } else {
        struct err err;
        enum err_code code = sqlstate_raise(&err, conn->pg, r, stmt->prepared->stmt->name);
        conn->is_broken =
            PQstatus(conn->pg) == CONNECTION_BAD || err.reason == REASON_DATABASE_UNAVAILABLE;
        fail(stmt, code, &err);
    }
    PQclear(r);
}

bool pipeline_receive(struct db_conn *conn, struct shared_stmt *stmt, int64_t until_us)
{
    if (conn->is_broken)
        return false;
    if (!conn_await(conn, until_us)) {
        (void)conn_cancel(conn); /* and leave it, heard or not */
        conn->is_broken = true;
        return false;
    }
    take_result(conn, stmt, PQgetResult(conn->pg));
    if (!conn->is_broken && PQgetResult(conn->pg) != NULL) /* the end of this statement's results */
        conn->is_broken = true;
    return !conn->is_broken;
}

void pipeline_leave(struct db_conn *conn, int64_t until_us)
{
    if (conn->is_broken)
        return;
    if (!conn_await(conn, until_us)) {
        conn->is_broken = true;
        return;
    }
    PGresult *r = PQgetResult(conn->pg);
    if (PQresultStatus(r) != PGRES_PIPELINE_SYNC || !PQexitPipelineMode(conn->pg))
        conn->is_broken = true;
    PQclear(r);
}

void pipeline_judge(struct shared_read *read)
{
    bool is_lost = read->code != ERR_OK && read->err.reason == REASON_DATABASE_UNAVAILABLE;
    if (is_lost || (!read->result && read->code == ERR_OK))
        read->is_unfinished = true;
    if (read->is_unfinished)
        read->code = ERR_OK;
}
