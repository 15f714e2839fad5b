/* SPDX-License-Identifier: Apache-2.0 */
#include "rpc/server.h"

#include "log/log.h"
#include "rpc/admission.h"
#include "rpc/call_queue.h"
#include "rpc/crew.h"
#include "rpc/dispatch.h"
#include "rpc/health.h"
#include "rpc/report.h"
#include "rpc/routes.h"
#include "rpc/running.h"
#include "rpc/stats.h"
#include "rpc/stream_serve.h"
#include "rpc/transport.h"

#include <pthread.h>
#include <stdatomic.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

/* What SERVER_BUSY advises: long enough for a queue to move, short enough not to idle. */
enum { BUSY_RETRY_MS = 100, N_BUILT_IN = 3 };

/* What a caller asks for beyond this is cut: nobody may hold a place of this server for days. */
enum { MAX_TIMEOUT_MS = 10 * 60 * 1000 };

struct worker {
    struct rpc_server *server;
    pthread_t thread;
    struct running running;
    struct scratch scratch;
    struct cork cork;  /* results that leave together */
    struct crew *crew; /* NULL: it runs calls one by one */
    bool is_crew;      /* one of those that run shared calls now */
    bool is_alone;     /* the shared call it runs, so that it can be interrupted */
    struct log_buffer log;
};

struct rpc_server {
    struct rpc_server_config config;
    char *listen;
    struct schema *schema;
    struct route *routes;
    struct dispatch dispatch;
    struct rpc_registration *services; /* those given, then the built-in ones */
    size_t n_services;
    struct reflection reflection;
    struct health *health;
    struct report *report;
    struct tap *tap; /* NULL: none */
    struct admission *admission;
    struct call_queue *queue;
    struct streams *streams;
    struct transport *transport;
    atomic_bool is_draining;
    struct worker *workers;
    size_t n_workers;
    size_t n_started;
};

/* ---- taking calls: on NNG's threads, never blocking ---- */

/* The call does not exist afterwards, nor does its stream. */
static void answer(
    struct rpc_server *s, struct call *call, const struct outcome *outcome, struct cork *cork)
{
    struct stream *stream = call->stream;
    transport_answer(s->transport, call, outcome, cork);
    streams_close(s->streams, stream);
}

static void refuse(struct rpc_server *s, struct call *call, struct cork *cork,
    enum err_reason reason, const char *msg)
{
    struct outcome outcome = {0};
    err_fill(&outcome.err, reason, "%s", msg);
    if (reason != REASON_SERVER_BUSY && reason != REASON_CALL_CANCELLED)
        stats_add_refusal(s->dispatch.stats, STATS_OTHER_REFUSAL);
    if (reason == REASON_SERVER_BUSY)
        outcome.err.retry_after_ms = BUSY_RETRY_MS;
    answer(s, call, &outcome, cork);
}

/* False if it was refused. */
static bool admit_stream(struct rpc_server *s, struct call *call, struct cork *cork)
{
    bool has_session = transport_has_session(call);
    if (!has_session && !transport_is_alone(call)) {
        refuse(s, call, cork, REASON_REQUEST_MALFORMED,
            "without a session, a call that returns a stream needs a message of its own");
        return false;
    }
    if (!streams_open(s->streams, call, !has_session)) {
        refuse(s, call, cork, REASON_SERVER_BUSY, "too many streams are open");
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
        refuse(s, call, cork, REASON_METHOD_UNKNOWN, "this server has no method of that hash");
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
        refuse(s, call, cork, REASON_SERVER_DRAINING, "the server is shutting down");
        return false;
    }
    if (transport_is_crowded(s->transport, call)) {
        refuse(s, call, cork, REASON_SERVER_BUSY, "too many large calls without a token wait here");
        return false;
    }
    call->is_shared = s->config.db && route_is_shared(route);
    call->is_quick = call->is_shared || route_is_quick(route);
    call->is_brisk = route_is_brisk(route);
    call->cost_us = route_cost_us(route);
    struct outcome outcome = {0};
    if (admission_judge(s->admission, call, call->arrived_us, &outcome.err) == ERR_OK)
        return !route->method->is_stream || admit_stream(s, call, cork);
    stats_add_refusal(s->dispatch.stats, STATS_RATE_LIMITED);
    answer(s, call, &outcome, cork);
    return false;
}

