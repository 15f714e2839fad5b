/* SPDX-License-Identifier: Apache-2.0 */
#include "reference.h"

#include <stdio.h>
#include <string.h>
#include <utf8proc.h>

enum { WIRE_VARINT = 0, WIRE_FIXED64 = 1, WIRE_BYTES = 2, WIRE_FIXED32 = 5 };
enum { MAX_FIELD_NUMBER = (1 << 29) - 1, PATH_SIZE = 64 };

/* Where we are, for the path of a field at fault. Lives on the stack of the walk. */
struct place {
    const struct place *outer;
    const ProtobufCFieldDescriptor *field;
    uint32_t item; /* of a repeated field */
};

struct cursor {
    const uint8_t *data;
    size_t left;
};

struct value {
    int wire_type;
    uint64_t number;    /* varints */
    struct cursor text; /* length-delimited values */
};

/* ---- reading the wire ---- */

static bool read_varint(struct cursor *c, uint64_t *out)
{
    uint64_t x = 0;
    for (unsigned shift = 0; shift < 70; shift += 7) {
        if (c->left == 0)
            return false;
        uint8_t byte = *c->data++;
        c->left--;
        if (shift == 63 && byte > 1)
            return false;
        x |= (uint64_t)(byte & 0x7f) << shift;
        if ((byte & 0x80) == 0) {
            *out = x;
            return true;
        }
    }
    return false;
}

/* A tag or a length. protobuf-c reads no more than five bytes of one, however small it is. */
static bool read_short_varint(struct cursor *c, uint64_t *out)
{
    enum { MAX_BYTES = 5 };
    size_t left = c->left;
    return read_varint(c, out) && left - c->left <= MAX_BYTES;
}

static bool take(struct cursor *c, size_t n, struct cursor *out)
{
    if (n > c->left)
        return false;
    *out = (struct cursor){c->data, n};
    c->data += n;
    c->left -= n;
    return true;
}

static bool read_value(struct cursor *c, struct value *v)
{
    uint64_t n;
    switch (v->wire_type) {
    case WIRE_VARINT:
        return read_varint(c, &v->number);
    case WIRE_FIXED64:
        return take(c, 8, &v->text);
    case WIRE_FIXED32:
        return take(c, 4, &v->text);
    case WIRE_BYTES:
        return read_short_varint(c, &n) && n <= c->left && take(c, (size_t)n, &v->text);
    default:
        return false; /* groups: proto3 has none */
    }
}

static bool read_tag(struct cursor *c, uint32_t *number, int *wire_type)
{
    uint64_t tag;
    if (!read_short_varint(c, &tag) || (tag >> 3) == 0 || (tag >> 3) > MAX_FIELD_NUMBER)
        return false;
    *number = (uint32_t)(tag >> 3);
    *wire_type = (int)(tag & 7);
    return true;
}

static int wire_type_of(ProtobufCType type)
{
    switch (type) {
    case PROTOBUF_C_TYPE_FIXED64:
    case PROTOBUF_C_TYPE_SFIXED64:
    case PROTOBUF_C_TYPE_DOUBLE:
        return WIRE_FIXED64;
    case PROTOBUF_C_TYPE_FIXED32:
    case PROTOBUF_C_TYPE_SFIXED32:
    case PROTOBUF_C_TYPE_FLOAT:
        return WIRE_FIXED32;
    case PROTOBUF_C_TYPE_STRING:
    case PROTOBUF_C_TYPE_BYTES:
    case PROTOBUF_C_TYPE_MESSAGE:
        return WIRE_BYTES;
    case PROTOBUF_C_TYPE_INT32:
    case PROTOBUF_C_TYPE_SINT32:
    case PROTOBUF_C_TYPE_INT64:
    case PROTOBUF_C_TYPE_SINT64:
    case PROTOBUF_C_TYPE_UINT32:
    case PROTOBUF_C_TYPE_UINT64:
    case PROTOBUF_C_TYPE_BOOL:
    case PROTOBUF_C_TYPE_ENUM:
        break;
    }
    return WIRE_VARINT;
}

