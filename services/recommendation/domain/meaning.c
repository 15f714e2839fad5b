/* SPDX-License-Identifier: Apache-2.0 */
#include "domain/meaning.h"

#include "domain/alignment.h"
#include "domain/gloss.h"

#include <stdio.h>
#include <string.h>

enum { MAX_PHRASE_BYTES = MEANING_MAX_BYTES + GLOSS_MAX_BYTES + 32 };

/* The mean of phrases. */
struct sum {
    const struct meaning_encoder *encoder;
    float total[ENCODER_DIM];
};

static void add_phrase(struct sum *sum, const char *before, const char *text, const char *after)
{
    char phrase[MAX_PHRASE_BYTES];
    float vector[ENCODER_DIM];
    int len = snprintf(phrase, sizeof phrase, "%s%.*s%s", before, MEANING_MAX_BYTES, text, after);
    size_t used = (size_t)len < sizeof phrase ? (size_t)len : sizeof phrase - 1;

    (void)encoder_encode(sum->encoder->encoder, sum->encoder->scratch, phrase, used, vector);
    for (size_t i = 0; i < ENCODER_DIM; i++)
        sum->total[i] += vector[i];
}

/* "Head swim coach" → "head swim coach" within a sentence; "IT help desk" stays. */
static void write_lowered(const char *text, char out[MEANING_MAX_BYTES + 1])
{
    (void)snprintf(out, MEANING_MAX_BYTES + 1, "%s", text);
    if (out[0] >= 'A' && out[0] <= 'Z' && out[1] >= 'a' && out[1] <= 'z')
        out[0] = (char)(out[0] - 'A' + 'a');
}

void meaning_say_evidence(
    const struct meaning_encoder *encoder, const char *text, float out[ENCODER_DIM])
{
    struct sum sum = {.encoder = encoder};
    char lowered[MEANING_MAX_BYTES + 1];
    char said[2 + GLOSS_MAX_BYTES] = ": ";
    size_t known = 0;

    write_lowered(text, lowered);
    if (encoder->wordnet != NULL)
        known = gloss_of(encoder->wordnet, text, said + 2);
    add_phrase(&sum, "", text, known > 0 ? said : "");
    add_phrase(&sum, "You should ask a ", lowered, ".");
    add_phrase(&sum, "Questions about ", lowered, "");
    memcpy(out, sum.total, sizeof sum.total);
    alignment_normalise(out);
}

void meaning_say_question(
    const struct meaning_encoder *encoder, const char *text, float out[ENCODER_DIM])
{
    struct sum sum = {.encoder = encoder};

    add_phrase(&sum, "", text, "");
    add_phrase(&sum, "Who can help: ", text, "");
    memcpy(out, sum.total, sizeof sum.total);
    alignment_normalise(out);
}

void meaning_of_evidence(
    const struct meaning_encoder *encoder, const char *text, struct meaning *out)
{
    float vector[ENCODER_DIM];

    meaning_say_evidence(encoder, text, vector);
    alignment_centre_evidence(vector);
    encoder_vector_pack(vector, &out->vector);
    out->hubness = hubness_of(&encoder->questions, &out->vector);
}

void meaning_of_question(
    const struct meaning_encoder *encoder, const char *text, struct meaning_question *out)
{
    float vector[ENCODER_DIM];

    meaning_say_question(encoder, text, vector);
    encoder_vector_pack(vector, &out->vector);
    alignment_turn_question(vector);
    encoder_vector_pack(vector, &out->sought);
    out->hubness = hubness_of(&encoder->people, &out->sought);
}

float meaning_likeness(const struct meaning_question *question, const struct meaning *evidence)
{
    float cosine = encoder_vector_cosine(&question->sought, &evidence->vector);

    return hubness_correct(cosine, evidence->hubness, question->hubness);
}
