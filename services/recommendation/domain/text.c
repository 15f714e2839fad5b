/* SPDX-License-Identifier: Apache-2.0 */
#include "domain/text.h"

#include "domain/text_stop.h"

#include <libstemmer.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>
#include <utf8proc.h>

struct text_analyser {
    struct sb_stemmer *stemmer;
};

/* What is being cut; words grow towards the end of the folded text. */
struct cutter {
    struct text_analyser *analyser;
    struct arena *arena;
    struct text_word *items;
    size_t n;
    size_t cap;
    bool is_joined;
};

struct text_analyser *text_analyser_new(void)
{
    struct text_analyser *analyser = malloc(sizeof(*analyser));
    if (!analyser)
        return NULL;
    analyser->stemmer = sb_stemmer_new("english", "UTF_8");
    if (!analyser->stemmer) {
        free(analyser);
        return NULL;
    }
    return analyser;
}

void text_analyser_free(struct text_analyser *analyser)
{
    if (!analyser)
        return;
    sb_stemmer_delete(analyser->stemmer);
    free(analyser);
}

/* ASCII is its own NFKC form: most texts need only lower case. False if there is anything else. */
static bool fold_ascii(const char *text, size_t len, char *out)
{
    for (size_t i = 0; i < len; i++) {
        unsigned char c = (unsigned char)text[i];
        if (c >= 0x80)
            return false;
        out[i] = (char)(c >= 'A' && c <= 'Z' ? c + ('a' - 'A') : c);
    }
    out[len] = '\0';
    return true;
}

/* A copy in which bytes that are no UTF-8 are blanks, so that utf8proc takes it. */
static char *without_bad_bytes(const char *text, size_t len, struct arena *arena)
{
    char *copy = arena_strndup(arena, text, len);
    for (size_t i = 0; copy && i < len;) {
        utf8proc_int32_t cp = 0;
        utf8proc_ssize_t n =
            utf8proc_iterate((const utf8proc_uint8_t *)copy + i, (utf8proc_ssize_t)(len - i), &cp);
        if (n <= 0)
            copy[i] = ' ';
        i += n > 0 ? (size_t)n : 1;
    }
    return copy;
}

static char *fold(const char *text, struct arena *arena)
{
    size_t len = strlen(text);
    char *out = arena_alloc(arena, len + 1);
    if (!out || fold_ascii(text, len, out))
        return out;
    const char *clean = without_bad_bytes(text, len, arena);
    if (!clean)
        return NULL;
    utf8proc_uint8_t *folded = NULL;
    utf8proc_ssize_t n = utf8proc_map((const utf8proc_uint8_t *)clean, 0, &folded,
        (utf8proc_option_t)(UTF8PROC_NULLTERM | UTF8PROC_STABLE | UTF8PROC_COMPOSE |
                            UTF8PROC_COMPAT | UTF8PROC_CASEFOLD | UTF8PROC_IGNORE));
    if (n < 0)
        return NULL;
    out = arena_strndup(arena, (const char *)folded, (size_t)n);
    free(folded);
    return out;
}

static bool is_word_char(utf8proc_int32_t cp)
{
    if (cp < 0x80)
        return (cp >= 'a' && cp <= 'z') || (cp >= '0' && cp <= '9');
    utf8proc_category_t category = utf8proc_category(cp);
    return category >= UTF8PROC_CATEGORY_LU && category <= UTF8PROC_CATEGORY_NO;
}

/* Bytes of the run of word characters at `s`; 0 at a separator. */
static size_t word_length(const char *s)
{
    size_t len = 0;
    for (;;) {
        utf8proc_int32_t cp = 0;
        utf8proc_ssize_t n = utf8proc_iterate((const utf8proc_uint8_t *)s + len, -1, &cp);
        if (n <= 0 || cp == 0 || !is_word_char(cp))
            break;
        len += (size_t)n;
    }
    /* "c++" and "c#" are words of their own. */
    if (len == 1 && s[1] == '+' && s[2] == '+')
        return 3;
    return len == 1 && s[1] == '#' ? 2 : len;
}

/* What may stand inside a collocation. */
static bool is_joint(char c)
{
    return c == ' ' || c == '-' || c == '_';
}

/* The tail of a possessive or of "don't", which is no word: "'s", "’t". */
static size_t apostrophe_tail(const char *s)
{
    static const char *const marks[] = {"'", "\xE2\x80\x99"};
    for (size_t i = 0; i < sizeof(marks) / sizeof(marks[0]); i++) {
        size_t mark = strlen(marks[i]);
        if (strncmp(s, marks[i], mark) == 0) {
            size_t tail = word_length(s + mark);
            return tail > 0 && tail <= 2 ? mark + tail : 0;
        }
    }
    return 0;
}

static bool has_room(struct cutter *c)
{
    if (c->n < c->cap)
        return true;
    size_t cap = c->cap ? c->cap * 2 : 16;
    struct text_word *items = arena_calloc(c->arena, cap, sizeof(*items));
    if (!items)
        return false;
    if (c->n)
        memcpy(items, c->items, c->n * sizeof(*items));
    c->items = items;
    c->cap = cap;
    return true;
}

static bool add_word(struct cutter *c, const char *start, size_t len)
{
    if (!has_room(c))
        return false;
    const char *word = arena_strndup(c->arena, start, len);
    const sb_symbol *stem =
        sb_stemmer_stem(c->analyser->stemmer, (const sb_symbol *)start, (int)len);
    const char *copy = stem ? arena_strndup(c->arena, (const char *)stem,
                                  (size_t)sb_stemmer_length(c->analyser->stemmer))
                            : NULL;
    if (!word || !copy)
        return false;
    c->items[c->n++] = (struct text_word){
        .word = word, .stem = copy, .is_stop = text_is_stop(word), .is_joined = c->is_joined};
    return true;
}

static bool cut(struct cutter *c, const char *s)
{
    while (*s) {
        size_t len = word_length(s);
        if (len == 0) {
            c->is_joined = c->is_joined && is_joint(*s);
            s++;
            continue;
        }
        if (len <= TEXT_WORD_MAX && !add_word(c, s, len))
            return false;
        c->is_joined = len <= TEXT_WORD_MAX;
        s += len;
        s += apostrophe_tail(s);
    }
    return true;
}

enum err_code text_split(struct text_analyser *analyser, const char *text, struct arena *arena,
    struct text_words *out, struct err *err)
{
    const char *folded = fold(text, arena);
    struct cutter cutter = {.analyser = analyser, .arena = arena};
    if (!folded || !cut(&cutter, folded))
        return err_raise(err, REASON_REQUEST_TOO_LARGE, "the text is too long to be read");
    *out = (struct text_words){.items = cutter.items, .n = cutter.n};
    return ERR_OK;
}
