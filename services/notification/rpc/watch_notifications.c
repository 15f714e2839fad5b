/* SPDX-License-Identifier: Apache-2.0 */
#include "domain/cursor.h"
#include "rpc/reply.h"
#include "service.h"

static enum err_code fill(struct rpc_ctx *ctx, int64_t seen, const struct notices *found,
    Kith__V1__WatchNotificationsResponse *out)
{
    char cursor[CURSOR_SIZE];
    cursor_format(found->n > 0 ? found->items[found->n - 1].seq : seen, cursor);
    out->cursor = arena_strdup(ctx->arena, cursor);
    if (!out->cursor)
        return err_raise(&ctx->err, REASON_REPLY_TOO_LARGE, "the cursor does not fit");
    out->n_notifications = found->n;
    return reply_notifications(ctx, found->items, found->n, &out->notifications, &ctx->err);
}

RPC_HANDLER(
    watch_notifications, Kith__V1__WatchNotificationsRequest, Kith__V1__WatchNotificationsResponse)
{
    /* Without a cursor nothing may be waited for: "now" would be a later one at each look. */
    bool has_cursor = in->cursor[0] != '\0';
    int64_t after = INT64_MAX;
    int64_t limit;
    enum err_code code = has_cursor ? cursor_parse(in->cursor, &after, &ctx->err) : ERR_OK;
    if (code == ERR_OK)
        code = reply_page_size(in->page_size, &limit, &ctx->err);
    if (code != ERR_OK)
        return code;
    struct notices found;
    code =
        store_watch(ctx->db, ctx->arena, &ctx->principal.member, after, limit, &found, &ctx->err);
    if (code != ERR_OK)
        return code;
    if (found.n == 0 && has_cursor && !ctx->is_last_try)
        return rpc_park(ctx, &ctx->principal.member);
    return fill(ctx, has_cursor ? after : found.newest, &found, out);
}
