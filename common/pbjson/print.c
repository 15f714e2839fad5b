/* SPDX-License-Identifier: Apache-2.0 */
#include "pbjson/pbjson.h"
#include "pbjson/wellformed.h"

#include <ctype.h>
#include <inttypes.h>
#include <jansson.h>
#include <math.h>
#include <sodium.h>
#include <stdlib.h>
#include <string.h>
#include <utf8proc.h>

void pbjson_camel_name(const char *name, char *out, size_t size)
{
    size_t n = 0;
    for (; *name != '\0' && n + 1 < size; name++) {
        if (*name == '_' && name[1] != '\0')
            out[n++] = (char)toupper((unsigned char)*++name);
        else
            out[n++] = *name;
    }
    out[n] = '\0';
}

static void print_string(const char *text, FILE *out)
{
    (void)fputc('"', out);
    size_t len = text == NULL ? 0 : strlen(text);
    for (size_t i = 0; i < len;) {
        utf8proc_int32_t c;
        utf8proc_ssize_t n =
            utf8proc_iterate((const utf8proc_uint8_t *)text + i, (utf8proc_ssize_t)(len - i), &c);
        if (n <= 0) {
            (void)fputs("\\ufffd", out);
            i++;
            continue;
        }
        if (c == '"' || c == '\\')
            (void)fprintf(out, "\\%c", (char)c);
        else if (c == '\n')
            (void)fputs("\\n", out);
        else if (c < 0x20 || (c >= 0x7F && c <= 0x9F)) /* C1: terminals obey these as well */
            (void)fprintf(out, "\\u%04x", (unsigned)c);
        else
            (void)fwrite(text + i, 1, (size_t)n, out);
        i += (size_t)n;
    }
    (void)fputc('"', out);
}

static void print_base64(const ProtobufCBinaryData *bytes, FILE *out)
{
    enum { CHUNK = 384 }; /* a multiple of 3: only the last chunk is padded */
    (void)fputc('"', out);
    for (size_t i = 0; i < bytes->len; i += CHUNK) {
        char text[sodium_base64_ENCODED_LEN(CHUNK, sodium_base64_VARIANT_ORIGINAL)];
        size_t n = bytes->len - i < CHUNK ? bytes->len - i : CHUNK;
        (void)fputs(sodium_bin2base64(
                        text, sizeof(text), bytes->data + i, n, sodium_base64_VARIANT_ORIGINAL),
            out);
    }
    (void)fputc('"', out);
}

/* Jansson writes and reads numbers alike in every locale; printf does not. */
static size_t format_real(double value, unsigned digits, char *text, size_t size)
{
    json_t *number = json_real(value);
    size_t n = json_dumpb(number, text, size, JSON_ENCODE_ANY | JSON_REAL_PRECISION(digits));
    json_decref(number);
    return n < size ? n : 0;
}

static double read_back(const char *text, size_t len)
{
    json_t *number = json_loadb(text, len, JSON_DECODE_ANY, NULL);
    double value = json_number_value(number);
    json_decref(number);
    return value;
}

/* The fewest digits that read back as the same number. */
static void print_real(double value, bool is_float, FILE *out)
{
    if (isnan(value)) {
        (void)fputs("\"NaN\"", out);
        return;
    }
    if (isinf(value)) {
        (void)fputs(value > 0 ? "\"Infinity\"" : "\"-Infinity\"", out);
        return;
    }
    char text[40];
    size_t len = 0;
    unsigned most = is_float ? 9 : 17;
    for (unsigned digits = is_float ? 6 : 15; digits <= most; digits++) {
        len = format_real(value, digits, text, sizeof(text));
        double again = read_back(text, len);
        double difference = is_float ? (double)((float)again - (float)value) : again - value;
        if (!(fabs(difference) > 0))
            break;
    }
    (void)fwrite(text, 1, len, out);
}

static void print_enum(const ProtobufCEnumDescriptor *type, int number, FILE *out)
{
    const ProtobufCEnumValue *value = protobuf_c_enum_descriptor_get_value(type, number);
    if (value == NULL)
        (void)fprintf(out, "%d", number);
    else
        (void)fprintf(out, "\"%s\"", value->name);
}

