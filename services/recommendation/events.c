/* SPDX-License-Identifier: Apache-2.0 */
#include "events.h"

#include "service.h"

#include <kith/v1/events.pb-c.h>

/* ---- what we tell ---------------------------------------------------------------------------- */

enum err_code event_ask_received(
    struct rpc_ctx *ctx, const struct id *ask, const struct id *to, struct queue_outgoing *out)
{
    char ask_id[ID_TEXT_SIZE], from_id[ID_TEXT_SIZE], to_id[ID_TEXT_SIZE];
    id_format(ask, ask_id);
    id_format(&ctx->principal.member, from_id);
    id_format(to, to_id);
    Kith__V1__AskReceived event = KITH__V1__ASK_RECEIVED__INIT;
    event.ask_id = ask_id;
    event.from_member_id = from_id;
    event.to_member_id = to_id;
    return queue_pack(ctx, to, &event.base, out, &ctx->err);
}

enum err_code event_ask_answered(struct rpc_ctx *ctx, const struct id *ask, const struct id *answer,
    const struct id *to, struct queue_outgoing *out)
{
    char ask_id[ID_TEXT_SIZE], answer_id[ID_TEXT_SIZE], by_id[ID_TEXT_SIZE], to_id[ID_TEXT_SIZE];
    id_format(ask, ask_id);
    id_format(answer, answer_id);
    id_format(&ctx->principal.member, by_id);
    id_format(to, to_id);
    Kith__V1__AskAnswered event = KITH__V1__ASK_ANSWERED__INIT;
    event.ask_id = ask_id;
    event.answer_id = answer_id;
    event.by_member_id = by_id;
    event.to_member_id = to_id;
    return queue_pack(ctx, to, &event.base, out, &ctx->err);
}

enum err_code event_ask_passed(
    struct rpc_ctx *ctx, const struct id *ask, const struct id *to, struct queue_outgoing *out)
{
    char ask_id[ID_TEXT_SIZE], by_id[ID_TEXT_SIZE], to_id[ID_TEXT_SIZE];
    id_format(ask, ask_id);
    id_format(&ctx->principal.member, by_id);
    id_format(to, to_id);
    Kith__V1__AskPassed event = KITH__V1__ASK_PASSED__INIT;
    event.ask_id = ask_id;
    event.by_member_id = by_id;
    event.to_member_id = to_id;
    return queue_pack(ctx, to, &event.base, out, &ctx->err);
}

struct follow_up {
    struct recommendation *self;
    struct id asker;
};

static void follow_up(void *arg)
{
    const struct follow_up *f = arg;
    queue_relay_hint(f->self->events.relay);
    engine_contacts_changed(f->self->engine, &f->asker);
}

enum err_code event_follow_up(struct rpc_ctx *ctx, const struct id *asker)
{
    struct follow_up *f = arena_alloc(ctx->arena, sizeof *f);
    if (!f)
        return err_raise(&ctx->err, REASON_REQUEST_TOO_LARGE, "the call needs too much memory");
    *f = (struct follow_up){ctx->service, *asker};
    rpc_after_commit(ctx, follow_up, f);
    return ERR_OK;
}

/* ---- what we are told ------------------------------------------------------------------------ */

/* Networks live in memory: there is nothing to write. */
static enum err_code no_effect(struct rpc_ctx *ctx, const struct queue_event *event)
{
    (void)ctx;
    (void)event;
    return ERR_OK;
}

/* Both events are about the member whose rows changed, which the envelope names. */
static void after_contacts_changed(void *service, const struct queue_event *event)
{
    struct recommendation *self = service;
    engine_contacts_changed(self->engine, &event->member);
}

static void after_member_changed(void *service, const struct queue_event *event)
{
    struct recommendation *self = service;
    engine_member_changed(self->engine, &event->member);
}

const struct queue_handler recommendation_events[] = {
    {"kith.v1.ContactsChanged", no_effect, after_contacts_changed},
    {"kith.v1.MemberChanged", no_effect, after_member_changed},
};
const size_t recommendation_n_events =
    sizeof(recommendation_events) / sizeof(recommendation_events[0]);
