/* SPDX-License-Identifier: Apache-2.0 */
#include "nearest/nearest.h"
#include "pbjson/pbjson.h"
#include "pbjson/wellformed.h"

#include <errno.h>
#include <inttypes.h>
#include <jansson.h>
#include <limits.h>
#include <math.h>
#include <sodium.h>
#include <stdlib.h>
#include <string.h>

struct parser {
    struct arena *arena;
    struct err *err;
};

/* Where in the message we are; spelled out only when something is wrong there. */
struct place {
    const struct place *parent; /* NULL: the message itself */
    const char *name;           /* NULL: an element of the parent */
    size_t index;
    int depth;
};

// NOLINTNEXTLINE(misc-no-recursion): at most PBJSON_MAX_DEPTH levels
static size_t spell_place(const struct place *place, char *out, size_t size)
{
    size_t n = place->parent == NULL ? 0 : spell_place(place->parent, out, size);
    if (n + 1 >= size)
        return n;
    int more = 0;
    if (place->name == NULL && place->parent != NULL)
        more = snprintf(out + n, size - n, "[%zu]", place->index);
    else if (place->name != NULL)
        more = snprintf(out + n, size - n, "%s%s", n > 0 ? "." : "", place->name);
    return more < 0 ? n : n + (size_t)more;
}

MUST_USE static enum err_code PRINTF_LIKE(3, 4)
    refuse(struct parser *p, const struct place *place, const char *fmt, ...)
{
    char path[64] = "";
    (void)spell_place(place, path, sizeof(path));
    char what[240];
    va_list args;
    va_start(args, fmt);
    (void)vsnprintf(what, sizeof(what), fmt, args);
    va_end(args);
    return err_raise_field(p->err, path, "%s%s%s", path, path[0] == '\0' ? "" : ": ", what);
}

MUST_USE static enum err_code out_of_memory(struct parser *p)
{
    return err_raise(
        p->err, REASON_REQUEST_TOO_LARGE, "the message is larger than the memory allowed for it");
}

/* ---- numbers --------------------------------------------------------------------------------- */

/* Strict decimal digits, as the mapping wants them in strings. */
static bool read_digits(const char *text, bool is_negative, int64_t *low, uint64_t *high)
{
    if (text[strspn(text, "0123456789")] != '\0' || *text == '\0')
        return false;
    errno = 0;
    unsigned long long value = strtoull(text, NULL, 10);
    if (errno != 0 || (is_negative && value > (unsigned long long)INT64_MAX + 1))
        return false;
    *low = is_negative ? (int64_t)(0 - value) : (value > INT64_MAX ? INT64_MAX : (int64_t)value);
    *high = is_negative ? 0 : value;
    return true;
}

/* A whole number: `*low` holds it when negative, `*high` when not. */
static bool read_whole(json_t *json, int64_t *low, uint64_t *high)
{
    if (json_is_string(json)) {
        const char *text = json_string_value(json);
        bool is_negative = *text == '-';
        return read_digits(text + (is_negative ? 1 : 0), is_negative, low, high);
    }
    if (json_is_integer(json)) {
        *low = json_integer_value(json);
        *high = *low < 0 ? 0 : (uint64_t)*low;
        return true;
    }
    double real = json_real_value(json);
    if (!json_is_real(json) || fabs(real) > 9007199254740992.0 ||
        fabs(real - (double)(int64_t)real) > 0)
        return false;
    *low = (int64_t)real;
    *high = *low < 0 ? 0 : (uint64_t)*low;
    return true;
}

MUST_USE static enum err_code parse_signed(struct parser *p, const struct place *place,
    json_t *json, int64_t min, int64_t max, int64_t *out)
{
    int64_t low = 0;
    uint64_t high = 0;
    if (!read_whole(json, &low, &high) || low < min || low > max ||
        (low >= 0 && high > (uint64_t)max))
        return refuse(p, place, "must be a whole number from %" PRId64 " to %" PRId64, min, max);
    *out = low;
    return ERR_OK;
}

MUST_USE static enum err_code parse_unsigned(
    struct parser *p, const struct place *place, json_t *json, uint64_t max, uint64_t *out)
{
    int64_t low = 0;
    uint64_t high = 0;
    if (!read_whole(json, &low, &high) || low < 0 || high > max)
        return refuse(p, place, "must be a whole number from 0 to %" PRIu64, max);
    *out = high;
    return ERR_OK;
}

