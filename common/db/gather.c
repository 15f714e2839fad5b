/* SPDX-License-Identifier: Apache-2.0 */
#include "db/gather.h"

#include "db/pipeline.h"
#include "db/query.h"

#include <stdlib.h>

/* A deadline cuts a round trip short only after this: else one caller in a hurry costs the others
 * theirs. */
enum { PATIENCE_US = 20000 };

/* A read that a task waits for; on the task's stack. */
struct gathered {
    struct gathered *next;
    struct shared_read read;
    struct db_session *session;
    bool is_done;
    bool had_chance; /* alone, but within bounds, as others waited */
};

struct list {
    struct gathered *first;
    struct gathered **end;
};

struct db_gather {
    struct db *db;
    db_gather_wait_fn *wait;
    void *arg;
    struct list quick; /* leave together */
    struct list alone; /* one by one, once no quick one waits */
};

/* Those that leave together, and what of them was sent. */
struct row {
    struct gathered *items[PIPELINE_MAX];
    struct shared_stmt stmts[PIPELINE_MAX];
    size_t n;
    size_t n_stmts;
};

static void append(struct list *list, struct gathered *g)
{
    if (!list->first)
        list->end = &list->first;
    g->next = NULL;
    *list->end = g;
    list->end = &g->next;
}

static struct gathered *take(struct list *list)
{
    struct gathered *g = list->first;
    if (g)
        list->first = g->next;
    return g;
}

/* ---- one task -------------------------------------------------------------------------------- */

enum err_code gather_read(struct db_session *s, const struct db_stmt *stmt,
    const struct db_param *params, struct db_result **out, struct err *err)
{
    struct db_gather *g = s->gather;
    int64_t deadline_us = session_deadline_us(s);
    if (conn_now_us() >= deadline_us)
        return err_raise(
            err, REASON_DEADLINE_PASSED, "the deadline passed before the database was asked");
    struct gathered own;
    own.session = s;
    own.is_done = own.had_chance = false;
    own.read.next = NULL;
    own.read.stmt = stmt;
    own.read.params = params;
    own.read.deadline_us = deadline_us;
    own.read.result = NULL;
    own.read.code = ERR_OK;
    own.read.is_unfinished = false;
    append(costs_is_slow(&g->db->costs, stmt) ? &g->alone : &g->quick, &own);
    while (!own.is_done)
        g->wait(g->arg);
    if (own.read.code == ERR_OK)
        *out = own.read.result;
    else
        *err = own.read.err;
    return own.read.code;
}

/* ---- alone ----------------------------------------------------------------------------------- */

/* While others wait, only for as long as would have been found slow; then it is the last. */
static void run_one(struct db_gather *g, struct gathered *one)
{
    struct db_session session = *one->session;
    int64_t until_us = conn_now_us() + PIPELINE_HOLD_UP_US;
    bool is_bounded = g->alone.first && !one->had_chance && until_us < one->read.deadline_us;
    session.deadline_us = is_bounded ? until_us : one->read.deadline_us;
    one->read.code =
        query_alone(&session, one->read.stmt, one->read.params, &one->read.result, &one->read.err);
    if (is_bounded && one->read.code == ERR_DEADLINE_EXCEEDED) {
        one->had_chance = true;
        append(&g->alone, one);
    } else {
        one->is_done = true;
    }
}

/* ---- together -------------------------------------------------------------------------------- */

/* Not through the round trip: its own end, or another try alone. */
static void settle(struct db_gather *g, struct gathered *one, int64_t now_us)
{
    struct shared_read *read = &one->read;
    pipeline_judge(read);
    if (read->is_unfinished && now_us < read->deadline_us) {
        append(&g->alone, one);
        return;
    }
    if (read->is_unfinished)
        read->code = err_raise(
            &read->err, REASON_DEADLINE_PASSED, "the deadline passed before the database answered");
    one->is_done = true;
}

/* To the others that ask the same, if it is a keyed statement. */
static void join(struct row *row, const struct prepared_stmt *prepared, struct shared_read *read)
{
    size_t i = 0;
    while (i < row->n_stmts && !(prepared->stmt->is_keyed && row->stmts[i].prepared == prepared))
        i++;
    struct shared_stmt *stmt = &row->stmts[i];
    if (i == row->n_stmts) {
        *stmt = (struct shared_stmt){prepared, NULL, 0};
        row->n_stmts++;
    }
    read->next = stmt->first;
    stmt->first = read;
    stmt->n++;
}

