/* SPDX-License-Identifier: Apache-2.0 */
#include "domain/tally.h"

#include <string.h>

static const struct bm25 BM25 = {.k1 = 1.2, .b = 0.75};

bool tally_init(struct tally *t, const struct signal_question *q)
{
    size_t n = (size_t)q->network->n_statements + 1;
    *t = (struct tally){.strength = arena_calloc(q->arena, n, sizeof(*t->strength)),
        .best = arena_calloc(q->arena, n, sizeof(*t->best)),
        .words = arena_calloc(q->arena, n, sizeof(*t->words)),
        .touched = arena_calloc(q->arena, n, sizeof(*t->touched))};
    return t->strength && t->best && t->words && t->touched;
}

void tally_add(struct tally *t, uint32_t statement, double strength, const char *word)
{
    if (t->strength[statement] <= 0)
        t->touched[t->n_touched++] = statement;
    t->strength[statement] += strength;
    if (strength > t->best[statement]) {
        t->best[statement] = strength;
        t->words[statement] = word;
    }
}

/* A word said twice in the question counts once. */
static bool is_repeated(const struct text_words *words, size_t i)
{
    for (size_t k = 0; k < i; k++)
        if (strcmp(words->items[k].stem, words->items[i].stem) == 0)
            return true;
    return false;
}

double tally_words(
    struct tally *t, const struct signal_question *q, const struct inverted *index, double unseen)
{
    const struct text_words *words = &q->terms.words;
    double ceiling = bm25_idf(index, 0, unseen);
    double whole = 0;
    for (size_t i = 0; i < words->n && ceiling > 0; i++) {
        if (is_repeated(words, i))
            continue;
        uint32_t term = inverted_find(index, words->items[i].stem);
        struct inverted_postings postings = inverted_postings(index, term);
        double idf = bm25_idf(index, postings.n, unseen) / ceiling *
                     terms_weight(q->wordnet, words->items[i].word);
        for (size_t k = 0; k < postings.n; k++)
            tally_add(t, postings.items[k].doc, bm25_weight(index, &BM25, idf, &postings.items[k]),
                words->items[i].word);
        whole += idf;
    }
    return whole;
}

void tally_scale(struct tally *t, double factor)
{
    for (size_t i = 0; i < t->n_touched; i++) {
        t->strength[t->touched[i]] *= factor;
        t->best[t->touched[i]] *= factor;
    }
}

void tally_keep_strongest(struct tally *t, size_t keep)
{
    for (size_t i = 1; i < t->n_touched; i++) {
        uint32_t s = t->touched[i];
        size_t k = i < keep ? i : keep;
        if (i >= keep && t->strength[s] <= t->strength[t->touched[keep - 1]])
            continue;
        for (; k > 0 && t->strength[s] > t->strength[t->touched[k - 1]]; k--)
            if (k < keep)
                t->touched[k] = t->touched[k - 1];
        t->touched[k] = s;
    }
    if (t->n_touched > keep)
        t->n_touched = keep;
}

enum err_code tally_too_large(struct err *err)
{
    return err_raise(err, REASON_REQUEST_TOO_LARGE, "the network is too large for a call");
}

enum err_code tally_hits(const struct tally *t, const struct signal_question *q,
    enum score_signal signal, struct signal_hits *hits, struct err *err)
{
    for (size_t i = 0; i < t->n_touched; i++) {
        uint32_t s = t->touched[i];
        enum network_kind kind = (enum network_kind)q->network->statements[s].kind;
        struct signal_hit hit = {.statement = s,
            .signal = signal,
            .strength = t->strength[s] * signal_kind_weight(kind),
            .question_word = t->words[s]};
        if (!signal_add_hit(hits, &hit))
            return tally_too_large(err);
    }
    return ERR_OK;
}
