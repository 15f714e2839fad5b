/* SPDX-License-Identifier: Apache-2.0 */
#include "domain/bank.h"

#include "bank_people.h"
#include "bank_questions.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

size_t bank_count(void)
{
    return sizeof bank_questions / sizeof *bank_questions - 1;
}

const char *bank_question(size_t i)
{
    return bank_questions[i];
}

size_t bank_people_count(void)
{
    return sizeof bank_people / sizeof *bank_people - 1;
}

bool bank_init(struct bank *bank)
{
    bank->questions = calloc(bank_count(), sizeof *bank->questions);
    bank->people = calloc(bank_people_count(), sizeof *bank->people);
    return bank->questions != NULL && bank->people != NULL;
}

void bank_fini(struct bank *bank)
{
    free(bank->questions);
    free(bank->people);
}

void bank_lend(const struct bank *bank, struct meaning_encoder *encoder)
{
    encoder->questions = (struct hubness_bank){bank->questions, bank_count()};
    encoder->people = (struct hubness_bank){bank->people, bank_people_count()};
}

/* A line is evidence, a tab, and what such a person is asked. */
static void encode_person(
    const struct meaning_encoder *encoder, const char *line, struct encoder_vector *out)
{
    char text[MEANING_MAX_BYTES];
    struct meaning meaning;

    (void)snprintf(text, sizeof text, "%.*s", (int)strcspn(line, "\t"), line);
    meaning_of_evidence(encoder, text, &meaning);
    *out = meaning.vector;
}

void bank_encode(const struct meaning_encoder *encoder, struct bank *out)
{
    const struct meaning_encoder bare = {encoder->encoder, encoder->scratch, encoder->wordnet};

    for (size_t i = 0; i < bank_count(); i++) {
        struct meaning_question question;

        meaning_of_question(&bare, bank_questions[i], &question);
        out->questions[i] = question.sought;
    }
    for (size_t i = 0; i < bank_people_count(); i++)
        encode_person(&bare, bank_people[i], &out->people[i]);
}
