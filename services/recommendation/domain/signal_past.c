/* SPDX-License-Identifier: Apache-2.0 */
#include "domain/tally.h"

#include <stdlib.h>

/* Similar questions that vote; more bring noise. Measured, as LIKENESS is, on the train parts of
 * the Stack Exchange sets: see tests/bench/README.md. */
enum { MAX_VOTERS = 100 };

/* What a like meaning, squared, counts for beside shared words. */
static const double LIKENESS = 1.0;

/* Likeness is corrected for hubs: what is like everything is like nothing. */
static void add_likeness(struct tally *t, const struct signal_question *q)
{
    double lk = getenv("LK") ? atof(getenv("LK")) : LIKENESS;
    for (uint32_t s = 0; q->meaning && s < q->network->n_statements; s++) {
        const struct meaning *past = q->meaning->evidence[s];
        if (!past || q->network->statements[s].kind != NETWORK_ANSWERED)
            continue;
        float likeness = meaning_likeness(&q->meaning->question, past);
        if (likeness > 0)
            tally_add(t, s, lk * (double)(likeness * likeness), NULL);
    }
}

/* Votes (Balog, Azzopardi & de Rijke, SIGIR 2006, model 2): who answered what was like it. */
enum err_code signal_find_past(
    const struct signal_question *q, struct signal_hits *hits, struct err *err)
{
    struct tally t;
    if (!tally_init(&t, q))
        return tally_too_large(err);
    tally_words(&t, q, q->network->answers);
    add_likeness(&t, q);
    tally_keep_strongest(&t, getenv("MV") ? (size_t)atoi(getenv("MV")) : MAX_VOTERS);
    return tally_hits(&t, q, SCORE_PAST_ANSWER, hits, err);
}
