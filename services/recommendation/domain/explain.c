/* SPDX-License-Identifier: Apache-2.0 */
#include "domain/explain.h"

#include <string.h>

enum { MAX_PATH = 16 };

/* The nodes of a trail from the question's word on; the last is what the evidence stands for. */
struct way {
    const struct wordnet_reach *nodes[MAX_PATH];
    size_t n;
};

static struct way way_of(const struct signal_trail *trail)
{
    struct way way = {.n = 0};
    uint32_t node = trail->node;
    size_t n = 1;
    while (trail->nodes[node].from != node && n < MAX_PATH) {
        node = trail->nodes[node].from;
        n++;
    }
    way.n = n;
    node = trail->node;
    for (size_t i = n; i > 0; i--) {
        way.nodes[i - 1] = &trail->nodes[node];
        node = trail->nodes[node].from;
    }
    return way;
}

/* A concept's name, or the question's word where the concept is a sense of it. */
static const char *name_of(const struct signal_question *q, const struct signal_trail *trail,
    const struct wordnet_reach *node)
{
    if (node->step == WORDNET_STEP_START)
        return trail->question_word;
    return wordnet_label(q->wordnet, node->synset, q->arena);
}

static bool add_word(const char **path, size_t *n, const char *word)
{
    if (!word)
        return false;
    if (*n == 0 || strcmp(path[*n - 1], word) != 0)
        path[(*n)++] = word;
    return true;
}

static bool fill_path(const struct signal_question *q, const struct signal_trail *trail,
    const struct way *way, struct route_evidence *out)
{
    const char **path = arena_calloc(q->arena, MAX_PATH + 2, sizeof(*path));
    size_t n = 0;
    if (!path || !add_word(path, &n, trail->question_word))
        return false;
    for (size_t i = 0; i < way->n; i++)
        if (!add_word(path, &n, name_of(q, trail, way->nodes[i])))
            return false;
    out->path = path;
    out->n_path = n;
    return true;
}

/* What a step says, behind the sentence so far: ", a kind of swimming". */
static const char *say_step(const struct signal_question *q, const char *so_far, bool is_first,
    const struct wordnet_reach *node, const char *name)
{
    struct arena *a = q->arena;
    switch (node->step) {
    case WORDNET_STEP_KIND_OF:
        return arena_printf(a, "%s%s a kind of %s", so_far, is_first ? " is" : ",", name);
    case WORDNET_STEP_HAS_KIND:
        return arena_printf(a, is_first ? "%s may be %s" : "%s, as may be %s", so_far, name);
    case WORDNET_STEP_PART_OF:
        return arena_printf(a, "%s%s part of %s", so_far, is_first ? " is" : ",", name);
    case WORDNET_STEP_FIELD:
        return arena_printf(
            a, "%s%s %s", so_far, is_first ? " belongs to" : ", which belongs to", name);
    case WORDNET_STEP_NEAR:
        return arena_printf(a, "%s%s akin to %s", so_far, is_first ? " is" : ",", name);
    case WORDNET_STEP_RELATED:
        return arena_printf(a, "%s goes with %s", so_far, name);
    case WORDNET_STEP_START:
    case WORDNET_N_STEPS:
        break;
    }
    return so_far;
}

static const char *say_way(const struct signal_question *q, const struct signal_trail *trail,
    const struct way *way, const char *text)
{
    const char *lemma = inverted_term(q->network->lemmas, trail->lemma);
    if (way->n == 1 && way->nodes[0]->step == WORDNET_STEP_START)
        return arena_printf(
            q->arena, "%s: %s can mean the same as %s", text, trail->question_word, lemma);
    const char *sentence = arena_printf(q->arena, "%s: %s", text, trail->question_word);
    bool is_first = true;
    for (size_t i = 0; sentence && i < way->n; i++) {
        const char *name = name_of(q, trail, way->nodes[i]);
        if (!name)
            return NULL;
        if (strcmp(name, trail->question_word) == 0)
            continue;
        sentence = say_step(q, sentence, is_first, way->nodes[i], name);
        is_first = false;
    }
    return sentence;
}

bool explain_hit(
    const struct signal_question *q, const struct signal_hit *hit, struct route_evidence *out)
{
    const char *text = network_text(q->network, hit->statement);
    *out = (struct route_evidence){.signal = hit->signal,
        .kind = (enum network_kind)q->network->statements[hit->statement].kind,
        .text = text};
    if (hit->signal == SCORE_WORDNET) {
        struct way way = way_of(hit->trail);
        out->reason = say_way(q, hit->trail, &way, text);
        return out->reason && fill_path(q, hit->trail, &way, out);
    }
    if (hit->signal == SCORE_PAST_ANSWER)
        out->reason = arena_printf(q->arena, "answered your question \"%s\"", text);
    else if (hit->signal == SCORE_MEANING)
        out->reason = arena_printf(q->arena, "%s: close in meaning to the question", text);
    else
        out->reason =
            arena_printf(q->arena, "%s: the question says \"%s\"", text, hit->question_word);
    return out->reason != NULL;
}

const char *explain_affinity(const struct score_inputs *in, struct arena *arena)
{
    const char *connected = in->is_connected > 0 ? "connected here" : "in your address book";
    const char *common = in->common > 0 ? ", you have rare things in common" : "";
    if (in->years_known >= 1)
        return arena_printf(
            arena, "%s, known for %d years%s", connected, (int)in->years_known, common);
    return arena_printf(arena, "%s%s", connected, common);
}

const char *explain_availability(const struct score_inputs *in, struct arena *arena)
{
    if (in->waiting <= 0 && in->passed <= 0)
        return "no question of yours waits for her";
    return arena_printf(arena, "%d questions of yours wait for her, she passed on %d lately",
        (int)in->waiting, (int)in->passed);
}

const char *explain_expertise(const struct route_candidate *c, struct arena *arena)
{
    if (c->n_evidence == 0)
        return "nothing known of her speaks to the question";
    return arena_printf(arena, "%zu %s", c->n_evidence,
        c->n_evidence == 1 ? "thing known of her speaks to the question"
                           : "things known of her speak to the question");
}

/* A rarer sense may lead to something more special, but is not what the asker is likely to mean. */
static bool is_usual_sense(const struct wordnet_reach *node)
{
    return node->step == WORDNET_STEP_START && node->weight > 0.99F;
}

const char *explain_term(
    const struct wordnet *wordnet, const struct term *term, struct arena *arena)
{
    struct wordnet_reach *nodes = NULL;
    size_t n = 0;
    struct err err;
    if (!term->is_known)
        return arena_printf(
            arena, "\"%s\" is in no dictionary here: only the very word counts", term->shown);
    if (wordnet_spread(wordnet, term->lemma, 0.5F, arena, &nodes, &n, &err) != ERR_OK)
        return NULL;
    for (size_t i = 0; i < n; i++)
        if (nodes[i].step == WORDNET_STEP_KIND_OF && is_usual_sense(&nodes[nodes[i].from]))
            return arena_printf(arena, "\"%s\" is taken for a kind of %s", term->shown,
                wordnet_label(wordnet, nodes[i].synset, arena));
    return arena_printf(arena, "\"%s\" is taken as it is", term->shown);
}
