/* SPDX-License-Identifier: Apache-2.0 */
#include "rpc/fair_queue.h"

#include <stdlib.h>

enum {
    QUANTUM_US = 1000, /* of work, for each row in turn */
    MAX_COST_US = 32 * QUANTUM_US,
    MAX_FLOWS = 1024, /* callers beyond them share a row */
    FLOW_SLOTS = 1024,
    LATE = 2,   /* times the target */
    ALERT = 16, /* intervals; RFC 8289 remembers as long how often it dropped */
    PACE_WEIGHT = 64,
    MIN_AWAY_US = 10 * 1000,
    MAX_AWAY_US = 1000 * 1000,
};

/* How fast calls leave a queue that does not run empty. */
struct pace {
    int64_t gap_ns; /* from one to the next, a moving average; 0: unknown */
    int64_t last_us;
    bool is_busy; /* the last one left others behind */
};

/* What CoDel knows of a queue. */
struct delay {
    int64_t min_us; /* shortest wait in this interval */
    int64_t interval_end_us;
    int64_t alert_since_us;
    int64_t alert_until_us;
    unsigned n_in, n_out; /* let in, turned away, since the alert was judged last */
    bool is_standing;     /* it never fell to the target in the interval before */
    struct pace pace;
};

/* The calls of one caller, in order of arrival. */
struct flow {
    uint64_t key;
    struct flow *same_slot; /* or the next free one */
    struct flow *next;      /* in the round */
    struct ring calls;
    size_t n_calls;
    int64_t deficit_us; /* what it may still use before others have their turn */
    struct delay delay;
};

struct round {
    struct flow *first;
    struct flow **end;
};

struct fair_queue {
    struct fair_queue_config config;
    size_t n_calls;
    struct delay delay;
    struct round fresh; /* had nothing waiting: they go first, once */
    struct round old;
    size_t n_flows;       /* in both */
    struct flow *longest; /* lately; may be out of date */
    struct flow *slots[FLOW_SLOTS];
    struct flow *free;
    struct flow crowd; /* of callers too many to tell apart; in use once it is in a round */
    bool has_crowd;
    struct flow flows[MAX_FLOWS];
};

static void round_append(struct round *round, struct flow *flow)
{
    flow->next = NULL;
    *round->end = flow;
    round->end = &flow->next;
}

static struct flow *round_take(struct round *round)
{
    struct flow *flow = round->first;
    round->first = flow->next;
    if (!round->first)
        round->end = &round->first;
    return flow;
}

struct fair_queue *fair_queue_new(const struct fair_queue_config *config)
{
    struct fair_queue *q = calloc(1, sizeof(*q));
    if (!q)
        return NULL;
    q->config = *config;
    q->fresh.end = &q->fresh.first;
    q->old.end = &q->old.first;
    for (size_t i = 0; i < MAX_FLOWS; i++) {
        q->flows[i].same_slot = q->free;
        q->free = &q->flows[i];
    }
    return q;
}

void fair_queue_free(struct fair_queue *q)
{
    free(q);
}

size_t fair_queue_len(const struct fair_queue *q)
{
    return q->n_calls;
}

size_t fair_queue_callers(const struct fair_queue *q)
{
    size_t n = 0;
    for (const struct flow *flow = q->fresh.first; flow; flow = flow->next)
        n += flow->n_calls > 0;
    for (const struct flow *flow = q->old.first; flow; flow = flow->next)
        n += flow->n_calls > 0;
    return n;
}

/* ---- rows ---- */

static struct flow **slot_of(struct fair_queue *q, uint64_t key)
{
    return &q->slots[(key * 0x9E3779B97F4A7C15u) >> 54]; /* 10 bits: FLOW_SLOTS */
}

static void flow_begin(struct fair_queue *q, struct flow *flow, uint64_t key)
{
    *flow = (struct flow){.key = key, .deficit_us = QUANTUM_US};
    ring_init(&flow->calls);
    round_append(&q->fresh, flow);
    q->n_flows++;
}

static struct flow *flow_of(struct fair_queue *q, uint64_t key)
{
    struct flow **slot = slot_of(q, key);
    for (struct flow *flow = *slot; flow; flow = flow->same_slot)
        if (flow->key == key)
            return flow;
    struct flow *flow = q->free;
    if (!flow) {
        if (!q->has_crowd)
            flow_begin(q, &q->crowd, 0);
        q->has_crowd = true;
        return &q->crowd;
    }
    q->free = flow->same_slot;
    flow_begin(q, flow, key);
    flow->same_slot = *slot;
    *slot = flow;
    return flow;
}

/* An empty row that is in no round any more. */
static void flow_end(struct fair_queue *q, struct flow *flow)
{
    q->n_flows--;
    if (q->longest == flow)
        q->longest = NULL;
    if (flow == &q->crowd) {
        q->has_crowd = false;
        return;
    }
    struct flow **at = slot_of(q, flow->key);
    while (*at != flow)
        at = &(*at)->same_slot;
    *at = flow->same_slot;
    flow->same_slot = q->free;
    q->free = flow;
}

