/* SPDX-License-Identifier: Apache-2.0 */
#include "log/log.h"
#include "queue/queue.h"
#include "queue_sql.h"

#include <kith/v1/queue.pb-c.h>

#include <string.h>

enum {
    CHUNK = 32, /* events that share a transaction, as long as all goes well */
    EFFECT_MEMORY = 1 << 20,
    REPLY_RESERVE_US = 500000, /* of the deadline: stop with effects, acknowledge what is done */
};

/* One event in its transaction. */
struct effect {
    const struct queue_handler *handler; /* NULL: news this version has no use for */
    struct queue_event event;
    char *id;    /* as it came */
    bool is_new; /* it has not taken effect before */
    int64_t started_us;
    struct rpc_ctx ctx;
};

/* One batch being taken. */
struct intake {
    const struct queue_consumer *consumer;
    struct rpc_ctx *ctx; /* of the Deliver call */
    struct arena arena;  /* of the effects of one transaction */
    Kith__V1__DeliverResponse *response;
    struct effect *effects;      /* of one transaction; CHUNK of them */
    struct effect *order[CHUNK]; /* the same, as they are to run */
    size_t n_effects;
    struct id *failed; /* members whose later events must wait */
    size_t n_failed;
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

static enum err_code record_and_run(struct db_session *s, struct effect *effect, struct err *err)
{
    const struct queue_event *event = &effect->event;
    CLEANUP(db_result_clear) struct db_result *recorded = NULL;
    enum err_code code = queue_sql_record_event(s, &recorded, err, db_id(&event->member),
        db_id(&event->id), db_int(id_bucket(&event->member)));
    effect->is_new = code == ERR_OK && db_rows(recorded) > 0;
    if (!effect->is_new)
        return code;
    effect->started_us = clock_mono_us(effect->ctx.clock);
    effect->ctx.err = (struct err){0};
    code = effect->handler->effect(&effect->ctx, event);
    if (code != ERR_OK)
        *err = effect->ctx.err;
    return code;
}

/*
 * By member, and those of one member as they came: two batches that touch the same members lock
 * their rows in the same order, so neither waits for the other in a circle.
 */
static void sort_effects(struct intake *in)
{
    for (size_t i = 0; i < in->n_effects; i++) {
        struct effect *effect = &in->effects[i];
        const struct id *member = &effect->event.member;
        size_t at = i;
        for (; at > 0; at--) {
            if (memcmp(&in->order[at - 1]->event.member, member, sizeof(*member)) <= 0)
                break;
            in->order[at] = in->order[at - 1];
        }
        in->order[at] = effect;
    }
}

/* Body of the transaction; what an earlier attempt has left is forgotten first. */
static enum err_code run_effects(struct db_session *s, void *arg, struct err *err)
{
    struct intake *in = arg;
    enum err_code code = ERR_OK;
    arena_reset(&in->arena);
    for (size_t i = 0; i < in->n_effects && code == ERR_OK; i++) {
        struct effect *effect = in->order[i];
        effect->ctx.n_after = 0;
        if (effect->handler)
            code = record_and_run(s, effect, err);
    }
    return code;
}

static void log_failure(const struct queue_event *event, const struct err *err)
{
    char id[ID_TEXT_SIZE];
    const struct rpc_trace_text trace = rpc_trace_text(&event->trace);
    id_format(&event->id, id);
    log_warn("queue.effect_failed", LOG_STR("trace_id", trace.trace_id),
        LOG_STR("span_id", trace.span_id), LOG_STR("event", id), LOG_STR("kind", event->kind),
        LOG_ERR(err));
}

/* The event's counterpart of a call's line: what ties the two sides of the queue into one trace. */
static void log_effect(const struct effect *effect)
{
    const struct queue_event *event = &effect->event;
    const struct rpc_trace_text trace = rpc_trace_text(&effect->ctx.trace);
    int64_t dur_us = clock_mono_us(effect->ctx.clock) - effect->started_us;
    int64_t age_us = clock_wall_us(effect->ctx.clock) - event->occurred_us;
    log_info("queue.effect", LOG_STR("trace_id", trace.trace_id), LOG_STR("span_id", trace.span_id),
        LOG_STR("parent_id", trace.parent_id), LOG_STR("event", effect->id),
        LOG_STR("kind", event->kind), LOG_INT("dur_us", dur_us), LOG_INT("age_us", age_us));
}

static void add_effect(struct intake *in, const Kith__V1__Event *event)
{
    struct effect *effect = &in->effects[in->n_effects++];
    *effect = (struct effect){.handler = find_handler(in->consumer, event->kind),
        .event = read_event(event),
        .id = event->id,
        .ctx = *in->ctx};
    effect->ctx.service = in->consumer->service;
    effect->ctx.arena = &in->arena;
    effect->ctx.trace = rpc_trace_child(&effect->event.trace);
    effect->ctx.waiter = NULL;
}

/* All effects of in->effects in one transaction, acknowledged as they came, or none. */
static enum err_code take_effects(struct intake *in, struct err *err)
{
    sort_effects(in);
    enum err_code code = db_in_tx(in->ctx->db, DB_TX_WRITE, run_effects, in, err);
    for (size_t i = 0; code == ERR_OK && i < in->n_effects; i++) {
        struct effect *effect = &in->effects[i];
        in->response->done[in->response->n_done++] = effect->id;
        rpc_run_after(&effect->ctx);
        if (effect->is_new)
            log_effect(effect);
        if (effect->handler && effect->handler->after)
            effect->handler->after(in->consumer->service, &effect->event);
    }
    return code;
}

/* The database's trouble, or time's, or the sender has gone: not the event's fault. */
static bool is_outer_failure(const struct err *err)
{
    return err->reason == REASON_CALL_CANCELLED || err->reason == REASON_DATABASE_UNAVAILABLE ||
           err->reason == REASON_COMMIT_IN_DOUBT || err->reason == REASON_DEADLINE_PASSED;
}

static bool is_time_up(const struct intake *in)
{
    return clock_mono_us(in->ctx->clock) > in->ctx->deadline_us - REPLY_RESERVE_US;
}

static void refuse(struct intake *in, char *id)
{
    in->response->refused[in->response->n_refused++] = id;
}

/* Out of memory the producer learns of the refusal only, and tries again. */
static void tell_why(struct intake *in, char *id, const struct err *err)
{
    struct arena *arena = in->ctx->arena;
    Kith__V1__DeliveryFailure *failure = arena_alloc(arena, sizeof(*failure));
    if (!failure)
        return;
    kith__v1__delivery_failure__init(failure);
    failure->id = id;
    failure->status = (uint32_t)err->code;
    failure->reason = arena_strdup(arena, err_reason_info(err->reason)->name);
    failure->message = arena_strdup(arena, err->msg);
    if (failure->reason && failure->message)
        in->response->failures[in->response->n_failures++] = failure;
}

/* One event by itself; only the database's trouble is passed on. */
static enum err_code take_one(struct intake *in, const Kith__V1__Event *event, struct err *err)
{
    in->n_effects = 0;
    add_effect(in, event);
    const struct queue_event *taken = &in->effects[0].event;
    if (is_failed(in, &taken->member)) {
        refuse(in, event->id);
        return ERR_OK;
    }
    enum err_code code = take_effects(in, err);
    if (code == ERR_OK)
        return code;
    log_failure(taken, err);
    if (is_outer_failure(err))
        return code;
    in->failed[in->n_failed++] = taken->member;
    tell_why(in, event->id, err);
    refuse(in, event->id);
    return ERR_OK;
}

/*
 * Several events in one transaction, which saves most of the commits. If one of them fails, each is
 * tried again by itself, so that it fails alone.
 */
static enum err_code take_chunk(
    struct intake *in, Kith__V1__Event *const *events, size_t n, struct err *err)
{
    bool is_clean = n > 1 && in->n_failed == 0;
    in->n_effects = 0;
    for (size_t i = 0; is_clean && i < n; i++)
        add_effect(in, events[i]);
    enum err_code code = is_clean ? take_effects(in, err) : ERR_OK;
    if (is_clean && (code == ERR_OK || is_outer_failure(err)))
        return code;
    code = ERR_OK;
    for (size_t i = 0; i < n && code == ERR_OK && !is_time_up(in); i++)
        code = take_one(in, events[i], err);
    return code;
}

/* Fails only if nothing at all became of the batch. */
static enum err_code take_batch(
    struct intake *in, const Kith__V1__DeliverRequest *request, struct err *err)
{
    const Kith__V1__DeliverResponse *response = in->response;
    for (size_t i = 0; i < request->n_events && !is_time_up(in); i += CHUNK) {
        size_t left = request->n_events - i;
        enum err_code code = take_chunk(in, &request->events[i], left < CHUNK ? left : CHUNK, err);
        if (code != ERR_OK)
            return response->n_done + response->n_refused > 0 ? ERR_OK : code;
    }
    return ERR_OK;
}

static enum err_code deliver(
    struct rpc_ctx *ctx, const ProtobufCMessage *request, ProtobufCMessage *response)
{
    const Kith__V1__DeliverRequest *in = (const void *)request;
    Kith__V1__DeliverResponse *out = (void *)response;
    const struct queue_consumer *consumer = ctx->service;
    struct intake intake = {.consumer = consumer, .ctx = ctx, .response = out};
    out->done = arena_calloc(ctx->arena, in->n_events + 1, sizeof(*out->done));
    out->refused = arena_calloc(ctx->arena, in->n_events + 1, sizeof(*out->refused));
    out->failures = arena_calloc(ctx->arena, in->n_events + 1, sizeof(*out->failures));
    intake.failed = arena_calloc(ctx->arena, in->n_events + 1, sizeof(*intake.failed));
    intake.effects = arena_calloc(ctx->arena, CHUNK, sizeof(*intake.effects));
    if (!out->done || !out->refused || !out->failures || !intake.failed || !intake.effects)
        return err_raise(&ctx->err, REASON_REQUEST_TOO_LARGE, "the batch does not fit into memory");
    arena_init(&intake.arena, EFFECT_MEMORY);
    enum err_code code = take_batch(&intake, in, &ctx->err);
    arena_fini(&intake.arena);
    return code;
}

static const struct rpc_method methods[] = {{"Deliver", deliver, DB_TX_NONE}};

const struct rpc_service queue_rpc = {
    &kith__v1__queue_service__descriptor, methods, sizeof(methods) / sizeof(methods[0])};