static void on_calls(void *self, struct call *calls, size_t n_calls)
{
    struct rpc_server *s = self;
    struct cork cork = {0};
    struct call *first = NULL;
    struct call **end = &first;
    for (size_t i = 0; i < n_calls; i++) {
        if (!admit(s, &calls[i], &cork))
            continue;
        calls[i].next = NULL;
        *end = &calls[i];
        end = &calls[i].next;
    }
    struct call *refused = call_queue_push(s->queue, first);
    while (refused) {
        struct call *call = refused;
        refused = call->next;
        if (atomic_load(&s->is_draining)) { /* meanwhile */
            refuse(s, call, &cork, REASON_SERVER_DRAINING, "the server is shutting down");
            continue;
        }
        stats_add_refusal(s->dispatch.stats, STATS_QUEUE_FULL);
        refuse(s, call, &cork, REASON_SERVER_BUSY, "too many calls wait for a worker");
    }
    transport_uncork(s->transport, &cork);
}

/* Interrupt those calls that run; all of the connection if `ids` is NULL. */
static void interrupt(struct rpc_server *s, uint32_t pipe, const uint64_t *ids, size_t n)
{
    for (size_t i = 0; i < s->n_workers; i++)
        running_interrupt(&s->workers[i].running, pipe, ids, n);
}

