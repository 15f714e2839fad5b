/* SPDX-License-Identifier: Apache-2.0 */
#include "reply.h"
#include "request.h"
#include "service.h"
#include "token.h"

enum { ALL_SCOPES = RPC_SCOPE_READ | RPC_SCOPE_WRITE };

static const uint64_t longest_life_s = UINT64_C(10) * 366 * 24 * 3600;
static const int64_t us_per_s = 1000000;

static enum err_code read_owner(struct rpc_ctx *ctx, const char *text, struct id *out)
{
    bool is_operator = ctx->principal.caller == RPC_CALLER_OPERATOR;
    if (is_operator)
        return id_parse_field(text, "member_id", out, &ctx->err);
    if (text[0] != '\0')
        return err_raise_field(
            &ctx->err, "member_id", "member_id is for the operator; yours is known by your token");
    *out = ctx->principal.member;
    return ERR_OK;
}

/* A token never makes one that may more than itself. */
static enum err_code read_scopes(
    struct rpc_ctx *ctx, const Kith__V1__CreateTokenRequest *in, int64_t *out)
{
    unsigned allowed =
        ctx->principal.caller == RPC_CALLER_OPERATOR ? ALL_SCOPES : ctx->principal.scopes;
    unsigned scopes = in->n_scopes == 0 ? allowed : 0;
    for (size_t i = 0; i < in->n_scopes; i++) {
        if (in->scopes[i] == KITH__V1__SCOPE__SCOPE_UNSPECIFIED)
            return err_raise_field(&ctx->err, "scopes", "scopes: each one names a scope");
        scopes |= (unsigned)in->scopes[i];
    }
    if ((scopes & ~allowed) != 0)
        return err_raise(&ctx->err, REASON_SCOPE_MISSING,
            "a token can not make one with scopes it does not have itself");
    *out = scopes;
    return ERR_OK;
}

/* Nor does it make one that lives longer. */
static enum err_code read_expiry(struct rpc_ctx *ctx, uint64_t expires_in_s, int64_t *out)
{
    if (expires_in_s > longest_life_s)
        return err_raise_field(
            &ctx->err, "expires_in_s", "expires_in_s is more than ten years; 0 means never");
    int64_t limit_us = ctx->principal.expires_us;
    *out = limit_us;
    if (expires_in_s > 0)
        *out = clock_wall_us(ctx->clock) + (int64_t)expires_in_s * us_per_s;
    if (limit_us > 0 && *out > limit_us)
        *out = limit_us;
    return ERR_OK;
}

RPC_HANDLER(create_token, Kith__V1__CreateTokenRequest, Kith__V1__CreateTokenResponse)
{
    struct id owner;
    struct token token = {.label = ""};
    enum err_code code = read_owner(ctx, in->member_id, &owner);
    if (code == ERR_OK)
        code = request_text(ctx, in->label, &token.label);
    if (code == ERR_OK)
        code = read_scopes(ctx, in, &token.scopes);
    if (code == ERR_OK)
        code = read_expiry(ctx, in->expires_in_s, &token.expires_us);
    if (code == ERR_OK)
        code = token_make(ctx, &token, &out->token);
    if (code == ERR_OK)
        code = reply_id(ctx, &token.id, &out->token_id);
    return code == ERR_OK ? store_create_token(ctx->db, &owner, &token, &ctx->err) : code;
}

RPC_HANDLER(create_token_again, Kith__V1__CreateTokenRequest, Kith__V1__CreateTokenResponse)
{
    struct id owner;
    bool is_operator = ctx->principal.caller == RPC_CALLER_OPERATOR;
    /* A key is no way around what this token may do: another of hers may have made the call. */
    const struct token most = {.label = "",
        .scopes = is_operator ? ALL_SCOPES : ctx->principal.scopes,
        .expires_us = ctx->principal.expires_us};
    enum err_code code = read_owner(ctx, in->member_id, &owner);
    return code == ERR_OK ? token_renew(ctx, &owner, &most, out->token_id, &out->token) : code;
}
