/* SPDX-License-Identifier: Apache-2.0 */
#include "rpc/dispatch.h"

#include "log/log.h"
#include "rpc/sending.h"
#include "rpc/stats.h"
#include "rpc/stream.h"
#include "rpc/unpack.h"

#include <kith/v1/wire.pb-c.h>

#include <assert.h>
#include <stddef.h>
#include <string.h>

struct rpc_waiter {
    bool is_parked;
    struct id key;
};

/* Everything known of the call being run. */
struct run {
    const struct dispatch *d;
    const struct call *call;
    struct route *route;
    struct scratch *scratch;
    const Kith__V1__Meta *meta;
    Kith__V1__Meta no_meta;
    ProtobufCMessage *in;
    ProtobufCMessage *out;
    struct rpc_waiter waiter;
    struct rpc_sending sending;
    struct db_session session;
    struct db_bytes reply;
    int64_t started_us;
    struct rpc_ctx ctx;
};
_Static_assert(offsetof(struct run, ctx.err) + sizeof(struct err) == sizeof(struct run),
    "begin() sets what is before the error");

/* ---- before the handler ---- */

static enum err_code read_meta(struct run *r, struct err *err)
{
    enum err_code code = ERR_OK;
    if (r->call->frame.meta_len > 0) {
        const struct db_bytes bytes = {r->call->frame.meta, r->call->frame.meta_len};
        ProtobufCMessage *meta;
        code = unpack_request(schema_meta(r->d->schema), &bytes, &r->scratch->request, &meta, err);
        if (code == ERR_OK)
            r->meta = (const Kith__V1__Meta *)(const void *)meta;
    }
    struct rpc_trace parent;
    bool has_parent = rpc_trace_parse(r->meta->traceparent, &parent);
    r->ctx.trace = has_parent ? rpc_trace_child(&parent) : rpc_trace_new();
    if (r->meta->idempotency_key[0] != '\0')
        r->ctx.idempotency_key = r->meta->idempotency_key;
    return code;
}

static bool allows(const struct schema_method *method, enum rpc_caller caller)
{
    return (method->callers & (1u << caller)) != 0;
}

static enum err_code authenticate(struct run *r, struct err *err)
{
    const struct rpc_server_config *config = r->d->config;
    const struct schema_method *method = r->route->method;
    bool is_open = allows(method, RPC_CALLER_ANYBODY);
    bool is_only_open = method->callers == 1u << RPC_CALLER_ANYBODY;
    bool has_token = r->meta->authorization[0] != '\0';
    if (is_only_open || (is_open && !has_token) || (is_open && !config->authenticate))
        return ERR_OK;
    if (!has_token)
        return err_raise(err, REASON_TOKEN_MISSING, "%s needs a token", method->name);
    if (!config->authenticate)
        return err_raise(err, REASON_CALLER_NOT_ALLOWED, "this server knows no callers");
    return config->authenticate(
        config->authenticator, &r->session, r->meta->authorization, &r->ctx.principal, err);
}

static const char *caller_name(enum rpc_caller caller)
{
    static const char *const names[] = {
        [RPC_CALLER_ANYBODY] = "a caller without token",
        [RPC_CALLER_MEMBER] = "a member",
        [RPC_CALLER_OPERATOR] = "the operator",
        [RPC_CALLER_SERVICE] = "a service",
    };
    return names[caller];
}

static enum err_code authorise(struct run *r, struct err *err)
{
    const struct schema_method *method = r->route->method;
    const struct rpc_principal *who = &r->ctx.principal;
    /* What everybody may do, those who are known may do too. */
    if (!allows(method, who->caller) && !allows(method, RPC_CALLER_ANYBODY))
        return err_raise(err, REASON_CALLER_NOT_ALLOWED, "%s may not call %s",
            caller_name(who->caller), method->name);
    if (who->caller == RPC_CALLER_MEMBER && (method->scope & ~who->scopes) != 0)
        return err_raise(err, REASON_SCOPE_MISSING, "the token lacks the scope \"%s\"",
            method->scope == RPC_SCOPE_WRITE ? "write" : "read");
    return ERR_OK;
}

