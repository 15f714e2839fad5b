/* SPDX-License-Identifier: Apache-2.0 */
#include "domain/wordnet_impl.h"

#include <assert.h>

enum { HEAP_SIZE = 2048, VISITED_SIZE = 2048 };

/* Which way a path may still go. It never climbs after it went down or aside. */
enum phase { PHASE_UP, PHASE_DOWN, PHASE_ENDED };

/* What a step costs and where it leads, by relation. */
static const struct {
    float weight;
    enum wordnet_step step;
    enum phase phase;
} moves[] = {
    [REL_NONE] = {0, WORDNET_STEP_START, PHASE_ENDED},
    [REL_DERIVED] = {0, WORDNET_STEP_RELATED, PHASE_ENDED}, /* only at the ends: wordnet_forms */
    [REL_HYPERNYM] = {0.80F, WORDNET_STEP_KIND_OF, PHASE_UP},
    [REL_HYPONYM] = {0.65F, WORDNET_STEP_HAS_KIND, PHASE_DOWN},
    [REL_PART] = {0.60F, WORDNET_STEP_PART_OF, PHASE_ENDED},
    [REL_HAS_PART] = {0, WORDNET_STEP_START, PHASE_ENDED},
    [REL_TOPIC] = {0.80F, WORDNET_STEP_FIELD, PHASE_ENDED},
    [REL_TOPIC_MEMBER] = {0, WORDNET_STEP_START, PHASE_ENDED},
    [REL_SIMILAR] = {0.60F, WORDNET_STEP_NEAR, PHASE_ENDED},
};

/* A concept that may be reached; `strength` is the product of steps, `general` the least
 * specificity on the way. */
struct candidate {
    float strength;
    float general;
    uint32_t synset;
    uint32_t from;
    uint8_t step;
    uint8_t phase;
};

struct spread {
    const struct wordnet *w;
    float floor;
    struct wordnet_reach *nodes;
    uint32_t n_nodes;
    size_t n_heap;
    struct candidate heap[HEAP_SIZE];
    uint16_t visited[VISITED_SIZE]; /* index into nodes + 1, by hash of the synset */
};

static_assert(
    (int)WORDNET_MAX_REACH < (int)VISITED_SIZE, "the table of visited concepts never fills up");

static float weight_of(const struct candidate *c)
{
    return c->strength * c->general;
}

/* Order of settling: heavier first, then by synset, so that equal inputs give equal paths. */
static bool is_before(const struct candidate *a, const struct candidate *b)
{
    float wa = weight_of(a), wb = weight_of(b);
    if (wa > wb || wa < wb)
        return wa > wb;
    return a->synset != b->synset ? a->synset < b->synset : a->from < b->from;
}

static void heap_push(struct spread *s, const struct candidate *c)
{
    if (weight_of(c) < s->floor || s->n_heap == HEAP_SIZE)
        return;
    size_t i = s->n_heap++;
    for (; i > 0 && is_before(c, &s->heap[(i - 1) / 2]); i = (i - 1) / 2)
        s->heap[i] = s->heap[(i - 1) / 2];
    s->heap[i] = *c;
}

static struct candidate heap_pop(struct spread *s)
{
    struct candidate top = s->heap[0];
    struct candidate last = s->heap[--s->n_heap];
    size_t i = 0;
    for (;;) {
        size_t child = 2 * i + 1;
        if (child + 1 < s->n_heap && is_before(&s->heap[child + 1], &s->heap[child]))
            child++;
        if (child >= s->n_heap || !is_before(&s->heap[child], &last))
            break;
        s->heap[i] = s->heap[child];
        i = child;
    }
    s->heap[i] = last;
    return top;
}

/* The slot of a synset: its own, or the free one where it belongs. */
static uint16_t *visited_slot(struct spread *s, uint32_t synset)
{
    uint32_t slot = (synset * 2654435761U) % VISITED_SIZE; /* Knuth's multiplicative hash */
    while (s->visited[slot] && s->nodes[s->visited[slot] - 1].synset != synset)
        slot = (slot + 1) % VISITED_SIZE;
    return &s->visited[slot];
}

static void push_neighbours(struct spread *s, const struct candidate *c, uint32_t node)
{
    const struct wordnet *w = s->w;
    if (c->phase == PHASE_ENDED)
        return;
    for (uint32_t e = w->edge_start[c->synset]; e < w->edge_start[c->synset + 1]; e++) {
        const struct edge *edge = &w->edges[e];
        bool is_down = edge->relation == REL_HYPONYM;
        if (moves[edge->relation].weight <= 0 || (c->phase == PHASE_DOWN && !is_down))
            continue;
        float special = w->specificity[edge->target];
        struct candidate next = {.strength = c->strength * moves[edge->relation].weight,
            .general = special < c->general ? special : c->general,
            .synset = edge->target,
            .from = node,
            .step = (uint8_t)moves[edge->relation].step,
            .phase = (uint8_t)moves[edge->relation].phase};
        if (!*visited_slot(s, edge->target))
            heap_push(s, &next);
    }
}

static void settle(struct spread *s, const struct candidate *c)
{
    uint16_t *slot = visited_slot(s, c->synset);
    if (*slot)
        return;
    uint32_t node = s->n_nodes++;
    bool is_start = c->from == UINT32_MAX;
    s->nodes[node] = (struct wordnet_reach){.synset = c->synset,
        .weight = weight_of(c),
        .from = is_start ? node : c->from,
        .step = (enum wordnet_step)c->step};
    *slot = (uint16_t)(node + 1);
    push_neighbours(s, c, node);
}

static void push_forms(struct spread *s, const char *word)
{
    struct wordnet_form forms[WORDNET_MAX_FORMS];
    size_t n = wordnet_forms(s->w, word, forms);
    for (size_t i = 0; i < n; i++)
        heap_push(s, &(struct candidate){.strength = forms[i].weight,
                         .general = s->w->specificity[forms[i].synset],
                         .synset = forms[i].synset,
                         .from = UINT32_MAX,
                         .step = forms[i].is_related ? WORDNET_STEP_RELATED : WORDNET_STEP_START,
                         .phase = PHASE_UP});
}

enum err_code wordnet_spread(const struct wordnet *wordnet, const char *word, float floor,
    struct arena *arena, struct wordnet_reach **out, size_t *n, struct err *err)
{
    struct spread s = {.w = wordnet,
        .floor = floor,
        .nodes = arena_calloc(arena, WORDNET_MAX_REACH, sizeof(*s.nodes))};
    if (!s.nodes)
        return err_raise(err, REASON_REQUEST_TOO_LARGE, "the question has too many words");
    push_forms(&s, word);
    while (s.n_heap > 0 && s.n_nodes < WORDNET_MAX_REACH) {
        struct candidate c = heap_pop(&s);
        settle(&s, &c);
    }
    *out = s.nodes;
    *n = s.n_nodes;
    return ERR_OK;
}
