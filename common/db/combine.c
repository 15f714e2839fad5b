/* SPDX-License-Identifier: Apache-2.0 */
#include "db/combine.h"

#include "db/costs.h"
#include "db/pool.h"

#include <stdlib.h>
#include <time.h>

enum {
    US_PER_S = 1000000,
    NS_PER_US = 1000,
    MAX_BATCH = 64,
    TAKEN_WAIT_US = 1000,
    HOLD_UP_US = 250000, /* a batch takes no longer; who made it so long goes on alone */
};

/* WAITING: in the queue. TAKEN: being sent, its parameters are in use. SENT: they are not. */
enum slot_state { WAITING, TAKEN, SENT, DONE, ABANDONED };

struct slot {
    struct slot *next; /* in the queue, or among the free */
    pthread_cond_t changed;
    enum slot_state state;
    bool leads; /* its thread is to take the next batch */
    bool is_rerun;
    const struct db_stmt *stmt;
    const struct db_param *params;
    int64_t deadline_us;
    const struct db_interrupt *interrupt;
    PGresult *result;
    enum err_code code;
    struct err err;
};

struct combiner {
    pthread_mutex_t lock;
    struct slot *first;
    struct slot **last;
    struct slot *free;
    int n_leaders;
    int max_leaders;
    struct costs costs;
};

struct batch {
    struct combiner *c;
    struct slot *slots[MAX_BATCH];          /* the leader's own first */
    const struct db_stmt *stmts[MAX_BATCH]; /* of the sent ones; slots told are others' again */
    int n;
    int n_sent;
    int n_told; /* of the sent ones: their threads know */
};

/* ---- slots: under the lock ------------------------------------------------------------------- */

static struct slot *new_slot(struct combiner *c)
{
    struct slot *slot = c->free;
    if (slot) {
        c->free = slot->next;
        return slot;
    }
    slot = calloc(1, sizeof(*slot));
    if (!slot)
        return NULL;
    pthread_condattr_t attr;
    (void)pthread_condattr_init(&attr);
    (void)pthread_condattr_setclock(&attr, CLOCK_MONOTONIC);
    (void)pthread_cond_init(&slot->changed, &attr);
    (void)pthread_condattr_destroy(&attr);
    return slot;
}

static void give_back(struct combiner *c, struct slot *slot)
{
    slot->next = c->free;
    c->free = slot;
}

static void enqueue(struct combiner *c, struct slot *slot)
{
    slot->state = WAITING;
    slot->leads = false;
    slot->is_rerun = false;
    slot->result = NULL;
    slot->code = ERR_OK;
    slot->next = NULL;
    *c->last = slot;
    c->last = &slot->next;
}

static void unlink_slot(struct combiner *c, struct slot *slot)
{
    struct slot **at = &c->first;
    while (*at != slot)
        at = &(*at)->next;
    *at = slot->next;
    if (!slot->next)
        c->last = at;
    slot->next = NULL;
}

/* The owner is told, or, if it has left, nobody is. */
static void settle(struct combiner *c, struct slot *slot)
{
    if (slot->state == ABANDONED) {
        PQclear(slot->result);
        give_back(c, slot);
        return;
    }
    slot->state = DONE;
    (void)pthread_cond_signal(&slot->changed);
}

/* To the first who has not been handed the lead by somebody else already. */
static void pass_leadership(struct combiner *c)
{
    struct slot *heir = c->first;
    while (heir && heir->leads)
        heir = heir->next;
    if (!heir) {
        c->n_leaders--;
        return;
    }
    heir->leads = true;
    (void)pthread_cond_signal(&heir->changed);
}

/* A slot that was handed the lead stays in the queue for its own thread to take. */
static void take_batch(struct batch *b, struct slot *own)
{
    struct combiner *c = b->c;
    b->slots[b->n++] = own;
    while (c->first && !c->first->leads && b->n < MAX_BATCH) {
        struct slot *slot = c->first;
        unlink_slot(c, slot);
        slot->state = TAKEN;
        b->slots[b->n++] = slot;
    }
}