static void send_row(struct row *row, struct db_conn *conn, int64_t until_us)
{
    for (size_t i = 0; i < row->n && !conn->is_broken; i++) {
        const struct prepared_stmt *prepared;
        struct shared_read *read = &row->items[i]->read;
        read->code = conn_prepare(conn, read->stmt, until_us, &prepared, &read->err);
        if (read->code == ERR_OK)
            join(row, prepared, read);
    }
    pipeline_enter(conn);
    size_t n_sent = 0;
    for (size_t i = 0; i < row->n_stmts; i++)
        if (pipeline_send(conn, &row->stmts[i]))
            row->stmts[n_sent++] = row->stmts[i];
    row->n_stmts = n_sent;
    pipeline_sync(conn);
}

static void run_row(struct db_gather *g, struct row *row, struct db_conn *conn, int64_t until_us)
{
    int64_t started_us = conn_now_us();
    send_row(row, conn, until_us);
    if (row->n > 1 && !conn->is_broken)
        eager_wait(&g->db->eager, PQsocket(conn->pg), until_us, clock_system());
    for (size_t i = 0; i < row->n_stmts; i++)
        if (!pipeline_receive(conn, &row->stmts[i], until_us))
            break;
    pipeline_leave(conn, until_us);
    /* The time of all, in equal shares: a slow one is found out when it is alone or with few. */
    int64_t took_us = conn_now_us() - started_us, n_sent = 0;
    for (size_t i = 0; i < row->n_stmts; i++)
        n_sent += (int64_t)row->stmts[i].n;
    for (size_t i = 0; i < row->n_stmts; i++)
        costs_note(&g->db->costs, row->stmts[i].first->stmt, took_us / n_sent);
}

static void fail_row(struct row *row, const struct err *err)
{
    for (size_t i = 0; i < row->n; i++) {
        struct shared_read *read = &row->items[i]->read;
        /* Who has time left tries alone: it was somebody else's that was up. */
        read->is_unfinished = err->reason == REASON_DEADLINE_PASSED;
        read->err = *err;
        read->code = read->is_unfinished ? ERR_OK : err->code;
    }
}

static void run_quick(struct db_gather *g)
{
    struct row row;
    row.n = row.n_stmts = 0;
    int64_t until_us = INT64_MAX;
    for (struct gathered *one; row.n < PIPELINE_MAX && (one = take(&g->quick)) != NULL;) {
        row.items[row.n++] = one;
        if (one->read.deadline_us < until_us)
            until_us = one->read.deadline_us;
    }
    int64_t now_us = conn_now_us();
    if (until_us > now_us + PIPELINE_HOLD_UP_US)
        until_us = now_us + PIPELINE_HOLD_UP_US;
    if (until_us < now_us + PATIENCE_US)
        until_us = now_us + PATIENCE_US;
    struct db_conn *conn;
    struct err err;
    if (pool_lease(g->db, until_us, &conn, &err) == ERR_OK) {
        conn->interrupt = row.n == 1 ? row.items[0]->session->interrupt : NULL;
        run_row(g, &row, conn, until_us);
        pool_release(g->db, conn);
    } else {
        fail_row(&row, &err);
    }
    now_us = conn_now_us();
    for (size_t i = 0; i < row.n; i++)
        settle(g, row.items[i], now_us);
}

/* ---- the thread ------------------------------------------------------------------------------ */

struct db_gather *db_gather_new(struct db *db, db_gather_wait_fn *wait, void *arg)
{
    struct db_gather *g = malloc(sizeof(*g));
    if (g)
        *g = (struct db_gather){.db = db, .wait = wait, .arg = arg};
    return g;
}

void db_gather_free(struct db_gather *g)
{
    free(g);
}

bool db_gather_is_quick(const struct db_gather *g)
{
    return g->quick.first || !g->alone.first;
}

void db_gather_run(struct db_gather *g)
{
    struct gathered *one;
    if (g->quick.first)
        run_quick(g);
    else if ((one = take(&g->alone)) != NULL)
        run_one(g, one);
}