static enum err_code read_request(struct run *r, struct err *err)
{
    const struct db_bytes bytes = {r->call->frame.payload, r->call->frame.payload_len};
    enum err_code code =
        unpack_request(r->route->method->in, &bytes, &r->scratch->request, &r->in, err);
    if (code == ERR_OK && r->call->stream && r->call->stream->n_items > 0)
        sending_resume(r->in, r->call->stream->cursor);
    return code;
}

static enum err_code prepare(struct run *r, struct err *err)
{
    enum err_code code = read_meta(r, err);
    if (code != ERR_OK)
        return code;
    if (r->started_us >= r->call->deadline_us)
        return err_raise(err, REASON_DEADLINE_PASSED,
            "the deadline passed while the call waited; it was not started");
    code = authenticate(r, err);
    if (code != ERR_OK)
        return code;
    code = authorise(r, err);
    if (code != ERR_OK)
        return code;
    return read_request(r, err);
}

/* ---- the handler ---- */

static enum err_code pack(
    struct run *r, const ProtobufCMessage *out, struct db_bytes *packed, struct err *err)
{
    size_t len = protobuf_c_message_get_packed_size(out);
    if (len > WIRE_MAX_REPLY)
        return err_raise(err, REASON_REPLY_TOO_LARGE, "the reply has %zu bytes; at most %d fit",
            len, (int)WIRE_MAX_REPLY);
    uint8_t *data = arena_alloc(&r->scratch->reply, len);
    if (!data)
        return err_raise(err, REASON_REPLY_TOO_LARGE, "the reply needs too much memory");
    *packed = (struct db_bytes){data, protobuf_c_message_pack(out, data)};
    return ERR_OK;
}

static enum err_code fill_reply(struct run *r, rpc_handler_fn *handler, struct err *err)
{
    enum err_code code = handler(&r->ctx, r->in, r->out);
    if (r->waiter.is_parked)
        return ERR_OK;
    if (code == ERR_OK)
        return r->call->stream ? ERR_OK : pack(r, r->out, &r->reply, err);
    *err = r->ctx.err;
    if (err->code == code)
        return code;
    /* A handler that fails without saying why. */
    return err_raise(
        err, REASON_INTERNAL_ERROR, "%s failed without a reason", r->route->method->name);
}

static enum err_code run_handler(struct run *r, struct err *err)
{
    const ProtobufCMessageDescriptor *type = r->route->method->out->type;
    r->out = arena_alloc(&r->scratch->reply, type->sizeof_message);
    if (!r->out)
        return err_raise(err, REASON_REPLY_TOO_LARGE, "the reply needs too much memory");
    protobuf_c_message_init(type, r->out);
    return fill_reply(r, r->route->row->handler, err);
}

/* ---- idempotency keys ---- */

static bool has_key(const struct run *r)
{
    return r->ctx.idempotency_key && r->d->config->idempotency && !r->route->method->is_idempotent;
}

/* The reply as it may be stored. A token is shown once and kept nowhere. */
static enum err_code pack_without_secrets(struct run *r, struct db_bytes *out, struct err *err)
{
    *out = r->reply;
    return schema_clear_secrets(r->route->method->out, r->out) ? pack(r, r->out, out, err) : ERR_OK;
}

static enum err_code repeat(struct run *r, const struct db_bytes *kept, struct err *err)
{
    r->reply = *kept;
    if (!r->route->row->renew)
        return ERR_OK;
    struct err why;
    if (unpack_reply(r->route->method->out, &r->reply, &r->scratch->reply, &r->out, &why) != ERR_OK)
        return err_raise(err, REASON_REPLY_TOO_LARGE, "the kept reply can not be read");
    return fill_reply(r, r->route->row->renew, err);
}

