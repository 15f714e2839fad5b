/* SPDX-License-Identifier: Apache-2.0 */
#include "service.h"
#include "store.h"

#include <kith/v1/notification.pb-c.h>

static enum err_code parse_ids(
    struct rpc_ctx *ctx, const Kith__V1__MarkReadRequest *in, struct id **out)
{
    struct id *ids = arena_calloc(ctx->arena, in->n_notification_ids + 1, sizeof *ids);
    if (!ids)
        return err_raise(
            &ctx->err, REASON_REQUEST_TOO_LARGE, "%zu ids are too many", in->n_notification_ids);
    for (size_t i = 0; i < in->n_notification_ids; i++) {
        enum err_code code =
            id_parse_field(in->notification_ids[i], "notification_ids", &ids[i], &ctx->err);
        if (code != ERR_OK)
            return code;
    }
    *out = ids;
    return ERR_OK;
}

RPC_HANDLER(mark_read, Kith__V1__MarkReadRequest, Kith__V1__MarkReadResponse)
{
    struct id *ids, up_to;
    bool has_up_to = in->up_to_id[0] != '\0';
    enum err_code code = parse_ids(ctx, in, &ids);
    if (code == ERR_OK && has_up_to)
        code = id_parse_field(in->up_to_id, "up_to_id", &up_to, &ctx->err);
    if (code != ERR_OK)
        return code;
    struct store_marking what = {
        ids, in->n_notification_ids, has_up_to ? &up_to : NULL, clock_wall_us(ctx->clock)};
    int64_t marked;
    code = store_mark_read(ctx->db, &ctx->principal.member, &what, &marked, &ctx->err);
    if (code == ERR_OK)
        out->marked = (uint32_t)marked;
    return code;
}
