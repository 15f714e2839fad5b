/* SPDX-License-Identifier: Apache-2.0 */
#include "domain/terms.h"

#include "domain/text_stop.h"

#include <math.h>
#include <string.h>

enum { LONGEST_COLLOCATION = 3, MAX_LEMMA = 80 };

struct collector {
    const struct wordnet *wordnet;
    bool drop_roles;
    struct arena *arena;
    struct term *items;
    size_t n;
};

double terms_weight(const struct wordnet *wordnet, const char *lemma)
{
    size_t senses = wordnet ? wordnet_count_senses(wordnet, lemma) : 0;
    return senses ? 1.0 / (1.0 + log((double)senses)) : 1.0;
}

/* Writes "skin_diving" for `n` words that stand together; false if they do not. */
static bool join(const struct text_word *words, size_t n, char out[MAX_LEMMA])
{
    size_t len = 0;
    for (size_t i = 0; i < n; i++) {
        size_t word = strlen(words[i].word);
        if ((i > 0 && !words[i].is_joined) || len + word + 2 > MAX_LEMMA)
            return false;
        if (i > 0)
            out[len++] = '_';
        memcpy(out + len, words[i].word, word + 1);
        len += word;
    }
    return true;
}

/* Number of words of the longest collocation that begins here; 1 if there is none. */
static size_t collocation(
    const struct collector *c, const struct text_word *words, size_t n, char out[MAX_LEMMA])
{
    for (size_t len = n < LONGEST_COLLOCATION ? n : LONGEST_COLLOCATION; len > 1; len--)
        if (c->wordnet && !words[0].is_stop && !words[len - 1].is_stop && join(words, len, out) &&
            wordnet_count_senses(c->wordnet, out) > 0)
            return len;
    return join(words, 1, out) ? 1 : 0;
}

static bool add_term(struct collector *c, const char *lemma, const char *stem)
{
    char *copy = arena_strdup(c->arena, lemma);
    char *shown = arena_strdup(c->arena, lemma);
    if (!copy || !shown)
        return false;
    for (char *at = shown; *at; at++)
        if (*at == '_')
            *at = ' ';
    c->items[c->n++] = (struct term){.lemma = copy,
        .shown = shown,
        .stem = stem,
        .weight = terms_weight(c->wordnet, copy),
        .is_known = c->wordnet && wordnet_count_senses(c->wordnet, copy) > 0};
    return true;
}

static bool is_dropped(const struct collector *c, const struct text_word *word)
{
    return word->is_stop || (c->drop_roles && text_is_role(word->word));
}

static bool collect(struct collector *c, const struct text_words *words)
{
    size_t step = 1;
    for (size_t i = 0; i < words->n; i += step) {
        char lemma[MAX_LEMMA] = "";
        step = collocation(c, &words->items[i], words->n - i, lemma);
        if (step <= 1) {
            step = 1;
            if (is_dropped(c, &words->items[i]))
                continue;
        }
        if (!add_term(c, lemma, words->items[i + step - 1].stem))
            return false;
    }
    return true;
}

/* The words that are no stop words, in place. */
static struct text_words without_dropped(
    const struct collector *c, const struct text_words *words, struct text_word *out)
{
    size_t n = 0;
    for (size_t i = 0; i < words->n; i++)
        if (!is_dropped(c, &words->items[i]))
            out[n++] = words->items[i];
    return (struct text_words){out, n};
}

enum err_code terms_of(struct text_analyser *analyser, const struct wordnet *wordnet,
    const char *text, bool drop_roles, struct arena *arena, struct terms *out, struct err *err)
{
    struct text_words words;
    enum err_code code = text_split(analyser, text, arena, &words, err);
    if (code != ERR_OK)
        return code;
    struct collector c = {.wordnet = wordnet,
        .drop_roles = drop_roles,
        .arena = arena,
        .items = arena_calloc(arena, words.n + 1, sizeof(*c.items))};
    struct text_word *kept = arena_calloc(arena, words.n + 1, sizeof(*kept));
    if (!c.items || !kept || !collect(&c, &words))
        return err_raise(err, REASON_REQUEST_TOO_LARGE, "the text has too many words");
    out->words = without_dropped(&c, &words, kept);
    out->items = c.items;
    out->n = c.n;
    return ERR_OK;
}
