/* SPDX-License-Identifier: Apache-2.0 */
#include "domain/signal.h"

#include <string.h>

/* Weaker paths are guesses. */
static const float PATH_FLOOR = 0.3F;

/* Bounds the work for a question of 2,000 bytes; people's questions have fewer. */
enum { MAX_WORDS = 32 };

/* What one word of the question found. */
struct word_finds {
    const struct term *term;
    const struct wordnet_reach *nodes;
    size_t n_nodes;
    float *by_lemma;  /* best strength, by lemma of the evidence; 0: not reached */
    uint32_t *via;    /* by lemma: the node */
    uint32_t *lemmas; /* those reached */
    size_t n_lemmas;
};

/* What all words found, by statement. */
struct all_finds {
    double *doubt;      /* product of 1 - strength over the question's words; 0: untouched */
    double *word_best;  /* within the current word */
    uint32_t *word_via; /* lemma that gave it */
    double *best;       /* over all words */
    struct signal_trail *trails;
    uint32_t *touched;
    size_t n_touched;
    uint32_t *in_word; /* statements touched by the current word */
    size_t n_in_word;
};

static bool finds_init(
    struct all_finds *all, struct word_finds *word, const struct signal_question *q)
{
    size_t statements = (size_t)q->network->n_statements + 1;
    size_t lemmas = inverted_n_terms(q->network->lemmas) + 1;
    struct arena *a = q->arena;
    all->doubt = arena_calloc(a, statements, sizeof(*all->doubt));
    all->word_best = arena_calloc(a, statements, sizeof(*all->word_best));
    all->word_via = arena_calloc(a, statements, sizeof(*all->word_via));
    all->best = arena_calloc(a, statements, sizeof(*all->best));
    all->trails = arena_calloc(a, statements, sizeof(*all->trails));
    all->touched = arena_calloc(a, statements, sizeof(*all->touched));
    all->in_word = arena_calloc(a, statements, sizeof(*all->in_word));
    word->by_lemma = arena_calloc(a, lemmas, sizeof(*word->by_lemma));
    word->via = arena_calloc(a, lemmas, sizeof(*word->via));
    word->lemmas = arena_calloc(a, lemmas, sizeof(*word->lemmas));
    return all->doubt && all->word_best && all->word_via && all->best && all->trails &&
           all->touched && all->in_word && word->by_lemma && word->via && word->lemmas;
}

static const struct network_concept *first_concept(const struct network *net, uint32_t synset)
{
    size_t low = 0, high = net->n_concepts;
    while (low < high) {
        size_t middle = low + (high - low) / 2;
        if (net->concepts[middle].synset < synset)
            low = middle + 1;
        else
            high = middle;
    }
    return net->concepts + low;
}

/* Words of one stem are the business of the words signal. */
static bool is_same_word(const struct network *net, const struct term *term, uint32_t lemma)
{
    return strcmp(strtab_get(&net->texts, net->lemma_stems[lemma]), term->stem) == 0;
}

static void match_node(const struct network *net, struct word_finds *word, uint32_t node)
{
    const struct wordnet_reach *reach = &word->nodes[node];
    const struct network_concept *end = net->concepts + net->n_concepts;
    const struct network_concept *c = first_concept(net, reach->synset);
    for (; c < end && c->synset == reach->synset; c++) {
        float strength = reach->weight * c->weight;
        if (strength < PATH_FLOOR || strength <= word->by_lemma[c->lemma] ||
            is_same_word(net, word->term, c->lemma))
            continue;
        if (word->by_lemma[c->lemma] <= 0)
            word->lemmas[word->n_lemmas++] = c->lemma;
        word->by_lemma[c->lemma] = strength;
        word->via[c->lemma] = node;
    }
}