static void append(struct fair_queue *q, struct flow *flow, struct call *call)
{
    ring_add(&flow->calls, &call->waiting);
    call->row = flow;
    flow->n_calls++;
    q->n_calls++;
    if (!q->longest || flow->n_calls > q->longest->n_calls)
        q->longest = flow;
}

static struct call *head_of(const struct flow *flow)
{
    return RING_OF(flow->calls.next, struct call, waiting);
}

void fair_queue_remove(struct fair_queue *q, struct call *call)
{
    struct flow *flow = call->row;
    ring_remove(&call->waiting);
    call->row = NULL;
    flow->n_calls--;
    q->n_calls--;
    if (flow->n_calls == 0)
        flow->delay.min_us = 0; /* a queue that runs empty is not a standing one */
    if (q->n_calls == 0)
        q->delay.min_us = 0;
}

static struct call *take(struct fair_queue *q, const struct flow *flow)
{
    struct call *call = head_of(flow);
    fair_queue_remove(q, call);
    return call;
}

/* ---- what there is no room for ---- */

/* A call left, to be run, and so many still wait. */
static void note_pace(struct pace *p, size_t n_waiting, int64_t now_us)
{
    int64_t gap_ns = (now_us - p->last_us) * 1000;
    if (p->is_busy)
        p->gap_ns = p->gap_ns > 0 ? p->gap_ns + (gap_ns - p->gap_ns) / PACE_WEIGHT : gap_ns;
    p->last_us = now_us;
    p->is_busy = n_waiting > 0;
}

/* How long so many calls wait, going by those before them, or by how long none has left. */
static int64_t time_of(const struct pace *p, size_t n_calls, int64_t now_us)
{
    int64_t silent_us = p->is_busy ? now_us - p->last_us : 0;
    int64_t all_us = (int64_t)n_calls * p->gap_ns / 1000;
    return all_us > silent_us ? all_us : silent_us;
}

/* As the alert ends: are so many turned away that it is the room alone that keeps the queue short?
 */
static void judge_alert(const struct fair_queue_config *config, struct delay *d, int64_t now_us)
{
    if (d->alert_until_us == 0 || now_us < d->alert_until_us || d->n_in + d->n_out == 0)
        return;
    if (d->n_out * 4 > d->n_in && now_us - d->alert_until_us < config->interval_us)
        d->alert_until_us = now_us + ALERT * config->interval_us;
    d->n_in = d->n_out = 0;
}

/* How many calls may wait: while or shortly after the queue stands, as many as leave in time. */
static size_t room_of(const struct fair_queue_config *config, const struct delay *d, int64_t now_us)
{
    if (now_us >= d->alert_until_us || d->pace.gap_ns == 0)
        return config->limit;
    size_t n_in_time = (size_t)(LATE * config->target_us * 1000 / d->pace.gap_ns);
    if (n_in_time <= config->n_spared)
        n_in_time = config->n_spared + 1;
    return n_in_time < config->limit ? n_in_time : config->limit;
}

static int64_t away_us(const struct delay *d, size_t n_waiting, int64_t now_us)
{
    int64_t stood_us = now_us < d->alert_until_us ? now_us - d->alert_since_us : 0;
    return time_of(&d->pace, n_waiting, now_us) + stood_us / 2;
}

/* The call, with the advice for its caller. */
static struct call *turn_away(
    const struct fair_queue *q, const struct flow *flow, struct call *call, int64_t now_us)
{
    int64_t us = away_us(&q->delay, q->n_calls, now_us);
    int64_t own_us = away_us(&flow->delay, flow->n_calls, now_us);
    if (us < own_us)
        us = own_us;
    if (us < MIN_AWAY_US)
        us = MIN_AWAY_US;
    if (us > MAX_AWAY_US)
        us = MAX_AWAY_US;
    call->away_ms = (uint32_t)(us / 1000);
    return call;
}

static struct flow *find_longest(struct fair_queue *q)
{
    struct flow *longest = q->old.first ? q->old.first : q->fresh.first;
    for (struct flow *flow = q->old.first; flow; flow = flow->next)
        if (flow->n_calls > longest->n_calls)
            longest = flow;
    for (struct flow *flow = q->fresh.first; flow; flow = flow->next)
        if (flow->n_calls > longest->n_calls)
            longest = flow;
    return longest;
}

/* The first call of the row that was not let in before; NULL if all of them were. */
static struct call *displace(struct fair_queue *q, const struct flow *flow)
{
    for (struct ring *at = flow->calls.next; at != &flow->calls; at = at->next) {
        struct call *call = RING_OF(at, struct call, waiting);
        if (call->is_returned)
            continue;
        fair_queue_remove(q, call);
        return call;
    }
    return NULL;
}

