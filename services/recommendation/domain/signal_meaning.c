/* SPDX-License-Identifier: Apache-2.0 */
#include "domain/signal.h"

/* Statements that may speak: beyond these nothing is right any more, and a contact with many facts
 * would win by their number. */
enum { MAX_HITS = 30 };

struct ranked {
    uint32_t statement;
    float likeness;
};

static void keep(struct ranked kept[MAX_HITS], size_t *n, const struct ranked *new_one)
{
    size_t i;

    if (*n == MAX_HITS && new_one->likeness <= kept[*n - 1].likeness)
        return;
    i = *n < MAX_HITS ? (*n)++ : MAX_HITS - 1;
    for (; i > 0 && new_one->likeness > kept[i - 1].likeness; i--)
        kept[i] = kept[i - 1];
    kept[i] = *new_one;
}

/* Squared: several things that are a little alike make no expert. */
enum err_code signal_find_meaning(
    const struct signal_question *q, struct signal_hits *hits, struct err *err)
{
    struct ranked kept[MAX_HITS];
    size_t n = 0;

    for (uint32_t s = 0; q->meaning != NULL && s < q->network->n_statements; s++) {
        const struct meaning *evidence = q->meaning->evidence[s];
        struct ranked one = {.statement = s};

        if (evidence == NULL || q->network->statements[s].kind == NETWORK_ANSWERED)
            continue;
        one.likeness = meaning_likeness(&q->meaning->question, evidence);
        if (one.likeness > 0)
            keep(kept, &n, &one);
    }
    for (size_t i = 0; i < n; i++) {
        enum network_kind kind = (enum network_kind)q->network->statements[kept[i].statement].kind;
        const struct signal_hit hit = {.statement = kept[i].statement,
            .signal = SCORE_MEANING,
            .strength = (double)(kept[i].likeness * kept[i].likeness) * signal_kind_weight(kind)};

        if (!signal_add_hit(hits, &hit))
            return err_raise(err, REASON_REQUEST_TOO_LARGE, "the network is too large for a call");
    }
    return ERR_OK;
}
