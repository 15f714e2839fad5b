/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Alignment: a sentence encoder puts a question near to other questions rather than to the person
 * who knows. Both are centred, and questions turned towards the evidence that answers such ones, by
 * what eval/fit-alignment learnt from data/who_knows.tsv. Pure.
 */
#pragma once

#include "domain/encoder/vector.h"

/* In place; what comes out has length 1, or 0 if the mean went in. */
void alignment_turn_question(float vector[ENCODER_DIM]);
void alignment_centre_evidence(float vector[ENCODER_DIM]);

/* Scales to length 1; zeros stay. */
void alignment_normalise(float vector[ENCODER_DIM]);

/* All that was fitted, for a hash of it. */
const void *alignment_weights(size_t *size);

/* The mean of everyday questions, not aligned. */
const struct encoder_vector *alignment_question_mean(void);
