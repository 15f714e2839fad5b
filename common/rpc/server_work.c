/* SPDX-License-Identifier: Apache-2.0 */
#include "rpc/server_state.h"

/* Others may run shared calls in our place. */
static void disband(struct worker *w)
{
    if (w->is_crew)
        call_queue_disband(w->server->queue);
    w->is_crew = false;
}

static void flush(void *arg, bool is_long)
{
    struct worker *w = arg;
    log_flush(&w->log);
    transport_uncork(w->server->transport, &w->cork);
    if (is_long)
        disband(w);
}

static void park(struct rpc_server *s, struct call *call, const struct id *key, struct cork *cork)
{
    call->key = *key;
    if (!call_queue_park(s->queue, call))
        server_refuse(
            s, call, cork, REASON_SERVER_BUSY, "too many calls wait for something to happen");
}

static void run_handler(
    struct rpc_server *s, struct call *call, struct scratch *scratch, struct outcome *outcome)
{
    dispatch_run(&s->dispatch, call, scratch, outcome);
    if (outcome->caller.caller != RPC_CALLER_ANYBODY)
        transport_recognise(s->transport, call);
    admission_learn(s->admission, call, &outcome->caller, outcome->err.reason, call->arrived_us);
}

/* Run the call; answer it or set it aside. */
static void run(struct worker *w, struct call *call, struct scratch *scratch)
{
    struct rpc_server *s = w->server;
    struct cork *cork = &w->cork;
    struct outcome outcome;
    if (!call->is_brisk)
        flush(w, true);
    scratch->shard = (size_t)(w - s->workers);
    if (!call->stream || !stream_is_held(call, &outcome))
        run_handler(s, call, scratch, &outcome);
    if (call->stream)
        stream_send(s->transport, call, &outcome, cork);
    if (outcome.is_parked)
        park(s, call, &outcome.key, cork);
    else if (outcome.goes_on)
        call_queue_again(s->queue, call);
    else
        server_answer(s, call, &outcome, cork);
}

/* True if it was refused: its client fetches no results. */
static bool is_backed_up(struct rpc_server *s, struct call *call, struct cork *cork)
{
    if (call->stream || !transport_is_backed_up(s->transport, call))
        return false;
    stats_add_refusal(s->dispatch.stats, STATS_OTHER_REFUSAL);
    server_refuse(s, call, cork, REASON_SERVER_BUSY,
        "too many results wait for this client; it must give them lanes, or ask for less");
    return true;
}

void server_run_at_once(
    struct rpc_server *s, struct call *calls, struct scratch *scratch, struct cork *cork)
{
    while (calls) {
        struct call *call = calls;
        struct outcome outcome;
        calls = call->next;
        if (is_backed_up(s, call, cork))
            continue;
        run_handler(s, call, scratch, &outcome);
        server_answer(s, call, &outcome, cork);
    }
}

static void serve(void *arg, struct call *call, struct scratch *scratch)
{
    struct worker *w = arg;
    struct rpc_server *s = w->server;
    struct cork *cork = &w->cork;
    if (call->is_abandoned) {
        server_refuse(s, call, cork, REASON_CALL_CANCELLED, "the client is gone");
        return;
    }
    if (call->is_late) {
        stats_add_refusal(s->dispatch.stats, STATS_WAITED_TOO_LONG);
        server_refuse(s, call, cork, REASON_SERVER_BUSY,
            "the call waited longer than a busy server lets calls wait");
        return;
    }
    if (is_backed_up(s, call, cork))
        return;
    /* Over before anybody could interrupt it; or one of several the worker is at. */
    if (!w->is_alone && call->is_quick) {
        run(w, call, scratch);
        return;
    }
    uint32_t pipe = call->pipe;
    uint64_t id = call->frame.call_id;
    running_begin(&w->running, call);
    run(w, call, scratch);
    if (running_end(&w->running))
        server_drop(s, pipe, &id, 1, REASON_CALL_CANCELLED); /* in case it was parked */
}

/* Results wait only for calls that are there already and do not take long. */
static struct call *next_row(struct worker *w)
{
    struct rpc_server *s = w->server;
    struct call *row = call_queue_try(s->queue);
    if (!row || !row->is_brisk)
        transport_uncork(s->transport, &w->cork);
    return row ? row : call_queue_take(s->queue, &w->seat);
}

/* A row that some calls can share, and that none would hold up. */
static bool is_for_crew(const struct worker *w, const struct call *row)
{
    bool has_shared = false;
    bool is_held_up = !w->crew;
    for (; row && !is_held_up; row = row->next) {
        has_shared |= row->is_shared;
        is_held_up = !row->is_quick && !row->is_late;
    }
    return has_shared && !is_held_up;
}

static void serve_in_turn(struct worker *w, struct call *row)
{
    while (row) {
        struct call *call = row;
        row = call->next;
        serve(w, call, &w->scratch);
    }
}

/* Its lines of the log are written as its results leave. */
static void serve_row(struct worker *w, struct call *row)
{
    w->is_crew = row->is_shared;
    w->is_alone = !row->next && row->is_shared;
    if (row->next)
        log_use_buffer(&w->log);
    if (is_for_crew(w, row)) {
        crew_run(w->crew, row);
        disband(w);
    } else {
        disband(w);
        serve_in_turn(w, row);
    }
    log_use_buffer(NULL);
    log_flush(&w->log);
}

void *server_work(void *arg)
{
    struct worker *w = arg;
    struct rpc_server *s = w->server;
    const size_t max_memory = (size_t)s->config.max_memory;
    const struct crew_config crew = {s->config.db, max_memory, serve, flush, w};
    arena_init(&w->scratch.request, max_memory);
    arena_init(&w->scratch.reply, max_memory);
    if (s->config.db)
        w->crew = crew_new(&crew);
    struct call *row;
    while ((row = next_row(w)) != NULL) {
        serve_row(w, row);
        transport_share(s->transport, &w->cork);
    }
    crew_free(w->crew);
    arena_fini(&w->scratch.request);
    arena_fini(&w->scratch.reply);
    return NULL;
}
