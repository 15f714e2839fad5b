/* SPDX-License-Identifier: Apache-2.0 */
/*
 * What a text speaks of: its stems, and the words and collocations ("real_estate_agent") that
 * WordNet can be asked about. The same for questions and for evidence.
 */
#pragma once

#include "domain/text.h"
#include "domain/wordnet.h"

struct term {
    const char *lemma; /* as WordNet spells it: "skin_diving", "masks" */
    const char *shown; /* as a person writes it: "skin diving" */
    const char *stem;  /* of its last word */
    double weight;     /* how much it tells, 0 to 1; see terms_weight */
    bool is_known;     /* WordNet has it */
};

struct terms {
    struct text_words words; /* without stop words */
    const struct term *items;
    size_t n;
};

/*
 * In `arena`. `wordnet` may be NULL: then every word stands for itself. With `drop_roles`, words
 * that say a rank or a legal form are left out. REQUEST_TOO_LARGE if the arena is full.
 */
MUST_USE enum err_code terms_of(struct text_analyser *analyser, const struct wordnet *wordnet,
    const char *text, bool drop_roles, struct arena *arena, struct terms *out, struct err *err);

/*
 * How much a word tells: 1 / (1 + ln senses). Frequent words have many meanings (the
 * meaning-frequency law, Zipf 1945), and each of them is less likely to be meant. 1 for a word that
 * WordNet does not know: a name, a product.
 */
double terms_weight(const struct wordnet *wordnet, const char *lemma);
