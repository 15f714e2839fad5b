/* SPDX-License-Identifier: Apache-2.0 */
#include "page.h"
#include "reply.h"
#include "request.h"
#include "service.h"

/* Everything that makes one list another list. */
static const char *list_name(struct rpc_ctx *ctx, const struct token_query *query)
{
    char member[ID_TEXT_SIZE];
    id_format(&query->member, member);
    return arena_printf(
        ctx->arena, "tokens\n%s\n%s", member, query->include_ended ? "all" : "open");
}

static enum err_code fill(
    struct rpc_ctx *ctx, const struct tokens *found, Kith__V1__ListTokensResponse *out)
{
    out->tokens = arena_calloc(ctx->arena, found->n + 1, sizeof *out->tokens);
    if (!out->tokens)
        return store_too_large(&ctx->err);
    for (size_t i = 0; i < found->n; i++) {
        enum err_code code = reply_token(ctx, &found->items[i], &out->tokens[i]);
        if (code != ERR_OK)
            return code;
    }
    out->n_tokens = found->n;
    return ERR_OK;
}

RPC_HANDLER(list_tokens, Kith__V1__ListTokensRequest, Kith__V1__ListTokensResponse)
{
    struct token_query query = {
        .member = ctx->principal.member, .include_ended = in->include_ended};
    struct page page;
    struct tokens found;
    enum err_code code =
        page_begin(ctx, list_name(ctx, &query), in->page_size, in->page_token, &page);
    if (code != ERR_OK)
        return code;
    query.after = page_after_id(&page);
    query.limit = page.limit + 1;
    code = store_list_tokens(ctx->db, ctx->arena, &query, &found, &ctx->err);
    if (code == ERR_OK && page_cut(&page, &found.n))
        code = page_end(ctx, &page, &found.items[found.n - 1].id, "", &out->next_page_token);
    return code == ERR_OK ? fill(ctx, &found, out) : code;
}
