/* SPDX-License-Identifier: Apache-2.0 */
#include "log/log.h"
#include "queue/queue.h"
#include "queue_sql.h"

#include <kith/v1/queue.pb-c.h>

#include <stdatomic.h>
#include <string.h>

enum {
    EFFECT_MEMORY = 1 << 20,
    CLEAN_EVERY_US = 10000000,
    REPLY_RESERVE_US = 500000, /* of the deadline: stop with effects, acknowledge what is done */
};

/* One batch being taken. */
struct intake {
    const struct queue_consumer *consumer;
    struct rpc_ctx *ctx; /* of the Deliver call */
    struct arena arena;  /* of one effect at a time */
    struct id *failed;   /* members whose later events must wait */
    size_t n_failed;
};

/* What runs inside the transaction of one event. */
struct effect {
    const struct queue_handler *handler;
    const struct queue_event *event;
    struct rpc_ctx ctx;
    bool is_new;
};

static const struct queue_handler *find_handler(const struct queue_consumer *c, const char *kind)
{
    for (size_t i = 0; i < c->n_handlers; i++)
        if (strcmp(c->handlers[i].kind, kind) == 0)
            return &c->handlers[i];
    return NULL;
}

static bool is_failed(const struct intake *in, const struct id *member)
{
    for (size_t i = 0; i < in->n_failed; i++)
        if (id_equal(&in->failed[i], member))
            return true;
    return false;
}

static struct queue_event read_event(const Kith__V1__Event *in)
{
    struct queue_event event = {.kind = in->kind,
        .occurred_us = in->occurred_us,
        .payload = {in->payload.data, in->payload.len}};
    (void)id_parse(in->id, &event.id); /* the server has checked that both are UUIDs */
    (void)id_parse(in->member_id, &event.member);
    if (!rpc_trace_parse(in->traceparent, &event.trace))
        event.trace = rpc_trace_new();
    return event;
}

static enum err_code record_and_run(struct db_session *s, void *arg, struct err *err)
{
    struct effect *effect = arg;
    const struct queue_event *event = effect->event;
    arena_reset(effect->ctx.arena); /* what an attempt rolled back has left */
    CLEANUP(db_result_clear) struct db_result *recorded = NULL;
    enum err_code code = queue_sql_record_event(s, &recorded, err, db_id(&event->member),
        db_id(&event->id), db_int(id_bucket(&event->member)));
    if (code != ERR_OK)
        return code;
    effect->is_new = db_rows(recorded) == 1;
    if (!effect->is_new)
        return ERR_OK;
    effect->ctx.err = (struct err){0};
    effect->ctx.n_after = 0;
    code = effect->handler->effect(&effect->ctx, event);
    if (code != ERR_OK)
        *err = effect->ctx.err;
    return code;
}

static void log_failure(const struct queue_event *event, const struct err *err)
{
    char id[ID_TEXT_SIZE];
    char trace_id[RPC_TRACE_ID_SIZE];
    id_format(&event->id, id);
    rpc_trace_id_format(&event->trace, trace_id);
    log_warn("queue.effect_failed", LOG_STR("trace_id", trace_id), LOG_STR("event", id),
        LOG_STR("kind", event->kind), LOG_ERR(err));
}

/* True once the effect is committed, now or earlier. */
static bool take_event(struct intake *in, const struct queue_event *event, struct err *err)
{
    const struct queue_handler *handler = find_handler(in->consumer, event->kind);
    if (!handler) /* news this version has no use for */
        return true;
    struct effect effect = {.handler = handler, .event = event, .ctx = *in->ctx};
    effect.ctx.service = in->consumer->service;
    effect.ctx.arena = &in->arena;
    effect.ctx.trace = rpc_trace_child(&event->trace);
    effect.ctx.waiter = NULL;
    if (db_in_tx(in->ctx->db, DB_TX_WRITE, record_and_run, &effect, err) != ERR_OK) {
        log_failure(event, err);
        return false;
    }
    rpc_run_after(&effect.ctx);
    if (handler->after)
        handler->after(in->consumer->service, event);
    return true;
}

/* The database's trouble, or time's, not the event's. */
static bool is_outer_failure(const struct err *err)
{
    return err->reason == REASON_DATABASE_UNAVAILABLE || err->reason == REASON_COMMIT_IN_DOUBT ||
           err->reason == REASON_DEADLINE_PASSED;
}

static bool is_time_up(const struct intake *in)
{
    return clock_mono_us(in->ctx->clock) > in->ctx->deadline_us - REPLY_RESERVE_US;
}

/* Fails only if nothing at all became of the batch. */
static enum err_code take_batch(struct intake *in, const Kith__V1__DeliverRequest *request,
    Kith__V1__DeliverResponse *response, struct err *err)
{
    for (size_t i = 0; i < request->n_events && !is_time_up(in); i++) {
        char *id = request->events[i]->id;
        struct queue_event event = read_event(request->events[i]);
        if (is_failed(in, &event.member)) {
            response->refused[response->n_refused++] = id;
        } else if (take_event(in, &event, err)) {
            response->done[response->n_done++] = id;
        } else if (is_outer_failure(err)) {
            return response->n_done + response->n_refused > 0 ? ERR_OK : err->code;
        } else {
            in->failed[in->n_failed++] = event.member;
            response->refused[response->n_refused++] = id;
        }
    }
    return ERR_OK;
}

/* One bucket at a time, now and then, by whoever takes events at that moment. */
static void clean_inbox(struct queue_consumer *c, struct rpc_ctx *ctx)
{
    int64_t now_us = clock_mono_us(ctx->clock);
    int64_t due_us = atomic_load(&c->clean_at_us);
    if (now_us < due_us ||
        !atomic_compare_exchange_strong(&c->clean_at_us, &due_us, now_us + CLEAN_EVERY_US))
        return;
    int bucket = (int)(atomic_fetch_add(&c->n_cleaned, 1) % ID_BUCKETS);
    struct err err = {0};
    CLEANUP(db_result_clear) struct db_result *cleaned = NULL;
    if (queue_sql_clean_inbox(ctx->db, &cleaned, &err, db_int(bucket)) != ERR_OK)
        log_warn("queue.clean_failed", LOG_INT("bucket", bucket), LOG_ERR(&err));
}

static enum err_code deliver(
    struct rpc_ctx *ctx, const ProtobufCMessage *request, ProtobufCMessage *response)
{
    const Kith__V1__DeliverRequest *in = (const void *)request;
    Kith__V1__DeliverResponse *out = (void *)response;
    struct queue_consumer *consumer = ctx->service;
    struct intake intake = {.consumer = consumer, .ctx = ctx};
    out->done = arena_calloc(ctx->arena, in->n_events + 1, sizeof(*out->done));
    out->refused = arena_calloc(ctx->arena, in->n_events + 1, sizeof(*out->refused));
    intake.failed = arena_calloc(ctx->arena, in->n_events + 1, sizeof(*intake.failed));
    if (!out->done || !out->refused || !intake.failed)
        return err_raise(&ctx->err, REASON_REQUEST_TOO_LARGE, "the batch does not fit into memory");
    arena_init(&intake.arena, EFFECT_MEMORY);
    enum err_code code = take_batch(&intake, in, out, &ctx->err);
    arena_fini(&intake.arena);
    if (code == ERR_OK)
        clean_inbox(consumer, ctx);
    return code;
}

static const struct rpc_method methods[] = {{"Deliver", deliver, DB_TX_NONE}};

const struct rpc_service queue_rpc = {
    &kith__v1__queue_service__descriptor, methods, sizeof(methods) / sizeof(methods[0])};
