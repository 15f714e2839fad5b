/* SPDX-License-Identifier: Apache-2.0 */
#include "rpc/report.h"

#include "log/log.h"
#include "rpc/stats.h"

#include <kith/v1/stats.pb-c.h>

#include <errno.h>
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum { BUSIEST = 8, BUSIEST_SIZE = 100 };

struct report {
    struct report_sources sources;
    int64_t started_us;

    /* What there was at the last line of the log. */
    int64_t logged_us;
    struct stats_method *before; /* by method */
    struct histogram_copy waits_before;
    uint64_t refused_before[STATS_REFUSALS];
    struct transport_counts connections_before;
};

static int64_t now_us(const struct report *r)
{
    return clock_mono_us(r->sources.dispatch->config->clock);
}

static size_t count_methods(const struct report *r)
{
    return schema_count(r->sources.dispatch->schema);
}

struct report *report_new(const struct report_sources *sources)
{
    struct report *r = calloc(1, sizeof(*r));
    if (!r)
        return NULL;
    r->sources = *sources;
    r->started_us = r->logged_us = now_us(r);
    r->before = calloc(count_methods(r), sizeof(*r->before));
    if (r->before)
        return r;
    free(r);
    return NULL;
}

void report_free(struct report *r)
{
    if (!r)
        return;
    free(r->before);
    free(r);
}

static uint64_t count_calls(const struct stats_method *m)
{
    uint64_t n = 0;
    for (size_t i = 0; i < STATS_CODES; i++)
        n += m->by_code[i];
    return n;
}

/* ---- the answer to GetStats ---- */

static Kith__V1__Durations *describe_durations(struct arena *arena, const struct histogram_copy *h)
{
    Kith__V1__Durations *out = arena_alloc(arena, sizeof(*out));
    size_t n = 0;
    for (size_t i = 0; i < HISTOGRAM_BUCKETS; i++)
        n += h->counts[i] > 0;
    uint64_t *from = arena_calloc(arena, n, sizeof(*from));
    uint64_t *counts = arena_calloc(arena, n, sizeof(*counts));
    if (!out || !from || !counts)
        return NULL;
    kith__v1__durations__init(out);
    out->from_us = from;
    out->counts = counts;
    out->n_from_us = out->n_counts = n;
    for (unsigned i = 0; i < HISTOGRAM_BUCKETS; i++) {
        if (h->counts[i] == 0)
            continue;
        *from++ = (uint64_t)histogram_start(i);
        *counts++ = h->counts[i];
    }
    return out;
}

static bool describe_statuses(
    struct arena *arena, const struct stats_method *m, Kith__V1__MethodStats *out)
{
    out->statuses = arena_calloc(arena, STATS_CODES, sizeof(*out->statuses));
    if (!out->statuses)
        return false;
    for (unsigned i = 0; i < STATS_CODES; i++) {
        if (m->by_code[i] == 0)
            continue;
        Kith__V1__StatusCount *status = arena_alloc(arena, sizeof(*status));
        if (!status)
            return false;
        kith__v1__status_count__init(status);
        status->status = arena_strdup(arena, err_code_name((enum err_code)i));
        status->count = m->by_code[i];
        if (!status->status)
            return false;
        out->statuses[out->n_statuses++] = status;
    }
    return true;
}

static Kith__V1__MethodStats *describe_method(
    struct arena *arena, const char *name, const struct stats_method *m)
{
    Kith__V1__MethodStats *out = arena_alloc(arena, sizeof(*out));
    if (!out)
        return NULL;
    kith__v1__method_stats__init(out);
    out->method = arena_strdup(arena, name);
    out->took_us = m->took_us;
    out->took = describe_durations(arena, &m->took);
    return out->method && out->took && describe_statuses(arena, m, out) ? out : NULL;
}

static bool describe_methods(
    const struct report *r, struct arena *arena, Kith__V1__GetStatsResponse *out)
{
    const struct dispatch *d = r->sources.dispatch;
    out->methods = arena_calloc(arena, count_methods(r), sizeof(Kith__V1__MethodStats *));
    if (!out->methods)
        return false;
    for (size_t i = 0; i < count_methods(r); i++) {
        struct stats_method m;
        stats_read_method(d->stats, i, &m);
        if (count_calls(&m) == 0)
            continue;
        Kith__V1__MethodStats *method = describe_method(arena, d->routes[i].method->name, &m);
        if (!method)
            return false;
        out->methods[out->n_methods++] = method;
    }
    return true;
}

