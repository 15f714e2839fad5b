/* SPDX-License-Identifier: Apache-2.0 */
#include "queue/queue.h"

enum { MAX_PAYLOAD = 16384 }; /* as queue.proto says */

enum err_code queue_pack(struct rpc_ctx *ctx, const struct id *member,
    const ProtobufCMessage *event, struct queue_outgoing *out, struct err *err)
{
    size_t len = protobuf_c_message_get_packed_size(event);
    if (len > MAX_PAYLOAD)
        return err_raise(err, REASON_REQUEST_TOO_LARGE,
            "the event %s has %zu bytes, at most %d can be sent", event->descriptor->name, len,
            MAX_PAYLOAD);
    uint8_t *payload = arena_alloc(ctx->arena, len + 1);
    if (!payload)
        return err_raise(err, REASON_REQUEST_TOO_LARGE, "the event does not fit into memory");
    (void)protobuf_c_message_pack(event, payload);
    *out = (struct queue_outgoing){.id = id_new(ctx->clock),
        .bucket = id_bucket(member),
        .kind = event->descriptor->name,
        .payload = {payload, len}};
    rpc_trace_format(&ctx->trace, out->traceparent);
    return ERR_OK;
}
