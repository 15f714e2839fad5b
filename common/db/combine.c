/* SPDX-License-Identifier: Apache-2.0 */
#include "db/combine.h"

#include "db/costs.h"
#include "db/pipeline.h"
#include "db/pool.h"

#include <stdlib.h>
#include <time.h>

enum {
    US_PER_S = 1000000,
    NS_PER_US = 1000,
    TAKEN_WAIT_US = 1000,
};

/* WAITING: in the queue. TAKEN: being sent, its parameters are in use. SENT: they are not. */
enum slot_state { WAITING, TAKEN, SENT, DONE, ABANDONED };

struct slot {
    struct slot *next; /* in the queue, or among the free */
    pthread_cond_t changed;
    enum slot_state state;
    bool leads; /* its thread is to take the next batch */
    struct shared_read read;
    const struct db_interrupt *interrupt;
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
    struct slot *slots[PIPELINE_MAX];          /* the leader's own first */
    const struct db_stmt *stmts[PIPELINE_MAX]; /* of the sent ones; slots told are others' again */
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
        PQclear(slot->read.result);
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
    while (c->first && !c->first->leads && b->n < PIPELINE_MAX) {
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

/* Those that stay behind are told at once; the others move to the front. */
static void send_batch(struct batch *b, struct db_conn *conn)
{
    for (int i = 0; i < b->n; i++) {
        struct slot *slot = b->slots[i];
        if (pipeline_send(conn, &slot->read)) {
            b->stmts[b->n_sent] = slot->read.stmt;
            b->slots[b->n_sent++] = slot;
            set_state(b->c, slot, SENT);
        } else {
            (void)pthread_mutex_lock(&b->c->lock);
            settle(b->c, slot);
            (void)pthread_mutex_unlock(&b->c->lock);
        }
    }
    pipeline_sync(conn);
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

static int64_t earlier(int64_t a, int64_t b)
{
    return a < b ? a : b;
}

/*
 * Threads are told of their results when we would have to wait for the next one. When the leader's
 * time is up, or somebody's statement holds up the others, the batch is broken up.
 */
static void read_batch(struct batch *b, struct db_conn *conn, int64_t until_us)
{
    for (int i = 0; i < b->n_sent; i++) {
        if (PQisBusy(conn->pg))
            tell(b, i);
        if (!pipeline_receive(conn, &b->slots[i]->read, until_us))
            return;
    }
}

/* The time of all, in equal shares: a slow one is found out when it is alone with few. */
static void note_costs(struct batch *b, int64_t us)
{
    for (int i = 0; i < b->n_sent; i++)
        costs_note(&b->c->costs, b->stmts[i], us / b->n_sent);
}

/* What has neither result nor error goes back to its owner; the leader's own time may be up. */
static void send_back(struct batch *b, const struct slot *own)
{
    for (int i = b->n_told; i < b->n_sent; i++) {
        struct shared_read *read = &b->slots[i]->read;
        pipeline_judge(read);
        if (b->slots[i] == own && read->is_unfinished && conn_now_us() >= read->deadline_us) {
            read->is_unfinished = false;
            read->code = err_raise(&read->err, REASON_DEADLINE_PASSED,
                "the deadline passed before the database answered");
        }
    }
    tell(b, b->n_sent);
}

static void run_batch(struct batch *b, struct db_conn *conn, struct slot *own)
{
    int64_t started_us = conn_now_us();
    int64_t until_us = earlier(own->read.deadline_us, started_us + PIPELINE_HOLD_UP_US);
    pipeline_enter(conn);
    send_batch(b, conn);
    read_batch(b, conn, until_us);
    note_costs(b, conn_now_us() - started_us);
    pipeline_leave(conn, until_us);
    send_back(b, own);
}

static void run_own(struct batch *b, struct db_conn *conn, struct slot *own)
{
    struct shared_read *read = &own->read;
    int64_t started_us = conn_now_us();
    conn->interrupt = own->interrupt;
    read->code =
        conn_run(conn, read->stmt, read->params, read->deadline_us, &read->result, &read->err);
    read->is_unfinished = read->code != ERR_OK && read->err.reason == REASON_DATABASE_UNAVAILABLE;
    if (read->is_unfinished)
        read->code = ERR_OK;
    costs_note(&b->c->costs, read->stmt, conn_now_us() - started_us);
    (void)pthread_mutex_lock(&b->c->lock);
    settle(b->c, own);
    (void)pthread_mutex_unlock(&b->c->lock);
}

/* ---- leading --------------------------------------------------------------------------------- */

/* The leader's own statement is prepared here; others', where they are new, by their owners. */
static enum err_code get_ready(
    struct db *db, const struct slot *own, struct db_conn **conn, struct err *err)
{
    enum err_code code = pool_lease(db, own->read.deadline_us, conn, err);
    if (code != ERR_OK)
        return code;
    const struct prepared_stmt *ignored;
    code = conn_prepare(*conn, own->read.stmt, own->read.deadline_us, &ignored, err);
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
        own->read.code = code;
        own->read.err = err;
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
        int64_t until_us = slot->read.deadline_us;
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
    slot->read.stmt = stmt;
    slot->read.params = params;
    slot->read.result = NULL;
    slot->read.code = ERR_OK;
    slot->read.is_unfinished = false;
    slot->read.deadline_us = session_deadline_us(s);
    slot->interrupt = s->interrupt;
    enqueue(c, slot);
    if (c->n_leaders < c->max_leaders) {
        c->n_leaders++;
        slot->leads = true;
    }
    enum err_code code = ERR_OK;
    if (wait_or_lead(s->db, slot)) {
        *out = slot->read.result;
        *is_rerun = slot->read.is_unfinished;
        code = slot->read.code;
        if (code != ERR_OK)
            *err = slot->read.err;
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
