/* SPDX-License-Identifier: Apache-2.0 */
#include "domain/tally.h"

enum err_code signal_find_words(
    const struct signal_question *q, struct signal_hits *hits, struct err *err)
{
    struct tally t;
    if (!tally_init(&t, q))
        return tally_too_large(err);
    (void)tally_words(&t, q, q->network->stems, 0);
    return tally_hits(&t, q, SCORE_WORDS, hits, err);
}