/* ---- a batch --------------------------------------------------------------------------------- */

static void set_state(struct combiner *c, struct slot *slot, enum slot_state state)
{
    (void)pthread_mutex_lock(&c->lock);
    slot->state = state;
    (void)pthread_mutex_unlock(&c->lock);
}

/* Puts the statement into libpq's buffer; false if it does not travel with this batch. */
static bool send_one(struct db_conn *conn, struct slot *slot)
{
    const struct prepared_stmt *prepared = conn_find_prepared(conn, slot->stmt);
    if (!prepared || conn->is_broken) {
        slot->is_rerun = true;
        return false;
    }
    struct params params;
    slot->code = params_encode(&params, prepared, slot->params, &slot->err);
    if (slot->code == ERR_OK && !PQsendQueryPrepared(conn->pg, prepared->name, params.n,
                                    params.values, params.lengths, params.formats, 1)) {
        conn->is_broken = true;
        slot->is_rerun = true;
    }
    params_fini(&params);
    return slot->code == ERR_OK && !slot->is_rerun;
}

/* Those that stay behind are told at once; the others move to the front. */
static void send_batch(struct batch *b, struct db_conn *conn)
{
    for (int i = 0; i < b->n; i++) {
        struct slot *slot = b->slots[i];
        if (send_one(conn, slot)) {
            b->stmts[b->n_sent] = slot->stmt;
            b->slots[b->n_sent++] = slot;
            set_state(b->c, slot, SENT);
        } else {
            (void)pthread_mutex_lock(&b->c->lock);
            settle(b->c, slot);
            (void)pthread_mutex_unlock(&b->c->lock);
        }
    }
    if (!conn->is_broken && !PQpipelineSync(conn->pg))
        conn->is_broken = true;
}

static void tell(struct batch *b, int n)
{
    if (b->n_told == n)
        return;
    (void)pthread_mutex_lock(&b->c->lock);
    while (b->n_told < n)
        settle(b->c, b->slots[b->n_told++]);
    (void)pthread_mutex_unlock(&b->c->lock);
}

/* One result into its slot. False when the connection is lost: the rest was not run, as we see it.
 */
static bool read_result(struct db_conn *conn, struct slot *slot)
{
    PGresult *r = PQgetResult(conn->pg);
    ExecStatusType status = PQresultStatus(r);
    if (status == PGRES_TUPLES_OK || status == PGRES_COMMAND_OK) {
        slot->result = r;
    } else if (status == PGRES_PIPELINE_ABORTED) {
        slot->is_rerun = true;
    } else {
        slot->code = sqlstate_raise(&slot->err, conn->pg, r, slot->stmt->name);
        conn->is_broken =
            PQstatus(conn->pg) == CONNECTION_BAD || slot->err.reason == REASON_DATABASE_UNAVAILABLE;
    }
    if (slot->result != r)
        PQclear(r);
    if (!conn->is_broken && PQgetResult(conn->pg) != NULL) /* the end of this statement's results */
        conn->is_broken = true;
    return !conn->is_broken;
}

static int64_t earlier(int64_t a, int64_t b)
{
    return a < b ? a : b;
}

/*
 * Results come in order, but PostgreSQL may keep the first ones until the last is there: which
 * statement is at work cannot be told. Threads are told of theirs when we would have to wait for
 * the next one. When the leader's time is up, or somebody's statement holds up the others, the
 * batch is cancelled and broken up.
 */
static void read_batch(struct batch *b, struct db_conn *conn, int64_t deadline_us)
{
    int64_t until_us = earlier(deadline_us, conn_now_us() + HOLD_UP_US);
    for (int i = 0; i < b->n_sent; i++) {
        if (PQisBusy(conn->pg))
            tell(b, i);
        if (!conn_await(conn, until_us)) {
            (void)conn_cancel(conn); /* and leave it, heard or not */
            conn->is_broken = true;
            return;
        }
        if (!read_result(conn, b->slots[i]))
            return;
    }
}

