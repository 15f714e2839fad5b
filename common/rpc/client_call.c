/* SPDX-License-Identifier: Apache-2.0 */
#include "rpc/client_call.h"

#include "rpc/unpack.h"

#include <kith/v1/wire.pb-c.h>

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum { MAX_RETRY_AFTER_MS = 60 * 1000 /* a server that advises more is asked then again */ };

static bool make_room(struct client_call *call, size_t len)
{
    if (len <= call->capacity)
        return true;
    uint8_t *grown = realloc(call->frame, len);
    if (!grown)
        return false;
    call->frame = grown;
    call->capacity = len;
    return true;
}

enum err_code client_call_write(
    struct client_call *call, const struct client_request *r, char *token, struct err *err)
{
    Kith__V1__Meta meta;
    char traceparent[RPC_TRACEPARENT_SIZE], key[65] = "";
    kith__v1__meta__init(&meta);
    rpc_trace_format(&r->trace, traceparent);
    if (r->options->idempotency_key)
        (void)snprintf(key, sizeof(key), "%s", r->options->idempotency_key);
    meta.authorization = token;
    meta.traceparent = traceparent;
    meta.idempotency_key = key;

    size_t meta_len = kith__v1__meta__get_packed_size(&meta);
    call->len = WIRE_FRAME_SIZE + meta_len + r->in->len;
    if (!make_room(call, call->len))
        return err_raise(err, REASON_INTERNAL_ERROR, "no memory for the call");
    const struct wire_frame frame = {
        .type = WIRE_CALL,
        .flags = r->method && r->method->is_idempotent ? WIRE_IDEMPOTENT : 0,
        .call_id = call->id,
        .method = r->hash,
        .meta_len = (uint32_t)meta_len,
        .payload_len = (uint32_t)r->in->len,
    };
    wire_put_frame(call->frame, &frame);
    (void)kith__v1__meta__pack(&meta, call->frame + WIRE_FRAME_SIZE);
    if (r->in->len > 0)
        memcpy(call->frame + WIRE_FRAME_SIZE + meta_len, r->in->data, r->in->len);
    return ERR_OK;
}

void client_call_stamp(struct client_call *call, int64_t now_us)
{
    int64_t left_ms = (call->deadline_us - now_us) / 1000;
    unsigned attempt = call->n_attempts - 1;
    wire_restamp(call->frame, left_ms > 0 ? (uint32_t)left_ms : 1, attempt);
}

/* What a failed result says of itself; nothing, if that is malformed. */
static void read_meta(const struct schema *schema, const struct wire_frame *frame, struct err *err)
{
    enum { MAX_MEMORY = 64 * 1024 };
    const struct db_bytes bytes = {frame->meta, frame->meta_len};
    struct arena arena;
    ProtobufCMessage *message;
    struct err ignored;
    arena_init(&arena, MAX_MEMORY);
    if (unpack_request(schema_meta(schema), &bytes, &arena, &message, &ignored) == ERR_OK) {
        const Kith__V1__Meta *meta = (const Kith__V1__Meta *)(const void *)message;
        err->reason = err_reason_by_name(meta->reason);
        err->retry_after_ms =
            meta->retry_after_ms < MAX_RETRY_AFTER_MS ? meta->retry_after_ms : MAX_RETRY_AFTER_MS;
        (void)snprintf(err->msg, sizeof(err->msg), "%s", meta->message);
        if (meta->n_field_violations > 0)
            (void)snprintf(err->field, sizeof(err->field), "%s", meta->field_violations[0]->field);
    }
    arena_fini(&arena);
}

enum err_code client_read_failure(
    const struct schema *schema, const struct wire_frame *frame, struct err *err)
{
    *err = (struct err){.code = ERR_UNKNOWN, .origin = "server"};
    if (frame->value <= ERR_UNAUTHENTICATED)
        err->code = (enum err_code)frame->value;
    if (frame->meta_len > 0)
        read_meta(schema, frame, err);
    return err->code;
}
