/* SPDX-License-Identifier: Apache-2.0 */
#include "rpc/reply.h"

#include "rpc/stream.h"

#include <kith/v1/wire.pb-c.h>

#include <string.h>

/* Longest Meta of a failure: reason, field and message, each bounded by struct err. */
enum { MAX_META = 2048 };

nng_msg *reply_open(uint64_t session, size_t room)
{
    nng_msg *msg = NULL;
    if (nng_msg_alloc(&msg, WIRE_PREAMBLE_SIZE + room) != 0)
        return NULL;
    (void)nng_msg_chop(msg, room);
    wire_put_preamble(nng_msg_body(msg), 0, session);
    return msg;
}

/* err.h's messages may be cut in the middle of a character; the wire wants valid UTF-8. */
static size_t pack_meta(const struct err *err, uint8_t out[MAX_META])
{
    Kith__V1__Meta meta;
    Kith__V1__FieldViolation violation;
    Kith__V1__FieldViolation *violations[] = {&violation};
    char reason[64], field[sizeof(err->field)], message[sizeof(err->msg)];
    kith__v1__meta__init(&meta);
    kith__v1__field_violation__init(&violation);
    memcpy(field, err->field, sizeof(field));
    memcpy(message, err->msg, sizeof(message));
    (void)strncpy(reason, err_reason_info(err->reason)->name, sizeof(reason) - 1);
    reason[sizeof(reason) - 1] = '\0';
    meta.reason = reason;
    meta.message = message;
    meta.retry_after_ms = err->retry_after_ms;
    if (field[0] != '\0') {
        violation.field = field;
        violation.description = message;
        meta.field_violations = violations;
        meta.n_field_violations = 1;
    }
    if (kith__v1__meta__get_packed_size(&meta) > MAX_META)
        return 0;
    return kith__v1__meta__pack(&meta, out);
}

static bool append_frame(nng_msg *reply, const struct wire_frame *frame)
{
    uint8_t header[WIRE_FRAME_SIZE];
    wire_put_frame(header, frame);
    size_t before = nng_msg_len(reply);
    if (nng_msg_append(reply, header, sizeof(header)) == 0 &&
        (frame->meta_len == 0 || nng_msg_append(reply, frame->meta, frame->meta_len) == 0) &&
        (frame->payload_len == 0 || nng_msg_append(reply, frame->payload, frame->payload_len) == 0))
        return true;
    (void)nng_msg_chop(reply, nng_msg_len(reply) - before);
    return false;
}

/* Apart, for the room of its Meta: nothing that every reply should clear. */
static bool append_failure(nng_msg *reply, const struct wire_frame *bare, const struct err *err)
{
    uint8_t meta[MAX_META];
    struct wire_frame frame = *bare;
    frame.meta = meta;
    frame.meta_len = (uint32_t)pack_meta(err, meta);
    return append_frame(reply, &frame);
}

bool reply_append(nng_msg *reply, const struct call *call, const struct outcome *outcome)
{
    bool is_failure = outcome->err.code != ERR_OK;
    struct wire_frame frame = {
        .type = call->stream ? WIRE_END : WIRE_RESULT,
        .flags = call->stream && !is_failure && !outcome->is_over ? WIRE_MORE : 0,
        .call_id = call->frame.call_id,
        .value = (uint32_t)outcome->err.code,
        .sequence = call->stream ? call->stream->n_items : 0,
    };
    if (is_failure)
        return append_failure(reply, &frame, &outcome->err);
    frame.payload = outcome->payload.data;
    frame.payload_len = (uint32_t)outcome->payload.len;
    return append_frame(reply, &frame);
}

bool reply_append_item(nng_msg *reply, const struct call *call, const struct db_bytes *payload)
{
    const struct wire_frame frame = {
        .type = WIRE_ITEM,
        .call_id = call->frame.call_id,
        .payload = payload->data,
        .payload_len = (uint32_t)payload->len,
        .sequence = call->stream->n_items,
    };
    return append_frame(reply, &frame);
}

bool reply_append_goaway(nng_msg *reply)
{
    return append_frame(reply, &(struct wire_frame){.type = WIRE_GOAWAY});
}

void reply_close(nng_msg *reply, uint32_t n_results)
{
    struct wire_reader reader;
    uint8_t *preamble = nng_msg_body(reply);
    (void)wire_open(&reader, preamble, WIRE_PREAMBLE_SIZE);
    wire_put_preamble(preamble, n_results, reader.session);
}
