/* SPDX-License-Identifier: Apache-2.0 */
#include "token.h"

#include "auth/auth.h"
#include "request.h"

static enum err_code make_secret(struct rpc_ctx *ctx, uint8_t hash[AUTH_HASH_SIZE], char **text)
{
    char secret[AUTH_TOKEN_SIZE];
    auth_token_new(secret);
    auth_token_hash(secret, hash);
    *text = arena_strdup(ctx->arena, secret);
    return *text ? ERR_OK : request_too_large(ctx);
}

enum err_code token_make(struct rpc_ctx *ctx, struct token *out, char **text)
{
    out->id = id_new(ctx->clock);
    return make_secret(ctx, out->hash, text);
}

enum err_code token_renew(struct rpc_ctx *ctx, const struct id *member, const struct token *most,
    const char *token_id, char **text)
{
    struct token token = *most;
    char *secret;
    bool is_renewed = false;
    enum err_code code = id_parse_field(token_id, "token_id", &token.id, &ctx->err);
    if (code == ERR_OK)
        code = make_secret(ctx, token.hash, &secret);
    if (code == ERR_OK)
        code = store_renew_token(ctx->db, member, &token, &is_renewed, &ctx->err);
    if (code == ERR_OK && is_renewed)
        *text = secret;
    return code;
}
