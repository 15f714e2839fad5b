/* SPDX-License-Identifier: Apache-2.0 */
#include "rpc/limits.h"

#include <stdio.h>
#include <string.h>
#include <utf8proc.h>

enum { PATH_SIZE = 64 };

static size_t format_path(const struct place *p, char *out, size_t size)
{
    size_t used = p->outer ? format_path(p->outer, out, size) : 0;
    if (used >= size)
        return used;
    const ProtobufCFieldDescriptor *field = p->field->type;
    const char *dot = used ? "." : "";
    int n = field->label == PROTOBUF_C_LABEL_REPEATED
                ? snprintf(out + used, size - used, "%s%s[%zu]", dot, field->name, p->item)
                : snprintf(out + used, size - used, "%s%s", dot, field->name);
    return n < 0 ? used : used + (size_t)n;
}

#define refuse(err, place, ...)                            \
    do {                                                   \
        char path_[PATH_SIZE];                             \
        (void)format_path((place), path_, sizeof(path_));  \
        return err_raise_field((err), path_, __VA_ARGS__); \
    } while (0)

/* ---- eight bytes at once ---- */

#define EACH UINT64_C(0x0101010101010101)
#define TOP UINT64_C(0x8080808080808080)

static uint64_t eight_at(const uint8_t *text)
{
    uint64_t x;
    memcpy(&x, text, sizeof(x));
    return x;
}

static uint64_t four_at(const uint8_t *text)
{
    uint32_t x;
    memcpy(&x, text, sizeof(x));
    return x;
}

/* Top bits of the bytes that are in a range, if no byte has one itself. */
static uint64_t between(uint64_t bytes, uint8_t low, uint8_t high)
{
    return (bytes + (0x80u - low) * EACH) & ~(bytes + (0x7fu - high) * EACH) & TOP;
}

/* Has a TOP bit if one is a control character, or not ASCII. */
static uint64_t not_plain(uint64_t bytes)
{
    /* What is below a space gets one in the first term, DEL in the second. */
    return (bytes - 0x20 * EACH) | (bytes + EACH) | bytes;
}

static bool are_hex(uint64_t bytes)
{
    return (bytes & TOP) == 0 &&
           (between(bytes, '0', '9') | between(bytes | 0x20 * EACH, 'a', 'f')) == TOP;
}

/* ---- text ---- */

static bool is_allowed_control(int32_t c, bool is_multiline)
{
    return is_multiline && (c == '\n' || c == '\r' || c == '\t');
}

/* NULL if all is well, else what is wrong. */
static const char *text_fault(const uint8_t *text, size_t len, bool is_multiline)
{
    while (len > 0) {
        if (len >= 8 && (not_plain(eight_at(text)) & TOP) == 0) {
            text += 8;
            len -= 8;
            continue;
        }
        int32_t c = *text;
        utf8proc_ssize_t n = 1;
        if (c >= 0x80)
            n = utf8proc_iterate(text, (utf8proc_ssize_t)len, &c);
        if (n < 1)
            return "is not valid UTF-8";
        if (c == 0)
            return "contains a NUL character";
        bool is_control = c < 0x20 || (c >= 0x7f && c < 0xa0);
        if (is_control && !is_allowed_control(c, is_multiline))
            return "contains a control character";
        text += n;
        len -= (size_t)n;
    }
    return NULL;
}

/* 8-4-4-4-12 hexadecimal digits, as id_parse takes them. */
static bool is_uuid(const uint8_t *text, size_t len)
{
    return len == ID_TEXT_SIZE - 1 && text[8] == '-' && text[13] == '-' && text[18] == '-' &&
           text[23] == '-' && are_hex(eight_at(text)) &&
           are_hex(four_at(text + 9) << 32 | four_at(text + 14)) &&
           are_hex(four_at(text + 19) << 32 | four_at(text + 24)) && are_hex(eight_at(text + 28));
}

/* As most texts are: ASCII without control characters. */
static bool is_plain(const uint8_t *text, size_t len)
{
    if (len < 8) {
        uint64_t few = ' ' * EACH;
        while (len-- > 0)
            few = few << 8 | text[len];
        return (not_plain(few) & TOP) == 0;
    }
    const uint8_t *last = text + len - 8;
    uint64_t odd = not_plain(eight_at(last));
    for (; text < last; text += 8)
        odd |= not_plain(eight_at(text));
    return (odd & TOP) == 0;
}

/* What may be wrong with a text, in the order of what to tell. Seldom asked, so kept apart. */
__attribute__((cold, noinline)) static enum err_code check_closely(
    const struct place *place, const uint8_t *text, size_t len, struct err *err)
{
    const struct schema_field *limits = place->field;
    const char *name = limits->type->name;
    if (len > limits->max_bytes)
        refuse(err, place, "%s is %zu bytes long; at most %u are allowed", name, len,
            limits->max_bytes);
    if (limits->type->type == PROTOBUF_C_TYPE_STRING) {
        const char *fault = text_fault(text, len, limits->is_multiline);
        if (fault)
            refuse(err, place, "%s %s", name, fault);
    }
    if (len < limits->min_bytes) {
        if (len == 0)
            refuse(err, place, "%s is missing", name);
        refuse(err, place, "%s is %zu bytes long; at least %u are needed", name, len,
            limits->min_bytes);
    }
    if (limits->is_uuid && len > 0 && !is_uuid(text, len))
        refuse(err, place, "%s is not a UUID", name);
    return ERR_OK;
}

enum err_code limits_check_text(
    const struct place *place, const uint8_t *text, size_t len, struct err *err)
{
    const struct schema_field *limits = place->field;
    bool is_string = limits->size == sizeof(char *);
    if (!is_string || len < limits->min_bytes || len > limits->max_bytes)
        return check_closely(place, text, len, err);
    bool is_fine = limits->is_uuid ? is_uuid(text, len) : is_plain(text, len);
    return is_fine ? ERR_OK : check_closely(place, text, len, err);
}

enum err_code limits_check_enum(const struct place *place, uint64_t number, struct err *err)
{
    const ProtobufCFieldDescriptor *field = place->field->type;
    int value = (int)(uint32_t)number;
    if (!protobuf_c_enum_descriptor_get_value(field->descriptor, value))
        refuse(err, place, "%s has the unknown value %d", field->name, value);
    return ERR_OK;
}

enum err_code limits_refuse_item(const struct place *place, struct err *err)
{
    refuse(err, place, "%s has more than %u elements", place->field->type->name,
        place->field->max_items);
}

enum err_code limits_refuse_absent(const struct place *place, struct err *err)
{
    refuse(err, place, "%s is missing", place->field->type->name);
}
