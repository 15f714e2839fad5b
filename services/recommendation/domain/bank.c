/* SPDX-License-Identifier: Apache-2.0 */
#include "domain/bank.h"

#include "bank_questions.h"

size_t bank_count(void)
{
    return sizeof bank_questions / sizeof *bank_questions - 1;
}

const char *bank_question(size_t i)
{
    return bank_questions[i];
}

void bank_encode(const struct meaning_encoder *encoder, struct encoder_vector *out)
{
    for (size_t i = 0; i < bank_count(); i++)
        meaning_of_question(encoder, bank_questions[i], &out[i]);
}
