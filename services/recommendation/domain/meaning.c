/* SPDX-License-Identifier: Apache-2.0 */
#include "domain/meaning.h"

#include "domain/gloss.h"

#include <math.h>
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

static void pack(struct sum *sum, struct encoder_vector *out)
{
    float square = 0;

    for (size_t i = 0; i < ENCODER_DIM; i++)
        square += sum->total[i] * sum->total[i];
    for (size_t i = 0; i < ENCODER_DIM && square > 0; i++)
        sum->total[i] /= sqrtf(square);
    encoder_vector_pack(sum->total, out);
}

/* "Head swim coach" → "head swim coach" within a sentence; "IT help desk" stays. */
static void write_lowered(const char *text, char out[MEANING_MAX_BYTES + 1])
{
    (void)snprintf(out, MEANING_MAX_BYTES + 1, "%s", text);
    if (out[0] >= 'A' && out[0] <= 'Z' && out[1] >= 'a' && out[1] <= 'z')
        out[0] = (char)(out[0] - 'A' + 'a');
}

void meaning_of_evidence(
    const struct meaning_encoder *encoder, const char *text, struct meaning *out)
{
    struct sum sum = {.encoder = encoder};
    char lowered[MEANING_MAX_BYTES + 1];
    char said[2 + GLOSS_MAX_BYTES] = ": ";
    size_t known = 0;

    write_lowered(text, lowered);
    if (encoder->wordnet != NULL)
        known = gloss_of(encoder->wordnet, text, said + 2);
    add_phrase(&sum, "", text, "");
    add_phrase(&sum, "I am a ", lowered, "");
    add_phrase(&sum, "who is a ", lowered, "?");
    add_phrase(&sum, "", text, known > 0 ? said : "");
    pack(&sum, &out->vector);
    out->hubness = hubness_of(&encoder->bank, &out->vector);
}

void meaning_of_question(
    const struct meaning_encoder *encoder, const char *text, struct encoder_vector *out)
{
    struct sum sum = {.encoder = encoder};

    add_phrase(&sum, "", text, "");
    add_phrase(&sum, "Who can help: ", text, "");
    pack(&sum, out);
}

float meaning_likeness(const struct encoder_vector *question, const struct meaning *evidence)
{
    return hubness_correct(encoder_vector_cosine(question, &evidence->vector), evidence->hubness);
}
