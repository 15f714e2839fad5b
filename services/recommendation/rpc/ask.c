/* SPDX-License-Identifier: Apache-2.0 */
#include "events.h"
#include "rpc/reply.h"
#include "rpc/routing.h"

/* Whom to ask, and why her. */
struct choice {
    const struct store_person *person;
    const char *reason;
};

static bool is_reachable(const struct rpc_ctx *ctx, const struct store_person *person)
{
    return !id_is_zero(&person->member) && !id_equal(&person->member, &ctx->principal.member);
}

static enum err_code not_reachable(
    struct rpc_ctx *ctx, const struct store_person *person, const char *who)
{
    char contact[ID_TEXT_SIZE];
    id_format(&person->contact, contact);
    return err_raise(&ctx->err, REASON_CONTACT_NOT_REACHABLE,
        "%s is not a member here and can not be asked yet; invite her: kith invite %s", who,
        contact);
}

static enum err_code choose_named(
    struct rpc_ctx *ctx, const struct routing *r, const struct id *contact, struct choice *out)
{
    char text[ID_TEXT_SIZE];
    id_format(contact, text);
    if (!r->named)
        return err_raise(
            &ctx->err, REASON_CONTACT_NOT_FOUND, "contact %s is not in your address book", text);
    if (!is_reachable(ctx, r->named))
        return not_reachable(ctx, r->named, "this contact");
    bool has_evidence = r->result.named && r->result.named->n_evidence > 0;
    *out = (struct choice){
        r->named, has_evidence ? r->result.named->reason : "you were named by the asker"};
    return ERR_OK;
}

static enum err_code choose_best(struct rpc_ctx *ctx, const struct routing *r, struct choice *out)
{
    const struct store_person *best = NULL;
    for (size_t i = 0; i < r->result.n_fit; i++) {
        if (!r->people[i])
            continue;
        if (is_reachable(ctx, r->people[i])) {
            *out = (struct choice){r->people[i], r->result.candidates[i].reason};
            return ERR_OK;
        }
        best = best ? best : r->people[i];
    }
    if (best)
        return not_reachable(ctx, best, "the contact who fits best");
    return err_raise(&ctx->err, REASON_NOBODY_FITS,
        "none of your %u contacts shows evidence of knowing this; name somebody, or add facts",
        r->result.considered);
}

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
    if (code != ERR_OK)
        return code;
    CLEANUP(routing_done) struct routing routing;
    struct choice choice = {NULL, NULL};
    code = routing_run(ctx, in->question, is_named ? &contact : NULL, &routing);
    if (code == ERR_OK)
        code = is_named ? choose_named(ctx, &routing, &contact, &choice)
                        : choose_best(ctx, &routing, &choice);
    if (code == ERR_OK)
        code = send(ctx, &routing, &choice, out);
    return code;
}