/* ---- complaints ---- */

static size_t format_path(const struct place *p, char *out, size_t size)
{
    size_t used = p->outer ? format_path(p->outer, out, size) : 0;
    if (used >= size)
        return used;
    int n = p->field->label == PROTOBUF_C_LABEL_REPEATED
                ? snprintf(
                      out + used, size - used, "%s%s[%u]", used ? "." : "", p->field->name, p->item)
                : snprintf(out + used, size - used, "%s%s", used ? "." : "", p->field->name);
    return n < 0 ? used : used + (size_t)n;
}

#define refuse(err, place, ...)                            \
    do {                                                   \
        char path_[PATH_SIZE];                             \
        (void)format_path((place), path_, sizeof(path_));  \
        return err_raise_field((err), path_, __VA_ARGS__); \
    } while (0)

static enum err_code malformed(const struct schema_message *message, struct err *err)
{
    return err_raise(
        err, REASON_REQUEST_MALFORMED, "the bytes are not a valid %s", message->type->name);
}

/* ---- values ---- */

static bool is_allowed_control(int32_t c, bool is_multiline)
{
    return is_multiline && (c == '\n' || c == '\r' || c == '\t');
}

/* NULL if all is well, else what is wrong. */
static const char *text_fault(struct cursor text, bool is_multiline)
{
    while (text.left > 0) {
        int32_t c = text.data[0];
        utf8proc_ssize_t n = 1;
        if (c >= 0x80)
            n = utf8proc_iterate(text.data, (utf8proc_ssize_t)text.left, &c);
        if (n < 1)
            return "is not valid UTF-8";
        if (c == 0)
            return "contains a NUL character";
        bool is_control = c < 0x20 || (c >= 0x7f && c < 0xa0);
        if (is_control && !is_allowed_control(c, is_multiline))
            return "contains a control character";
        text.data += n;
        text.left -= (size_t)n;
    }
    return NULL;
}

static bool is_uuid(struct cursor text)
{
    char buffer[ID_TEXT_SIZE];
    struct id id;
    if (text.left != ID_TEXT_SIZE - 1)
        return false;
    memcpy(buffer, text.data, text.left);
    buffer[text.left] = '\0';
    return id_parse(buffer, &id);
}

static enum err_code check_text(const struct place *place, const struct schema_field *limits,
    struct cursor text, struct err *err)
{
    if (text.left > limits->max_bytes)
        refuse(err, place, "%s is %zu bytes long; at most %u are allowed", place->field->name,
            text.left, limits->max_bytes);
    if (place->field->type == PROTOBUF_C_TYPE_STRING) {
        const char *fault = text_fault(text, limits->is_multiline);
        if (fault)
            refuse(err, place, "%s %s", place->field->name, fault);
    }
    if (text.left < limits->min_bytes) {
        if (text.left == 0)
            refuse(err, place, "%s is missing", place->field->name);
        refuse(err, place, "%s is %zu bytes long; at least %u are needed", place->field->name,
            text.left, limits->min_bytes);
    }
    if (limits->is_uuid && text.left > 0 && !is_uuid(text))
        refuse(err, place, "%s is not a UUID", place->field->name);
    return ERR_OK;
}

static enum err_code check_number(const struct place *place, uint64_t number, struct err *err)
{
    const ProtobufCFieldDescriptor *field = place->field;
    if (field->type != PROTOBUF_C_TYPE_ENUM)
        return ERR_OK;
    if (!protobuf_c_enum_descriptor_get_value(field->descriptor, (int)(uint32_t)number))
        refuse(err, place, "%s has the unknown value %d", field->name, (int)(uint32_t)number);
    return ERR_OK;
}

static enum err_code walk(const struct schema_message *message, struct cursor c,
    const struct place *outer, struct err *err);

