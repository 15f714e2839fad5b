/* SPDX-License-Identifier: Apache-2.0 */
#include "domain/route.h"

#include "domain/explain.h"
#include "domain/language.h"

#include <string.h>

static const double US_PER_YEAR = 365.25 * 24 * 3600 * 1e6;

/* What is known of the contacts that any signal speaks for. */
struct standings {
    double (*strength)[SCORE_N_SIGNALS]; /* by contact */
    bool *is_touched;
    bool *is_unread; /* by contact: not all that is known of her has a meaning yet */
    uint32_t *touched;
    size_t n_touched;
};

static bool standings_init(struct standings *t, const struct network *net, struct arena *arena)
{
    size_t n = (size_t)net->n_contacts + 1;
    *t = (struct standings){.strength = arena_calloc(arena, n, sizeof(*t->strength)),
        .is_touched = arena_calloc(arena, n, sizeof(*t->is_touched)),
        .is_unread = arena_calloc(arena, n, sizeof(*t->is_unread)),
        .touched = arena_calloc(arena, n, sizeof(*t->touched))};
    return t->strength && t->is_touched && t->is_unread && t->touched;
}

/* Evidence waits for its meaning after an import; until it has one, she is judged by words. */
static void mark_unread(
    struct standings *t, const struct network *net, const struct signal_meaning *meaning)
{
    for (uint32_t s = 0; s < net->n_statements; s++) {
        const struct network_statement *statement = &net->statements[s];
        if (meaning && (meaning->evidence[s] || statement->kind == NETWORK_ANSWERED))
            continue;
        for (uint32_t h = 0; h < statement->n_holders; h++)
            t->is_unread[net->holders[statement->first_holder + h].contact] = true;
    }
}

/* Every holder of a statement gets its strength, as sure as it is that she is one. */
static void share_out(
    struct standings *t, const struct network *net, const struct signal_hits *hits)
{
    for (size_t i = 0; i < hits->n; i++) {
        const struct signal_hit *hit = &hits->items[i];
        const struct network_statement *s = &net->statements[hit->statement];
        for (uint32_t h = 0; h < s->n_holders; h++) {
            const struct network_holder *holder = &net->holders[s->first_holder + h];
            t->strength[holder->contact][hit->signal] += hit->strength * (double)holder->confidence;
            if (!t->is_touched[holder->contact]) {
                t->is_touched[holder->contact] = true;
                t->touched[t->n_touched++] = holder->contact;
            }
        }
    }
}

static struct route_candidate judge(const struct router *router, const struct network *net,
    const struct standings *t, const struct route_request *request, uint32_t number)
{
    const struct network_contact *contact = &net->contacts[number];
    struct route_candidate c = {.contact = number};
    int64_t age_us = request->now_us - contact->connected_us;
    c.inputs = (struct score_inputs){
        .is_connected = contact->is_connected ? 1 : 0,
        .years_known = contact->connected_us && age_us > 0 ? (double)age_us / US_PER_YEAR : 0,
        .common = contact->common,
        .waiting = contact->waiting,
        .passed = contact->passed,
    };
    memcpy(c.inputs.signal, t->strength[number], sizeof(c.inputs.signal));
    c.score = score_compute(&router->parameters, &c.inputs);
    c.is_fit = c.score.expertise >=
               (t->is_unread[number] ? router->parameters.floor_words : router->parameters.floor);
    return c;
}

/* Contacts are in order of id, so their number breaks ties by id. */
static bool is_better(const struct route_candidate *a, const struct route_candidate *b)
{
    if (a->is_fit != b->is_fit)
        return a->is_fit;
    if (a->score.total > b->score.total || a->score.total < b->score.total)
        return a->score.total > b->score.total;
    return a->contact < b->contact;
}

static void keep_best(struct route_result *out, size_t max, const struct route_candidate *c)
{
    if (max == 0 || (out->n == max && !is_better(c, &out->candidates[max - 1])))
        return;
    size_t i = out->n < max ? out->n++ : max - 1;
    for (; i > 0 && is_better(c, &out->candidates[i - 1]); i--)
        out->candidates[i] = out->candidates[i - 1];
    out->candidates[i] = *c;
}

