/* SPDX-License-Identifier: Apache-2.0 */
#include "domain/tally.h"

/* Similar questions that vote; more bring noise. This and LIKENESS are fitted within the train
 * parts of two Stack Exchange sets: see tests/bench/README.md. */
enum { MAX_VOTERS = 100 };

/* What a like meaning, squared, counts for beside shared words. */
static const double LIKENESS = 1.0;

/* Likeness is corrected for hubs: what is like everything is like nothing. */
static void add_likeness(struct tally *t, const struct signal_question *q)
{
    for (uint32_t s = 0; q->meaning && s < q->network->n_statements; s++) {
        const struct meaning *past = q->meaning->evidence[s];
        if (!past || q->network->statements[s].kind != NETWORK_ANSWERED)
            continue;
        double likeness = (double)meaning_likeness(&q->meaning->question, past);
        if (likeness > 0)
            tally_add(t, s, LIKENESS * likeness * likeness, NULL);
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
    tally_keep_strongest(&t, MAX_VOTERS);
    return tally_hits(&t, q, SCORE_PAST_ANSWER, hits, err);
}