static bool read_real(json_t *json, double *out)
{
    if (json_is_number(json)) {
        *out = json_number_value(json);
        return true;
    }
    const char *text = json_string_value(json);
    if (text == NULL)
        return false;
    if (strcmp(text, "NaN") == 0)
        *out = (double)NAN;
    else if (strcmp(text, "Infinity") == 0)
        *out = (double)INFINITY;
    else if (strcmp(text, "-Infinity") == 0)
        *out = -(double)INFINITY;
    else {
        json_t *number = json_loads(text, JSON_DECODE_ANY, NULL);
        bool is_number = json_is_number(number);
        *out = json_number_value(number);
        json_decref(number);
        return is_number;
    }
    return true;
}

/* ---- scalars --------------------------------------------------------------------------------- */

MUST_USE static enum err_code parse_int32(
    struct parser *p, const struct place *place, json_t *json, void *at)
{
    int64_t value = 0;
    enum err_code code = parse_signed(p, place, json, INT32_MIN, INT32_MAX, &value);
    *(int32_t *)at = (int32_t)value;
    return code;
}

MUST_USE static enum err_code parse_uint32(
    struct parser *p, const struct place *place, json_t *json, void *at)
{
    uint64_t value = 0;
    enum err_code code = parse_unsigned(p, place, json, UINT32_MAX, &value);
    *(uint32_t *)at = (uint32_t)value;
    return code;
}

MUST_USE static enum err_code parse_real(
    struct parser *p, const struct place *place, json_t *json, bool is_float, void *at)
{
    double value = 0;
    if (!read_real(json, &value))
        return refuse(p, place, "must be a number");
    if (!is_float) {
        *(double *)at = value;
        return ERR_OK;
    }
    if (isfinite(value) && fabs(value) > 3.4028234663852886e38)
        return refuse(p, place, "must be a number between -3.4e38 and 3.4e38");
    *(float *)at = (float)value;
    return ERR_OK;
}

MUST_USE static enum err_code parse_enum(struct parser *p, const struct place *place,
    const ProtobufCEnumDescriptor *type, json_t *json, void *at)
{
    if (json_is_integer(json))
        return parse_int32(p, place, json, at);
    const char *name = json_string_value(json);
    if (name == NULL)
        return refuse(p, place, "must be the name of a %s", type->short_name);
    const ProtobufCEnumValue *value = protobuf_c_enum_descriptor_get_value_by_name(type, name);
    if (value != NULL) {
        *(int *)at = value->value;
        return ERR_OK;
    }
    struct nearest near = nearest_to(name);
    for (unsigned i = 0; i < type->n_values; i++)
        nearest_consider(&near, type->values[i].name);
    if (near.word == NULL)
        return refuse(p, place, "%s has no value \"%.80s\"", type->short_name, name);
    return refuse(p, place, "%s has no value \"%.80s\"; did you mean \"%s\"?", type->short_name,
        name, near.word);
}

MUST_USE static enum err_code parse_string(
    struct parser *p, const struct place *place, json_t *json, void *at)
{
    const char *text = json_string_value(json);
    if (text == NULL)
        return refuse(p, place, "must be a string");
    char *copy = arena_strdup(p->arena, text);
    if (copy == NULL)
        return out_of_memory(p);
    *(char **)at = copy;
    return ERR_OK;
}

/* Either alphabet, padded or not. */
static int base64_variant(const char *text, size_t len)
{
    bool is_padded = len % 4 == 0 && len > 0;
    if (strpbrk(text, "-_") != NULL)
        return is_padded ? sodium_base64_VARIANT_URLSAFE : sodium_base64_VARIANT_URLSAFE_NO_PADDING;
    return is_padded ? sodium_base64_VARIANT_ORIGINAL : sodium_base64_VARIANT_ORIGINAL_NO_PADDING;
}

MUST_USE static enum err_code parse_bytes(
    struct parser *p, const struct place *place, json_t *json, void *at)
{
    const char *text = json_string_value(json);
    if (text == NULL)
        return refuse(p, place, "must be a string of base64");
    size_t len = json_string_length(json);
    uint8_t *data = arena_alloc(p->arena, len + 1);
    if (data == NULL)
        return out_of_memory(p);
    size_t n = 0;
    if (sodium_base642bin(data, len + 1, text, len, NULL, &n, NULL, base64_variant(text, len)) != 0)
        return refuse(p, place, "is not base64");
    *(ProtobufCBinaryData *)at = (ProtobufCBinaryData){n, data};
    return ERR_OK;
}

