/* SPDX-License-Identifier: Apache-2.0 */
#include "rpc/server_state.h"

#include <stdlib.h>

/* What SERVER_BUSY advises where it is not the queue that has no room. */
enum { BUSY_RETRY_MS = 100 };

/* What a caller asks for beyond this is cut: nobody may hold a place of this server for days. */
enum { MAX_TIMEOUT_MS = 10 * 60 * 1000 };

/*
 * How long instant calls of a message may keep the thread that received it; and how many run before
 * their lines are logged, which are less than the PIPE_BUF that a pipe with room takes for sure.
 */
enum { AT_ONCE_US = 500, AT_A_TIME = 8 };

void server_answer(
    struct rpc_server *s, struct call *call, const struct outcome *outcome, struct cork *cork)
{
    struct stream *stream = call->stream;
    transport_answer(s->transport, call, outcome, cork);
    streams_close(s->streams, stream);
}

/* From half of it to three halves: who was refused together comes back at different times. */
static uint32_t with_jitter(uint32_t ms)
{
    return ms / 2 + arc4random_uniform(ms + 1);
}

void server_refuse(struct rpc_server *s, struct call *call, struct cork *cork,
    enum err_reason reason, const char *msg)
{
    struct outcome outcome;
    outcome_begin(&outcome);
    err_fill(&outcome.err, reason, "%s", msg);
    if (reason != REASON_SERVER_BUSY && reason != REASON_CALL_CANCELLED)
        stats_add_refusal(s->dispatch.stats, STATS_OTHER_REFUSAL);
    if (reason == REASON_SERVER_BUSY)
        outcome.err.retry_after_ms = with_jitter(call->away_ms > 0 ? call->away_ms : BUSY_RETRY_MS);
    server_answer(s, call, &outcome, cork);
}

/* False if it was refused. */
static bool admit_stream(struct rpc_server *s, struct call *call, struct cork *cork)
{
    bool has_session = transport_has_session(call);
    if (!has_session && !transport_is_alone(call)) {
        server_refuse(s, call, cork, REASON_REQUEST_MALFORMED,
            "without a session, a call that returns a stream needs a message of its own");
        return false;
    }
    if (!streams_open(s->streams, call, !has_session)) {
        server_refuse(s, call, cork, REASON_SERVER_BUSY, "too many streams are open");
        return false;
    }
    call->is_shared = call->is_quick = call->is_brisk = false;
    return true;
}

/* False if it was refused. */
static bool admit(struct rpc_server *s, struct call *call, struct cork *cork)
{
    const struct route *route = dispatch_route(&s->dispatch, call->frame.method);
    if (!route) {
        server_refuse(
            s, call, cork, REASON_METHOD_UNKNOWN, "this server has no method of that hash");
        return false;
    }
    uint32_t timeout_ms = call->frame.value;
    if (timeout_ms == 0)
        timeout_ms = route->method->default_timeout_ms;
    if (timeout_ms > MAX_TIMEOUT_MS)
        timeout_ms = MAX_TIMEOUT_MS;
    call->deadline_us = call->arrived_us + (int64_t)timeout_ms * 1000;
    /* Probes want to hear of the draining; everybody else is sent elsewhere. */
    if (atomic_load(&s->is_draining) && route->state != s->health) {
        server_refuse(s, call, cork, REASON_SERVER_DRAINING, "the server is shutting down");
        return false;
    }
    if (transport_is_crowded(s->transport, call)) {
        server_refuse(
            s, call, cork, REASON_SERVER_BUSY, "too many large calls without a token wait here");
        return false;
    }
    call->is_shared = s->config.db && route_is_shared(route);
    call->is_quick = call->is_shared || route_is_quick(route);
    call->is_instant = route_is_instant(route);
    call->is_brisk = route_is_brisk(route);
    call->cost_us = route_cost_us(route);
    struct outcome outcome;
    outcome_begin(&outcome);
    if (admission_judge(s->admission, call, call->arrived_us, &outcome.err) == ERR_OK)
        return !route->method->is_stream || admit_stream(s, call, cork);
    stats_add_refusal(s->dispatch.stats, STATS_RATE_LIMITED);
    server_answer(s, call, &outcome, cork);
    return false;
}

/* To the workers; those there is no room for are refused. */
static void enqueue(struct rpc_server *s, struct call *calls, struct cork *cork)
{
    struct call *refused = call_queue_push(s->queue, calls);
    while (refused) {
        struct call *call = refused;
        refused = call->next;
        if (atomic_load(&s->is_draining)) { /* meanwhile */
            server_refuse(s, call, cork, REASON_SERVER_DRAINING, "the server is shutting down");
            continue;
        }
        stats_add_refusal(s->dispatch.stats, STATS_QUEUE_FULL);
        server_refuse(s, call, cork, REASON_SERVER_BUSY, "too many calls wait for a worker");
    }
}