static void select_best(const struct router *router, const struct network *net,
    const struct standings *t, const struct route_request *request, struct route_result *out)
{
    for (size_t i = 0; i < t->n_touched; i++) {
        struct route_candidate c = judge(router, net, t, request, t->touched[i]);
        keep_best(out, request->max_candidates, &c);
    }
    for (size_t i = 0; i < out->n; i++)
        out->n_fit += out->candidates[i].is_fit;
}

/* How sure it is that the statement is true of the contact; 0: it is not said of her. */
static double confidence_of(
    const struct network *net, const struct network_statement *s, uint32_t contact)
{
    uint32_t low = s->first_holder, high = s->first_holder + s->n_holders;
    while (low < high) {
        uint32_t middle = low + (high - low) / 2;
        if (net->holders[middle].contact == contact)
            return (double)net->holders[middle].confidence;
        if (net->holders[middle].contact < contact)
            low = middle + 1;
        else
            high = middle;
    }
    return 0;
}

struct weighed_hit {
    const struct signal_hit *hit;
    double share;
};

static void keep_strongest(struct weighed_hit *kept, size_t *n, const struct weighed_hit *hit)
{
    if (*n == ROUTE_MAX_EVIDENCE && hit->share <= kept[*n - 1].share)
        return;
    size_t i = *n < ROUTE_MAX_EVIDENCE ? (*n)++ : ROUTE_MAX_EVIDENCE - 1;
    for (; i > 0 && hit->share > kept[i - 1].share; i--)
        kept[i] = kept[i - 1];
    kept[i] = *hit;
}

/* A signal's part of the expertise is shared out among its hits by their strength. */
static double share_of(const struct router *router, const struct route_candidate *c,
    const struct signal_hit *hit, double confidence)
{
    double total = 0;
    for (int signal = 0; signal < SCORE_N_SIGNALS; signal++)
        total += score_signal_part(
            &router->parameters, (enum score_signal)signal, c->inputs.signal[signal]);
    double own = c->inputs.signal[hit->signal];
    double part = score_signal_part(&router->parameters, hit->signal, own);
    return own > 0 && total > 0 ? part / total * hit->strength * confidence / own : 0;
}

/*
 * Why her: the strongest evidence, in words that can be followed. "Close in meaning" is said only
 * of what neither shared words nor a path through WordNet explain.
 */
static const char *best_reason(const struct route_candidate *c)
{
    if (c->n_evidence == 0)
        return "nothing known of her speaks to the question";
    for (size_t i = 0; i < c->n_evidence; i++)
        if (c->evidence[i].signal != SCORE_MEANING && c->evidence[i].text == c->evidence[0].text)
            return c->evidence[i].reason;
    return c->evidence[0].reason;
}

static bool gather_evidence(const struct router *router, const struct signal_question *q,
    const struct signal_hits *hits, struct route_candidate *c)
{
    struct weighed_hit kept[ROUTE_MAX_EVIDENCE] = {{0}};
    size_t n = 0;
    for (size_t i = 0; i < hits->n; i++) {
        const struct signal_hit *hit = &hits->items[i];
        double confidence =
            confidence_of(q->network, &q->network->statements[hit->statement], c->contact);
        if (confidence > 0)
            keep_strongest(
                kept, &n, &(struct weighed_hit){hit, share_of(router, c, hit, confidence)});
    }
    c->evidence = arena_calloc(q->arena, n + 1, sizeof(*c->evidence));
    if (!c->evidence)
        return false;
    for (size_t i = 0; i < n; i++) {
        if (!explain_hit(q, kept[i].hit, &c->evidence[i]))
            return false;
        c->evidence[i].share = kept[i].share;
    }
    c->n_evidence = n;
    c->reason = best_reason(c);
    return true;
}

