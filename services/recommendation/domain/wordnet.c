/* SPDX-License-Identifier: Apache-2.0 */
#include "domain/wordnet.h"

#include "domain/wordnet_impl.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

static const char *const pos_names[WORDNET_N_POS] = {"noun", "verb", "adj", "adv"};

/*
 * Information content below which a concept says nothing, and from which on it says all it can.
 * "device" has 0.30, "vehicle" 0.45, "sport" 0.54, "musician" 0.53, "swimming" 0.75.
 */
static const float GENERAL_IC = 0.42F;
static const float SPECIAL_IC = 0.75F;

/* ---- reading lines --------------------------------------------------------------------------- */

struct field cursor_field(struct cursor *c)
{
    while (c->at < c->end && *c->at == ' ')
        c->at++;
    struct field f = {c->at, 0};
    while (c->at < c->end && *c->at != ' ' && *c->at != '\n')
        c->at++;
    f.len = (size_t)(c->at - f.s);
    return f;
}

uint32_t cursor_number(struct cursor *c, int base)
{
    struct field f = cursor_field(c);
    uint32_t n = 0;
    for (size_t i = 0; i < f.len; i++) {
        char digit = f.s[i];
        uint32_t value = 0;
        if (digit >= '0' && digit <= '9')
            value = (uint32_t)(digit - '0');
        else if (base == 16 && digit >= 'a' && digit <= 'f')
            value = (uint32_t)(digit - 'a') + 10;
        n = n * (uint32_t)base + value;
    }
    return n;
}

struct cursor wordnet_line(const struct wordnet_file *file, uint32_t offset)
{
    const char *at = file->data + (offset < file->len ? offset : file->len);
    const char *end = file->data + file->len;
    const char *newline = memchr(at, '\n', (size_t)(end - at));
    return (struct cursor){at, newline ? newline : end};
}

/* The next line of a file that is no licence text (those begin with two blanks). */
static bool next_line(const struct wordnet_file *file, size_t *at, struct cursor *line)
{
    while (*at < file->len) {
        *line = wordnet_line(file, (uint32_t)*at);
        *at = (size_t)(line->end - file->data) + 1;
        if (line->at < line->end && *line->at != ' ')
            return true;
    }
    return false;
}

/* ---- lemmas ---------------------------------------------------------------------------------- */

/* FNV-1a (Fowler, Noll, Vo; draft-eastlake-fnv). */
static uint32_t hash_of(const struct field *f)
{
    uint32_t h = 2166136261U;
    for (size_t i = 0; i < f->len; i++)
        h = (h ^ (uint8_t)f->s[i]) * 16777619U;
    return h;
}

bool lemma_table_build(struct lemma_table *t, const struct wordnet_file *file)
{
    size_t n = 0, at = 0;
    struct cursor line;
    while (next_line(file, &at, &line))
        n++;
    uint32_t size = 16;
    while (size < n * 2)
        size *= 2;
    t->slots = calloc(size, sizeof(*t->slots));
    t->mask = size - 1;
    if (!t->slots)
        return false;
    at = 0;
    while (next_line(file, &at, &line)) {
        uint32_t offset = (uint32_t)(line.at - file->data);
        struct field lemma = cursor_field(&line);
        uint32_t slot = hash_of(&lemma) & t->mask;
        while (t->slots[slot])
            slot = (slot + 1) & t->mask;
        t->slots[slot] = offset + 1;
    }
    return true;
}

bool lemma_table_find(const struct lemma_table *t, const struct wordnet_file *file,
    const struct field *word, struct cursor *line)
{
    uint32_t slot = hash_of(word) & t->mask;
    for (; t->slots[slot]; slot = (slot + 1) & t->mask) {
        *line = (struct cursor){file->data + t->slots[slot] - 1, file->data + file->len};
        struct field lemma = cursor_field(line);
        if (lemma.len == word->len && memcmp(lemma.s, word->s, word->len) == 0) {
            *line = wordnet_line(file, (uint32_t)(line->at - file->data));
            return true;
        }
    }
    return false;
}

/* ---- the graph ------------------------------------------------------------------------------- */

enum wordnet_pos wordnet_pos_of(const struct wordnet *w, uint32_t synset)
{
    int pos = WORDNET_NOUN;
    while (synset >= w->first[pos + 1])
        pos++;
    return (enum wordnet_pos)pos;
}

uint32_t wordnet_synset_at(const struct wordnet *w, enum wordnet_pos pos, uint32_t offset)
{
    uint32_t low = w->first[pos], high = w->first[pos + 1];
    while (low < high) {
        uint32_t middle = low + (high - low) / 2;
        if (w->offset[middle] < offset)
            low = middle + 1;
        else
            high = middle;
    }
    return low < w->first[pos + 1] && w->offset[low] == offset ? low : UINT32_MAX;
}

