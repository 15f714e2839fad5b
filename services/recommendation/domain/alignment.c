/* SPDX-License-Identifier: Apache-2.0 */
#include "domain/alignment.h"

#include <math.h>

/* Rows of `fitted`. A question along FROM + i is moved along TO + i. */
enum { RANK = 32, QUESTION_MEAN = 0, EVIDENCE_MEAN, FROM, TO = FROM + RANK, N_ROWS = TO + RANK };

/* Written by eval/fit-alignment. */
static const struct encoder_vector fitted[N_ROWS] = {
#include "data/alignment.inc"
};

void alignment_normalise(float vector[ENCODER_DIM])
{
    float square = 0;

    for (size_t i = 0; i < ENCODER_DIM; i++)
        square += vector[i] * vector[i];
    for (size_t i = 0; i < ENCODER_DIM && square > 0; i++)
        vector[i] /= sqrtf(square);
}

static void centre(float vector[ENCODER_DIM], const struct encoder_vector *mean)
{
    for (size_t i = 0; i < ENCODER_DIM; i++)
        vector[i] -= (float)mean->dim[i] * mean->scale;
    alignment_normalise(vector);
}

static float part_along(const float vector[ENCODER_DIM], const struct encoder_vector *direction)
{
    float part = 0;

    for (size_t i = 0; i < ENCODER_DIM; i++)
        part += vector[i] * (float)direction->dim[i];
    return part * direction->scale;
}

void alignment_turn_question(float vector[ENCODER_DIM])
{
    float part[RANK];

    centre(vector, &fitted[QUESTION_MEAN]);
    for (size_t r = 0; r < RANK; r++)
        part[r] = part_along(vector, &fitted[FROM + r]);
    for (size_t r = 0; r < RANK; r++)
        for (size_t i = 0; i < ENCODER_DIM; i++)
            vector[i] += part[r] * (float)fitted[TO + r].dim[i] * fitted[TO + r].scale;
    alignment_normalise(vector);
}

void alignment_centre_evidence(float vector[ENCODER_DIM])
{
    centre(vector, &fitted[EVIDENCE_MEAN]);
}

const void *alignment_weights(size_t *size)
{
    *size = sizeof fitted;
    return fitted;
}

const struct encoder_vector *alignment_question_mean(void)
{
    return &fitted[QUESTION_MEAN];
}
