/* SPDX-License-Identifier: Apache-2.0 */
#include "rpc/reply.h"

enum err_code reply_page_size(uint32_t asked, int64_t *out, struct err *err)
{
    if (asked > REPLY_MAX_PAGE)
        return err_raise_field(
            err, "page_size", "page_size is %u; the limit is %d", asked, REPLY_MAX_PAGE);
    *out = asked == 0 ? REPLY_DEFAULT_PAGE : (int64_t)asked;
    return ERR_OK;
}

static char *id_text(struct arena *arena, const struct id *id)
{
    char text[ID_TEXT_SIZE];
    id_format(id, text);
    return arena_strdup(arena, text);
}

static bool fill(struct arena *arena, const struct notice *n, Kith__V1__Notification *out)
{
    kith__v1__notification__init(out);
    out->id = id_text(arena, &n->id);
    out->kind = (Kith__V1__NotificationKind)n->kind;
    out->subject_id = id_text(arena, &n->subject);
    out->actor_id = id_text(arena, &n->actor);
    out->actor_name = arena_strdup(arena, n->actor_name ? n->actor_name : "");
    out->title = title_write(arena, n->kind, n->actor_name, n->question);
    out->created_us = n->created_us;
    out->read_us = n->read_us;
    return out->id && out->subject_id && out->actor_id && out->actor_name && out->title;
}

enum err_code reply_notifications(struct rpc_ctx *ctx, const struct notice *items, size_t n,
    Kith__V1__Notification ***out, struct err *err)
{
    Kith__V1__Notification **list = arena_calloc(ctx->arena, n + 1, sizeof(*list));
    Kith__V1__Notification *messages = arena_calloc(ctx->arena, n + 1, sizeof(*messages));
    bool fits = list && messages;
    for (size_t i = 0; fits && i < n; i++) {
        list[i] = &messages[i];
        fits = fill(ctx->arena, &items[i], list[i]);
    }
    if (!fits)
        return err_raise(err, REASON_REPLY_TOO_LARGE, "%zu notifications do not fit", n);
    *out = list;
    return ERR_OK;
}