/* The time of all, in equal shares: a slow one is found out when it is alone with few. */
static void note_costs(struct batch *b, int64_t us)
{
    for (int i = 0; i < b->n_sent; i++)
        costs_note(&b->c->costs, b->stmts[i], us / b->n_sent);
}

static void read_sync(struct db_conn *conn, int64_t deadline_us)
{
    if (!conn_await(conn, deadline_us)) {
        conn->is_broken = true;
        return;
    }
    PGresult *r = PQgetResult(conn->pg);
    if (PQresultStatus(r) != PGRES_PIPELINE_SYNC || !PQexitPipelineMode(conn->pg))
        conn->is_broken = true;
    PQclear(r);
}

/* What has neither result nor error goes back to its owner; the leader's own time may be up. */
static void send_back(struct batch *b, const struct slot *own)
{
    for (int i = b->n_told; i < b->n_sent; i++) {
        struct slot *slot = b->slots[i];
        bool is_lost = slot->code != ERR_OK && slot->err.reason == REASON_DATABASE_UNAVAILABLE;
        if (is_lost || (!slot->result && slot->code == ERR_OK))
            slot->is_rerun = true;
        if (slot->is_rerun)
            slot->code = ERR_OK;
        if (slot == own && slot->is_rerun && conn_now_us() >= slot->deadline_us) {
            slot->is_rerun = false;
            slot->code = err_raise(&slot->err, REASON_DEADLINE_PASSED,
                "the deadline passed before the database answered");
        }
    }
    tell(b, b->n_sent);
}

static void run_batch(struct batch *b, struct db_conn *conn, struct slot *own)
{
    int64_t deadline_us = own->deadline_us;
    if (!PQenterPipelineMode(conn->pg))
        conn->is_broken = true;
    send_batch(b, conn);
    int64_t started_us = conn_now_us();
    read_batch(b, conn, deadline_us);
    note_costs(b, conn_now_us() - started_us);
    if (!conn->is_broken)
        read_sync(conn, deadline_us);
    send_back(b, own);
}

static void run_own(struct batch *b, struct db_conn *conn, struct slot *own)
{
    int64_t started_us = conn_now_us();
    conn->interrupt = own->interrupt;
    own->code = conn_run(conn, own->stmt, own->params, own->deadline_us, &own->result, &own->err);
    own->is_rerun = own->code != ERR_OK && own->err.reason == REASON_DATABASE_UNAVAILABLE;
    if (own->is_rerun)
        own->code = ERR_OK;
    costs_note(&b->c->costs, own->stmt, conn_now_us() - started_us);
    (void)pthread_mutex_lock(&b->c->lock);
    settle(b->c, own);
    (void)pthread_mutex_unlock(&b->c->lock);
}

/* ---- leading --------------------------------------------------------------------------------- */

/* The leader's own statement is prepared here; others', where they are new, by their owners. */
static enum err_code get_ready(
    struct db *db, const struct slot *own, struct db_conn **conn, struct err *err)
{
    enum err_code code = pool_lease(db, own->deadline_us, conn, err);
    if (code != ERR_OK)
        return code;
    const struct prepared_stmt *ignored;
    code = conn_prepare(*conn, own->stmt, own->deadline_us, &ignored, err);
    if (code != ERR_OK) {
        pool_release(db, *conn);
        *conn = NULL;
    }
    return code;
}

static void lead(struct db *db, struct slot *own)
{
    struct combiner *c = db->combiner;
    struct batch b = {.c = c};
    struct db_conn *conn = NULL;
    struct err err;
    enum err_code code = get_ready(db, own, &conn, &err);
    (void)pthread_mutex_lock(&c->lock);
    if (code == ERR_OK) {
        take_batch(&b, own);
    } else {
        own->code = code;
        own->err = err;
        settle(c, own);
    }
    (void)pthread_mutex_unlock(&c->lock);

    if (b.n == 1)
        run_own(&b, conn, own);
    else if (b.n > 1)
        run_batch(&b, conn, own);
    if (conn)
        pool_release(db, conn);

    (void)pthread_mutex_lock(&c->lock);
    pass_leadership(c);
    (void)pthread_mutex_unlock(&c->lock);
}

