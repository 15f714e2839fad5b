/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The banks against hubness, built in: everyday questions (data/questions.txt), and what people may
 * know (data/who_knows.tsv). Written for this project; what they hold must never come from members.
 * Pure.
 */
#pragma once

#include "domain/meaning.h"

size_t bank_count(void);

/* Question number `i`, from 0. */
const char *bank_question(size_t i);

size_t bank_people_count(void);

/* The vectors of both banks, aligned. They are the caller's to free. Takes some seconds. */
struct bank {
    struct encoder_vector *questions;
    struct encoder_vector *people;
};

/* False without memory. */
bool bank_init(struct bank *bank);
void bank_fini(struct bank *bank);

/* Lets `encoder` refer to the bank, which is empty until bank_encode has filled it. */
void bank_lend(const struct bank *bank, struct meaning_encoder *encoder);

void bank_encode(const struct meaning_encoder *encoder, struct bank *out);