static enum err_code run_once(struct run *r, struct err *err)
{
    const struct rpc_idempotency *store = r->d->config->idempotency;
    const struct rpc_keyed_call call = {
        r->route->method->hash, {r->call->frame.payload, r->call->frame.payload_len}};
    struct db_bytes kept = {0};
    enum err_code code = store->begin(&r->ctx, &call, &kept, err);
    if (code != ERR_OK)
        return code;
    if (kept.data)
        return repeat(r, &kept, err);
    code = run_handler(r, err);
    if (code == ERR_OK)
        code = pack_without_secrets(r, &kept, err);
    if (code == ERR_OK)
        return store->finish(&r->ctx, &call, &kept, err);
    /* A caller without a token holds nothing while she works: was her twin quicker? */
    struct err ignored;
    bool is_nobody = r->ctx.principal.caller == RPC_CALLER_ANYBODY;
    if (is_nobody && store->begin(&r->ctx, &call, &kept, &ignored) == ERR_OK && kept.data)
        return repeat(r, &kept, err);
    return code;
}

static void begin_sending(struct run *r)
{
    int64_t room = atomic_load(&r->call->stream->credit);
    sending_begin(&r->sending, r->ctx.arena, room < STREAM_ROOM ? room : STREAM_ROOM);
    r->ctx.sending = &r->sending;
}

/* One attempt: all of it commits or none. Runs again, from here, after a conflict. */
static enum err_code attempt(struct db_session *session, void *arg, struct err *err)
{
    struct run *r = arg;
    (void)session;
    arena_reset(&r->scratch->reply);
    err_clear(&r->ctx.err);
    r->ctx.n_after = 0;
    r->reply = (struct db_bytes){0};
    if (r->call->stream)
        begin_sending(r);
    return has_key(r) ? run_once(r, err) : run_handler(r, err);
}

static enum err_code execute(struct run *r, struct err *err)
{
    enum db_tx_mode mode = r->route->row->tx;
    if (has_key(r))
        mode = DB_TX_WRITE;
    if (mode == DB_TX_NONE || !r->d->config->db) {
        bool may_wait = mode == DB_TX_NONE && !r->route->row->is_instant;
        r->ctx.waiter = may_wait ? &r->waiter : NULL;
        return attempt(&r->session, r, err);
    }
    return db_in_tx(&r->session, mode, attempt, r, err);
}

/* ---- after it ---- */

/*
 * A method is quick while the mean of its calls is small. Fractions of a microsecond count: one
 * slow call in a hundred must not be forgotten before the next.
 */
enum {
    MEAN_UNIT = 16,
    MEAN_WEIGHT = 64,
    QUICK_US = 50,
    INSTANT_US = 1000, /* much more than they say: on a busy machine a thread may be set aside */
    BRISK_US = 3000,
    SHARED_US = 20000,
    MEAN_AT_START = 5000 * MEAN_UNIT
};

bool route_is_quick(const struct route *route)
{
    return atomic_load_explicit(&route->mean_us, memory_order_relaxed) < QUICK_US * MEAN_UNIT;
}

bool route_is_brisk(const struct route *route)
{
    return atomic_load_explicit(&route->mean_us, memory_order_relaxed) < BRISK_US * MEAN_UNIT;
}

bool route_is_instant(const struct route *route)
{
    unsigned mean = atomic_load_explicit(&route->mean_us, memory_order_relaxed);
    return route->row->is_instant && mean < INSTANT_US * MEAN_UNIT;
}

/* The database's time counts little: on a busy machine it is mostly time spent waiting for others.
 */
bool route_is_shared(const struct route *route)
{
    return route->row->is_reader &&
           atomic_load_explicit(&route->own_us, memory_order_relaxed) < BRISK_US * MEAN_UNIT &&
           atomic_load_explicit(&route->mean_us, memory_order_relaxed) < SHARED_US * MEAN_UNIT;
}

unsigned route_cost_us(const struct route *route)
{
    return atomic_load_explicit(&route->mean_us, memory_order_relaxed) / MEAN_UNIT;
}

void route_forget(struct route *route)
{
    atomic_init(&route->mean_us, route->row->is_instant ? 0 : MEAN_AT_START);
    atomic_init(&route->own_us, 0);
}

static void note_mean(atomic_uint *into, int64_t us)
{
    int64_t mean = atomic_load_explicit(into, memory_order_relaxed);
    if (us > 1000 * 1000)
        us = 1000 * 1000;
    mean += (us * MEAN_UNIT - mean) / MEAN_WEIGHT;
    atomic_store_explicit(into, (unsigned)mean, memory_order_relaxed);
}

