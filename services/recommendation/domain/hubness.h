/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Hubness: some texts are near to every question ("Community organiser"), and would be found for
 * all. CSLS (Conneau et al., ICLR 2018) takes off what a text is like to its nearest questions
 * anyway. The questions come from a bank of everyday ones, so that no live traffic is needed. Pure.
 */
#pragma once

#include "domain/encoder/vector.h"

struct hubness_bank {
    const struct encoder_vector *questions;
    size_t count;
};

/* Fitted on tests/data/topics/train.tsv. */
enum { HUBNESS_NEIGHBOURS = 10 };

/* Mean cosine of a text and its nearest questions of the bank; 0 with an empty bank. */
float hubness_of(const struct hubness_bank *bank, const struct encoder_vector *text);

/* The corrected likeness: 2 cos - hubness. What belongs to a question has about 0.3 and more. */
float hubness_correct(float cosine, float hubness);