static enum wordnet_relation relation_of(const struct field *symbol)
{
    static const struct {
        const char *symbol;
        enum wordnet_relation relation;
    } followed[] = {{"@", REL_HYPERNYM}, {"@i", REL_HYPERNYM}, {"~", REL_HYPONYM},
        {"+", REL_DERIVED}, {"\\", REL_DERIVED}, {"#p", REL_PART}, {"#m", REL_PART},
        {"#s", REL_PART}, {"%p", REL_HAS_PART}, {"%m", REL_HAS_PART}, {"%s", REL_HAS_PART},
        {";c", REL_TOPIC}, {"-c", REL_TOPIC_MEMBER}, {"&", REL_SIMILAR}, {"^", REL_SIMILAR},
        {"$", REL_SIMILAR}, {"*", REL_SIMILAR}, {">", REL_SIMILAR}};
    for (size_t i = 0; i < sizeof(followed) / sizeof(followed[0]); i++) {
        size_t len = strlen(followed[i].symbol);
        if (symbol->len == len && memcmp(symbol->s, followed[i].symbol, len) == 0)
            return followed[i].relation;
    }
    return REL_NONE;
}

static enum wordnet_pos pos_of_letter(char letter)
{
    switch (letter) {
    case 'v':
        return WORDNET_VERB;
    case 'a':
    case 's':
        return WORDNET_ADJ;
    case 'r':
        return WORDNET_ADV;
    default:
        return WORDNET_NOUN;
    }
}

/* Moves the cursor of a data line to its pointers and returns how many there are. */
static uint32_t skip_to_pointers(struct cursor *line)
{
    for (int i = 0; i < 3; i++)
        (void)cursor_field(line);
    uint32_t n_words = cursor_number(line, 16);
    for (uint32_t i = 0; i < n_words * 2; i++)
        (void)cursor_field(line);
    return cursor_number(line, 10);
}

static bool count_synsets(struct wordnet *w)
{
    uint32_t n = 0;
    for (int pos = 0; pos < WORDNET_N_POS; pos++) {
        size_t at = 0;
        struct cursor line;
        w->first[pos] = n;
        while (next_line(&w->files.data[pos], &at, &line))
            n++;
    }
    w->first[WORDNET_N_POS] = n;
    w->offset = calloc((size_t)n + 1, sizeof(*w->offset));
    w->edge_start = calloc((size_t)n + 1, sizeof(*w->edge_start));
    w->specificity = calloc((size_t)n + 1, sizeof(*w->specificity));
    return w->offset && w->edge_start && w->specificity;
}

/* Where every synset begins, and room for as many edges as there are pointers. */
static bool find_synsets(struct wordnet *w)
{
    uint32_t synset = 0;
    size_t n_edges = 0;
    for (int pos = 0; pos < WORDNET_N_POS; pos++) {
        size_t at = 0;
        struct cursor line;
        while (next_line(&w->files.data[pos], &at, &line)) {
            w->offset[synset++] = (uint32_t)(line.at - w->files.data[pos].data);
            n_edges += skip_to_pointers(&line);
        }
    }
    w->edges = calloc(n_edges + 1, sizeof(*w->edges));
    return w->edges != NULL;
}

/* One pointer: symbol, offset, part of speech, word numbers ("0000": the whole synsets). */
static bool read_edge(const struct wordnet *w, struct cursor *line, struct edge *out)
{
    struct field symbol = cursor_field(line);
    uint32_t offset = cursor_number(line, 10);
    struct field pos = cursor_field(line);
    uint32_t words = cursor_number(line, 16);
    enum wordnet_relation relation = relation_of(&symbol);
    if (relation == REL_NONE || pos.len != 1)
        return false;
    uint32_t target = wordnet_synset_at(w, pos_of_letter(pos.s[0]), offset);
    *out = (struct edge){.target = target,
        .relation = (uint8_t)relation,
        .from_word = (uint8_t)(words >> 8),
        .to_word = (uint8_t)words};
    return target != UINT32_MAX;
}

static void link_synsets(struct wordnet *w)
{
    uint32_t n_edges = 0;
    for (uint32_t synset = 0; synset < w->first[WORDNET_N_POS]; synset++) {
        struct cursor line =
            wordnet_line(&w->files.data[wordnet_pos_of(w, synset)], w->offset[synset]);
        w->edge_start[synset] = n_edges;
        uint32_t n = skip_to_pointers(&line);
        for (uint32_t i = 0; i < n; i++)
            if (read_edge(w, &line, &w->edges[n_edges]))
                n_edges++;
    }
    w->edge_start[w->first[WORDNET_N_POS]] = n_edges;
}

/* ---- information content --------------------------------------------------------------------- */

enum { MAX_ANCESTORS = 256 };