static void note_duration(struct route *route, int64_t dur_us, int64_t db_us)
{
    note_mean(&route->mean_us, dur_us);
    note_mean(&route->own_us, dur_us > db_us ? dur_us - db_us : 0);
}

/* The time a call was parked is its client's wish, not ours. */
static void count(const struct run *r, enum err_code code, int64_t now_us)
{
    const struct call *call = r->call;
    int64_t began_us = call->is_returned ? call->queued_us : call->arrived_us;
    stats_add(r->d->stats, r->scratch->shard, (size_t)(r->route - r->d->routes), code,
        r->started_us - call->queued_us, now_us - began_us);
}

static enum log_level level_of(enum err_code code)
{
    if (code == ERR_INTERNAL || code == ERR_DATA_LOSS || code == ERR_UNKNOWN)
        return LOG_ERROR;
    return code == ERR_UNAVAILABLE ? LOG_WARN : LOG_INFO;
}

static void log_call(const struct run *r, const struct outcome *out, int64_t now_us)
{
    enum log_level level = level_of(out->err.code);
    if (!log_enabled(level))
        return;
    char actor[ID_TEXT_SIZE];
    const struct rpc_trace_text trace = rpc_trace_text(&r->ctx.trace);
    id_format(&r->ctx.principal.member, actor);
    bool is_member = r->ctx.principal.caller == RPC_CALLER_MEMBER;
    bool is_failure = out->err.code != ERR_OK;
    const struct err *err = &out->err;
    log_at(level, "rpc.call", LOG_STR("trace_id", trace.trace_id),
        LOG_STR("span_id", trace.span_id),
        LOG_STR("parent_id", trace.parent_id[0] ? trace.parent_id : NULL),
        LOG_STR("request_id", r->meta->request_id[0] ? r->meta->request_id : NULL),
        LOG_STR("method", r->route->method->name), LOG_STR("code", err_code_name(err->code)),
        LOG_STR("reason", is_failure ? err_reason_info(err->reason)->name : NULL),
        LOG_STR("actor", is_member ? actor : NULL), LOG_INT("dur_us", now_us - r->call->arrived_us),
        LOG_INT("queue_us", r->started_us - r->call->queued_us), LOG_INT("db_us", r->session.db_us),
        LOG_INT("in_bytes", r->call->frame.payload_len),
        LOG_INT("out_bytes", r->call->stream ? r->call->stream->n_bytes : out->payload.len),
        LOG_STR("field", err->field[0] ? err->field : NULL),
        LOG_STR("err", is_failure ? err->msg : NULL),
        LOG_STR("detail", err->detail[0] ? err->detail : NULL),
        LOG_STR("origin", is_failure ? err->origin : NULL));
}

/* For whoever looks at what is called here; not her own looks. */
static void tap(const struct run *r, const struct outcome *out, int64_t now_us)
{
    if (!r->d->tap || r->route->state == r->d->tap)
        return;
    const struct tap_call call = {
        .method = r->route->method,
        .ctx = &r->ctx,
        .err = &out->err,
        .took_us = now_us - r->call->arrived_us,
        .request = {r->call->frame.payload, r->call->frame.payload_len},
        .reply = out->payload,
    };
    tap_record(r->d->tap, &call, &r->scratch->request);
}

static void tap_items(const struct run *r)
{
    static const struct err fine;
    uint32_t n = r->call->stream->n_items;
    if (!r->d->tap)
        return;
    struct tap_call call = {
        .method = r->route->method,
        .ctx = &r->ctx,
        .err = &fine,
        .took_us = clock_mono_us(r->d->config->clock) - r->call->arrived_us,
    };
    if (n == 0)
        call.request = (struct db_bytes){r->call->frame.payload, r->call->frame.payload_len};
    for (const struct item *item = r->sending.items; item; item = item->next) {
        call.item = ++n;
        call.reply = item->payload;
        tap_record(r->d->tap, &call, &r->scratch->request);
        call.request = (struct db_bytes){0};
    }
}

