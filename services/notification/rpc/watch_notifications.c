/* SPDX-License-Identifier: Apache-2.0 */
#include "domain/cursor.h"
#include "rpc/reply.h"
#include "service.h"

enum { AT_ONCE = 50 };

static enum err_code send(struct rpc_ctx *ctx, Kith__V1__Notification *notification, int64_t seq,
    Kith__V1__WatchNotificationsResponse *out)
{
    char cursor[CURSOR_SIZE];
    cursor_format(seq, cursor);
    out->cursor = cursor;
    out->notification = notification;
    return rpc_send(ctx, &out->base);
}

static enum err_code send_all(
    struct rpc_ctx *ctx, const struct notices *found, Kith__V1__WatchNotificationsResponse *out)
{
    Kith__V1__Notification **messages = NULL;
    enum err_code code = reply_notifications(ctx, found->items, found->n, &messages, &ctx->err);
    for (size_t i = 0; code == ERR_OK && i < found->n && rpc_has_room(ctx); i++)
        code = send(ctx, messages[i], found->items[i].seq, out);
    return code;
}

RPC_HANDLER(
    watch_notifications, Kith__V1__WatchNotificationsRequest, Kith__V1__WatchNotificationsResponse)
{
    bool has_cursor = in->cursor[0] != '\0';
    const struct id *member = &ctx->principal.member;
    int64_t after = INT64_MAX;
    struct notices found;
    enum err_code code = has_cursor ? cursor_parse(in->cursor, &after, &ctx->err) : ERR_OK;
    if (code == ERR_OK)
        code = store_watch(ctx->db, ctx->arena, member, after, AT_ONCE, &found, &ctx->err);
    if (code != ERR_OK)
        return code;
    /* From now on: the client learns where that is, to go on from there if the stream breaks. */
    if (!has_cursor)
        return send(ctx, NULL, found.newest, out);
    return found.n > 0 ? send_all(ctx, &found, out) : rpc_park(ctx, member);
}