static enum err_code check_value(const struct place *place, const struct schema_field *limits,
    const struct value *v, struct err *err)
{
    switch (v->wire_type) {
    case WIRE_BYTES:
        return limits->message ? walk(limits->message, v->text, place, err)
                               : check_text(place, limits, v->text, err);
    case WIRE_VARINT:
        return check_number(place, v->number, err);
    default:
        return ERR_OK;
    }
}

static enum err_code check_count(
    const struct place *place, const struct schema_field *limits, uint32_t *count, struct err *err)
{
    if (place->field->label == PROTOBUF_C_LABEL_REPEATED && *count >= limits->max_items)
        refuse(err, place, "%s has more than %u elements", place->field->name, limits->max_items);
    ++*count;
    return ERR_OK;
}

/* Numbers of a repeated field, packed into one length-delimited value. */
static enum err_code check_packed(const struct schema_message *message, struct place *place,
    const struct schema_field *limits, struct cursor c, uint32_t *count, struct err *err)
{
    while (c.left > 0) {
        struct value v = {.wire_type = wire_type_of(place->field->type)};
        if (!read_value(&c, &v))
            return malformed(message, err);
        place->item = *count;
        enum err_code code = check_count(place, limits, count, err);
        if (code == ERR_OK)
            code = check_value(place, limits, &v, err);
        if (code != ERR_OK)
            return code;
    }
    return ERR_OK;
}

static enum err_code check_field(const struct schema_message *message, struct place *place,
    const struct value *v, uint32_t *count, struct err *err)
{
    const ProtobufCFieldDescriptor *field = place->field;
    const struct schema_field *limits = &message->fields[field - message->type->fields];
    int expected = wire_type_of(field->type);
    if (v->wire_type != expected) {
        if (field->label != PROTOBUF_C_LABEL_REPEATED || v->wire_type != WIRE_BYTES)
            return malformed(message, err);
        return check_packed(message, place, limits, v->text, count, err);
    }
    enum err_code code = check_count(place, limits, count, err);
    if (code != ERR_OK)
        return code;
    return check_value(place, limits, v, err);
}

/* Fields that must be there and are not. One of a oneof is asked for only when it was chosen. */
static enum err_code check_absent(const struct schema_message *message, const uint32_t *counts,
    const struct place *outer, struct err *err)
{
    for (unsigned i = 0; i < message->type->n_fields; i++) {
        const ProtobufCFieldDescriptor *field = &message->type->fields[i];
        bool is_chosen = field->label == PROTOBUF_C_LABEL_REPEATED ||
                         (field->flags & PROTOBUF_C_FIELD_FLAG_ONEOF) != 0;
        if (counts[i] > 0 || is_chosen || message->fields[i].min_bytes == 0)
            continue;
        const struct place place = {outer, field, 0};
        refuse(err, &place, "%s is missing", field->name);
    }
    return ERR_OK;
}

static enum err_code walk(const struct schema_message *message, struct cursor c,
    const struct place *outer, struct err *err)
{
    uint32_t counts[SCHEMA_MAX_FIELDS] = {0};
    while (c.left > 0) {
        uint32_t number;
        struct value v = {0};
        if (!read_tag(&c, &number, &v.wire_type) || !read_value(&c, &v))
            return malformed(message, err);
        const ProtobufCFieldDescriptor *field =
            protobuf_c_message_descriptor_get_field(message->type, number);
        if (!field)
            continue; /* of a newer client */
        uint32_t *count = &counts[field - message->type->fields];
        struct place place = {outer, field, *count};
        enum err_code code = check_field(message, &place, &v, count, err);
        if (code != ERR_OK)
            return code;
    }
    return check_absent(message, counts, outer, err);
}

enum err_code reference_validate(
    const struct schema_message *message, const void *data, size_t len, struct err *err)
{
    return walk(message, (struct cursor){data, len}, NULL, err);
}