/* Adds 1 to the count of every ancestor of `synset`; each ancestor once. */
static void count_below(
    const struct wordnet *w, uint32_t synset, uint32_t *hyponyms, uint32_t *stamp)
{
    uint32_t stack[MAX_ANCESTORS];
    size_t depth = 0;
    stack[depth++] = synset;
    while (depth > 0) {
        uint32_t at = stack[--depth];
        for (uint32_t e = w->edge_start[at]; e < w->edge_start[at + 1]; e++) {
            uint32_t up = w->edges[e].target;
            if (w->edges[e].relation != REL_HYPERNYM || stamp[up] == synset + 1)
                continue;
            stamp[up] = synset + 1;
            hyponyms[up]++;
            if (depth < MAX_ANCESTORS)
                stack[depth++] = up;
        }
    }
}

/* Seco et al. 2004, eq. 2: ic(c) = 1 - log(hypo(c) + 1) / log(number of concepts). */
static float specificity_of(uint32_t hyponyms, uint32_t n_concepts)
{
    double ic = 1.0 - log((double)hyponyms + 1.0) / log((double)n_concepts);
    double cut = (ic - (double)GENERAL_IC) / (double)(SPECIAL_IC - GENERAL_IC);
    return (float)(cut < 0 ? 0 : cut > 1 ? 1 : cut);
}

static bool measure_specificity(struct wordnet *w)
{
    uint32_t n = w->first[WORDNET_N_POS];
    uint32_t *hyponyms = calloc((size_t)n + 1, sizeof(*hyponyms));
    uint32_t *stamp = calloc((size_t)n + 1, sizeof(*stamp));
    bool is_done = hyponyms && stamp;
    for (uint32_t synset = 0; is_done && synset < n; synset++)
        count_below(w, synset, hyponyms, stamp);
    for (uint32_t synset = 0; is_done && synset < n; synset++) {
        enum wordnet_pos pos = wordnet_pos_of(w, synset);
        uint32_t n_concepts = w->first[pos + 1] - w->first[pos];
        w->specificity[synset] = specificity_of(hyponyms[synset], n_concepts > 1 ? n_concepts : 2);
    }
    free(hyponyms);
    free(stamp);
    return is_done;
}

/* ---- life ------------------------------------------------------------------------------------ */

/* A data line begins with its own offset: that tells a WordNet file from anything else. */
static bool is_data_file(const struct wordnet_file *file)
{
    size_t at = 0;
    struct cursor line;
    if (file->len >= UINT32_MAX || !next_line(file, &at, &line))
        return false;
    size_t offset = (size_t)(line.at - file->data);
    return cursor_number(&line, 10) == offset && file->data[file->len - 1] == '\n';
}

static bool build(struct wordnet *w)
{
    if (!count_synsets(w) || !find_synsets(w))
        return false;
    link_synsets(w);
    for (int pos = 0; pos < WORDNET_N_POS; pos++)
        if (!lemma_table_build(&w->lemmas[pos], &w->files.index[pos]) ||
            !lemma_table_build(&w->exceptions[pos], &w->files.exceptions[pos]))
            return false;
    return measure_specificity(w);
}

enum err_code wordnet_new(const struct wordnet_files *files, struct wordnet **out, struct err *err)
{
    for (int pos = 0; pos < WORDNET_N_POS; pos++) {
        if (!is_data_file(&files->data[pos]))
            return err_raise(err, REASON_CONFIG_INVALID,
                "data.%s is no data file of WordNet 3, or is cut short", pos_names[pos]);
        if (files->index[pos].len == 0 || files->index[pos].len >= UINT32_MAX)
            return err_raise(err, REASON_CONFIG_INVALID, "index.%s is empty", pos_names[pos]);
    }
    struct wordnet *w = calloc(1, sizeof(*w));
    if (w)
        w->files = *files;
    if (!w || !build(w)) {
        wordnet_free(w);
        return err_raise(err, REASON_INTERNAL_ERROR, "out of memory");
    }
    *out = w;
    return ERR_OK;
}

void wordnet_free(struct wordnet *wordnet)
{
    if (!wordnet)
        return;
    for (int pos = 0; pos < WORDNET_N_POS; pos++) {
        free(wordnet->lemmas[pos].slots);
        free(wordnet->exceptions[pos].slots);
    }
    free(wordnet->offset);
    free(wordnet->edge_start);
    free(wordnet->edges);
    free(wordnet->specificity);
    free(wordnet);
}

const char *wordnet_label(const struct wordnet *wordnet, uint32_t synset, struct arena *arena)
{
    const struct wordnet_file *file = &wordnet->files.data[wordnet_pos_of(wordnet, synset)];
    struct cursor line = wordnet_line(file, wordnet->offset[synset]);
    for (int i = 0; i < 4; i++)
        (void)cursor_field(&line);
    struct field word = cursor_field(&line);
    char *label = arena_strndup(arena, word.s, word.len);
    for (char *c = label; c && *c; c++) {
        if (*c == '(') /* galore(ip) */
            *c = '\0';
        else if (*c == '_')
            *c = ' ';
    }
    return label;
}
