/* SPDX-License-Identifier: Apache-2.0 */
#include "domain/language.h"

enum { FEWEST_WORDS = 4 };

static bool has_letter(const char *word)
{
    for (; *word; word++)
        if ((*word >= 'a' && *word <= 'z') || (unsigned char)*word >= 0x80)
            return true;
    return false;
}

bool language_is_english(const struct wordnet *wordnet, const struct text_words *words)
{
    size_t n = 0, n_stop = 0, n_known = 0;
    if (!wordnet)
        return true;
    for (size_t i = 0; i < words->n; i++) {
        const struct text_word *word = &words->items[i];
        if (!has_letter(word->word))
            continue;
        n++;
        n_stop += word->is_stop;
        n_known += word->is_stop || wordnet_count_senses(wordnet, word->word) > 0;
    }
    /* Without one "which" or "my", more words must be English: "masque", "de", "pour" are, too. */
    return n < FEWEST_WORDS || (n_stop > 0 ? 2 * n_known >= n : 4 * n_known >= 3 * n);
}
