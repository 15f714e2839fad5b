/* SPDX-License-Identifier: Apache-2.0 */
#include "db/pipeline.h"

void pipeline_enter(struct db_conn *conn)
{
    if (!PQenterPipelineMode(conn->pg))
        conn->is_broken = true;
}

bool pipeline_send(struct db_conn *conn, struct shared_read *read)
{
    const struct prepared_stmt *prepared = conn_find_prepared(conn, read->stmt);
    if (!prepared || conn->is_broken) {
        read->is_unfinished = true;
        return false;
    }
    struct params params;
    read->code = params_encode(&params, prepared, read->params, &read->err);
    if (read->code == ERR_OK && !PQsendQueryPrepared(conn->pg, prepared->name, params.n,
                                    params.values, params.lengths, params.formats, 1)) {
        conn->is_broken = true;
        read->is_unfinished = true;
    }
    params_fini(&params);
    return read->code == ERR_OK && !read->is_unfinished;
}

void pipeline_sync(struct db_conn *conn)
{
    if (!conn->is_broken && !PQpipelineSync(conn->pg))
        conn->is_broken = true;
}

static void take_result(struct db_conn *conn, struct shared_read *read, PGresult *r)
{
    ExecStatusType status = PQresultStatus(r);
    if (status == PGRES_TUPLES_OK || status == PGRES_COMMAND_OK) {
        read->result = r;
        return;
    }
    if (status == PGRES_PIPELINE_ABORTED) {
        read->is_unfinished = true;
    } else {
        read->code = sqlstate_raise(&read->err, conn->pg, r, read->stmt->name);
        conn->is_broken =
            PQstatus(conn->pg) == CONNECTION_BAD || read->err.reason == REASON_DATABASE_UNAVAILABLE;
    }
    PQclear(r);
}

bool pipeline_receive(struct db_conn *conn, struct shared_read *read, int64_t until_us)
{
    if (conn->is_broken)
        return false;
    if (!conn_await(conn, until_us)) {
        (void)conn_cancel(conn); /* and leave it, heard or not */
        conn->is_broken = true;
        return false;
    }
    take_result(conn, read, PQgetResult(conn->pg));
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
