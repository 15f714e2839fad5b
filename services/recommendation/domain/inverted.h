/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Inverted index: which documents contain a term, and how often; with the weights of BM25
 * (Robertson & Zaragoza, The Probabilistic Relevance Framework, 2009). A document is whatever the
 * caller numbers. Read-only once built and then shared by all threads.
 */
#pragma once

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

struct inverted_builder;
struct inverted;

/* NULL without memory. */
struct inverted_builder *inverted_builder_new(void);
void inverted_builder_free(struct inverted_builder *builder);

/* Documents come in ascending order. False without memory. */
bool inverted_add(struct inverted_builder *builder, uint32_t doc, const char *term);

/* NULL without memory. The builder stays the caller's. */
struct inverted *inverted_build(const struct inverted_builder *builder);
void inverted_free(struct inverted *index);

struct inverted_posting {
    uint32_t doc;
    uint32_t count;
};

struct inverted_postings {
    const struct inverted_posting *items;
    size_t n;
};

#define INVERTED_NO_TERM UINT32_MAX

size_t inverted_n_terms(const struct inverted *index);
const char *inverted_term(const struct inverted *index, uint32_t term);
uint32_t inverted_find(const struct inverted *index, const char *term); /* or INVERTED_NO_TERM */
struct inverted_postings inverted_postings(const struct inverted *index, uint32_t term);

struct bm25 {
    double k1; /* how soon repeating a term stops counting: 1.2 */
    double b;  /* how much a long document is held against it: 0.75 */
};

/* ln(1 + (N - n + ½) / (n + ½)), never negative (as in Lucene). `n` 0: a term no document has.
 * `unseen` documents count as further ones that have none: where there are few, all would be rare.
 */
double bm25_idf(const struct inverted *index, size_t n, double unseen);

/* What one posting of a term with this idf adds to its document. At most idf * (k1 + 1). */
double bm25_weight(const struct inverted *index, const struct bm25 *bm25, double idf,
    const struct inverted_posting *posting);
