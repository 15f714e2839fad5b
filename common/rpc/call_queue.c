/* SPDX-License-Identifier: Apache-2.0 */
#include "rpc/call_queue.h"

#include "rpc/spread.h"

#include <pthread.h>
#include <stdatomic.h>
#include <stdlib.h>
#include <string.h>

/*
 * Wakes are counted, and the count is noted per slot of a small table of keys. A parked call whose
 * slot was noted after its handler began to look goes back to the queue: nothing is lost between
 * look and park, and two keys sharing a slot cost one needless look. Likewise for connections that
 * end: where one of the slot did since a call came, its own is asked for.
 */
enum {
    LAST_TRY_MARGIN_US = 100 * 1000,
    LOOK_EVERY_US = 2000, /* all that is parked is looked through no more often than that */
    MAX_ROW = 32,         /* quick calls taken at once */
};

/*
 * A parked call may hold the context it came by, and the transport has only so many: those parked
 * must leave enough to hear others. Connections are counted by slot; two that share one share its
 * places.
 */
enum { MAX_PARKED = 8 * 1024, MAX_PARKED_PER_PIPE = 64, PIPE_SLOTS = 4096 };

struct list {
    struct call *first;
    struct call **end;
};

struct call_queue {
    pthread_mutex_t lock;
    struct call_queue_config config;
    struct fair_queue *ready;
    atomic_size_t n_ready; /* its length, for who asks without the lock */
    struct seat *seats;    /* of workers waiting for calls, the last first */
    size_t n_napping;      /* they are so many */
    size_t n_crews;        /* workers with a row of shared calls */
    struct spread spread;
    struct ring by_id[SPREAD_SLOTS];  /* of all that wait or are parked */
    struct ring parked[SPREAD_SLOTS]; /* by their keys */
    size_t n_parked;
    struct ring parked_by[PIPE_SLOTS]; /* by their connections */
    uint16_t n_parked_by[PIPE_SLOTS];
    int64_t next_due_us; /* no parked call is due earlier; nobody naps longer */
    int64_t looked_us;   /* when all parked ones were looked at last */
    uint64_t n_wakes;    /* and ends */
    uint64_t ended[PIPE_SLOTS];
    uint64_t woken[SPREAD_SLOTS];
    bool is_last_call;      /* parking is over */
    atomic_bool is_stopped; /* set under the lock */
};

static void list_append(struct list *list, struct call *call)
{
    if (!list->end)
        list->end = &list->first;
    call->next = NULL;
    *list->end = call;
    list->end = &call->next;
}

static size_t slot_of(const struct call_queue *q, const struct id *key)
{
    uint64_t halves[2];
    _Static_assert(sizeof(halves) == sizeof(key->bytes), "an id is two numbers");
    memcpy(halves, key->bytes, sizeof(halves));
    return spread_slot(&q->spread, halves[0], halves[1]);
}

/* From now on it is found by its id; until forget(). */
static void index_call(struct call_queue *q, struct call *call)
{
    ring_add(&q->by_id[spread_slot(&q->spread, call->frame.call_id, call->pipe)], &call->by_id);
}

static struct call *find(const struct call_queue *q, uint32_t pipe, uint64_t id)
{
    const struct ring *slot = &q->by_id[spread_slot(&q->spread, id, pipe)];
    for (struct ring *at = slot->next; at != slot; at = at->next) {
        struct call *call = RING_OF(at, struct call, by_id);
        if (call->frame.call_id == id && call->pipe == pipe)
            return call;
    }
    return NULL;
}

/* Shortly before the deadline, or at three quarters of a short timeout. */
static int64_t due_us(const struct call *call)
{
    int64_t quarter = (call->deadline_us - call->arrived_us) / 4;
    return call->deadline_us - (quarter < LAST_TRY_MARGIN_US ? quarter : LAST_TRY_MARGIN_US);
}

static void note_length(struct call_queue *q)
{
    atomic_store_explicit(&q->n_ready, fair_queue_len(q->ready), memory_order_relaxed);
}

static void make_ready(struct call_queue *q, struct call *call)
{
    call->queued_us = clock_mono_us(q->config.clock);
    fair_queue_return(q->ready, call);
    note_length(q);
}

/* Somebody for every slow call, and for every row of quick ones, as far as they nap. */
static size_t count_wanted(const struct call_queue *q, size_t n_slow, size_t n_quick)
{
    size_t n = n_slow + (n_quick + MAX_ROW - 1) / MAX_ROW;
    return n < q->n_napping ? n : q->n_napping;
}

