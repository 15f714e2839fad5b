/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Tally: how strongly each statement of a network speaks to a question by the words they share.
 * What the signals for facts and for past questions have in common. Memory is the question's arena.
 */
#pragma once

#include "domain/signal.h"

struct tally {
    double *strength;   /* by statement */
    double *best;       /* by statement: what the strongest word alone gave */
    const char **words; /* by statement: that word */
    uint32_t *touched;  /* statements with any strength */
    size_t n_touched;
};

/* False if the arena is full. */
bool tally_init(struct tally *t, const struct signal_question *q);

/* `word` may be NULL: the question as a whole. */
void tally_add(struct tally *t, uint32_t statement, double strength, const char *word);

/*
 * BM25 of every document that shares a stem. Each word is weighed by how much it tells and scaled
 * so that one that no other document has, alone in a document of mean length, gives 1.
 * `unseen`: see bm25_idf. Returns what a document of mean length with all of them has.
 */
double tally_words(
    struct tally *t, const struct signal_question *q, const struct inverted *index, double unseen);

void tally_scale(struct tally *t, double factor);

/* Only the strongest `keep` statements stay, strongest first, then by number. */
void tally_keep_strongest(struct tally *t, size_t keep);

/* A hit for each statement. */
MUST_USE enum err_code tally_hits(const struct tally *t, const struct signal_question *q,
    enum score_signal signal, struct signal_hits *hits, struct err *err);

/* The network is larger than a call's memory. */
MUST_USE enum err_code tally_too_large(struct err *err);