/* The call that goes for this one to come, of the longest row if that is longer; NULL: none. */
static struct call *make_place(struct fair_queue *q, const struct flow *flow)
{
    size_t fair_share = q->n_calls / q->n_flows;
    if (flow->n_calls >= fair_share && flow->n_calls > 0)
        return NULL;
    if (!q->longest || q->longest->n_calls <= fair_share + 1)
        q->longest = find_longest(q);
    return q->longest->n_calls > flow->n_calls + 1 ? displace(q, q->longest) : NULL;
}

struct call *fair_queue_push(struct fair_queue *q, struct call *call)
{
    int64_t now_us = call->queued_us;
    struct flow *flow = flow_of(q, call->flow);
    struct call *displaced = NULL;
    call->is_late = false;
    judge_alert(&q->config, &q->delay, now_us);
    judge_alert(&q->config, &flow->delay, now_us);
    if (flow->n_calls >= room_of(&q->config, &flow->delay, now_us)) {
        flow->delay.n_out++;
        return turn_away(q, flow, call, now_us);
    }
    if (q->n_calls >= room_of(&q->config, &q->delay, now_us)) {
        q->delay.n_out++;
        displaced = make_place(q, flow);
        if (!displaced)
            return turn_away(q, flow, call, now_us);
        (void)turn_away(q, q->longest, displaced, now_us);
    }
    q->delay.n_in++;
    flow->delay.n_in++;
    append(q, flow, call);
    return displaced;
}

void fair_queue_return(struct fair_queue *q, struct call *call)
{
    call->is_returned = true;
    append(q, flow_of(q, call->flow), call);
}

/* ---- whose turn it is ---- */

/* Turn the rounds until a row with calls and time left is in front. */
static struct flow *settle(struct fair_queue *q)
{
    while (q->n_calls > 0) {
        struct round *round = q->fresh.first ? &q->fresh : &q->old;
        struct flow *flow = round->first;
        if (flow->n_calls > 0 && (flow->deficit_us > 0 || q->n_flows == 1))
            return flow;
        bool is_over = flow->n_calls == 0 && round == &q->old;
        (void)round_take(round);
        if (is_over) {
            flow_end(q, flow);
            continue;
        }
        /* An empty one waits a round before it counts as new again: else it would always be. */
        if (flow->deficit_us <= 0)
            flow->deficit_us += QUANTUM_US;
        round_append(&q->old, flow);
    }
    return NULL;
}

const struct call *fair_queue_peek(struct fair_queue *q)
{
    const struct flow *flow = settle(q);
    return flow ? head_of(flow) : NULL;
}

/*
 * Judge the interval that ended, and begin another. Shortly after a queue stood it is judged in
 * less time: a pause of the senders lets it run empty, which is not the end of the overload.
 */
static void turn_interval(
    const struct fair_queue_config *config, struct delay *d, int64_t wait_us, int64_t now_us)
{
    int64_t short_us = LATE * config->target_us;
    d->is_standing = d->min_us > config->target_us;
    if (d->is_standing && now_us >= d->alert_until_us) {
        d->alert_since_us = now_us;
        d->n_in = d->n_out = 0;
    }
    if (d->is_standing)
        d->alert_until_us = now_us + ALERT * config->interval_us;
    bool is_short = now_us < d->alert_until_us && short_us < config->interval_us;
    d->min_us = wait_us;
    d->interval_end_us = now_us + (is_short ? short_us : config->interval_us);
}

/*
 * Was the wait one of those that keep a queue standing? As CoDel spares one packet, however long
 * that takes, one call for each worker is spared: slow methods make long waits, not long queues.
 */
static bool note_wait(const struct fair_queue_config *config, struct delay *d, size_t n_waiting,
    int64_t wait_us, int64_t now_us)
{
    if (n_waiting <= config->n_spared)
        wait_us = 0;
    if (now_us >= d->interval_end_us)
        turn_interval(config, d, wait_us, now_us);
    if (wait_us < d->min_us)
        d->min_us = wait_us;
    return d->is_standing && wait_us > LATE * config->target_us;
}

struct call *fair_queue_pop(struct fair_queue *q, int64_t now_us)
{
    struct flow *flow = settle(q);
    if (!flow)
        return NULL;
    const struct call *head = head_of(flow);
    bool is_late = false;
    if (q->config.target_us > 0) {
        int64_t wait_us = now_us - head->queued_us;
        is_late |= note_wait(&q->config, &q->delay, q->n_calls, wait_us, now_us);
        is_late |= note_wait(&q->config, &flow->delay, flow->n_calls, wait_us, now_us);
    }
    struct call *call = take(q, flow);
    call->is_late = is_late && !call->is_returned;
    if (call->is_late) {
        (void)turn_away(q, flow, call, now_us);
    } else {
        note_pace(&q->delay.pace, q->n_calls, now_us);
        note_pace(&flow->delay.pace, flow->n_calls, now_us);
    }
    int64_t cost_us = call->cost_us < MAX_COST_US ? call->cost_us : MAX_COST_US;
    flow->deficit_us -= call->is_late ? 1 : cost_us + 1;
    if (q->n_flows == 1 && flow->deficit_us <= 0)
        flow->deficit_us = QUANTUM_US;
    return call;
}
