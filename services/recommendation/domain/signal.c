/* SPDX-License-Identifier: Apache-2.0 */
#include "domain/signal.h"

#include <string.h>

static signal_find_fn *const signals[] = {
    signal_find_words, signal_find_wordnet, signal_find_meaning, signal_find_past};

/* Set by hand: what she says she knows or does tells more than where she works or lives. */
static const double kind_weights[NETWORK_N_KINDS] = {
    [NETWORK_EMPLOYER] = 0.5,
    [NETWORK_TITLE] = 0.9,
    [NETWORK_SCHOOL] = 0.25,
    [NETWORK_HOMETOWN] = 0.3,
    [NETWORK_CITY] = 0.4,
    [NETWORK_INTEREST] = 0.8,
    [NETWORK_ALLEGIANCE] = 0.5,
    [NETWORK_EXPERTISE] = 1.0,
    [NETWORK_LANGUAGE] = 0.8,
    [NETWORK_AUTHOR_OF] = 1.0,
    [NETWORK_TAG] = 0.8,
    [NETWORK_ANSWERED] = 1.0,
};

double signal_kind_weight(enum network_kind kind)
{
    return (unsigned)kind < NETWORK_N_KINDS ? kind_weights[kind] : 0;
}

bool signal_add_hit(struct signal_hits *hits, const struct signal_hit *hit)
{
    if (hits->n == hits->cap) {
        size_t cap = hits->cap ? hits->cap * 2 : 64;
        struct signal_hit *items = arena_calloc(hits->arena, cap, sizeof(*items));
        if (!items)
            return false;
        if (hits->n)
            memcpy(items, hits->items, hits->n * sizeof(*items));
        hits->items = items;
        hits->cap = cap;
    }
    hits->items[hits->n++] = *hit;
    return true;
}

enum err_code signal_find_all(
    const struct signal_question *q, struct signal_hits *hits, struct err *err)
{
    for (size_t i = 0; i < sizeof(signals) / sizeof(signals[0]); i++) {
        enum err_code code = signals[i](q, hits, err);
        if (code != ERR_OK)
            return code;
    }
    return ERR_OK;
}
