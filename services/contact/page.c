/* SPDX-License-Identifier: Apache-2.0 */
#include "page.h"

#include "request.h"

enum err_code page_begin(
    struct rpc_ctx *ctx, const char *list, const char *token, const struct page_position **out)
{
    *out = NULL;
    if (token[0] == '\0')
        return ERR_OK;
    struct page_position *after = arena_alloc(ctx->arena, sizeof *after);
    if (!after)
        return request_too_large(ctx);
    if (!page_token_parse(list, token, after))
        return err_raise(&ctx->err, REASON_PAGE_TOKEN_INVALID,
            "page_token is not one that this list, with this filter, gave out");
    *out = after;
    return ERR_OK;
}

enum err_code page_end(
    struct rpc_ctx *ctx, const char *list, const struct page_position *last, char **token)
{
    char text[PAGE_TOKEN_SIZE];
    page_token_format(list, last, text);
    *token = arena_strdup(ctx->arena, text);
    return *token ? ERR_OK : store_too_large(&ctx->err);
}
