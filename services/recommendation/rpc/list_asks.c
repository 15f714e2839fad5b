/* SPDX-License-Identifier: Apache-2.0 */
#include "rpc/reply.h"

/* A page token is the id of the last ask shown. */
static enum err_code read_token(struct rpc_ctx *ctx, const char *token, struct id *out)
{
    if (id_parse(token, out))
        return ERR_OK;
    return err_raise(&ctx->err, REASON_PAGE_TOKEN_INVALID,
        "the page token is not one of this list; start again without one");
}

static enum err_code find_targets(
    struct rpc_ctx *ctx, const struct store_asks *asks, size_t n, struct store_targets *out)
{
    struct id *ids = arena_calloc(ctx->arena, n + 1, sizeof(*ids));
    if (!ids)
        return reply_too_large(ctx);
    for (size_t i = 0; i < n; i++)
        ids[i] = asks->items[i].id;
    return store_list_targets(ctx->db, ctx->arena, &ctx->principal.member, ids, n, out, &ctx->err);
}

static enum err_code fill(struct rpc_ctx *ctx, const struct store_asks *asks, size_t n,
    bool is_mine, Kith__V1__ListAsksResponse *out)
{
    struct store_targets targets = {NULL, 0};
    out->asks = arena_calloc(ctx->arena, n + 1, sizeof(Kith__V1__Ask *));
    enum err_code code = out->asks ? ERR_OK : reply_too_large(ctx);
    if (code == ERR_OK && is_mine)
        code = find_targets(ctx, asks, n, &targets);
    for (size_t i = 0; i < n && code == ERR_OK; i++) {
        Kith__V1__Ask *ask = NULL;
        code = reply_ask(ctx, &asks->items[i], is_mine, &ask);
        if (code == ERR_OK)
            code = reply_targets(ctx, &asks->items[i], &targets, ask);
        if (code == ERR_OK)
            out->asks[out->n_asks++] = ask;
    }
    return code;
}

RPC_HANDLER(list_asks, Kith__V1__ListAsksRequest, Kith__V1__ListAsksResponse)
{
    const struct id *member = &ctx->principal.member;
    struct store_page page = {.only_open = in->only_open};
    struct store_asks asks = {NULL, 0};
    struct id before;
    int64_t limit = 0;
    enum err_code code = reply_page_size(ctx, in->page_size, &limit);
    if (code == ERR_OK && in->page_token[0]) {
        code = read_token(ctx, in->page_token, &before);
        page.before = &before;
    }
    page.limit = limit + 1;
    if (code == ERR_OK)
        code = in->to_me ? store_list_received(ctx->db, ctx->arena, member, &page, &asks, &ctx->err)
                         : store_list_asks(ctx->db, ctx->arena, member, &page, &asks, &ctx->err);
    if (code != ERR_OK)
        return code;
    size_t n = asks.n > (size_t)limit ? (size_t)limit : asks.n;
    if (asks.n > n)
        out->next_page_token = reply_id(ctx, &asks.items[n - 1].id);
    return out->next_page_token ? fill(ctx, &asks, n, !in->to_me, out) : reply_too_large(ctx);
}
