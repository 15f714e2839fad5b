/* SPDX-License-Identifier: Apache-2.0 */
#include "domain/text.h"

#include <string.h>
#include <utf8proc.h>

/* Long enough for one character decomposed and folded; U+FDFA has 18 code points. */
enum { DECOMPOSED_MAX = 24 };

static bool is_space(int32_t c)
{
    if (c < 0x80)
        return c <= ' ' || c == 0x7F;
    if (c == 0xFEFF || c == 0x200B) /* stray byte order mark, zero width space */
        return true;
    utf8proc_category_t category = utf8proc_category(c);
    return category == UTF8PROC_CATEGORY_CC || category == UTF8PROC_CATEGORY_ZS ||
           category == UTF8PROC_CATEGORY_ZL || category == UTF8PROC_CATEGORY_ZP;
}

static size_t take(const char *in, int32_t *character)
{
    if ((unsigned char)*in < 0x80) {
        *character = (unsigned char)*in;
        return 1;
    }
    utf8proc_ssize_t n = utf8proc_iterate((const utf8proc_uint8_t *)in, -1, character);
    if (n > 0)
        return (size_t)n;
    *character = 0xFFFD;
    return 1;
}

void text_tidy(char *text)
{
    char *out = text;
    bool wants_space = false;
    for (const char *in = text; *in;) {
        int32_t character = 0;
        size_t n = take(in, &character);
        if (is_space(character)) {
            wants_space = out != text;
        } else {
            if (wants_space)
                *out++ = ' ';
            wants_space = false;
            memmove(out, in, n);
            out += n;
        }
        in += n;
    }
    *out = '\0';
}

/* One character folded; returns the number of bytes, 0 for an accent alone. */
static size_t fold_character(int32_t character, char *out, size_t size)
{
    if (character < 0x80) {
        bool is_upper = character >= 'A' && character <= 'Z';
        *out = (char)(is_upper ? character + ('a' - 'A') : character);
        return 1;
    }
    utf8proc_int32_t parts[DECOMPOSED_MAX];
    int boundary = 0;
    utf8proc_ssize_t n = utf8proc_decompose_char(character, parts, DECOMPOSED_MAX,
        UTF8PROC_COMPAT | UTF8PROC_DECOMPOSE | UTF8PROC_CASEFOLD | UTF8PROC_STRIPMARK |
            UTF8PROC_IGNORE,
        &boundary);
    size_t used = 0;
    for (utf8proc_ssize_t i = 0; i < n && i < DECOMPOSED_MAX && used + 4 <= size; i++)
        used += (size_t)utf8proc_encode_char(parts[i], (utf8proc_uint8_t *)out + used);
    return used;
}

size_t text_fold(const char *text, char *out, size_t out_size)
{
    size_t used = 0;
    while (*text) {
        int32_t character = 0;
        text += take(text, &character);
        char folded[4 * DECOMPOSED_MAX];
        size_t n = fold_character(character, folded, sizeof(folded));
        if (used + n + 1 > out_size)
            break;
        memcpy(out + used, folded, n);
        used += n;
    }
    out[used] = '\0';
    return used;
}

/* Lower case only: accents tell one address from another. */
static void lower(char *text)
{
    for (; *text; text++)
        if (*text >= 'A' && *text <= 'Z')
            *text = (char)(*text + ('a' - 'A'));
}

bool text_email(const char *text, char *out, size_t out_size)
{
    size_t len = strlen(text);
    const char *at = strchr(text, '@');
    if (len >= out_size || !at || at == text || !at[1] || strchr(at + 1, '@'))
        return false;
    for (const char *p = text; *p; p++)
        if ((unsigned char)*p <= ' ' || *p == 0x7F || strchr("<>(),;:\"[]\\", *p))
            return false;
    memcpy(out, text, len + 1);
    lower(out);
    return true;
}