static Kith__V1__QueueStats *describe_queue(const struct report *r, struct arena *arena)
{
    const struct dispatch *d = r->sources.dispatch;
    struct call_queue_counts now = call_queue_count(r->sources.queue);
    struct histogram_copy waits;
    Kith__V1__QueueStats *out = arena_alloc(arena, sizeof(*out));
    if (!out)
        return NULL;
    stats_read_waits(d->stats, &waits);
    kith__v1__queue_stats__init(out);
    out->waiting = now.n_waiting;
    out->callers = now.n_callers;
    out->parked = now.n_parked;
    out->limit = (uint64_t)d->config->queue_limit;
    out->workers = (uint64_t)d->config->workers;
    out->refused_full = stats_refused(d->stats, STATS_QUEUE_FULL);
    out->refused_late = stats_refused(d->stats, STATS_WAITED_TOO_LONG);
    out->refused_rate = stats_refused(d->stats, STATS_RATE_LIMITED);
    out->refused_other = stats_refused(d->stats, STATS_OTHER_REFUSAL);
    out->waited = describe_durations(arena, &waits);
    return out->waited ? out : NULL;
}

static Kith__V1__ConnectionStats *describe_connections(const struct report *r, struct arena *arena)
{
    Kith__V1__ConnectionStats *out = arena_alloc(arena, sizeof(*out));
    if (!out)
        return NULL;
    struct transport_counts now;
    transport_count(r->sources.transport, &now);
    kith__v1__connection_stats__init(out);
    out->open = now.n_open;
    out->accepted = now.n_accepted;
    out->rejected = now.n_rejected;
    out->received = now.n_received;
    return out;
}

static struct db_pool_counts count_pool(const struct report *r)
{
    struct db *db = r->sources.dispatch->config->db;
    return db ? db_pool_count(db) : (struct db_pool_counts){0};
}

static Kith__V1__PoolStats *describe_pool(const struct report *r, struct arena *arena)
{
    Kith__V1__PoolStats *out = arena_alloc(arena, sizeof(*out));
    if (!out)
        return NULL;
    struct db_pool_counts now = count_pool(r);
    kith__v1__pool_stats__init(out);
    out->size = now.size;
    out->open = now.n_open;
    out->idle = now.n_idle;
    return out;
}

rpc_handler_fn rpc_get_stats;

RPC_HANDLER(get_stats, Kith__V1__GetStatsRequest, Kith__V1__GetStatsResponse)
{
    (void)in;
    const struct report *r = ctx->service;
    out->service = arena_strdup(ctx->arena, program_invocation_short_name);
    out->uptime_us = (uint64_t)(now_us(r) - r->started_us);
    out->queue = describe_queue(r, ctx->arena);
    out->connections = describe_connections(r, ctx->arena);
    out->pool = describe_pool(r, ctx->arena);
    if (!out->service || !out->queue || !out->connections || !out->pool ||
        !describe_methods(r, ctx->arena, out))
        return err_raise(&ctx->err, REASON_INTERNAL_ERROR, "no memory for the figures");
    return ERR_OK;
}

static const struct rpc_method stats_methods[] = {{"GetStats", rpc_get_stats, DB_TX_NONE}};

const struct rpc_service stats_service = {&kith__v1__stats_service__descriptor, stats_methods, 1};

/* ---- the line of the log ---- */

/* What happened since the last line, in all and by the methods called most. */
struct interval {
    struct histogram_copy took;
    uint64_t n_calls, n_failed;
    struct busy {
        const char *method; /* NULL: fewer were called */
        uint64_t n_calls, n_failed;
        int64_t p50_us, p99_us;
    } busiest[BUSIEST];
};

static uint64_t count_failed(const struct stats_method *m)
{
    return count_calls(m) - m->by_code[ERR_OK];
}

/* Into its place among the busiest, if it has one. */
static void rank(struct interval *interval, const struct busy *busy)
{
    size_t at = BUSIEST;
    while (at > 0 && interval->busiest[at - 1].n_calls < busy->n_calls)
        at--;
    if (at == BUSIEST)
        return;
    memmove(&interval->busiest[at + 1], &interval->busiest[at],
        (BUSIEST - 1 - at) * sizeof(interval->busiest[0]));
    interval->busiest[at] = *busy;
}

