/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Hubness: some texts are near to every question ("Community organiser"), and would be found for
 * all; some questions are near to everybody. CSLS (Conneau et al., ICLR 2018) takes off what each
 * is like to its nearest of the other kind anyway. Those come from banks of everyday questions and
 * of people, so that no live traffic is needed. Pure.
 */
#pragma once

#include "domain/encoder/vector.h"

struct hubness_bank {
    const struct encoder_vector *texts;
    size_t count;
};

enum { HUBNESS_NEIGHBOURS = 10 };

/* Mean cosine of a text and its nearest of the bank; 0 with an empty bank. */
float hubness_of(const struct hubness_bank *bank, const struct encoder_vector *text);

/* The corrected likeness. How much is taken off is fitted on tests/data/topics/train.tsv. */
float hubness_correct(float cosine, float evidence, float question);