/* Who sat down last, to be signalled; NULL: nobody waits. */
static struct seat *call_one(struct call_queue *q)
{
    struct seat *seat = q->seats;
    if (seat) {
        q->seats = seat->below;
        q->n_napping--;
        seat->is_taken = false;
    }
    return seat;
}

static void call_some(struct call_queue *q, size_t n)
{
    struct seat *seat;
    for (; n > 0 && (seat = call_one(q)) != NULL; n--)
        (void)pthread_cond_signal(&seat->called);
}

static void rouse(struct call_queue *q, size_t n_slow, size_t n_quick)
{
    call_some(q, count_wanted(q, n_slow, n_quick));
}

/* Is there a call that may be taken now? */
static bool has_next(struct call_queue *q)
{
    const struct call *next = fair_queue_peek(q->ready);
    return next && (!next->is_shared || q->n_crews < q->config.max_crews);
}

/* It is in no list of parked calls any more, but still indexed. */
static void unpark(struct call_queue *q, struct call *call)
{
    ring_remove(&call->waiting);
    ring_remove(&call->by_pipe);
    q->n_parked--;
    q->n_parked_by[call->pipe % PIPE_SLOTS]--;
}

static void bring_back(struct call_queue *q, struct call *call)
{
    unpark(q, call);
    make_ready(q, call);
    rouse(q, 1, 0);
}

static bool is_due(const struct call_queue *q, const struct call *call, int64_t now_us)
{
    return q->is_last_call || due_us(call) <= now_us;
}

/* Bring back those whose time has come, and find out when the next one's will. */
static void unpark_due(struct call_queue *q, int64_t now_us)
{
    q->next_due_us = INT64_MAX;
    for (size_t slot = 0; q->n_parked > 0 && slot < SPREAD_SLOTS; slot++) {
        struct ring *next;
        for (struct ring *at = q->parked[slot].next; at != &q->parked[slot]; at = next) {
            struct call *call = RING_OF(at, struct call, waiting);
            next = at->next;
            if (is_due(q, call, now_us))
                bring_back(q, call);
            else if (due_us(call) < q->next_due_us)
                q->next_due_us = due_us(call);
        }
    }
    q->looked_us = now_us;
}

/* When to look at the parked calls next. */
static int64_t next_look_us(const struct call_queue *q)
{
    int64_t soonest_us = q->looked_us + LOOK_EVERY_US;
    return q->next_due_us > soonest_us ? q->next_due_us : soonest_us;
}

void seat_init(struct seat *seat)
{
    *seat = (struct seat){.is_taken = false};
    clock_condition_init(&seat->called);
}

void seat_fini(struct seat *seat)
{
    (void)pthread_cond_destroy(&seat->called);
}

struct call_queue *call_queue_new(const struct call_queue_config *config)
{
    struct call_queue *q = calloc(1, sizeof(*q));
    if (!q)
        return NULL;
    q->ready = fair_queue_new(&config->fair);
    if (!q->ready) {
        free(q);
        return NULL;
    }
    (void)pthread_mutex_init(&q->lock, NULL);
    q->spread = spread_new();
    for (size_t slot = 0; slot < SPREAD_SLOTS; slot++) {
        ring_init(&q->by_id[slot]);
        ring_init(&q->parked[slot]);
    }
    for (size_t slot = 0; slot < PIPE_SLOTS; slot++)
        ring_init(&q->parked_by[slot]);
    q->config = *config;
    q->next_due_us = INT64_MAX;
    return q;
}

void call_queue_free(struct call_queue *q)
{
    if (!q)
        return;
    (void)pthread_mutex_destroy(&q->lock);
    fair_queue_free(q->ready);
    free(q);
}

struct call *call_queue_push(struct call_queue *q, struct call *calls)
{
    struct list refused = {0};
    size_t n_slow = 0, n_quick = 0, n_shared = 0;
    (void)pthread_mutex_lock(&q->lock);
    int64_t now_us = clock_mono_us(q->config.clock);
    while (calls) {
        struct call *call = calls;
        calls = call->next;
        call->queued_us = now_us;
        call->looked_at = q->n_wakes;
        n_shared += call->is_shared;
        n_quick += call->is_quick && !call->is_shared;
        n_slow += !call->is_quick;
        struct call *displaced = q->is_stopped ? call : fair_queue_push(q->ready, call);
        if (displaced != call)
            index_call(q, call);
        if (displaced && displaced != call)
            ring_remove(&displaced->by_id);
        if (displaced)
            list_append(&refused, displaced);
    }
    note_length(q);
    size_t n_wanted = 0;
    if (n_slow + n_quick > 0 || q->n_crews < q->config.max_crews)
        n_wanted = count_wanted(q, n_slow, n_quick + n_shared);
    struct seat *first = n_wanted > 0 ? call_one(q) : NULL;
    if (n_wanted > 1)
        call_some(q, n_wanted - 1);
    (void)pthread_mutex_unlock(&q->lock);
    if (first)
        (void)pthread_cond_signal(&first->called); /* who wakes takes the lock at once */
    return refused.first;
}

