/* SPDX-License-Identifier: Apache-2.0 */
#include "rpc/part.h"

#include <kith/v1/recommendation.pb-c.h>

/* Not among those she received: her own, or nothing she may know of. */
static enum err_code not_received(struct rpc_ctx *ctx, const struct id *ask_id)
{
    struct store_ask own;
    enum err_code code =
        store_get_ask(ctx->db, ctx->arena, &ctx->principal.member, ask_id, &own, &ctx->err);
    if (code != ERR_OK)
        return code;
    return err_raise(
        &ctx->err, REASON_ASK_NOT_TARGET, "this question is yours; others were asked it");
}

enum err_code part_find(struct rpc_ctx *ctx, const char *ask_id, struct store_ask *out)
{
    struct id id;
    enum err_code code = id_parse_field(ask_id, "ask_id", &id, &ctx->err);
    if (code != ERR_OK)
        return code;
    code = store_get_received(ctx->db, ctx->arena, &ctx->principal.member, &id, out, &ctx->err);
    if (code != ERR_OK && ctx->err.reason == REASON_ASK_NOT_FOUND)
        return not_received(ctx, &id);
    if (code == ERR_OK && out->state != KITH__V1__TARGET_STATE__TARGET_STATE_ASKED)
        return err_raise(&ctx->err, REASON_ASK_NOT_TARGET,
            "you have answered ask %s or passed on it already", ask_id);
    return code;
}