// NOLINTNEXTLINE(misc-no-recursion): as deep as the message, which unpacking and parsing bound
static void print_value(const ProtobufCFieldDescriptor *field, const void *at, FILE *out)
{
    switch (field->type) {
    case PROTOBUF_C_TYPE_INT32:
    case PROTOBUF_C_TYPE_SINT32:
    case PROTOBUF_C_TYPE_SFIXED32:
        (void)fprintf(out, "%" PRId32, *(const int32_t *)at);
        break;
    case PROTOBUF_C_TYPE_UINT32:
    case PROTOBUF_C_TYPE_FIXED32:
        (void)fprintf(out, "%" PRIu32, *(const uint32_t *)at);
        break;
    case PROTOBUF_C_TYPE_INT64:
    case PROTOBUF_C_TYPE_SINT64:
    case PROTOBUF_C_TYPE_SFIXED64:
        (void)fprintf(out, "\"%" PRId64 "\"", *(const int64_t *)at);
        break;
    case PROTOBUF_C_TYPE_UINT64:
    case PROTOBUF_C_TYPE_FIXED64:
        (void)fprintf(out, "\"%" PRIu64 "\"", *(const uint64_t *)at);
        break;
    case PROTOBUF_C_TYPE_FLOAT:
        print_real((double)*(const float *)at, true, out);
        break;
    case PROTOBUF_C_TYPE_DOUBLE:
        print_real(*(const double *)at, false, out);
        break;
    case PROTOBUF_C_TYPE_BOOL:
        (void)fputs(*(const protobuf_c_boolean *)at ? "true" : "false", out);
        break;
    case PROTOBUF_C_TYPE_ENUM:
        print_enum(pbjson_field_enum(field), *(const int *)at, out);
        break;
    case PROTOBUF_C_TYPE_STRING:
        print_string(*(char *const *)at, out);
        break;
    case PROTOBUF_C_TYPE_BYTES:
        print_base64(at, out);
        break;
    case PROTOBUF_C_TYPE_MESSAGE:
        pbjson_print(*(ProtobufCMessage *const *)at, out);
        break;
    }
}

/* Proto3: a field without a label is present when it is not at its default. */
static bool is_default(const ProtobufCFieldDescriptor *field, const void *at)
{
    static const uint8_t zeros[sizeof(uint64_t)];
    if (field->type == PROTOBUF_C_TYPE_STRING) {
        const char *text = *(char *const *)at;
        return text == NULL || *text == '\0';
    }
    if (field->type == PROTOBUF_C_TYPE_BYTES)
        return ((const ProtobufCBinaryData *)at)->len == 0;
    return memcmp(at, zeros, pbjson_value_size(field->type)) == 0;
}

static bool is_present(const ProtobufCFieldDescriptor *field, const uint8_t *message)
{
    const void *quantifier = message + field->quantifier_offset;
    const void *at = message + field->offset;
    if ((field->flags & PROTOBUF_C_FIELD_FLAG_ONEOF) != 0)
        return *(const uint32_t *)quantifier == field->id;
    if (field->label == PROTOBUF_C_LABEL_REPEATED)
        return *(const size_t *)quantifier > 0;
    if (field->label == PROTOBUF_C_LABEL_REQUIRED)
        return true;
    bool is_pointer =
        field->type == PROTOBUF_C_TYPE_STRING || field->type == PROTOBUF_C_TYPE_MESSAGE;
    if (field->label == PROTOBUF_C_LABEL_OPTIONAL && !is_pointer)
        return *(const protobuf_c_boolean *)quantifier != 0;
    return !is_default(field, at);
}

// NOLINTNEXTLINE(misc-no-recursion): see above
static void print_field(const ProtobufCFieldDescriptor *field, const uint8_t *message, FILE *out)
{
    if (field->label != PROTOBUF_C_LABEL_REPEATED) {
        print_value(field, message + field->offset, out);
        return;
    }
    const void *quantifier = message + field->quantifier_offset;
    const void *at = message + field->offset;
    size_t count = *(const size_t *)quantifier;
    const uint8_t *items = *(uint8_t *const *)at;
    (void)fputc('[', out);
    for (size_t i = 0; i < count; i++) {
        if (i > 0)
            (void)fputc(',', out);
        print_value(field, items + i * pbjson_value_size(field->type), out);
    }
    (void)fputc(']', out);
}

// NOLINTNEXTLINE(misc-no-recursion): see above
void pbjson_print(const ProtobufCMessage *message, FILE *out)
{
    const uint8_t *bytes = (const void *)message;
    char separator = '{';
    for (unsigned i = 0; i < message->descriptor->n_fields; i++) {
        const ProtobufCFieldDescriptor *field = &message->descriptor->fields[i];
        if (!is_present(field, bytes))
            continue;
        char name[128];
        pbjson_camel_name(field->name, name, sizeof(name));
        (void)fprintf(out, "%c\"%s\":", separator, name);
        print_field(field, bytes, out);
        separator = ',';
    }
    (void)fputs(separator == '{' ? "{}" : "}", out);
}

char *pbjson_format(const ProtobufCMessage *message)
{
    char *text = NULL;
    size_t size = 0;
    FILE *out = open_memstream(&text, &size);
    if (out == NULL)
        return NULL;
    pbjson_print(message, out);
    if (fclose(out) == 0)
        return text;
    free(text);
    return NULL;
}