static void look_at_the_clock(struct call_queue *q)
{
    int64_t now_us = clock_mono_us(q->config.clock);
    if (now_us >= next_look_us(q))
        unpark_due(q, now_us);
}

/* Every worker that naps minds the clock: whoever did so alone would leave with the next call. */
static void nap_until_due(struct call_queue *q, struct seat *seat)
{
    if (q->next_due_us == INT64_MAX) {
        (void)pthread_cond_wait(&seat->called, &q->lock);
        return;
    }
    int64_t wait_us = next_look_us(q) - clock_mono_us(q->config.clock);
    if (wait_us < 1)
        wait_us = 1;
    struct timespec until = clock_after_us(wait_us);
    (void)pthread_cond_timedwait(&seat->called, &q->lock, &until);
}

/* Without having been called. */
static void stand_up(struct call_queue *q, const struct seat *seat)
{
    struct seat **at = &q->seats;
    while (*at != seat)
        at = &(*at)->below;
    *at = seat->below;
    q->n_napping--;
}

static void nap(struct call_queue *q, struct seat *seat)
{
    seat->below = q->seats;
    seat->is_taken = true;
    q->seats = seat;
    q->n_napping++;
    nap_until_due(q, seat);
    if (seat->is_taken)
        stand_up(q, seat);
}

static bool is_gone(const struct call_queue *q, const struct call *call)
{
    const struct call_queue_config *config = &q->config;
    return config->is_gone && config->is_gone(config->self, call->pipe);
}

/*
 * The next call, and, if it is quick, the quick ones right behind it. To refuse one that is late
 * takes no time at all, so whatever is next comes along.
 */
static struct call *take_row(struct call_queue *q)
{
    struct list row = {0};
    int64_t now_us = clock_mono_us(q->config.clock);
    const struct call *call, *next;
    q->n_crews += fair_queue_peek(q->ready)->is_shared;
    size_t n = 0;
    do {
        struct call *taken = fair_queue_pop(q->ready, now_us);
        ring_remove(&taken->by_id);
        bool may_be_gone = q->ended[taken->pipe % PIPE_SLOTS] > taken->looked_at;
        taken->is_abandoned |= may_be_gone && is_gone(q, taken);
        taken->looked_at = q->n_wakes;
        taken->is_last_try = q->is_last_call || due_us(taken) <= now_us;
        list_append(&row, taken);
        call = taken;
        next = fair_queue_peek(q->ready);
    } while (++n < MAX_ROW && next && (call->is_late || (call->is_quick && next->is_quick)));
    note_length(q);
    if (has_next(q)) /* those roused for it may have found nothing to take */
        rouse(q, 1, 0);
    return row.first;
}

struct call *call_queue_take(struct call_queue *q, struct seat *seat)
{
    struct call *row = NULL;
    (void)pthread_mutex_lock(&q->lock);
    while (!q->is_stopped) {
        look_at_the_clock(q);
        if (has_next(q)) {
            row = take_row(q);
            break;
        }
        nap(q, seat);
    }
    (void)pthread_mutex_unlock(&q->lock);
    return row;
}

struct call *call_queue_try(struct call_queue *q)
{
    struct call *row = NULL;
    (void)pthread_mutex_lock(&q->lock);
    look_at_the_clock(q);
    if (!q->is_stopped && has_next(q))
        row = take_row(q);
    (void)pthread_mutex_unlock(&q->lock);
    return row;
}

void call_queue_disband(struct call_queue *q)
{
    (void)pthread_mutex_lock(&q->lock);
    q->n_crews--;
    if (has_next(q))
        rouse(q, 1, 0);
    (void)pthread_mutex_unlock(&q->lock);
}

static bool set_aside(struct call_queue *q, struct call *call, size_t slot)
{
    size_t pipe_slot = call->pipe % PIPE_SLOTS;
    uint16_t *n_of_pipe = &q->n_parked_by[pipe_slot];
    bool has_place = call->stream || *n_of_pipe < MAX_PARKED_PER_PIPE; /* streams are bounded */
    if (q->n_parked >= MAX_PARKED || !has_place)
        return false;
    ring_add(&q->parked[slot], &call->waiting);
    ring_add(&q->parked_by[pipe_slot], &call->by_pipe);
    index_call(q, call);
    q->n_parked++;
    ++*n_of_pipe;
    if (due_us(call) < q->next_due_us) {
        q->next_due_us = due_us(call);
        rouse(q, q->n_napping, 0); /* to nap shorter */
    }
    return true;
}

