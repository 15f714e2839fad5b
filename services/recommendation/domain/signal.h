/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Signals: each finds, in its own way, the statements of a network that speak to a question. A new
 * signal is a function and a row in the table of signal.c.
 */
#pragma once

#include "domain/meaning.h"
#include "domain/network.h"
#include "domain/score.h"
#include "domain/terms.h"

/* How WordNet led from a question's word to a word of the evidence. */
struct signal_trail {
    const char *question_word; /* as shown */
    const struct wordnet_reach *nodes;
    uint32_t node;
    uint32_t lemma; /* of the network's evidence */
};

/* One statement that speaks to the question. */
struct signal_hit {
    uint32_t statement;
    enum score_signal signal;
    double strength;           /* 0 to about 1; what statements of one kind count for is in it */
    const char *question_word; /* the word it hangs on most; NULL: the whole question */
    const struct signal_trail *trail; /* SCORE_WORDNET only */
};

struct signal_hits {
    struct signal_hit *items;
    size_t n, cap;
    struct arena *arena;
};

/* False if the arena is full. */
bool signal_add_hit(struct signal_hits *hits, const struct signal_hit *hit);

/* What the encoder says of a question and of a network's statements. */
struct signal_meaning {
    struct meaning_question question;
    const struct meaning *const *evidence; /* by statement; NULL: not encoded yet */
};

struct signal_question {
    const struct network *network;
    const struct wordnet *wordnet;        /* NULL: not there */
    const struct signal_meaning *meaning; /* NULL: no encoder */
    struct terms terms;
    int64_t now_us;       /* wall clock */
    const char *language; /* NULL: English; if not, the encoder is not asked */
    struct arena *arena;
};

typedef enum err_code signal_find_fn(
    const struct signal_question *q, struct signal_hits *hits, struct err *err);

signal_find_fn signal_find_words;   /* BM25 over stems of the evidence */
signal_find_fn signal_find_wordnet; /* paths from the question's words to the evidence's */
signal_find_fn signal_find_meaning; /* evidence that means alike, by the sentence encoder */
signal_find_fn signal_find_past;    /* votes of similar questions that were answered */

/* Runs all signals. Hits come by signal, then by statement. REQUEST_TOO_LARGE if memory is out. */
MUST_USE enum err_code signal_find_all(
    const struct signal_question *q, struct signal_hits *hits, struct err *err);

/* What a fact of this kind says about what a person knows, 0 to 1. */
double signal_kind_weight(enum network_kind kind);
