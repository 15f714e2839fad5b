/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Text into words: Unicode NFKC with case folding (UAX #15), cut at what is neither letter nor
 * digit, stemmed by Snowball's English stemmer (Porter 2001).
 */
#pragma once

#include "arena/arena.h"
#include "err/err.h"

#include <stdbool.h>
#include <stddef.h>

struct text_word {
    const char *word; /* folded: "swimming", "c++" */
    const char *stem; /* "swim" */
    bool is_stop;     /* carries no topic: "which", "should", "recommend" */
    bool is_joined;   /* only blanks or a hyphen between this word and the one before */
};

struct text_words {
    const struct text_word *items;
    size_t n;
};

/* Holds a stemmer, which keeps state: one thread at a time. NULL if there is no memory. */
struct text_analyser *text_analyser_new(void);
void text_analyser_free(struct text_analyser *analyser);

/*
 * The words of `text` in order, in `arena`. Bytes that are no UTF-8 separate words. Longer words
 * than TEXT_WORD_MAX bytes are left out: nobody types them. REQUEST_TOO_LARGE if the arena is full.
 */
enum { TEXT_WORD_MAX = 64 };
MUST_USE enum err_code text_split(struct text_analyser *analyser, const char *text,
    struct arena *arena, struct text_words *out, struct err *err);
