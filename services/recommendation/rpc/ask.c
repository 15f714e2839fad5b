/* SPDX-License-Identifier: Apache-2.0 */
#include "events.h"
#include "rpc/choice.h"
#include "rpc/earlier.h"
#include "rpc/reply.h"

/* The new ask as GetAsk would show it. */
static enum err_code fill(struct rpc_ctx *ctx, const struct store_ask *ask,
    const struct store_target *target, Kith__V1__AskResponse *out)
{
    struct store_target item = *target;
    const struct store_targets targets = {&item, 1};
    enum err_code code = reply_ask(ctx, ask, true, &out->ask);
    if (code == ERR_OK)
        code = reply_targets(ctx, ask, &targets, out->ask);
    return code;
}

static enum err_code send(struct rpc_ctx *ctx, const struct routing *r, const struct choice *choice,
    Kith__V1__AskResponse *out)
{
    const struct store_ask ask = {.id = id_new(ctx->clock),
        .question = r->decision.question,
        .asked_us = r->decision.decided_us,
        .state = KITH__V1__ASK_STATE__ASK_STATE_OPEN,
        .decision = r->decision.id,
        .asker_name = ""};
    const struct store_target target = {.ask = ask.id,
        .contact = choice->person->contact,
        .member = choice->person->member,
        .name = choice->person->name,
        .state = KITH__V1__TARGET_STATE__TARGET_STATE_ASKED,
        .reason = choice->reason};
    struct queue_outgoing event;
    enum err_code code = event_ask_received(ctx, &ask.id, &target.member, &event);
    if (code == ERR_OK)
        code = event_follow_up(ctx, &ctx->principal.member);
    if (code == ERR_OK)
        code = store_add_ask(
            ctx->db, &ctx->principal.member, &r->decision, &ask.id, &target, &event, &ctx->err);
    if (code == ERR_OK)
        code = fill(ctx, &ask, &target, out);
    return code;
}

RPC_HANDLER(ask, Kith__V1__AskRequest, Kith__V1__AskResponse)
{
    bool is_named = in->contact_id[0] != '\0';
    struct id contact = {{0}};
    enum err_code code = ERR_OK;
    if (is_named)
        code = id_parse_field(in->contact_id, "contact_id", &contact, &ctx->err);
    if (code == ERR_OK && in->unless_asked && !is_named)
        code = earlier_refuse(ctx, in->question, &ctx->err);
    if (code != ERR_OK)
        return code;
    CLEANUP(routing_done) struct routing routing;
    struct choice choice = {.person = NULL};
    code = routing_run(ctx, in->question, is_named ? &contact : NULL, &routing);
    if (code == ERR_OK)
        code = is_named ? choice_named(ctx, &routing, &contact, &choice, &ctx->err)
                        : choice_best(ctx, &routing, &choice, &ctx->err);
    if (code == ERR_OK)
        code = send(ctx, &routing, &choice, out);
    return code;
}
