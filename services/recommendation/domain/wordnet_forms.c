/* SPDX-License-Identifier: Apache-2.0 */
#include "domain/wordnet_impl.h"

#include <string.h>

enum { MAX_LEMMA = 80, MAX_BASES = 4, MAX_SENSES = 12 };

/* The k-th sense of a word, counted from 0, weighs 1 / (1 + RANK_DECAY k): senses stand in order
 * of their frequency in tagged text (wndb(5WN)). */
static const float RANK_DECAY = 0.6F;

/* What one derivation costs: swim, swimmer. */
static const float DERIVED_WEIGHT = 0.85F;

/* Endings and what they replace, as morphy(7WN) has them. */
static const struct {
    enum wordnet_pos pos;
    const char *ending;
    const char *replacement;
} detachments[] = {{WORDNET_NOUN, "s", ""}, {WORDNET_NOUN, "ses", "s"}, {WORDNET_NOUN, "xes", "x"},
    {WORDNET_NOUN, "zes", "z"}, {WORDNET_NOUN, "ches", "ch"}, {WORDNET_NOUN, "shes", "sh"},
    {WORDNET_NOUN, "men", "man"}, {WORDNET_NOUN, "ies", "y"}, {WORDNET_VERB, "s", ""},
    {WORDNET_VERB, "ies", "y"}, {WORDNET_VERB, "es", "e"}, {WORDNET_VERB, "es", ""},
    {WORDNET_VERB, "ed", "e"}, {WORDNET_VERB, "ed", ""}, {WORDNET_VERB, "ing", "e"},
    {WORDNET_VERB, "ing", ""}, {WORDNET_ADJ, "er", ""}, {WORDNET_ADJ, "est", ""},
    {WORDNET_ADJ, "er", "e"}, {WORDNET_ADJ, "est", "e"}};

enum { N_DETACHMENTS = sizeof(detachments) / sizeof(detachments[0]) };

/* Dictionary forms of one word in one part of speech. */
struct bases {
    char text[MAX_BASES][MAX_LEMMA];
    size_t n;
};

/* Forms found so far, each with the number of its word in the synset: pointers need it. */
struct forms {
    const struct wordnet *w;
    struct wordnet_form items[WORDNET_MAX_FORMS];
    uint8_t word_number[WORDNET_MAX_FORMS];
    size_t n;
};

static bool is_lemma(const struct wordnet *w, enum wordnet_pos pos, const char *text)
{
    struct cursor line;
    struct field word = {text, strlen(text)};
    return lemma_table_find(&w->lemmas[pos], &w->files.index[pos], &word, &line);
}

static void add_base(
    const struct wordnet *w, enum wordnet_pos pos, const char *text, struct bases *out)
{
    for (size_t i = 0; i < out->n; i++)
        if (strcmp(out->text[i], text) == 0)
            return;
    if (out->n == MAX_BASES || !is_lemma(w, pos, text))
        return;
    memcpy(out->text[out->n++], text, strlen(text) + 1);
}

static void add_exceptions(
    const struct wordnet *w, enum wordnet_pos pos, const char *word, struct bases *out)
{
    struct cursor line;
    struct field key = {word, strlen(word)};
    if (!lemma_table_find(&w->exceptions[pos], &w->files.exceptions[pos], &key, &line))
        return;
    for (struct field base = cursor_field(&line); base.len > 0; base = cursor_field(&line)) {
        char text[MAX_LEMMA] = "";
        if (base.len >= sizeof(text))
            continue;
        memcpy(text, base.s, base.len);
        add_base(w, pos, text, out);
    }
}

static void detach(
    const struct wordnet *w, enum wordnet_pos pos, const char *word, size_t len, struct bases *out)
{
    for (size_t i = 0; i < N_DETACHMENTS; i++) {
        size_t ending = strlen(detachments[i].ending);
        size_t replacement = strlen(detachments[i].replacement);
        if (detachments[i].pos != pos || len <= ending ||
            strcmp(word + len - ending, detachments[i].ending) != 0)
            continue;
        char text[MAX_LEMMA + 4];
        memcpy(text, word, len - ending);
        memcpy(text + len - ending, detachments[i].replacement, replacement + 1);
        add_base(w, pos, text, out);
    }
}

static void find_bases(
    const struct wordnet *w, enum wordnet_pos pos, const char *word, struct bases *out)
{
    size_t len = strlen(word);
    out->n = 0;
    if (len == 0 || len >= MAX_LEMMA)
        return;
    add_base(w, pos, word, out);
    add_exceptions(w, pos, word, out);
    /* "boss", "gas" and what is irregular are no plurals. */
    bool is_plural = len > 3 && word[len - 1] == 's' && word[len - 2] != 's';
    if (out->n == 0 || pos == WORDNET_VERB || (pos == WORDNET_NOUN && is_plural))
        detach(w, pos, word, len, out);
}

