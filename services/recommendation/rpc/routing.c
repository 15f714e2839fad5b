/* SPDX-License-Identifier: Apache-2.0 */
#include "rpc/routing.h"

static const struct store_person *find_person(
    const struct store_people *people, const struct id *contact)
{
    for (size_t i = 0; i < people->n; i++)
        if (id_equal(&people->items[i].contact, contact))
            return &people->items[i];
    return NULL;
}

/* Who the candidates are, and the named contact: one look at the address book as it is now. */
static enum err_code find_people(struct rpc_ctx *ctx, const struct id *named, struct routing *r)
{
    struct id ids[ROUTE_MAX_CANDIDATES + 1];
    size_t n = 0;
    for (; n < r->result.n; n++)
        ids[n] = r->network->contacts[r->result.candidates[n].contact].id;
    if (named)
        ids[n++] = *named;
    struct store_people people = {NULL, 0};
    enum err_code code =
        store_list_people(ctx->db, ctx->arena, &ctx->principal.member, ids, n, &people, &ctx->err);
    if (code != ERR_OK)
        return code;
    r->people = arena_calloc(ctx->arena, r->result.n + 1, sizeof(struct store_person *));
    if (!r->people)
        return err_raise(&ctx->err, REASON_REQUEST_TOO_LARGE, "the question finds too many people");
    for (size_t i = 0; i < r->result.n; i++)
        r->people[i] = find_person(&people, &ids[i]);
    r->named = named ? find_person(&people, named) : NULL;
    return ERR_OK;
}

static enum err_code make_record(struct rpc_ctx *ctx, const char *question, struct routing *r)
{
    const struct recommendation *self = ctx->service;
    r->decision = (struct store_decision){.id = id_new(ctx->clock),
        .question = question,
        .decided_us = clock_wall_us(ctx->clock),
        .considered = r->result.considered};
    return decision_pack(
        &self->router, r->network, &r->result, ctx->arena, &r->decision.record, &ctx->err);
}

/* False without an encoder, while it warms up, or without memory for it: words have to do then. */
static bool find_meaning(
    struct rpc_ctx *ctx, const char *question, const struct routing *r, struct signal_meaning *out)
{
    const struct recommendation *self = ctx->service;
    out->evidence = engine_get_meanings(r->held, ctx->arena);
    return out->evidence && meanings_of_question(self->meanings, question, &out->question);
}

enum err_code routing_run(
    struct rpc_ctx *ctx, const char *question, const struct id *named, struct routing *out)
{
    struct recommendation *self = ctx->service;
    *out = (struct routing){.held = NULL};
    enum err_code code =
        engine_acquire(self->engine, ctx->db, &ctx->principal.member, &out->held, &ctx->err);
    if (code != ERR_OK)
        return code;
    out->network = engine_get(out->held);
    struct signal_meaning meaning;
    const struct route_request request = {.question = question,
        .meaning = find_meaning(ctx, question, out, &meaning) ? &meaning : NULL,
        .now_us = clock_wall_us(ctx->clock),
        .max_candidates = ROUTE_MAX_CANDIDATES,
        .named = named ? network_find(out->network, named) : UINT32_MAX};
    code = route(&self->router, out->network, &request, ctx->arena, &out->result, &ctx->err);
    if (code == ERR_OK)
        code = find_people(ctx, named, out);
    if (code == ERR_OK)
        code = make_record(ctx, question, out);
    return code;
}

void routing_done(struct routing *routing)
{
    engine_release(&routing->held);
}
