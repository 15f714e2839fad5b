/* SPDX-License-Identifier: Apache-2.0 */
#include "domain/cursor.h"
#include "rpc/reply.h"
#include "service.h"

/* The cursor stays the one of the first page: what came since belongs to the watch that follows. */
static enum err_code fill(struct rpc_ctx *ctx, const struct page *page, const struct notices *found,
    bool has_more, Kith__V1__ListNotificationsResponse *out)
{
    char cursor[CURSOR_SIZE], token[PAGE_SIZE] = "";
    int64_t newest = page->newest >= 0 ? page->newest : found->newest;
    cursor_format(newest, cursor);
    if (has_more)
        page_format(&(struct page){found->items[found->n - 1].seq, newest}, token);
    out->unread = (uint32_t)found->unread;
    out->n_notifications = found->n;
    out->cursor = arena_strdup(ctx->arena, cursor);
    out->next_page_token = arena_strdup(ctx->arena, token);
    if (!out->cursor || !out->next_page_token)
        return err_raise(&ctx->err, REASON_REPLY_TOO_LARGE, "the page does not fit");
    return reply_notifications(ctx, found->items, found->n, &out->notifications, &ctx->err);
}

RPC_HANDLER(
    list_notifications, Kith__V1__ListNotificationsRequest, Kith__V1__ListNotificationsResponse)
{
    struct page page;
    int64_t limit;
    enum err_code code = page_parse(in->page_token, &page, &ctx->err);
    if (code == ERR_OK)
        code = reply_page_size(in->page_size, &limit, &ctx->err);
    if (code != ERR_OK)
        return code;
    struct notices found;
    const struct store_page wanted = {page.before, in->only_unread, limit + 1};
    code = store_list(ctx->db, ctx->arena, &ctx->principal.member, &wanted, &found, &ctx->err);
    if (code != ERR_OK)
        return code;
    bool has_more = found.n > (size_t)limit;
    if (has_more)
        found.n = (size_t)limit;
    return fill(ctx, &page, &found, has_more, out);
}
