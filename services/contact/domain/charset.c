/* SPDX-License-Identifier: Apache-2.0 */
#include "domain/charset.h"

#include <string.h>
#include <utf8proc.h>

/* Windows-1252 where it differs from Latin-1: 0x80 to 0x9F (WHATWG Encoding, index windows-1252).
 */
static const uint16_t windows_1252[32] = {0x20AC, 0x0081, 0x201A, 0x0192, 0x201E, 0x2026, 0x2020,
    0x2021, 0x02C6, 0x2030, 0x0160, 0x2039, 0x0152, 0x008D, 0x017D, 0x008F, 0x0090, 0x2018, 0x2019,
    0x201C, 0x201D, 0x2022, 0x2013, 0x2014, 0x02DC, 0x2122, 0x0161, 0x203A, 0x0153, 0x009D, 0x017E,
    0x0178};

/* A byte that begins a character: how many follow, and the range of the first (RFC 3629 §4). */
static void begin_character(struct charset_detector *d, uint8_t c)
{
    d->low = 0x80;
    d->high = 0xBF;
    if (c < 0x80) {
        d->pending = 0;
    } else if (c >= 0xC2 && c <= 0xDF) {
        d->pending = 1;
    } else if (c >= 0xE0 && c <= 0xEF) {
        d->pending = 2;
        d->low = c == 0xE0 ? 0xA0 : 0x80;
        d->high = c == 0xED ? 0x9F : 0xBF;
    } else if (c >= 0xF0 && c <= 0xF4) {
        d->pending = 3;
        d->low = c == 0xF0 ? 0x90 : 0x80;
        d->high = c == 0xF4 ? 0x8F : 0xBF;
    } else {
        d->n_invalid++;
    }
}

static void look_at(struct charset_detector *d, uint8_t c)
{
    if (d->pending == 0) {
        begin_character(d, c);
    } else if (c >= d->low && c <= d->high) {
        d->low = 0x80;
        d->high = 0xBF;
        if (--d->pending == 0)
            d->n_multibyte++;
    } else {
        d->n_invalid++;
        d->pending = 0;
        begin_character(d, c);
    }
}

void charset_look(struct charset_detector *d, const void *bytes, size_t len)
{
    const uint8_t *p = bytes;
    for (size_t i = 0; i < len; i++)
        look_at(d, p[i]);
}

enum charset charset_verdict(const struct charset_detector *d)
{
    return d->n_invalid > d->n_multibyte ? CHARSET_WINDOWS_1252 : CHARSET_UTF8;
}

/* The character at `in`, and how many bytes it takes. */
static size_t take(enum charset charset, const char *in, size_t len, int32_t *character)
{
    uint8_t c = (uint8_t)*in;
    if (c < 0x80) {
        *character = c;
        return 1;
    }
    if (charset == CHARSET_WINDOWS_1252) {
        *character = c >= 0x80 && c <= 0x9F ? windows_1252[c - 0x80] : c;
        return 1;
    }
    utf8proc_ssize_t n =
        utf8proc_iterate((const utf8proc_uint8_t *)in, (utf8proc_ssize_t)len, character);
    if (n > 0)
        return (size_t)n;
    *character = 0xFFFD;
    return 1;
}

size_t charset_decode(enum charset charset, const char *in, size_t len, char *out, size_t out_size)
{
    size_t used = 0;
    while (len > 0) {
        int32_t character = 0;
        size_t taken = take(charset, in, len, &character);
        utf8proc_uint8_t encoded[4] = {0};
        size_t n = (size_t)utf8proc_encode_char(character == 0 ? 0xFFFD : character, encoded);
        if (used + n + 1 > out_size)
            break;
        memcpy(out + used, encoded, n);
        used += n;
        in += taken;
        len -= taken;
    }
    out[used] = '\0';
    return used;
}
