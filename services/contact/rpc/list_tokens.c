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
    struct rpc_ctx *ctx, const struct tokens *page, Kith__V1__ListTokensResponse *out)
{
    out->tokens = arena_calloc(ctx->arena, page->n + 1, sizeof *out->tokens);
    if (!out->tokens)
        return store_too_large(&ctx->err);
    for (size_t i = 0; i < page->n; i++) {
        enum err_code code = reply_token(ctx, &page->items[i], &out->tokens[i]);
        if (code != ERR_OK)
            return code;
    }
    out->n_tokens = page->n;
    return ERR_OK;
}

RPC_HANDLER(list_tokens, Kith__V1__ListTokensRequest, Kith__V1__ListTokensResponse)
{
    struct token_query query = {
        .member = ctx->principal.member, .include_ended = in->include_ended};
    const struct page_position *after = NULL;
    int64_t limit = 0;
    const char *list = list_name(ctx, &query);
    if (!list)
        return request_too_large(ctx);
    enum err_code code = request_page_size(ctx, in->page_size, &limit);
    if (code == ERR_OK)
        code = page_begin(ctx, list, in->page_token, &after);
    query.after = after ? &after->id : NULL;
    query.limit = limit + 1;
    struct tokens page;
    if (code == ERR_OK)
        code = store_list_tokens(ctx->db, ctx->arena, &query, &page, &ctx->err);
    if (code == ERR_OK && page.n > (size_t)limit) {
        page.n = (size_t)limit;
        const struct page_position last = {.id = page.items[page.n - 1].id};
        code = page_end(ctx, list, &last, &out->next_page_token);
    }
    if (code == ERR_OK)
        code = fill(ctx, &page, out);
    return code;
}
