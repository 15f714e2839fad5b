/* SPDX-License-Identifier: Apache-2.0 */
#include "decision.h"
#include "rpc/reply.h"

static const struct store_person *find_person(
    const struct store_people *people, const char *contact_id)
{
    struct id contact;
    if (!id_parse(contact_id, &contact))
        return NULL;
    for (size_t i = 0; i < people->n; i++)
        if (id_equal(&people->items[i].contact, &contact))
            return &people->items[i];
    return NULL;
}

/* Who the candidates are now, in the address book of who asked. */
static enum err_code find_people(
    struct rpc_ctx *ctx, const Kith__V1__DecisionRecord *record, struct store_people *out)
{
    struct id *ids = arena_calloc(ctx->arena, record->n_judged + 1, sizeof(*ids));
    size_t n = 0;
    if (!ids)
        return reply_too_large(ctx);
    for (size_t i = 0; i < record->n_judged; i++)
        n += id_parse(record->judged[i]->candidate->contact_id, &ids[n]);
    return store_list_people(ctx->db, ctx->arena, &ctx->principal.member, ids, n, out, &ctx->err);
}

static enum err_code fill_candidates(struct rpc_ctx *ctx, const Kith__V1__DecisionRecord *record,
    const struct store_people *people, Kith__V1__ExplainDecisionResponse *out)
{
    out->candidates = arena_calloc(ctx->arena, record->n_judged + 1, sizeof(Kith__V1__Candidate *));
    if (!out->candidates)
        return reply_too_large(ctx);
    for (size_t i = 0; i < record->n_judged; i++) {
        Kith__V1__Candidate *c = record->judged[i]->candidate;
        const struct store_person *person = find_person(people, c->contact_id);
        if (person && !reply_person(ctx, person, c))
            return reply_too_large(ctx);
        out->candidates[out->n_candidates++] = c;
    }
    return ERR_OK;
}

RPC_HANDLER(explain_decision, Kith__V1__ExplainDecisionRequest, Kith__V1__ExplainDecisionResponse)
{
    struct id id;
    struct store_decision decision;
    struct store_people people = {NULL, 0};
    Kith__V1__DecisionRecord *record = NULL;
    enum err_code code = id_parse_field(in->decision_id, "decision_id", &id, &ctx->err);
    if (code == ERR_OK)
        code = store_get_decision(
            ctx->db, ctx->arena, &ctx->principal.member, &id, &decision, &ctx->err);
    if (code == ERR_OK)
        code = decision_unpack(&decision.record, ctx->arena, &record, &ctx->err);
    if (code == ERR_OK)
        code = find_people(ctx, record, &people);
    if (code != ERR_OK)
        return code;
    out->question = reply_text(ctx, decision.question);
    out->decided_us = decision.decided_us;
    out->considered = (uint32_t)decision.considered;
    out->parameters = record->parameters;
    out->n_parameters = record->n_parameters;
    out->notes = record->notes;
    out->n_notes = record->n_notes;
    return out->question ? fill_candidates(ctx, record, &people, out) : reply_too_large(ctx);
}