static bool write_notes(const struct signal_question *q, struct route_result *out)
{
    enum { MAX_NOTES = 12 };
    out->notes = arena_calloc(q->arena, MAX_NOTES + 1, sizeof(*out->notes));
    if (!out->notes)
        return false;
    if (!q->wordnet)
        out->notes[out->n_notes++] =
            "WordNet is not installed: only the very words of the question count";
    else if (q->terms.n == 0)
        out->notes[out->n_notes++] = "no word of the question says what it is about";
    if (q->language) {
        out->notes[out->n_notes] = arena_printf(q->arena,
            "the question reads as %s; meaning is understood in English only: words, tags and past "
            "questions still count",
            q->language);
        if (!out->notes[out->n_notes++])
            return false;
    }
    for (size_t i = 0; q->wordnet && i < q->terms.n && out->n_notes < MAX_NOTES; i++) {
        out->notes[out->n_notes] = explain_term(q->wordnet, &q->terms.items[i], q->arena);
        if (!out->notes[out->n_notes++])
            return false;
    }
    return true;
}

static bool is_in_network(const struct signal_question *q, const struct term *term)
{
    return inverted_find(q->network->stems, term->stem) != INVERTED_NO_TERM ||
           inverted_find(q->network->answers, term->stem) != INVERTED_NO_TERM;
}

/* The encoder finds a meaning in "asdf qwertz blub" too; there is none. */
static bool says_anything(const struct signal_question *q)
{
    size_t n_known = 0;
    for (size_t i = 0; i < q->terms.n; i++)
        n_known +=
            !q->wordnet || q->terms.items[i].is_known || is_in_network(q, &q->terms.items[i]);
    return n_known > 0 && 2 * n_known >= q->terms.n;
}

static enum err_code read_question(
    const struct router *router, const char *text, struct signal_question *q, struct err *err)
{
    struct text_analyser *analyser = text_analyser_new();
    if (!analyser)
        return err_raise(err, REASON_INTERNAL_ERROR, "out of memory");
    struct text_words words;
    enum err_code code = text_split(analyser, text, q->arena, &words, err);
    if (code == ERR_OK)
        code = terms_of(analyser, router->wordnet, text, false, q->arena, &q->terms, err);
    text_analyser_free(analyser);
    if (code != ERR_OK)
        return code;
    q->language = language_of(router->wordnet, &words);
    if (q->language || !says_anything(q))
        q->meaning = NULL;
    return ERR_OK;
}

static enum err_code explain_all(const struct router *router, const struct signal_question *q,
    const struct signal_hits *hits, struct route_result *out, struct err *err)
{
    bool is_done = write_notes(q, out);
    for (size_t i = 0; i < out->n && is_done; i++)
        is_done = gather_evidence(router, q, hits, &out->candidates[i]);
    if (is_done && out->named)
        is_done = gather_evidence(router, q, hits, out->named);
    return is_done ? ERR_OK
                   : err_raise(err, REASON_REQUEST_TOO_LARGE, "too much evidence for one call");
}

enum err_code route(const struct router *router, const struct network *network,
    const struct route_request *request, struct arena *arena, struct route_result *out,
    struct err *err)
{
    struct signal_question q = {.network = network,
        .wordnet = router->wordnet,
        .meaning = request->meaning,
        .now_us = request->now_us,
        .arena = arena};
    struct signal_hits hits = {.arena = arena};
    struct standings standings;
    struct route_result result = {.considered = network->n_contacts};
    enum err_code code = read_question(router, request->question, &q, err);
    if (code == ERR_OK)
        code = signal_find_all(&q, &hits, err);
    if (code != ERR_OK)
        return code;
    result.candidates = arena_calloc(arena, ROUTE_MAX_CANDIDATES + 1, sizeof(*result.candidates));
    if (!result.candidates || !standings_init(&standings, network, arena))
        return err_raise(err, REASON_REQUEST_TOO_LARGE, "the network is too large for a call");
    share_out(&standings, network, &hits);
    mark_unread(&standings, network, q.meaning);
    select_best(router, network, &standings, request, &result);
    if (request->named < network->n_contacts) {
        result.named = arena_alloc(arena, sizeof(*result.named));
        if (!result.named)
            return err_raise(err, REASON_REQUEST_TOO_LARGE, "the network is too large for a call");
        *result.named = judge(router, network, &standings, request, request->named);
    }
    result.language = q.language;
    code = explain_all(router, &q, &hits, &result, err);
    if (code == ERR_OK)
        *out = result;
    return code;
}
