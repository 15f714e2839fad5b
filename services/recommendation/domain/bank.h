/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The banks against hubness, built in: everyday questions (data/questions.txt), and what people may
 * know (data/who_knows.tsv). Written for this project; what they hold must never come from members.
 * Pure.
 *
 * Their vectors follow from the model and from this program alone, and take seconds to compute: so
 * they are kept in a bank file, made with the model file, that is used where it is mapped.
 */
#pragma once

#include "domain/meaning.h"

size_t bank_count(void);

/* Question number `i`, from 0. */
const char *bank_question(size_t i);

size_t bank_people_count(void);

enum { BANK_IDENTITY_SIZE = 17 };

/* A hash of all that makes a vector out of a text beside the model: phrases, alignment, banks. */
void bank_identity(char out[BANK_IDENTITY_SIZE]);

/* The bytes of a bank file, for free(): encodes both banks. NULL without memory. */
void *bank_make(const struct meaning_encoder *encoder);
size_t bank_file_size(void);

/* The vectors of both banks, aligned; they lie in the bytes of a bank file. */
struct bank {
    const struct encoder_vector *questions;
    const struct encoder_vector *people;
};

/* ENCODER_BANK_INVALID if the bytes are cut, altered, of another model or of another program. */
MUST_USE enum err_code bank_read(const void *bytes, size_t size, const struct encoder *encoder,
    struct bank *out, struct err *err);

/* Lets `encoder` refer to the bank. */
void bank_lend(const struct bank *bank, struct meaning_encoder *encoder);
