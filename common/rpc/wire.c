/* SPDX-License-Identifier: Apache-2.0 */
#include "rpc/wire.h"

#include <endian.h>
#include <string.h>

static const uint8_t magic[4] = {'K', 'T', 'H', '1'};

/* Where the parts of a frame's header lie. */
enum {
    AT_LEN = 0,
    AT_VERSION = 4,
    AT_TYPE = 5,
    AT_FLAGS = 6,
    AT_CALL_ID = 8,
    AT_METHOD = 16,
    AT_VALUE = 20,
    AT_META_LEN = 24,
    AT_SEQUENCE = 28,
};

static uint16_t get16(const uint8_t *p)
{
    uint16_t x;
    memcpy(&x, p, sizeof(x));
    return le16toh(x);
}

static uint32_t get32(const uint8_t *p)
{
    uint32_t x;
    memcpy(&x, p, sizeof(x));
    return le32toh(x);
}

static uint64_t get64(const uint8_t *p)
{
    uint64_t x;
    memcpy(&x, p, sizeof(x));
    return le64toh(x);
}

static void put16(uint8_t *p, uint16_t x)
{
    x = htole16(x);
    memcpy(p, &x, sizeof(x));
}

static void put32(uint8_t *p, uint32_t x)
{
    x = htole32(x);
    memcpy(p, &x, sizeof(x));
}

static void put64(uint8_t *p, uint64_t x)
{
    x = htole64(x);
    memcpy(p, &x, sizeof(x));
}

bool wire_open(struct wire_reader *reader, const void *data, size_t len)
{
    const uint8_t *bytes = data;
    if (len < WIRE_PREAMBLE_SIZE || memcmp(bytes, magic, sizeof(magic)) != 0)
        return false;
    uint32_t n_frames = get32(bytes + 4);
    if (n_frames > WIRE_MAX_FRAMES || n_frames > (len - WIRE_PREAMBLE_SIZE) / WIRE_FRAME_SIZE)
        return false;
    *reader = (struct wire_reader){
        .data = bytes + WIRE_PREAMBLE_SIZE,
        .left = len - WIRE_PREAMBLE_SIZE,
        .n_frames = n_frames,
        .session = get64(bytes + 8),
    };
    return true;
}

enum wire_step wire_next(struct wire_reader *reader, struct wire_frame *out)
{
    if (reader->n_frames == 0)
        return reader->left == 0 ? WIRE_DONE : WIRE_BROKEN;
    const uint8_t *head = reader->data;
    if (reader->left < WIRE_FRAME_SIZE || head[AT_VERSION] != WIRE_VERSION)
        return WIRE_BROKEN;

    uint32_t len = get32(head + AT_LEN);
    uint32_t meta_len = get32(head + AT_META_LEN);
    uint16_t flags = get16(head + AT_FLAGS);
    bool has_meta = (flags & WIRE_HAS_META) != 0;
    if (len > reader->left - WIRE_FRAME_SIZE || meta_len > len || has_meta != (meta_len > 0))
        return WIRE_BROKEN;

    const uint8_t *body = head + WIRE_FRAME_SIZE;
    *out = (struct wire_frame){
        .type = head[AT_TYPE],
        .flags = flags,
        .call_id = get64(head + AT_CALL_ID),
        .method = get32(head + AT_METHOD),
        .value = get32(head + AT_VALUE),
        .sequence = get32(head + AT_SEQUENCE),
        .meta = meta_len > 0 ? body : NULL,
        .meta_len = meta_len,
        .payload = body + meta_len,
        .payload_len = len - meta_len,
    };
    reader->data = body + len;
    reader->left -= WIRE_FRAME_SIZE + (size_t)len;
    reader->n_frames--;
    return WIRE_FRAME;
}

void wire_put_preamble(uint8_t out[WIRE_PREAMBLE_SIZE], uint32_t n_frames, uint64_t session)
{
    memcpy(out, magic, sizeof(magic));
    put32(out + 4, n_frames);
    put64(out + 8, session);
}

void wire_put_frame(uint8_t out[WIRE_FRAME_SIZE], const struct wire_frame *frame)
{
    unsigned flags = frame->flags & ~(unsigned)WIRE_HAS_META;
    if (frame->meta_len > 0)
        flags |= WIRE_HAS_META;
    put32(out + AT_LEN, frame->meta_len + frame->payload_len);
    out[AT_VERSION] = WIRE_VERSION;
    out[AT_TYPE] = frame->type;
    put16(out + AT_FLAGS, (uint16_t)flags);
    put64(out + AT_CALL_ID, frame->call_id);
    put32(out + AT_METHOD, frame->method);
    put32(out + AT_VALUE, frame->value);
    put32(out + AT_META_LEN, frame->meta_len);
    put32(out + AT_SEQUENCE, frame->sequence);
}

bool wire_is_control(const struct wire_frame *frame)
{
    return frame->type == WIRE_CREDIT || frame->type == WIRE_CANCEL || frame->type == WIRE_GOAWAY;
}

void wire_restamp(uint8_t header[WIRE_FRAME_SIZE], uint32_t timeout_ms, unsigned attempt)
{
    unsigned flags =
        get16(header + AT_FLAGS) & ~((unsigned)WIRE_ATTEMPT_MASK << WIRE_ATTEMPT_SHIFT);
    flags |= (attempt & WIRE_ATTEMPT_MASK) << WIRE_ATTEMPT_SHIFT;
    put16(header + AT_FLAGS, (uint16_t)flags);
    put32(header + AT_VALUE, timeout_ms);
}

uint32_t wire_method_hash(const char *full_name)
{
    uint32_t hash = 2166136261u;
    for (const char *c = full_name; *c; c++)
        hash = (hash ^ (uint8_t)*c) * 16777619u;
    return hash;
}
