/* SPDX-License-Identifier: Apache-2.0 */
#include "domain/alike.h"

#include <string.h>

struct alike {
    struct text_analyser *analyser;
    struct arena *arena;
    struct text_words words; /* of the question; each stem once, no stop words */
};

static bool has(const struct text_words *words, const char *stem)
{
    for (size_t i = 0; i < words->n; i++)
        if (strcmp(words->items[i].stem, stem) == 0)
            return true;
    return false;
}

/* In place. */
static void keep_distinct(struct text_words *words, struct text_word *items)
{
    size_t n = words->n;
    words->n = 0;
    for (size_t i = 0; i < n; i++)
        if (!items[i].is_stop && !has(words, items[i].stem))
            items[words->n++] = items[i];
}

static enum err_code read(
    struct alike *alike, const char *text, struct text_words *out, struct err *err)
{
    struct text_words words;
    enum err_code code = text_split(alike->analyser, text, alike->arena, &words, err);
    if (code != ERR_OK)
        return code;
    struct text_word *items = arena_calloc(alike->arena, words.n + 1, sizeof(*items));
    if (!items)
        return err_raise(err, REASON_REQUEST_TOO_LARGE, "the text has too many words");
    if (words.n > 0)
        memcpy(items, words.items, words.n * sizeof(*items));
    words.items = items;
    keep_distinct(&words, items);
    *out = words;
    return ERR_OK;
}

enum err_code alike_new(
    const char *question, struct arena *arena, struct alike **out, struct err *err)
{
    struct alike *alike = arena_calloc(arena, 1, sizeof(*alike));
    if (!alike)
        return err_raise(err, REASON_REQUEST_TOO_LARGE, "the question has too many words");
    *alike = (struct alike){.analyser = text_analyser_new(), .arena = arena};
    if (!alike->analyser)
        return err_raise(err, REASON_INTERNAL_ERROR, "out of memory");
    enum err_code code = read(alike, question, &alike->words, err);
    if (code == ERR_OK)
        *out = alike;
    else
        alike_free(alike);
    return code;
}

void alike_free(struct alike *alike)
{
    if (alike)
        text_analyser_free(alike->analyser);
}

enum err_code alike_compare(struct alike *alike, const char *other, double *out, struct err *err)
{
    struct text_words words;
    size_t common = 0;
    enum err_code code = read(alike, other, &words, err);
    if (code != ERR_OK)
        return code;
    for (size_t i = 0; i < words.n; i++)
        common += has(&alike->words, words.items[i].stem);
    *out = common > 0 ? (double)common / (double)(alike->words.n + words.n - common) : 0;
    return ERR_OK;
}
