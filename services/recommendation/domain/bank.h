/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The bank of everyday questions against hubness: data/questions.txt, built in. Written for this
 * project; what it holds must never come from members. Pure.
 */
#pragma once

#include "domain/meaning.h"

size_t bank_count(void);

/* Question number `i`, from 0. */
const char *bank_question(size_t i);

/* The vectors of all questions, bank_count() of them. Takes about a second. */
void bank_encode(const struct meaning_encoder *encoder, struct encoder_vector *out);
