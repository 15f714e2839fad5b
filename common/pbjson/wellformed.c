/* SPDX-License-Identifier: Apache-2.0 */
#include "pbjson/wellformed.h"

#include "pbjson/pbjson.h"

#include <stdint.h>

size_t pbjson_value_size(ProtobufCType type)
{
    switch (type) {
    case PROTOBUF_C_TYPE_INT32:
    case PROTOBUF_C_TYPE_SINT32:
    case PROTOBUF_C_TYPE_SFIXED32:
    case PROTOBUF_C_TYPE_UINT32:
    case PROTOBUF_C_TYPE_FIXED32:
    case PROTOBUF_C_TYPE_FLOAT:
    case PROTOBUF_C_TYPE_ENUM:
        return sizeof(uint32_t);
    case PROTOBUF_C_TYPE_INT64:
    case PROTOBUF_C_TYPE_SINT64:
    case PROTOBUF_C_TYPE_SFIXED64:
    case PROTOBUF_C_TYPE_UINT64:
    case PROTOBUF_C_TYPE_FIXED64:
    case PROTOBUF_C_TYPE_DOUBLE:
        return sizeof(uint64_t);
    case PROTOBUF_C_TYPE_BOOL:
        return sizeof(protobuf_c_boolean);
    case PROTOBUF_C_TYPE_STRING:
    case PROTOBUF_C_TYPE_MESSAGE:
        return sizeof(void *);
    case PROTOBUF_C_TYPE_BYTES:
        return sizeof(ProtobufCBinaryData);
    }
    return 0;
}

const ProtobufCEnumDescriptor *pbjson_field_enum(const ProtobufCFieldDescriptor *field)
{
    return field->type == PROTOBUF_C_TYPE_ENUM ? field->descriptor : NULL;
}

const ProtobufCMessageDescriptor *pbjson_field_message(const ProtobufCFieldDescriptor *field)
{
    return field->type == PROTOBUF_C_TYPE_MESSAGE ? field->descriptor : NULL;
}

struct bytes {
    const uint8_t *at;
    const uint8_t *end;
};

static bool read_varint(struct bytes *b, uint64_t *out)
{
    uint64_t value = 0;
    for (unsigned shift = 0; shift < 64 && b->at < b->end; shift += 7) {
        uint8_t byte = *b->at++;
        value |= (uint64_t)(byte & 0x7F) << shift;
        if ((byte & 0x80) == 0) {
            *out = value;
            return true;
        }
    }
    return false;
}

static bool read_bytes(struct bytes *b, uint64_t len, struct bytes *out)
{
    if (len > (uint64_t)(b->end - b->at))
        return false;
    *out = (struct bytes){b->at, b->at + len};
    b->at = out->end;
    return true;
}

/* The content of one field; empty unless it is length-prefixed. */
static bool read_content(struct bytes *b, uint64_t key, struct bytes *content)
{
    uint64_t len = 0;
    *content = (struct bytes){b->at, b->at};
    struct bytes fixed;
    switch (key & 7) {
    case PROTOBUF_C_WIRE_TYPE_VARINT:
        return read_varint(b, &len);
    case PROTOBUF_C_WIRE_TYPE_64BIT:
        return read_bytes(b, 8, &fixed);
    case PROTOBUF_C_WIRE_TYPE_32BIT:
        return read_bytes(b, 4, &fixed);
    case PROTOBUF_C_WIRE_TYPE_LENGTH_PREFIXED:
        return read_varint(b, &len) && read_bytes(b, len, content);
    default:
        return false;
    }
}

/* Bytes that are malformed are shallow enough: unpacking refuses them. */
// NOLINTNEXTLINE(misc-no-recursion): at most PBJSON_MAX_DEPTH levels
static bool is_deeper_than(const ProtobufCMessageDescriptor *type, struct bytes b, int depth)
{
    if (depth < 0)
        return true;
    uint64_t key;
    struct bytes content;
    while (b.at < b.end && read_varint(&b, &key) && read_content(&b, key, &content)) {
        const ProtobufCFieldDescriptor *field =
            key >> 3 > UINT32_MAX
                ? NULL
                : protobuf_c_message_descriptor_get_field(type, (unsigned)(key >> 3));
        const ProtobufCMessageDescriptor *inner =
            field == NULL ? NULL : pbjson_field_message(field);
        if (inner != NULL && is_deeper_than(inner, content, depth - 1))
            return true;
    }
    return false;
}

bool pbjson_is_too_deep(const ProtobufCMessageDescriptor *type, const void *data, size_t len)
{
    const uint8_t *bytes = data;
    if (len == 0)
        return false;
    return is_deeper_than(type, (struct bytes){bytes, bytes + len}, PBJSON_MAX_DEPTH - 1);
}