/* What a run of a stream sent; true if it is to run again. */
static bool hand_over(const struct run *r, struct outcome *out)
{
    const struct rpc_sending *s = &r->sending;
    tap_items(r);
    out->items = s->items;
    out->cursor = s->cursor;
    out->goes_on = s->n_items > 0 && !r->call->is_last_try && !r->call->stream->is_alone;
    out->is_over = s->n_items == 0 && !r->waiter.is_parked;
    r->call->stream->n_bytes += s->n_bytes;
    return out->goes_on;
}

struct route *dispatch_route(const struct dispatch *d, uint32_t method)
{
    const struct schema_method *found = schema_find(d->schema, method);
    struct route *route = found ? &d->routes[schema_index(d->schema, found)] : NULL;
    return route && route->row ? route : NULL;
}

/* Nothing more than has to be is written: the memory of calls side by side is seldom near. */
static void begin(
    struct run *r, const struct dispatch *d, const struct call *call, struct scratch *scratch)
{
    arena_reset(&scratch->request);
    memset(r, 0, offsetof(struct run, ctx.err));
    err_clear(&r->ctx.err);
    r->d = d;
    r->call = call;
    r->route = dispatch_route(d, call->frame.method);
    assert(r->route);
    r->scratch = scratch;
    r->started_us = clock_mono_us(d->config->clock);
    kith__v1__meta__init(&r->no_meta);
    r->meta = &r->no_meta;
    r->session.deadline_us = call->deadline_us;
    if (d->config->db && !r->route->row->is_instant)
        r->session = db_session(d->config->db, call->deadline_us);
    r->session.interrupt = call->interrupt;
    r->session.gather = scratch->gather;
    r->ctx.service = r->route->state;
    r->ctx.arena = &scratch->reply;
    r->ctx.db = &r->session;
    r->ctx.clock = d->config->clock;
    r->ctx.deadline_us = call->deadline_us;
    r->ctx.is_last_try = call->is_last_try;
}

void dispatch_run(
    const struct dispatch *d, const struct call *call, struct scratch *scratch, struct outcome *out)
{
    struct run r;
    begin(&r, d, call, scratch);
    outcome_begin(out);
    enum err_code code = prepare(&r, &out->err);
    if (code == ERR_OK)
        code = execute(&r, &out->err);
    out->caller = r.ctx.principal;
    bool may_wait = !call->is_last_try && r.sending.n_items == 0;
    if (r.waiter.is_parked && code == ERR_OK && may_wait) {
        out->is_parked = true;
        out->key = r.waiter.key;
        return;
    }
    if (call->stream && code == ERR_OK && hand_over(&r, out))
        return;
    if (r.waiter.is_parked && !call->stream)
        code = err_raise(&out->err, REASON_DEADLINE_PASSED, "nothing happened in time");
    if (code == ERR_OK) {
        rpc_run_after(&r.ctx);
        err_clear(&out->err); /* of a try before the one that succeeded */
        out->payload = r.reply;
    } else {
        out->err.code = code;
    }
    int64_t now_us = clock_mono_us(d->config->clock);
    if (!call->stream)
        note_duration(r.route, now_us - r.started_us, r.session.db_us);
    count(&r, out->err.code, now_us);
    log_call(&r, out, now_us);
    tap(&r, out, now_us);
}

enum err_code rpc_park(struct rpc_ctx *ctx, const struct id *key)
{
    if (!ctx->waiter)
        return err_raise(&ctx->err, REASON_INTERNAL_ERROR,
            "a method that is instant, or has a transaction, cannot be parked");
    *ctx->waiter = (struct rpc_waiter){.is_parked = true, .key = *key};
    return ERR_OK;
}

bool rpc_is_cancelled(const struct rpc_ctx *ctx)
{
    return db_interrupt_is_set(ctx->db->interrupt) || clock_mono_us(ctx->clock) >= ctx->deadline_us;
}

void rpc_after_commit(struct rpc_ctx *ctx, rpc_after_fn *fn, void *arg)
{
    assert(ctx->n_after < RPC_AFTER_MAX);
    ctx->after[ctx->n_after++] = (struct rpc_after){fn, arg};
}

void rpc_run_after(struct rpc_ctx *ctx)
{
    for (unsigned i = 0; i < ctx->n_after; i++)
        ctx->after[i].fn(ctx->after[i].arg);
    ctx->n_after = 0;
}
