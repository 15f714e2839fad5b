/* SPDX-License-Identifier: Apache-2.0 */
#include "domain/language.h"

#include <string.h>

enum { FEWEST_WORDS = 4, FEWEST_SMALL_WORDS = 2 };

/* Small words that are no English ones, between blanks. */
static const struct {
    const char *name;
    const char *words;
} languages[] = {
    {"German",
        " wer wie wo wann warum wieso welche welcher welches welchen kann kennt weiß weiss ich du "
        "er "
        "sie wir ihr mir mich uns mein meine meinen unser der das den dem des ein eine einen einem "
        "einer ist sind habe hat haben nicht kein keine und oder aber mit für fuer von zum zur "
        "beim "
        "bei nach auf aus über ueber gut gute guten soll sollte muss brauche "},
    {"French",
        " qui quel quelle quels quelles comment où quand pourquoi je tu il elle nous vous mon ma "
        "mes "
        "notre le la les un une des du de et ou est sont pour avec dans sur pas ne que qu cette ce "
        "puis peut peux connaît connait dois faut "},
    {"Spanish",
        " quién quien qué cuál cual cómo dónde donde cuándo cuándo por para con una uno los las el "
        "la mi mis es son está y o pero no puede puedo conoce sabe de del al en me se su este "
        "esta "},
    {"Italian",
        " chi che quale quali come dove quando perché io mi mio mia nostro il lo la gli le un una "
        "di "
        "del della dei è sono per con non e o può posso conosce sa questo questa nel nella "},
    {"Portuguese", " quem qual quais como onde quando porque eu meu minha nosso o os as um uma de "
                   "do da dos das "
                   "é são para com não e ou pode posso conhece sabe em no na este esta "},
    {"Dutch",
        " wie wat waar wanneer waarom welke hoe ik jij hij zij wij mijn onze het een de van en of "
        "is zijn heb heeft niet geen voor met op aan bij naar kan kent weet goed goede moet "},
};

enum { N_LANGUAGES = sizeof(languages) / sizeof(languages[0]) };

static bool has_letter(const char *word)
{
    for (; *word; word++)
        if ((*word >= 'a' && *word <= 'z') || (unsigned char)*word >= 0x80)
            return true;
    return false;
}

static bool is_among(const char *list, const char *word)
{
    size_t len = strlen(word);
    for (const char *at = strstr(list, word); at; at = strstr(at + 1, word))
        if (at[-1] == ' ' && at[len] == ' ')
            return true;
    return false;
}

/* The one of whose small words there are most; NULL: not enough of any. */
static const char *by_small_words(const struct text_words *words, size_t *count)
{
    const char *best = NULL;
    *count = FEWEST_SMALL_WORDS - 1;
    for (size_t k = 0; k < N_LANGUAGES; k++) {
        size_t n = 0;
        for (size_t i = 0; i < words->n; i++)
            n += is_among(languages[k].words, words->items[i].word);
        if (n > *count) {
            *count = n;
            best = languages[k].name;
        }
    }
    return best;
}

const char *language_of(const struct wordnet *wordnet, const struct text_words *words)
{
    size_t n = 0, n_stop = 0, n_known = 0, n_small = 0;
    if (!wordnet)
        return NULL;
    for (size_t i = 0; i < words->n; i++) {
        const struct text_word *word = &words->items[i];
        if (!has_letter(word->word))
            continue;
        n++;
        n_stop += word->is_stop;
        n_known += word->is_stop || wordnet_count_senses(wordnet, word->word) > 0;
    }
    const char *other = by_small_words(words, &n_small);
    if (other && n_small > n_stop)
        return other;
    /* Without one "which" or "my", more words must be English: "masque", "de", "pour" are, too. */
    if (n < FEWEST_WORDS || (n_stop > 0 ? 2 * n_known >= n : 4 * n_known >= 3 * n))
        return NULL;
    return other ? other : "another language";
}
