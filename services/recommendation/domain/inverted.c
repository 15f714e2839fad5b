/* SPDX-License-Identifier: Apache-2.0 */
#include "domain/inverted.h"

#include "domain/strtab.h"

#include <math.h>
#include <stdlib.h>

struct occurrence {
    uint32_t term;
    uint32_t doc;
};

struct inverted_builder {
    struct strtab terms;
    struct occurrence *items;
    size_t n, cap;
};

struct inverted {
    struct strtab terms;
    uint32_t *start; /* by term, and one more: CSR into `postings` */
    struct inverted_posting *postings;
    uint32_t *doc_length;
    size_t n_docs; /* that contain anything */
    double mean_length;
};

struct inverted_builder *inverted_builder_new(void)
{
    return calloc(1, sizeof(struct inverted_builder));
}

void inverted_builder_free(struct inverted_builder *builder)
{
    if (!builder)
        return;
    strtab_fini(&builder->terms);
    free(builder->items);
    free(builder);
}

bool inverted_add(struct inverted_builder *builder, uint32_t doc, const char *term)
{
    void *items = builder->items;
    if (!grow(&items, &builder->cap, builder->n, sizeof(*builder->items)))
        return false;
    builder->items = items;
    uint32_t number = strtab_intern(&builder->terms, term);
    if (number == STRTAB_NONE)
        return false;
    builder->items[builder->n++] = (struct occurrence){number, doc};
    return true;
}

static bool copy_terms(struct inverted *index, const struct strtab *terms)
{
    for (uint32_t i = 0; i < terms->n; i++)
        if (strtab_intern(&index->terms, strtab_get(terms, i)) == STRTAB_NONE)
            return false;
    return true;
}

static void measure_documents(struct inverted *index, const struct inverted_builder *b)
{
    for (size_t i = 0; i < b->n; i++)
        if (index->doc_length[b->items[i].doc]++ == 0)
            index->n_docs++;
    index->mean_length = index->n_docs ? (double)b->n / (double)index->n_docs : 1;
}

/* Counting sort by term: documents of a term stay in ascending order. */
static void fill_postings(struct inverted *index, const struct inverted_builder *b)
{
    uint32_t n_terms = b->terms.n;
    for (size_t i = 0; i < b->n; i++)
        index->start[b->items[i].term + 1]++;
    for (uint32_t term = 0; term < n_terms; term++)
        index->start[term + 1] += index->start[term];
    for (size_t i = 0; i < b->n; i++) {
        uint32_t at = index->start[b->items[i].term]++;
        index->postings[at] = (struct inverted_posting){b->items[i].doc, 1};
    }
    for (uint32_t term = n_terms; term > 0; term--)
        index->start[term] = index->start[term - 1];
    index->start[0] = 0;
}

/* One posting per document: repeated ones become a count. */
static void merge_postings(struct inverted *index, uint32_t n_terms)
{
    uint32_t out = 0, from = 0;
    for (uint32_t term = 0; term < n_terms; term++) {
        uint32_t end = index->start[term + 1], begin = out;
        for (; from < end; from++) {
            if (out > begin && index->postings[out - 1].doc == index->postings[from].doc)
                index->postings[out - 1].count++;
            else
                index->postings[out++] = index->postings[from];
        }
        index->start[term] = begin;
    }
    index->start[n_terms] = out;
}

struct inverted *inverted_build(const struct inverted_builder *builder)
{
    uint32_t n_terms = builder->terms.n;
    size_t docs = builder->n ? (size_t)builder->items[builder->n - 1].doc + 1 : 1;
    struct inverted *index = calloc(1, sizeof(*index));
    if (!index)
        return NULL;
    index->start = calloc((size_t)n_terms + 2, sizeof(*index->start));
    index->postings = calloc(builder->n + 1, sizeof(*index->postings));
    index->doc_length = calloc(docs, sizeof(*index->doc_length));
    if (!index->start || !index->postings || !index->doc_length ||
        !copy_terms(index, &builder->terms)) {
        inverted_free(index);
        return NULL;
    }
    measure_documents(index, builder);
    fill_postings(index, builder);
    merge_postings(index, n_terms);
    return index;
}

void inverted_free(struct inverted *index)
{
    if (!index)
        return;
    strtab_fini(&index->terms);
    free(index->start);
    free(index->postings);
    free(index->doc_length);
    free(index);
}

size_t inverted_n_terms(const struct inverted *index)
{
    return index->terms.n;
}

const char *inverted_term(const struct inverted *index, uint32_t term)
{
    return strtab_get(&index->terms, term);
}

uint32_t inverted_find(const struct inverted *index, const char *term)
{
    return strtab_find(&index->terms, term);
}

struct inverted_postings inverted_postings(const struct inverted *index, uint32_t term)
{
    if (term >= index->terms.n)
        return (struct inverted_postings){NULL, 0};
    return (struct inverted_postings){
        index->postings + index->start[term], index->start[term + 1] - index->start[term]};
}

double bm25_idf(const struct inverted *index, size_t n, double unseen)
{
    double with = (double)n, all = (double)index->n_docs + unseen;
    return log(1.0 + (all - with + 0.5) / (with + 0.5));
}

double bm25_weight(const struct inverted *index, const struct bm25 *bm25, double idf,
    const struct inverted_posting *posting)
{
    double count = (double)posting->count;
    double length = (double)index->doc_length[posting->doc] / index->mean_length;
    return idf * count * (bm25->k1 + 1.0) / (count + bm25->k1 * (1.0 - bm25->b + bm25->b * length));
}