/* ---- messages -------------------------------------------------------------------------------- */

MUST_USE static enum err_code parse_message(struct parser *p, const struct place *place,
    const ProtobufCMessageDescriptor *type, json_t *json, ProtobufCMessage **out);

// NOLINTNEXTLINE(misc-no-recursion): at most PBJSON_MAX_DEPTH levels
MUST_USE static enum err_code parse_value(struct parser *p, const struct place *place,
    const ProtobufCFieldDescriptor *field, json_t *json, void *at)
{
    switch (field->type) {
    case PROTOBUF_C_TYPE_INT32:
    case PROTOBUF_C_TYPE_SINT32:
    case PROTOBUF_C_TYPE_SFIXED32:
        return parse_int32(p, place, json, at);
    case PROTOBUF_C_TYPE_UINT32:
    case PROTOBUF_C_TYPE_FIXED32:
        return parse_uint32(p, place, json, at);
    case PROTOBUF_C_TYPE_INT64:
    case PROTOBUF_C_TYPE_SINT64:
    case PROTOBUF_C_TYPE_SFIXED64:
        return parse_signed(p, place, json, INT64_MIN, INT64_MAX, at);
    case PROTOBUF_C_TYPE_UINT64:
    case PROTOBUF_C_TYPE_FIXED64:
        return parse_unsigned(p, place, json, UINT64_MAX, at);
    case PROTOBUF_C_TYPE_FLOAT:
    case PROTOBUF_C_TYPE_DOUBLE:
        return parse_real(p, place, json, field->type == PROTOBUF_C_TYPE_FLOAT, at);
    case PROTOBUF_C_TYPE_BOOL:
        if (!json_is_boolean(json))
            return refuse(p, place, "must be true or false");
        *(protobuf_c_boolean *)at = json_is_true(json);
        return ERR_OK;
    case PROTOBUF_C_TYPE_ENUM:
        return parse_enum(p, place, pbjson_field_enum(field), json, at);
    case PROTOBUF_C_TYPE_STRING:
        return parse_string(p, place, json, at);
    case PROTOBUF_C_TYPE_BYTES:
        return parse_bytes(p, place, json, at);
    case PROTOBUF_C_TYPE_MESSAGE:
        return parse_message(p, place, pbjson_field_message(field), json, at);
    }
    return refuse(p, place, "has a type this program does not know");
}

// NOLINTNEXTLINE(misc-no-recursion): at most PBJSON_MAX_DEPTH levels
MUST_USE static enum err_code parse_repeated(struct parser *p, const struct place *place,
    const ProtobufCFieldDescriptor *field, json_t *json, uint8_t *message)
{
    if (!json_is_array(json))
        return refuse(p, place, "must be an array");
    size_t count = json_array_size(json);
    size_t size = pbjson_value_size(field->type);
    uint8_t *items = arena_calloc(p->arena, count == 0 ? 1 : count, size);
    if (items == NULL)
        return out_of_memory(p);
    for (size_t i = 0; i < count; i++) {
        struct place element = {place, NULL, i, place->depth};
        enum err_code code =
            parse_value(p, &element, field, json_array_get(json, i), items + i * size);
        if (code != ERR_OK)
            return code;
    }
    void *at = message + field->offset;
    void *quantifier = message + field->quantifier_offset;
    *(uint8_t **)at = items;
    *(size_t *)quantifier = count;
    return ERR_OK;
}

MUST_USE static enum err_code mark_present(struct parser *p, const struct place *place,
    const ProtobufCFieldDescriptor *field, uint8_t *message)
{
    void *quantifier = message + field->quantifier_offset;
    if ((field->flags & PROTOBUF_C_FIELD_FLAG_ONEOF) != 0) {
        uint32_t *present = quantifier;
        if (*present != 0 && *present != field->id)
            return refuse(p, place, "another field of the same oneof is given already");
        *present = field->id;
    } else if (field->label == PROTOBUF_C_LABEL_OPTIONAL && field->quantifier_offset != 0) {
        *(protobuf_c_boolean *)quantifier = 1;
    }
    return ERR_OK;
}

