/* SPDX-License-Identifier: Apache-2.0 */
#include "reply.h"
#include "service.h"

/* A member sees herself; to her, others look as if they did not exist. */
static enum err_code read_member(struct rpc_ctx *ctx, const char *text, struct id *out)
{
    bool is_member = ctx->principal.caller == RPC_CALLER_MEMBER;
    struct id id = ctx->principal.member;
    enum err_code code = ERR_OK;
    if (!is_member || text[0] != '\0')
        code = id_parse_field(text, "member_id", &id, &ctx->err);
    if (code == ERR_OK && is_member && !id_equal(&id, &ctx->principal.member))
        return err_raise(&ctx->err, REASON_MEMBER_NOT_FOUND, "there is no such member");
    if (code == ERR_OK)
        *out = id;
    return code;
}

RPC_HANDLER(get_member, Kith__V1__GetMemberRequest, Kith__V1__GetMemberResponse)
{
    struct id id;
    struct member member;
    enum err_code code = read_member(ctx, in->member_id, &id);
    if (code == ERR_OK)
        code = store_get_member(ctx->db, ctx->arena, &id, &member, &ctx->err);
    if (code == ERR_OK)
        code =
            reply_member(ctx, &member, ctx->principal.caller != RPC_CALLER_SERVICE, &out->member);
    return code;
}
