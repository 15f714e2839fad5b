/* SPDX-License-Identifier: Apache-2.0 */
#include "log/line.h"

#include <stdarg.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>

void line_init(struct line *line, char *text)
{
    *line = (struct line){.limit = LINE_SIZE - LINE_RESERVE};
    line->text = text;
}

bool line_is_empty(const struct line *line)
{
    return line->len == 0;
}

bool line_is_full(const struct line *line)
{
    return line->is_full;
}

size_t line_mark(const struct line *line)
{
    return line->len;
}

void line_cut(struct line *line, size_t mark)
{
    line->len = mark;
    line->is_full = false;
}

void line_use_reserve(struct line *line)
{
    line->limit = LINE_SIZE;
    line->is_full = false;
}

void line_put_bytes(struct line *line, const char *bytes, size_t n)
{
    if (line->is_full || n > line->limit - line->len) {
        line->is_full = true;
        return;
    }
    memcpy(line->text + line->len, bytes, n);
    line->len += n;
}

void line_put_int(struct line *line, int64_t value)
{
    char digits[20];
    size_t at = sizeof(digits);
    uint64_t rest = value < 0 ? -(uint64_t)value : (uint64_t)value;
    do {
        digits[--at] = (char)('0' + rest % 10);
        rest /= 10;
    } while (rest > 0);
    if (value < 0)
        line_put(line, "-");
    line_put_bytes(line, digits + at, sizeof(digits) - at);
}

void line_printf(struct line *line, const char *fmt, ...)
{
    char text[256];
    va_list args;
    va_start(args, fmt);
    int n = vsnprintf(text, sizeof(text), fmt, args);
    va_end(args);
    if (n < 0 || (size_t)n >= sizeof(text))
        line->is_full = true;
    else
        line_put_bytes(line, text, (size_t)n);
}

/* ---- UTF-8 (RFC 3629) ------------------------------------------------------------------------ */

enum { NOT_A_CHARACTER = 0xfffd };

/* One row per shape of sequence; the bounds of the second byte refuse overlong forms, surrogates
 * and everything above U+10FFFF. */
static const struct utf8_shape {
    uint8_t first_low, first_high, second_low, second_high;
    int length;
} shapes[] = {
    {0x00, 0x7f, 0x00, 0x00, 1},
    {0xc2, 0xdf, 0x80, 0xbf, 2},
    {0xe0, 0xe0, 0xa0, 0xbf, 3},
    {0xe1, 0xec, 0x80, 0xbf, 3},
    {0xed, 0xed, 0x80, 0x9f, 3},
    {0xee, 0xef, 0x80, 0xbf, 3},
    {0xf0, 0xf0, 0x90, 0xbf, 4},
    {0xf1, 0xf3, 0x80, 0xbf, 4},
    {0xf4, 0xf4, 0x80, 0x8f, 4},
};

static const struct utf8_shape *shape_of(uint8_t first)
{
    for (size_t i = 0; i < sizeof(shapes) / sizeof(shapes[0]); i++)
        if (first >= shapes[i].first_low && first <= shapes[i].first_high)
            return &shapes[i];
    return NULL;
}

/*
 * Read one character at `s`, which ends with NUL, and return how many bytes it took. Of a broken
 * sequence the well-formed beginning is one U+FFFD (Unicode, "maximal subpart").
 */
static size_t read_character(const char *s, uint32_t *character)
{
    *character = NOT_A_CHARACTER;
    uint8_t first = (uint8_t)s[0];
    const struct utf8_shape *shape = shape_of(first);
    if (!shape)
        return 1;
    uint32_t value = shape->length == 1 ? first : first & (0x7fU >> shape->length);
    uint8_t low = shape->second_low;
    uint8_t high = shape->second_high;
    for (int i = 1; i < shape->length; i++) {
        uint8_t byte = (uint8_t)s[i];
        if (byte < low || byte > high)
            return (size_t)i;
        value = value << 6 | (byte & 0x3fU);
        low = 0x80;
        high = 0xbf;
    }
    *character = value;
    return (size_t)shape->length;
}

/* C0 and C1 controls, DEL, line separators, and the marks that reorder text on a screen. */
static bool is_unsafe(uint32_t c)
{
    return c < 0x20 || (c >= 0x7f && c <= 0x9f) || (c >= 0x2028 && c <= 0x202e) ||
           (c >= 0x2066 && c <= 0x2069) || c == 0x061c || c == 0x200e || c == 0x200f || c == 0xfeff;
}

static void put_escaped(struct line *line, uint32_t c)
{
    switch (c) {
    case '\n':
        line_put(line, "\\n");
        break;
    case '\r':
        line_put(line, "\\r");
        break;
    case '\t':
        line_put(line, "\\t");
        break;
    default:
        line_printf(line, "\\u%04x", (unsigned)c);
    }
}

/* How many bytes from here on stand for themselves. */
static size_t plain_length(const char *s)
{
    const char *at = s;
    while (*at >= ' ' && *at <= '~' && *at != '"' && *at != '\\')
        at++;
    return (size_t)(at - s);
}

void line_put_quoted(struct line *line, const char *value)
{
    line_put(line, "\"");
    for (;;) {
        size_t n_plain = plain_length(value);
        line_put_bytes(line, value, n_plain);
        value += n_plain;
        if (*value == '\0' || line->is_full)
            break;
        uint32_t c = 0;
        size_t n = read_character(value, &c);
        if (c == '"' || c == '\\')
            line_put(line, "\\");
        if (is_unsafe(c))
            put_escaped(line, c);
        else if (c == NOT_A_CHARACTER)
            line_put(line, "\xef\xbf\xbd");
        else
            line_put_bytes(line, value, n);
        value += n;
    }
    line_put(line, "\"");
}

bool line_is_bare_word(const char *value)
{
    if (!*value)
        return false;
    for (; *value; value++) {
        unsigned char c = (unsigned char)*value;
        if (c <= ' ' || c >= 0x7f || c == '"' || c == '=' || c == '\\')
            return false;
    }
    return true;
}
