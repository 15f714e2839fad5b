/* SPDX-License-Identifier: Apache-2.0 */
#include "rpc/sending.h"

#include "rpc/stream.h"

#include <string.h>

void sending_begin(struct rpc_sending *s, struct arena *arena, int64_t room)
{
    *s = (struct rpc_sending){.arena = arena, .room = room};
    s->end = &s->items;
}

/* schema_new() saw to it that there is one. */
static const char **cursor_of(const ProtobufCMessage *message)
{
    const ProtobufCFieldDescriptor *field =
        protobuf_c_message_descriptor_get_field_by_name(message->descriptor, "cursor");
    return (const char **)(uintptr_t)((const char *)message + field->offset);
}

void sending_resume(ProtobufCMessage *in, const char *cursor)
{
    *cursor_of(in) = cursor;
}

bool rpc_has_room(const struct rpc_ctx *ctx)
{
    return ctx->sending && ctx->sending->room > 0;
}

enum err_code rpc_send(struct rpc_ctx *ctx, const ProtobufCMessage *message)
{
    struct rpc_sending *s = ctx->sending;
    if (!s)
        return err_raise(&ctx->err, REASON_INTERNAL_ERROR, "the method returns no stream");
    const char *cursor = *cursor_of(message);
    size_t len = protobuf_c_message_get_packed_size(message);
    if (len > STREAM_MAX_ITEM || strlen(cursor) >= STREAM_CURSOR_SIZE)
        return err_raise(&ctx->err, REASON_REPLY_TOO_LARGE,
            "an item of the stream has %zu bytes; at most %d fit", len, (int)STREAM_MAX_ITEM);
    struct item *item = arena_alloc(s->arena, sizeof(*item));
    uint8_t *data = arena_alloc(s->arena, len);
    cursor = arena_strdup(s->arena, cursor);
    if (!item || !data || !cursor)
        return err_raise(&ctx->err, REASON_REPLY_TOO_LARGE, "the items need too much memory");
    *item = (struct item){NULL, {data, protobuf_c_message_pack(message, data)}};
    *s->end = item;
    s->end = &item->next;
    s->cursor = cursor;
    s->room -= stream_cost(&item->payload);
    s->n_items++;
    s->n_bytes += item->payload.len;
    return ERR_OK;
}