// NOLINTNEXTLINE(misc-no-recursion): at most PBJSON_MAX_DEPTH levels
MUST_USE static enum err_code parse_field(struct parser *p, const struct place *place,
    const ProtobufCFieldDescriptor *field, json_t *json, uint8_t *message)
{
    if (json_is_null(json))
        return ERR_OK;
    if (field->label == PROTOBUF_C_LABEL_REPEATED)
        return parse_repeated(p, place, field, json, message);
    enum err_code code = mark_present(p, place, field, message);
    if (code != ERR_OK)
        return code;
    return parse_value(p, place, field, json, message + field->offset);
}

/* By the name of the .proto file or its lowerCamelCase. */
static const ProtobufCFieldDescriptor *find_field(
    const ProtobufCMessageDescriptor *type, const char *name)
{
    for (unsigned i = 0; i < type->n_fields; i++) {
        char camel[128];
        pbjson_camel_name(type->fields[i].name, camel, sizeof(camel));
        if (strcmp(name, camel) == 0 || strcmp(name, type->fields[i].name) == 0)
            return &type->fields[i];
    }
    return NULL;
}

MUST_USE static enum err_code refuse_unknown(struct parser *p, const struct place *place,
    const ProtobufCMessageDescriptor *type, const char *name)
{
    struct nearest near = nearest_to(name);
    for (unsigned i = 0; i < type->n_fields; i++)
        nearest_consider(&near, type->fields[i].name);
    struct place field = {place, name, 0, place->depth};
    if (near.word == NULL)
        return refuse(p, &field, "%s has no such field", type->name);
    char camel[128];
    pbjson_camel_name(near.word, camel, sizeof(camel));
    return refuse(p, &field, "%s has no such field; did you mean \"%s\"?", type->name, camel);
}

/* A message as protobuf-c initialises it: empty, with "" for every string. */
static ProtobufCMessage *new_message(struct arena *arena, const ProtobufCMessageDescriptor *type)
{
    uint8_t *bytes = arena_alloc(arena, type->sizeof_message);
    if (bytes == NULL)
        return NULL;
    ProtobufCMessage *message = (void *)bytes;
    if (type->message_init != NULL) {
        type->message_init(message);
        return message;
    }
    message->descriptor = type;
    for (unsigned i = 0; i < type->n_fields; i++) {
        const ProtobufCFieldDescriptor *field = &type->fields[i];
        void *at = bytes + field->offset;
        if (field->type == PROTOBUF_C_TYPE_STRING && field->default_value != NULL)
            *(const void **)at = field->default_value;
    }
    return message;
}

// NOLINTNEXTLINE(misc-no-recursion): at most PBJSON_MAX_DEPTH levels
MUST_USE static enum err_code parse_message(struct parser *p, const struct place *place,
    const ProtobufCMessageDescriptor *type, json_t *json, ProtobufCMessage **out)
{
    if (!json_is_object(json))
        return refuse(p, place, "must be an object, a %s", type->name);
    if (place->depth >= PBJSON_MAX_DEPTH)
        return refuse(p, place, "is nested deeper than %d levels", PBJSON_MAX_DEPTH);
    ProtobufCMessage *message = new_message(p->arena, type);
    if (message == NULL)
        return out_of_memory(p);
    for (void *i = json_object_iter(json); i != NULL; i = json_object_iter_next(json, i)) {
        const char *name = json_object_iter_key(i);
        const ProtobufCFieldDescriptor *field = find_field(type, name);
        if (field == NULL)
            return refuse_unknown(p, place, type, name);
        struct place at = {place, name, 0, place->depth + 1};
        enum err_code code = parse_field(p, &at, field, json_object_iter_value(i), (void *)message);
        if (code != ERR_OK)
            return code;
    }
    *out = message;
    return ERR_OK;
}

enum err_code pbjson_parse(const ProtobufCMessageDescriptor *type, const char *json, size_t len,
    struct arena *arena, ProtobufCMessage **out, struct err *err)
{
    json_error_t wrong;
    json_t *tree = json_loadb(json, len, JSON_REJECT_DUPLICATES, &wrong);
    if (tree == NULL)
        return err_raise(err, REASON_JSON_INVALID, "line %d, column %d: %s", wrong.line,
            wrong.column, wrong.text);
    struct parser parser = {arena, err};
    struct place top = {NULL, NULL, 0, 0};
    enum err_code code = parse_message(&parser, &top, type, tree, out);
    json_decref(tree);
    return code;
}