/* Calls of a message, linked by `next`. */
struct calls {
    struct call *first;
    struct call **end;
};

static void append(struct calls *list, struct call *call)
{
    call->next = NULL;
    *list->end = call;
    list->end = &call->next;
}

/* Nothing waits for a worker, so that they overtake nobody, and the log takes their lines. */
static bool may_run_here(const struct rpc_server *s, int64_t until_us)
{
    return call_queue_is_free(s->queue) && !log_may_wait(LOG_INFO) &&
           clock_mono_us(s->config.clock) < until_us;
}

/* The first AT_A_TIME leave the list. */
static struct call *take_some(struct call **list)
{
    struct call *some = *list, *last = some;
    for (size_t n = 1; n < AT_A_TIME && last->next; n++)
        last = last->next;
    *list = last->next;
    last->next = NULL;
    return some;
}

/* Run instant calls on this thread, which has others to serve; what is left is for a worker. */
static struct call *run_here(struct rpc_server *s, struct call *calls, struct cork *cork)
{
    int64_t until_us = clock_mono_us(s->config.clock) + AT_ONCE_US;
    struct desk *desk = calls && may_run_here(s, until_us) ? desk_take(&s->desks) : NULL;
    if (!desk)
        return calls;
    do {
        log_use_buffer(&desk->log);
        server_run_at_once(s, take_some(&calls), &desk->scratch, cork);
        log_use_buffer(NULL);
        log_flush(&desk->log);
    } while (calls && may_run_here(s, until_us));
    desk_leave(desk);
    return calls;
}

static void on_calls(void *self, struct call *calls, size_t n_calls)
{
    struct rpc_server *s = self;
    struct cork cork = {0};
    struct calls waiting = {NULL, &waiting.first}, instant = {NULL, &instant.first};
    for (size_t i = 0; i < n_calls; i++) {
        struct call *call = &calls[i];
        if (admit(s, call, &cork))
            append(call->is_instant ? &instant : &waiting, call);
    }
    *waiting.end = run_here(s, instant.first, &cork);
    if (waiting.first)
        enqueue(s, waiting.first, &cork);
    transport_uncork(s->transport, &cork);
}

/* Interrupt those calls that run; all of the connection if `ids` is NULL. */
static void interrupt(struct rpc_server *s, uint32_t pipe, const uint64_t *ids, size_t n)
{
    for (size_t i = 0; i < s->n_workers; i++)
        running_interrupt(&s->workers[i].running, pipe, ids, n);
}

void server_drop(
    struct rpc_server *s, uint32_t pipe, const uint64_t *ids, size_t n, enum err_reason reason)
{
    struct cork cork = {0};
    struct call *call = call_queue_cancel(s->queue, pipe, ids, n);
    while (call) {
        struct call *next = call->next;
        server_refuse(s, call, &cork, reason, stream_doom_text(reason));
        call = next;
    }
    transport_uncork(s->transport, &cork);
}

static bool may_tell(void *self, uint32_t pipe, size_t n_frames)
{
    struct rpc_server *s = self;
    return admission_charge(s->admission, pipe, n_frames, clock_mono_us(s->config.clock));
}

/*
 * In this order: a call that is about to be parked is found running, and dropped by its worker; a
 * stream that another worker took up meanwhile, by that one.
 */
static void on_cancels(void *self, uint32_t pipe, const uint64_t *ids, size_t n)
{
    struct rpc_server *s = self;
    for (size_t i = 0; i < n; i++)
        streams_doom(s->streams, pipe, ids[i], REASON_CALL_CANCELLED);
    interrupt(s, pipe, ids, n);
    server_drop(s, pipe, ids, n, REASON_CALL_CANCELLED);
}

static void on_credit(void *self, uint32_t pipe, uint64_t call_id, uint32_t bytes)
{
    struct rpc_server *s = self;
    struct id key = stream_credit_key(pipe, call_id);
    enum grant granted = streams_grant(s->streams, pipe, call_id, bytes);
    if (granted == GRANT_WAKES)
        call_queue_wake(s->queue, &key);
    if (granted != GRANT_TOO_MUCH)
        return;
    streams_doom(s->streams, pipe, call_id, REASON_STREAM_OVERDRAWN);
    server_drop(s, pipe, &call_id, 1, REASON_STREAM_OVERDRAWN);
}

static void on_lane(void *self, uint32_t pipe)
{
    struct rpc_server *s = self;
    struct id key = stream_lane_key(pipe);
    call_queue_wake(s->queue, &key);
}

static void on_gone(void *self, uint32_t pipe)
{
    struct rpc_server *s = self;
    call_queue_abandon(s->queue, pipe);
    interrupt(s, pipe, NULL, 0);
}

struct transport_events server_events(struct rpc_server *s)
{
    return (struct transport_events){
        on_calls, may_tell, on_cancels, on_credit, on_lane, on_gone, s};
}