/* Answer those that do not run. */
static void drop(
    struct rpc_server *s, uint32_t pipe, const uint64_t *ids, size_t n, enum err_reason reason)
{
    struct cork cork = {0};
    struct call *call = call_queue_cancel(s->queue, pipe, ids, n);
    while (call) {
        struct call *next = call->next;
        refuse(s, call, &cork, reason, stream_doom_text(reason));
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
    drop(s, pipe, ids, n, REASON_CALL_CANCELLED);
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
    drop(s, pipe, &call_id, 1, REASON_STREAM_OVERDRAWN);
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

/* ---- workers ---- */

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
        refuse(s, call, cork, REASON_SERVER_BUSY, "too many calls wait for something to happen");
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
    if (!call->stream || !stream_is_held(call, &outcome)) {
        dispatch_run(&s->dispatch, call, scratch, &outcome);
        if (outcome.caller.caller != RPC_CALLER_ANYBODY)
            transport_recognise(s->transport, call);
        admission_learn(s->admission, call, &outcome.caller, outcome.err.reason, call->arrived_us);
    }
    if (call->stream)
        stream_send(s->transport, call, &outcome, cork);
    if (outcome.is_parked)
        park(s, call, &outcome.key, cork);
    else if (outcome.goes_on)
        call_queue_again(s->queue, call);
    else
        answer(s, call, &outcome, cork);
}

static void serve(void *arg, struct call *call, struct scratch *scratch)
{
    struct worker *w = arg;
    struct rpc_server *s = w->server;
    struct cork *cork = &w->cork;
    if (call->is_abandoned) {
        refuse(s, call, cork, REASON_CALL_CANCELLED, "the client is gone");
        return;
    }
    if (call->is_late) {
        stats_add_refusal(s->dispatch.stats, STATS_WAITED_TOO_LONG);
        refuse(s, call, cork, REASON_SERVER_BUSY,
            "the call waited longer than a busy server lets calls wait");
        return;
    }
    if (!call->stream && transport_is_backed_up(s->transport, call)) {
        stats_add_refusal(s->dispatch.stats, STATS_OTHER_REFUSAL);
        refuse(s, call, cork, REASON_SERVER_BUSY,
            "too many results wait for this client; it must give them lanes, or ask for less");
        return;
    }
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
        drop(s, pipe, &id, 1, REASON_CALL_CANCELLED); /* in case it was parked */
}

/* Results wait only for calls that are there already and do not take long. */
static struct call *next_row(struct rpc_server *s, struct cork *cork)
{
    struct call *row = call_queue_try(s->queue);
    if (!row || !row->is_brisk)
        transport_uncork(s->transport, cork);
    return row ? row : call_queue_take(s->queue);
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

static void *work(void *arg)
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
    while ((row = next_row(s, &w->cork)) != NULL) {
        serve_row(w, row);
        transport_share(s->transport, &w->cork);
    }
    crew_free(w->crew);
    arena_fini(&w->scratch.request);
    arena_fini(&w->scratch.reply);
    return NULL;
}

static enum err_code start_workers(struct rpc_server *s, struct err *err)
{
    s->workers = calloc((size_t)s->config.workers, sizeof(*s->workers));
    if (!s->workers)
        return err_raise(err, REASON_INTERNAL_ERROR, "no memory for workers");
    for (; s->n_workers < (size_t)s->config.workers; s->n_workers++) {
        s->workers[s->n_workers].server = s;
        enum err_code code = running_init(&s->workers[s->n_workers].running, err);
        if (code != ERR_OK)
            return code;
    }
    for (size_t i = 0; i < s->n_workers; i++) {
        if (pthread_create(&s->workers[i].thread, NULL, work, &s->workers[i]) != 0)
            return err_raise(err, REASON_INTERNAL_ERROR, "cannot start worker threads");
        s->n_started++;
    }
    return ERR_OK;
}

/* ---- the table of methods ---- */

static enum err_code build_routes(struct rpc_server *s, const struct rpc_registration *services,
    size_t n_services, struct err *err)
{
    s->routes = calloc(schema_count(s->schema), sizeof(*s->routes));
    s->services = calloc(n_services + N_BUILT_IN + 1, sizeof(*s->services));
    if (!s->routes || !s->services)
        return err_raise(err, REASON_INTERNAL_ERROR, "no memory for the table of methods");
    for (size_t i = 0; i < n_services; i++)
        s->services[i] = services[i];
    s->services[n_services] = (struct rpc_registration){&health_service, s->health};
    s->services[n_services + 1] = (struct rpc_registration){&reflection_service, &s->reflection};
    s->services[n_services + 2] = (struct rpc_registration){&stats_service, s->report};
    s->n_services = n_services + N_BUILT_IN;
    if (s->tap)
        s->services[s->n_services++] = (struct rpc_registration){&tap_service, s->tap};
    s->reflection = (struct reflection){s->services, s->n_services};
    for (size_t i = 0; i < s->n_services; i++) {
        enum err_code code = routes_add(s->routes, s->schema, &s->services[i], err);
        if (code != ERR_OK)
            return code;
    }
    s->dispatch.routes = s->routes;
    return ERR_OK;
}

/* ---- life ---- */

static enum err_code check_config(const struct rpc_server_config *c, struct err *err)
{
    if (c->workers < 1 || c->queue_limit < 1)
        return err_raise(err, REASON_CONFIG_INVALID, "workers and queue-limit must be at least 1");
    if (c->max_message < WIRE_PREAMBLE_SIZE + WIRE_FRAME_SIZE || c->max_memory < 4096)
        return err_raise(
            err, REASON_CONFIG_INVALID, "the limits of message and memory are too low");
    return c->may_be_tapped ? tap_check_addresses(c->listen, err) : ERR_OK;
}

/* One per processor, but two at least: one asks the database as the other answers. */
static size_t max_crews(void)
{
    long n = sysconf(_SC_NPROCESSORS_ONLN);
    return n > 2 ? (size_t)n : 2;
}

static bool is_gone(const void *self, uint32_t pipe)
{
    const struct rpc_server *s = self;
    return !transport_has(s->transport, pipe);
}

static struct call_queue *build_queue(const struct rpc_server *s)
{
    const struct rpc_limits *limits = &s->config.limits;
    const struct fair_queue_config fair = {.limit = (size_t)s->config.queue_limit,
        .target_us = limits->queue_target_ms * 1000,
        .interval_us = limits->queue_interval_ms * 1000,
        .n_spared = (size_t)s->config.workers};
    const struct call_queue_config config = {fair, max_crews(), s->config.clock, is_gone, s};
    return call_queue_new(&config);
}

static enum err_code build_parts(struct rpc_server *s, struct err *err)
{
    s->listen = strdup(s->config.listen);
    s->health = health_new(s->config.clock);
    s->tap = s->config.may_be_tapped ? tap_new(s->config.clock) : NULL;
    s->queue = build_queue(s);
    s->admission = admission_new(&s->config.limits);
    bool has_tap = s->tap || !s->config.may_be_tapped;
    s->streams = streams_new();
    if (!has_tap || !s->listen || !s->health || !s->queue || !s->admission || !s->streams)
        return err_raise(err, REASON_INTERNAL_ERROR, "no memory for the server");
    const struct transport_config config = {
        s->config.max_message, s->config.limits.max_connections, s->config.clock};
    const struct transport_events events = {
        on_calls, may_tell, on_cancels, on_credit, on_lane, on_gone, s};
    enum err_code code = transport_new(&s->transport, &config, &events, err);
    return code == ERR_OK ? schema_new(&s->schema, err) : code;
}

static enum err_code build_report(struct rpc_server *s, struct err *err)
{
    s->dispatch = (struct dispatch){
        .config = &s->config,
        .schema = s->schema,
        .tap = s->tap,
        .stats = stats_new(schema_count(s->schema), (size_t)s->config.workers),
    };
    const struct report_sources sources = {&s->dispatch, s->queue, s->transport};
    s->report = report_new(&sources);
    if (!s->dispatch.stats || !s->report)
        return err_raise(err, REASON_INTERNAL_ERROR, "no memory for counters");
    return ERR_OK;
}

static enum err_code build(struct rpc_server *s, const struct rpc_registration *services,
    size_t n_services, struct err *err)
{
    enum err_code code = build_parts(s, err);
    if (code == ERR_OK)
        code = build_report(s, err);
    if (code == ERR_OK)
        code = build_routes(s, services, n_services, err);
    return code == ERR_OK ? start_workers(s, err) : code;
}

enum err_code rpc_server_new(struct rpc_server **out, const struct rpc_server_config *config,
    const struct rpc_registration *services, size_t n_services, struct err *err)
{
    enum err_code code = check_config(config, err);
    if (code != ERR_OK)
        return code;
    struct rpc_server *s = calloc(1, sizeof(*s));
    if (!s)
        return err_raise(err, REASON_INTERNAL_ERROR, "no memory for the server");
    s->config = *config;
    code = build(s, services, n_services, err);
    if (code != ERR_OK) {
        rpc_server_free(s);
        return code; /* NOLINT(clang-analyzer-unix.Malloc): not freed is what NNG may still use */
    }
    *out = s;
    return ERR_OK;
}

enum err_code rpc_server_listen(struct rpc_server *s, struct err *err)
{
    const struct listen_config listen = {
        .urls = s->listen,
        .tls = s->config.tls,
        .is_open_to_strangers = s->config.is_open_to_strangers,
        .may_be_plain = s->config.may_be_plain,
    };
    return transport_listen(s->transport, &listen, err);
}

enum err_code rpc_server_renew_certificate(struct rpc_server *s, struct err *err)
{
    return listeners_renew(transport_listeners(s->transport), err);
}

int64_t rpc_server_certificate_expires_s(const struct rpc_server *s)
{
    return listeners_expire_s(transport_listeners(s->transport));
}

void rpc_server_wake(struct rpc_server *s, const struct id *key)
{
    call_queue_wake(s->queue, key);
}

void rpc_server_log_stats(struct rpc_server *s)
{
    report_log(s->report);
}

size_t rpc_server_list_parked(struct rpc_server *s, struct id *out, size_t max)
{
    return call_queue_list_parked(s->queue, out, max);
}

void rpc_server_set_health(
    struct rpc_server *s, const char *part, bool is_required, const char *problem)
{
    health_set(s->health, part, is_required, problem);
}

bool rpc_server_drain(struct rpc_server *s, int64_t timeout_ms)
{
    health_drain(s->health);
    atomic_store(&s->is_draining, true);
    call_queue_unpark_all(s->queue);
    return transport_drain(s->transport, timeout_ms);
}

void rpc_server_free(struct rpc_server *s)
{
    if (!s)
        return;
    atomic_store(&s->is_draining, true);
    if (s->queue)
        call_queue_stop(s->queue);
    for (size_t i = 0; i < s->n_started; i++)
        (void)pthread_join(s->workers[i].thread, NULL);
    if (!transport_free(s->transport))
        return; /* better to keep the memory than to have it used */
    call_queue_free(s->queue);
    admission_free(s->admission);
    report_free(s->report);
    stats_free(s->dispatch.stats);
    streams_free(s->streams);
    health_free(s->health);
    tap_free(s->tap);
    schema_free(s->schema);
    free(s->routes);
    free(s->services);
    for (size_t i = 0; i < s->n_workers; i++)
        running_fini(&s->workers[i].running);
    free(s->workers);
    free(s->listen);
    free(s);
}