/* Spread from the word and see which lemmas of the evidence are met. */
static enum err_code find_lemmas(
    const struct signal_question *q, struct word_finds *word, struct err *err)
{
    struct wordnet_reach *nodes = NULL;
    enum err_code code = wordnet_spread(
        q->wordnet, word->term->lemma, PATH_FLOOR, q->arena, &nodes, &word->n_nodes, err);
    if (code != ERR_OK)
        return code;
    word->nodes = nodes;
    for (uint32_t node = 0; node < word->n_nodes; node++)
        match_node(q->network, word, node);
    return ERR_OK;
}

/* The best lemma of each statement, for this word of the question. */
static void find_statements(
    const struct signal_question *q, const struct word_finds *word, struct all_finds *all)
{
    for (size_t i = 0; i < word->n_lemmas; i++) {
        uint32_t lemma = word->lemmas[i];
        double strength = (double)word->by_lemma[lemma] * word->term->weight;
        struct inverted_postings postings = inverted_postings(q->network->lemmas, lemma);
        for (size_t k = 0; k < postings.n; k++) {
            uint32_t s = postings.items[k].doc;
            if (all->word_best[s] <= 0)
                all->in_word[all->n_in_word++] = s;
            if (strength > all->word_best[s]) {
                all->word_best[s] = strength;
                all->word_via[s] = lemma;
            }
        }
    }
}

/* Adds what the word found to what the words before it found. */
static void fold_word(struct word_finds *word, struct all_finds *all)
{
    for (size_t i = 0; i < all->n_in_word; i++) {
        uint32_t s = all->in_word[i];
        double strength = all->word_best[s] < 1 ? all->word_best[s] : 1;
        if (all->doubt[s] <= 0) {
            all->doubt[s] = 1;
            all->touched[all->n_touched++] = s;
        }
        all->doubt[s] *= 1.0 - 0.999 * strength;
        if (strength > all->best[s]) {
            uint32_t lemma = all->word_via[s];
            all->best[s] = strength;
            all->trails[s] =
                (struct signal_trail){word->term->shown, word->nodes, word->via[lemma], lemma};
        }
        all->word_best[s] = 0;
    }
    all->n_in_word = 0;
    for (size_t i = 0; i < word->n_lemmas; i++)
        word->by_lemma[word->lemmas[i]] = 0;
    word->n_lemmas = 0;
}

static bool is_repeated(const struct terms *terms, size_t i)
{
    for (size_t k = 0; k < i; k++)
        if (strcmp(terms->items[k].lemma, terms->items[i].lemma) == 0)
            return true;
    return false;
}

enum err_code signal_find_wordnet(
    const struct signal_question *q, struct signal_hits *hits, struct err *err)
{
    struct all_finds all = {0};
    struct word_finds word = {0};
    if (!q->wordnet || q->network->n_concepts == 0)
        return ERR_OK;
    if (!finds_init(&all, &word, q))
        return err_raise(err, REASON_REQUEST_TOO_LARGE, "the network is too large for a call");
    for (size_t i = 0; i < q->terms.n && i < MAX_WORDS; i++) {
        word.term = &q->terms.items[i];
        if (!word.term->is_known || is_repeated(&q->terms, i))
            continue;
        enum err_code code = find_lemmas(q, &word, err);
        if (code != ERR_OK)
            return code;
        find_statements(q, &word, &all);
        fold_word(&word, &all);
    }
    for (size_t i = 0; i < all.n_touched; i++) {
        uint32_t s = all.touched[i];
        enum network_kind kind = (enum network_kind)q->network->statements[s].kind;
        struct signal_hit hit = {.statement = s,
            .signal = SCORE_WORDNET,
            .strength = (1.0 - all.doubt[s]) * signal_kind_weight(kind),
            .question_word = all.trails[s].question_word,
            .trail = &all.trails[s]};
        if (!signal_add_hit(hits, &hit))
            return err_raise(err, REASON_REQUEST_TOO_LARGE, "the network is too large for a call");
    }
    return ERR_OK;
}
