/* SPDX-License-Identifier: Apache-2.0 */
#include "rpc/reply.h"

/* The asker sees whom she asked and all answers. */
static enum err_code fill_mine(
    struct rpc_ctx *ctx, const struct store_ask *ask, Kith__V1__GetAskResponse *out)
{
    const struct id *member = &ctx->principal.member;
    struct store_targets targets = {NULL, 0};
    struct store_answers answers = {NULL, 0};
    enum err_code code =
        store_list_targets(ctx->db, ctx->arena, member, &ask->id, 1, &targets, &ctx->err);
    if (code == ERR_OK)
        code = store_list_answers(ctx->db, ctx->arena, member, &ask->id, &answers, &ctx->err);
    if (code == ERR_OK)
        code = reply_ask(ctx, ask, true, &out->ask);
    if (code == ERR_OK)
        code = reply_targets(ctx, ask, &targets, out->ask);
    if (code == ERR_OK)
        code = reply_answers(ctx, &answers, "", out->ask);
    return code;
}

/* Who was asked sees who asks, and her own answer. */
static enum err_code fill_received(
    struct rpc_ctx *ctx, const struct store_ask *ask, Kith__V1__GetAskResponse *out)
{
    struct store_answers answers = {NULL, 0};
    enum err_code code = store_list_given_answers(
        ctx->db, ctx->arena, &ctx->principal.member, &ask->id, &answers, &ctx->err);
    if (code == ERR_OK)
        code = reply_ask(ctx, ask, false, &out->ask);
    if (code == ERR_OK)
        code = reply_answers(ctx, &answers, "you", out->ask);
    return code;
}

RPC_HANDLER(get_ask, Kith__V1__GetAskRequest, Kith__V1__GetAskResponse)
{
    const struct id *member = &ctx->principal.member;
    struct id ask_id;
    struct store_ask ask;
    enum err_code code = id_parse_field(in->ask_id, "ask_id", &ask_id, &ctx->err);
    if (code != ERR_OK)
        return code;
    code = store_get_ask(ctx->db, ctx->arena, member, &ask_id, &ask, &ctx->err);
    if (code == ERR_OK)
        return fill_mine(ctx, &ask, out);
    if (ctx->err.reason != REASON_ASK_NOT_FOUND)
        return code;
    code = store_get_received(ctx->db, ctx->arena, member, &ask_id, &ask, &ctx->err);
    return code == ERR_OK ? fill_received(ctx, &ask, out) : code;
}
