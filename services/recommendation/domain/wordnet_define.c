/* SPDX-License-Identifier: Apache-2.0 */
#include "domain/wordnet_impl.h"

#include <string.h>

/* The first noun sense's synset of the index line after its lemma; UINT32_MAX if it has none. */
static uint32_t first_sense(const struct wordnet *w, struct cursor *line)
{
    (void)cursor_field(line); /* part of speech */
    uint32_t n_senses = cursor_number(line, 10);
    uint32_t n_pointers = cursor_number(line, 10);
    for (uint32_t i = 0; i < n_pointers + 2; i++) /* symbols; two counts of senses */
        (void)cursor_field(line);
    return n_senses > 0 ? wordnet_synset_at(w, WORDNET_NOUN, cursor_number(line, 10)) : UINT32_MAX;
}

/* The gloss up to its first example, which stands in quotation marks (wninput(5WN)). */
static struct field definition_of(const struct wordnet *w, uint32_t synset)
{
    struct cursor line = wordnet_line(&w->files.data[WORDNET_NOUN], w->offset[synset]);
    const char *bar = memchr(line.at, '|', (size_t)(line.end - line.at));
    if (!bar)
        return (struct field){line.end, 0};
    struct field gloss = {bar + 1, (size_t)(line.end - bar - 1)};
    while (gloss.len > 0 && *gloss.s == ' ') {
        gloss.s++;
        gloss.len--;
    }
    const char *example = memchr(gloss.s, '"', gloss.len);
    if (example)
        gloss.len = (size_t)(example - gloss.s);
    while (gloss.len > 0 && strchr(" ;", gloss.s[gloss.len - 1]))
        gloss.len--;
    return gloss;
}

size_t wordnet_define(const struct wordnet *wordnet, const char *noun, const char **out)
{
    static const char *const plurals[][2] = {{"", ""}, {"ies", "y"}, {"es", ""}, {"s", ""}};
    size_t len = strlen(noun);
    char lemma[128];
    for (size_t i = 0; i < sizeof(plurals) / sizeof(plurals[0]); i++) {
        size_t ending = strlen(plurals[i][0]);
        if (len <= ending || len + 1 >= sizeof(lemma) ||
            strcmp(noun + len - ending, plurals[i][0]) != 0)
            continue;
        memcpy(lemma, noun, len - ending);
        memcpy(lemma + len - ending, plurals[i][1], strlen(plurals[i][1]) + 1);
        struct field key = {lemma, strlen(lemma)};
        struct cursor line;
        if (!lemma_table_find(
                &wordnet->lemmas[WORDNET_NOUN], &wordnet->files.index[WORDNET_NOUN], &key, &line))
            continue;
        uint32_t synset = first_sense(wordnet, &line);
        struct field gloss = {NULL, 0};
        if (synset != UINT32_MAX)
            gloss = definition_of(wordnet, synset);
        *out = gloss.s;
        return gloss.len;
    }
    return 0;
}
