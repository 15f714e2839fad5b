/* SPDX-License-Identifier: Apache-2.0 */
#include "domain/gloss.h"

#include "domain/text_stop.h"

#include <string.h>

enum { MAX_WORDS = 24, MAX_WORD_BYTES = 32, MAX_JOINED = 3 };

struct words {
    char text[MAX_WORDS][MAX_WORD_BYTES]; /* lower case */
    size_t n;
};

static bool is_letter(char c)
{
    return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z');
}

static char lowered(char c)
{
    return c >= 'A' && c <= 'Z' ? (char)(c - 'A' + 'a') : c;
}

/* The dictionary is English: other letters end a word. Words too long are in no dictionary. */
static void split(const char *text, struct words *words)
{
    for (const char *c = text; *c != '\0' && words->n < MAX_WORDS;) {
        char *word = words->text[words->n];
        size_t len = 0;
        for (; is_letter(c[len]); len++)
            if (len + 1 < MAX_WORD_BYTES)
                word[len] = lowered(c[len]);
        if (len > 0 && len < MAX_WORD_BYTES) {
            word[len] = '\0';
            words->n++;
        }
        c += len > 0 ? len : 1;
    }
}

/* `count` words from `first` on as the dictionary writes them: "fly_fishing". */
static void join(
    const struct words *words, size_t first, size_t count, char out[MAX_JOINED * MAX_WORD_BYTES])
{
    size_t used = 0;
    for (size_t i = first; i < first + count; i++) {
        size_t len = strlen(words->text[i]);
        memcpy(out + used, words->text[i], len);
        used += len;
        out[used++] = '_';
    }
    out[used - 1] = '\0';
}

/* How many words from `first` on the definition found is of. */
static size_t define(const struct wordnet *wordnet, const struct words *words, size_t first,
    const char **definition, size_t *len)
{
    char name[MAX_JOINED * MAX_WORD_BYTES];
    for (size_t count = MAX_JOINED; count > 0; count--) {
        if (first + count > words->n || (count == 1 && text_is_stop(words->text[first])))
            continue;
        join(words, first, count, name);
        *len = wordnet_define(wordnet, name, definition);
        if (*len > 0)
            return count;
    }
    *len = 0;
    return 1;
}

size_t gloss_of(const struct wordnet *wordnet, const char *text, char out[GLOSS_MAX_BYTES])
{
    struct words words = {.n = 0};
    size_t used = 0;
    split(text, &words);
    for (size_t i = 0; i < words.n;) {
        const char *definition = NULL;
        size_t len = 0;
        i += define(wordnet, &words, i, &definition, &len);
        if (len == 0 || used + len + 3 > GLOSS_MAX_BYTES)
            continue;
        if (used > 0) {
            memcpy(out + used, "; ", 2);
            used += 2;
        }
        memcpy(out + used, definition, len);
        used += len;
    }
    out[used] = '\0';
    return used;
}