bool call_queue_park(struct call_queue *q, struct call *call)
{
    bool has_place = true;
    (void)pthread_mutex_lock(&q->lock);
    size_t slot = slot_of(q, &call->key);
    call->is_abandoned |= is_gone(q, call);
    if (q->woken[slot] > call->looked_at || q->is_last_call || call->is_abandoned) {
        index_call(q, call);
        make_ready(q, call);
        rouse(q, 1, 0);
    } else {
        has_place = set_aside(q, call, slot);
    }
    (void)pthread_mutex_unlock(&q->lock);
    return has_place;
}

void call_queue_again(struct call_queue *q, struct call *call)
{
    (void)pthread_mutex_lock(&q->lock);
    index_call(q, call);
    make_ready(q, call);
    rouse(q, 1, 0);
    (void)pthread_mutex_unlock(&q->lock);
}

void call_queue_wake(struct call_queue *q, const struct id *key)
{
    struct ring *next;
    (void)pthread_mutex_lock(&q->lock);
    size_t slot = slot_of(q, key);
    q->woken[slot] = ++q->n_wakes;
    for (struct ring *at = q->parked[slot].next; at != &q->parked[slot]; at = next) {
        struct call *call = RING_OF(at, struct call, waiting);
        next = at->next;
        if (id_equal(&call->key, key))
            bring_back(q, call);
    }
    (void)pthread_mutex_unlock(&q->lock);
}

size_t call_queue_list_parked(struct call_queue *q, struct id *out, size_t max)
{
    size_t n = 0;
    (void)pthread_mutex_lock(&q->lock);
    for (size_t slot = 0; n < q->n_parked && n < max && slot < SPREAD_SLOTS; slot++) {
        const struct ring *head = &q->parked[slot];
        for (struct ring *at = head->next; at != head && n < max; at = at->next)
            out[n++] = RING_OF(at, struct call, waiting)->key;
    }
    (void)pthread_mutex_unlock(&q->lock);
    return n;
}

/* Those that wait are found out when they are taken, those that run when they would be parked. */
void call_queue_abandon(struct call_queue *q, uint32_t pipe)
{
    struct ring *next;
    (void)pthread_mutex_lock(&q->lock);
    q->ended[pipe % PIPE_SLOTS] = ++q->n_wakes;
    struct ring *own = &q->parked_by[pipe % PIPE_SLOTS];
    for (struct ring *at = own->next; at != own; at = next) {
        struct call *call = RING_OF(at, struct call, by_pipe);
        next = at->next;
        if (call->pipe == pipe)
            bring_back(q, call);
    }
    (void)pthread_mutex_unlock(&q->lock);
}

struct call *call_queue_cancel(
    struct call_queue *q, uint32_t pipe, const uint64_t *ids, size_t n_ids)
{
    struct list taken = {0};
    struct call *call;
    (void)pthread_mutex_lock(&q->lock);
    for (size_t i = 0; i < n_ids; i++) {
        while ((call = find(q, pipe, ids[i])) != NULL) {
            if (call->row)
                fair_queue_remove(q->ready, call);
            else
                unpark(q, call);
            ring_remove(&call->by_id);
            list_append(&taken, call);
        }
    }
    note_length(q);
    (void)pthread_mutex_unlock(&q->lock);
    return taken.first;
}

void call_queue_unpark_all(struct call_queue *q)
{
    (void)pthread_mutex_lock(&q->lock);
    q->is_last_call = true;
    unpark_due(q, 0);
    (void)pthread_mutex_unlock(&q->lock);
}

void call_queue_stop(struct call_queue *q)
{
    (void)pthread_mutex_lock(&q->lock);
    atomic_store(&q->is_stopped, true);
    call_some(q, q->n_napping);
    (void)pthread_mutex_unlock(&q->lock);
}

bool call_queue_is_free(const struct call_queue *q)
{
    return atomic_load_explicit(&q->n_ready, memory_order_relaxed) == 0 &&
           !atomic_load_explicit(&q->is_stopped, memory_order_relaxed);
}

struct call_queue_counts call_queue_count(struct call_queue *q)
{
    (void)pthread_mutex_lock(&q->lock);
    const struct call_queue_counts counts = {
        .n_waiting = fair_queue_len(q->ready),
        .n_callers = fair_queue_callers(q->ready),
        .n_parked = q->n_parked,
        .n_napping = q->n_napping,
    };
    (void)pthread_mutex_unlock(&q->lock);
    return counts;
}