/* ---- one caller ------------------------------------------------------------------------------ */

/* False if it must stay: its parameters are being read, or it is done after all. */
static bool leave(struct combiner *c, struct slot *slot)
{
    if (slot->state == WAITING) {
        unlink_slot(c, slot);
        give_back(c, slot);
        return true;
    }
    if (slot->state != SENT)
        return false;
    slot->state = ABANDONED;
    return true;
}

/* True once it is done; false if the deadline came first. Called and returns with the lock held. */
static bool wait_or_lead(struct db *db, struct slot *slot)
{
    struct combiner *c = db->combiner;
    while (slot->state != DONE) {
        if (slot->leads) {
            slot->leads = false;
            slot->state = TAKEN;
            unlink_slot(c, slot);
            (void)pthread_mutex_unlock(&c->lock);
            lead(db, slot);
            (void)pthread_mutex_lock(&c->lock);
            continue;
        }
        int64_t until_us = slot->deadline_us;
        if (conn_now_us() >= until_us) {
            if (leave(c, slot))
                return false;
            until_us = conn_now_us() + TAKEN_WAIT_US;
        }
        struct timespec until = {until_us / US_PER_S, until_us % US_PER_S * NS_PER_US};
        (void)pthread_cond_timedwait(&slot->changed, &c->lock, &until);
    }
    return true;
}

bool combiner_takes(const struct combiner *c, const struct db_stmt *stmt)
{
    return stmt->is_read && !costs_is_slow(&c->costs, stmt);
}

void combiner_note_cost(struct combiner *c, const struct db_stmt *stmt, int64_t us)
{
    costs_note(&c->costs, stmt, us);
}

enum err_code combiner_run(const struct db_session *s, const struct db_stmt *stmt,
    const struct db_param *params, PGresult **out, bool *is_rerun, struct err *err)
{
    struct combiner *c = s->db->combiner;
    (void)pthread_mutex_lock(&c->lock);
    struct slot *slot = new_slot(c);
    if (!slot) {
        (void)pthread_mutex_unlock(&c->lock);
        return err_raise(err, REASON_INTERNAL_ERROR, "out of memory");
    }
    slot->stmt = stmt;
    slot->params = params;
    slot->deadline_us = session_deadline_us(s);
    slot->interrupt = s->interrupt;
    enqueue(c, slot);
    if (c->n_leaders < c->max_leaders) {
        c->n_leaders++;
        slot->leads = true;
    }
    enum err_code code = ERR_OK;
    if (wait_or_lead(s->db, slot)) {
        *out = slot->result;
        *is_rerun = slot->is_rerun;
        code = slot->code;
        if (code != ERR_OK)
            *err = slot->err;
        give_back(c, slot);
    } else {
        code = err_raise(
            err, REASON_DEADLINE_PASSED, "the deadline passed before the database answered");
    }
    (void)pthread_mutex_unlock(&c->lock);
    return code;
}

/* ---- life ------------------------------------------------------------------------------------ */

struct combiner *combiner_new(int max_leaders)
{
    struct combiner *c = calloc(1, sizeof(*c));
    if (!c)
        return NULL;
    (void)pthread_mutex_init(&c->lock, NULL);
    c->last = &c->first;
    c->max_leaders = max_leaders;
    return c;
}

void combiner_free(struct combiner *c)
{
    if (!c)
        return;
    while (c->free) {
        struct slot *slot = c->free;
        c->free = slot->next;
        (void)pthread_cond_destroy(&slot->changed);
        free(slot);
    }
    (void)pthread_mutex_destroy(&c->lock);
    free(c);
}
