/* SPDX-License-Identifier: Apache-2.0 */
#include "events.h"
#include "reply.h"
#include "request.h"
#include "service.h"

static enum err_code read_removals(
    struct rpc_ctx *ctx, const Kith__V1__UpdateMemberRequest *in, struct member_change *out)
{
    struct id *ids = arena_calloc(ctx->arena, in->n_remove_fact_ids + 1, sizeof *ids);
    if (!ids)
        return request_too_large(ctx);
    for (size_t i = 0; i < in->n_remove_fact_ids; i++) {
        enum err_code code =
            id_parse_field(in->remove_fact_ids[i], "remove_fact_ids", &ids[i], &ctx->err);
        if (code != ERR_OK)
            return code;
    }
    out->remove_facts = ids;
    out->n_remove_facts = in->n_remove_fact_ids;
    return ERR_OK;
}

static enum err_code read_change(
    struct rpc_ctx *ctx, const Kith__V1__UpdateMemberRequest *in, struct member_change *out)
{
    enum err_code code = ERR_OK;
    if (in->opt_name_case == KITH__V1__UPDATE_MEMBER_REQUEST__OPT_NAME_NAME)
        code = request_name(ctx, "name", in->name, &out->name);
    if (code == ERR_OK &&
        in->opt_time_zone_case == KITH__V1__UPDATE_MEMBER_REQUEST__OPT_TIME_ZONE_TIME_ZONE)
        code = request_time_zone(ctx, in->time_zone, &out->time_zone);
    if (code == ERR_OK)
        code = request_facts(ctx, "add_facts", in->add_facts, in->n_add_facts, &out->add_facts);
    if (code == ERR_OK)
        code = read_removals(ctx, in, out);
    return code;
}

RPC_HANDLER(update_member, Kith__V1__UpdateMemberRequest, Kith__V1__UpdateMemberResponse)
{
    const struct id *id = &ctx->principal.member;
    struct member_change change = {.name = NULL};
    struct queue_outgoing event;
    struct member member;
    enum err_code code = read_change(ctx, in, &change);
    if (code == ERR_OK)
        code = event_member_changed(ctx, id, &event);
    if (code == ERR_OK)
        code = store_update_member(ctx->db, ctx->arena, id, &change, &event, &ctx->err);
    if (code == ERR_OK)
        code = store_get_member(ctx->db, ctx->arena, id, &member, &ctx->err);
    if (code == ERR_OK)
        code = reply_member(ctx, &member, true, &out->member);
    if (code == ERR_OK)
        event_hint(ctx);
    return code;
}
