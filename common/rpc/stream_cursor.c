/* SPDX-License-Identifier: Apache-2.0 */
#include "rpc/stream_cursor.h"

#include <stdlib.h>
#include <string.h>

enum { MAX_VARINT = 10 };

struct reader {
    const uint8_t *at;
    size_t left;
};

uint32_t stream_cursor_field(const ProtobufCMessageDescriptor *type)
{
    const ProtobufCFieldDescriptor *field =
        protobuf_c_message_descriptor_get_field_by_name(type, "cursor");
    return field ? field->id : 0;
}

static bool read_varint(struct reader *r, uint64_t *out)
{
    *out = 0;
    for (unsigned i = 0; i < MAX_VARINT && r->left > 0; i++) {
        uint8_t byte = *r->at++;
        r->left--;
        *out |= (uint64_t)(byte & 0x7f) << (7 * i);
        if ((byte & 0x80) == 0)
            return true;
    }
    return false;
}

/* Step over a value; what a length-delimited one holds is in *out. */
static bool read_value(struct reader *r, unsigned wire_type, struct db_bytes *out)
{
    uint64_t len = 0;
    *out = (struct db_bytes){NULL, 0};
    if (wire_type == 0)
        return read_varint(r, &len);
    if (wire_type == 1)
        len = 8;
    else if (wire_type == 5)
        len = 4;
    else if (wire_type != 2 || !read_varint(r, &len))
        return false;
    if (len > r->left)
        return false;
    *out = (struct db_bytes){r->at, (size_t)len};
    r->at += len;
    r->left -= (size_t)len;
    return true;
}

bool stream_cursor_read(const struct db_bytes *message, uint32_t field, struct db_bytes *out)
{
    struct reader r = {message->data, message->len};
    bool is_found = false;
    while (r.left > 0) {
        uint64_t tag;
        struct db_bytes value;
        if (!read_varint(&r, &tag) || !read_value(&r, (unsigned)(tag & 7), &value))
            return false;
        if (tag >> 3 != field || (tag & 7) != 2)
            continue;
        *out = value;
        is_found = true;
    }
    return is_found;
}

static uint8_t *put_varint(uint8_t *at, uint64_t value)
{
    for (; value >= 0x80; value >>= 7)
        *at++ = (uint8_t)(value | 0x80);
    *at++ = (uint8_t)value;
    return at;
}

void *stream_cursor_replace(
    const struct db_bytes *message, uint32_t field, const struct db_bytes *cursor, size_t *len)
{
    uint8_t *data = malloc(message->len + 2 * MAX_VARINT + cursor->len);
    if (!data)
        return NULL;
    if (message->len > 0)
        memcpy(data, message->data, message->len);
    uint8_t *at = put_varint(data + message->len, (uint64_t)field << 3 | 2);
    at = put_varint(at, cursor->len);
    if (cursor->len > 0)
        memcpy(at, cursor->data, cursor->len);
    *len = (size_t)(at - data) + cursor->len;
    return data;
}