/* Number of the word in its synset, from 1; 0 if it is not there (then no pointer is its own). */
static uint8_t word_number(const struct wordnet *w, uint32_t synset, const char *lemma)
{
    struct cursor line = wordnet_line(&w->files.data[wordnet_pos_of(w, synset)], w->offset[synset]);
    for (int i = 0; i < 3; i++)
        (void)cursor_field(&line);
    uint32_t n = cursor_number(&line, 16);
    size_t len = strlen(lemma);
    for (uint32_t i = 1; i <= n; i++) {
        struct field word = cursor_field(&line);
        (void)cursor_field(&line);
        bool is_marked = word.len > len && word.s[len] == '('; /* galore(ip) */
        if ((word.len == len || is_marked) && strncasecmp(word.s, lemma, len) == 0)
            return (uint8_t)i;
    }
    return 0;
}

static void add_form(
    struct forms *f, uint32_t synset, uint8_t number, float weight, bool is_related)
{
    for (size_t i = 0; i < f->n; i++)
        if (f->items[i].synset == synset) {
            if (weight > f->items[i].weight)
                f->items[i].weight = weight;
            return;
        }
    if (f->n == WORDNET_MAX_FORMS)
        return;
    f->word_number[f->n] = number;
    f->items[f->n++] =
        (struct wordnet_form){.synset = synset, .weight = weight, .is_related = is_related};
}

/* Moves the cursor of an index line to its offsets and returns how many there are. */
static uint32_t skip_to_senses(struct cursor *line)
{
    (void)cursor_field(line);
    uint32_t n_senses = cursor_number(line, 10);
    uint32_t n_pointers = cursor_number(line, 10);
    for (uint32_t i = 0; i < n_pointers + 2; i++)
        (void)cursor_field(line);
    return n_senses;
}

static void add_senses(struct forms *f, enum wordnet_pos pos, const char *lemma)
{
    struct cursor line;
    struct field word = {lemma, strlen(lemma)};
    if (!lemma_table_find(&f->w->lemmas[pos], &f->w->files.index[pos], &word, &line))
        return;
    uint32_t n = skip_to_senses(&line);
    for (uint32_t rank = 0; rank < n && rank < MAX_SENSES; rank++) {
        uint32_t synset = wordnet_synset_at(f->w, pos, cursor_number(&line, 10));
        if (synset != UINT32_MAX)
            add_form(f, synset, word_number(f->w, synset, lemma),
                1.0F / (1.0F + RANK_DECAY * (float)rank), false);
    }
}

/* The senses of words derived from the forms [from, to) or that those are derived from. */
static void add_derived(struct forms *f, size_t from, size_t to)
{
    const struct wordnet *w = f->w;
    for (size_t i = from; i < to; i++) {
        uint32_t synset = f->items[i].synset;
        for (uint32_t e = w->edge_start[synset]; e < w->edge_start[synset + 1]; e++) {
            const struct edge *edge = &w->edges[e];
            if (edge->relation == REL_DERIVED &&
                (edge->from_word == 0 || edge->from_word == f->word_number[i]))
                add_form(f, edge->target, edge->to_word, f->items[i].weight * DERIVED_WEIGHT, true);
        }
    }
}

static void sort_forms(struct forms *f)
{
    for (size_t i = 1; i < f->n; i++) {
        struct wordnet_form form = f->items[i];
        size_t k = i;
        for (; k > 0 && f->items[k - 1].weight < form.weight; k--)
            f->items[k] = f->items[k - 1];
        f->items[k] = form;
    }
}

size_t wordnet_forms(
    const struct wordnet *wordnet, const char *word, struct wordnet_form out[WORDNET_MAX_FORMS])
{
    struct forms f = {.w = wordnet};
    for (int pos = 0; pos < WORDNET_N_POS; pos++) {
        struct bases bases;
        find_bases(wordnet, (enum wordnet_pos)pos, word, &bases);
        for (size_t i = 0; i < bases.n; i++)
            add_senses(&f, (enum wordnet_pos)pos, bases.text[i]);
    }
    /* Twice: swimmer - swim - swimming. */
    size_t own = f.n;
    add_derived(&f, 0, own);
    add_derived(&f, own, f.n);
    sort_forms(&f);
    memcpy(out, f.items, f.n * sizeof(*out));
    return f.n;
}

size_t wordnet_count_senses(const struct wordnet *wordnet, const char *word)
{
    size_t n = 0;
    for (int pos = 0; pos < WORDNET_N_POS; pos++) {
        struct bases bases;
        find_bases(wordnet, (enum wordnet_pos)pos, word, &bases);
        for (size_t i = 0; i < bases.n; i++) {
            struct cursor line;
            struct field key = {bases.text[i], strlen(bases.text[i])};
            if (lemma_table_find(&wordnet->lemmas[pos], &wordnet->files.index[pos], &key, &line))
                n += skip_to_senses(&line);
        }
    }
    return n;
}