static void add_method(struct report *r, size_t method, struct interval *interval)
{
    const struct dispatch *d = r->sources.dispatch;
    struct stats_method *before = &r->before[method];
    struct stats_method now;
    stats_read_method(d->stats, method, &now);
    uint64_t n_calls = count_calls(&now) - count_calls(before);
    if (n_calls == 0)
        return;
    uint64_t n_failed = count_failed(&now) - count_failed(before);
    struct histogram_copy took = now.took;
    histogram_subtract(&took, &before->took);
    for (size_t i = 0; i < HISTOGRAM_BUCKETS; i++)
        interval->took.counts[i] += took.counts[i];
    interval->n_calls += n_calls;
    interval->n_failed += n_failed;
    rank(interval, &(struct busy){d->routes[method].method->name, n_calls, n_failed,
                       histogram_percentile(&took, 0.5), histogram_percentile(&took, 0.99)});
    *before = now;
}

/* "ContactService/GetMember=120,0,310,900 …": calls, failed ones, p50 and p99 in microseconds. */
static void name_busiest(const struct interval *interval, char *out, size_t size)
{
    static const char package[] = "/kith.v1.";
    size_t len = 0;
    out[0] = '\0';
    for (size_t i = 0; i < BUSIEST && interval->busiest[i].method && len < size; i++) {
        const struct busy *b = &interval->busiest[i];
        bool is_ours = strncmp(b->method, package, sizeof(package) - 1) == 0;
        int n = snprintf(out + len, size - len, "%s%s=%" PRIu64 ",%" PRIu64 ",%" PRId64 ",%" PRId64,
            i > 0 ? " " : "", b->method + (is_ours ? sizeof(package) - 1 : 1), b->n_calls,
            b->n_failed, b->p50_us, b->p99_us);
        len += n > 0 ? (size_t)n : size;
    }
}

static uint64_t refused_since(struct report *r, enum stats_refusal why)
{
    uint64_t now = stats_refused(r->sources.dispatch->stats, why);
    uint64_t before = r->refused_before[why];
    r->refused_before[why] = now;
    return now - before;
}

void report_log(struct report *r)
{
    struct interval interval = {0};
    struct histogram_copy waits, waits_now;
    struct transport_counts connections;
    char busiest[BUSIEST * BUSIEST_SIZE];
    int64_t time_us = now_us(r);
    for (size_t i = 0; i < count_methods(r); i++)
        add_method(r, i, &interval);
    name_busiest(&interval, busiest, sizeof(busiest));
    stats_read_waits(r->sources.dispatch->stats, &waits_now);
    waits = waits_now;
    histogram_subtract(&waits, &r->waits_before);
    transport_count(r->sources.transport, &connections);
    struct call_queue_counts queue = call_queue_count(r->sources.queue);
    struct db_pool_counts pool = count_pool(r);
    log_info("rpc.stats", LOG_INT("uptime_s", (time_us - r->started_us) / 1000000),
        LOG_INT("interval_us", time_us - r->logged_us), LOG_INT("calls", interval.n_calls),
        LOG_INT("failed", interval.n_failed),
        LOG_INT("p50_us", histogram_percentile(&interval.took, 0.5)),
        LOG_INT("p99_us", histogram_percentile(&interval.took, 0.99)),
        LOG_INT("max_us", histogram_percentile(&interval.took, 1)),
        LOG_INT("wait_p50_us", histogram_percentile(&waits, 0.5)),
        LOG_INT("wait_p99_us", histogram_percentile(&waits, 0.99)),
        LOG_INT("waiting", queue.n_waiting), LOG_INT("callers", queue.n_callers),
        LOG_INT("parked", queue.n_parked),
        LOG_INT("refused_full", refused_since(r, STATS_QUEUE_FULL)),
        LOG_INT("refused_late", refused_since(r, STATS_WAITED_TOO_LONG)),
        LOG_INT("refused_rate", refused_since(r, STATS_RATE_LIMITED)),
        LOG_INT("refused_other", refused_since(r, STATS_OTHER_REFUSAL)),
        LOG_INT("connections", connections.n_open),
        LOG_INT("accepted", connections.n_accepted - r->connections_before.n_accepted),
        LOG_INT("rejected", connections.n_rejected - r->connections_before.n_rejected),
        LOG_INT("received", connections.n_received - r->connections_before.n_received),
        LOG_INT("pool_open", pool.n_open), LOG_INT("pool_idle", pool.n_idle),
        LOG_STR("methods", busiest));
    r->logged_us = time_us;
    r->waits_before = waits_now;
    r->connections_before = connections;
}
