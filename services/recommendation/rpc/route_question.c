/* SPDX-License-Identifier: Apache-2.0 */
#include "rpc/choice.h"
#include "rpc/earlier.h"
#include "rpc/reply.h"

enum { DEFAULT_CANDIDATES = 3 };

/* The contacts that fit and are still hers, up to `max`, and whom Ask would ask. */
static enum err_code fill_candidates(struct rpc_ctx *ctx, const struct routing *r, size_t max,
    size_t chosen, Kith__V1__RouteQuestionResponse *out)
{
    uint32_t rank = 0;
    out->candidates = arena_calloc(ctx->arena, max + 2, sizeof(Kith__V1__Candidate *));
    if (!out->candidates)
        return reply_too_large(ctx);
    for (size_t i = 0; i < r->result.n_fit; i++) {
        if (!r->people[i] || (++rank > max && i != chosen))
            continue;
        Kith__V1__Candidate *c =
            decision_candidate(r->network, &r->result.candidates[i], rank, ctx->arena);
        if (!c || !reply_person(ctx, r->people[i], c))
            return reply_too_large(ctx);
        out->candidates[out->n_candidates++] = c;
    }
    return ERR_OK;
}

/* What Ask would do now; `chosen` is the candidate, or none of them. */
static enum err_code fill_choice(struct rpc_ctx *ctx, const struct routing *r, size_t *chosen,
    Kith__V1__RouteQuestionResponse *out)
{
    struct choice choice = {.candidate = SIZE_MAX};
    struct err refusal;
    bool is_chosen = choice_best(ctx, r, &choice, &refusal) == ERR_OK;
    char **text = is_chosen ? &out->chosen_id : &out->refusal;
    *text = is_chosen ? reply_id(ctx, &choice.person->contact) : reply_text(ctx, refusal.msg);
    *chosen = choice.candidate;
    return *text ? ERR_OK : reply_too_large(ctx);
}

/* What of hers is in the way of asking this. */
static enum err_code fill_earlier(
    struct rpc_ctx *ctx, const char *question, Kith__V1__RouteQuestionResponse *out)
{
    struct err found;
    enum err_code code = earlier_refuse(ctx, question, &found);
    if (code != ERR_FAILED_PRECONDITION) {
        ctx->err = code == ERR_OK ? ctx->err : found;
        return code;
    }
    out->earlier = reply_text(ctx, found.msg);
    return out->earlier ? ERR_OK : reply_too_large(ctx);
}

static enum err_code fill(
    struct rpc_ctx *ctx, const struct routing *r, size_t max, Kith__V1__RouteQuestionResponse *out)
{
    out->decision_id = reply_id(ctx, &r->decision.id);
    out->considered = r->result.considered;
    out->notes = arena_calloc(ctx->arena, r->result.n_notes + 1, sizeof(char *));
    if (!out->decision_id || !out->notes)
        return reply_too_large(ctx);
    for (size_t i = 0; i < r->result.n_notes; i++) {
        out->notes[i] = reply_text(ctx, r->result.notes[i]);
        if (!out->notes[i])
            return reply_too_large(ctx);
    }
    out->n_notes = r->result.n_notes;
    size_t chosen = SIZE_MAX;
    enum err_code code = fill_choice(ctx, r, &chosen, out);
    return code == ERR_OK ? fill_candidates(ctx, r, max, chosen, out) : code;
}

RPC_HANDLER(route_question, Kith__V1__RouteQuestionRequest, Kith__V1__RouteQuestionResponse)
{
    if (in->max_candidates > ROUTE_MAX_CANDIDATES)
        return err_raise_field(&ctx->err, "max_candidates", "max_candidates is %u; the limit is %d",
            in->max_candidates, ROUTE_MAX_CANDIDATES);
    CLEANUP(routing_done) struct routing routing;
    enum err_code code = routing_run(ctx, in->question, NULL, &routing);
    if (code == ERR_OK)
        code = store_add_decision(ctx->db, &ctx->principal.member, &routing.decision, &ctx->err);
    if (code == ERR_OK)
        code =
            fill(ctx, &routing, in->max_candidates ? in->max_candidates : DEFAULT_CANDIDATES, out);
    if (code == ERR_OK)
        code = fill_earlier(ctx, in->question, out);
    return code;
}
