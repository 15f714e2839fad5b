/* SPDX-License-Identifier: Apache-2.0 */
#include "domain/encoder/vector.h"

#include "domain/encoder/kernel.h"

#include <math.h>

void encoder_vector_pack(const float in[ENCODER_DIM], struct encoder_vector *out)
{
    float largest = 0;

    for (size_t i = 0; i < ENCODER_DIM; i++)
        largest = fmaxf(largest, fabsf(in[i]));
    out->scale = largest / INT8_MAX;
    for (size_t i = 0; i < ENCODER_DIM; i++)
        out->dim[i] = largest == 0 ? 0 : (int8_t)lrintf(in[i] / out->scale);
}

void encoder_vector_unpack(const struct encoder_vector *in, float out[ENCODER_DIM])
{
    for (size_t i = 0; i < ENCODER_DIM; i++)
        out[i] = (float)in->dim[i] * in->scale;
}

void encoder_vector_add(const struct encoder_vector *v, float sum[ENCODER_DIM])
{
    kernel_best()->add(v->dim, v->scale, sum);
}

float encoder_vector_cosine(const struct encoder_vector *a, const struct encoder_vector *b)
{
    float cosine;

    encoder_vector_scan(a, b, 1, &cosine);
    return cosine;
}

void encoder_vector_scan(const struct encoder_vector *query, const struct encoder_vector *vectors,
    size_t count, float *cosines)
{
    const struct kernel *kernel = kernel_best();

    for (size_t i = 0; i < count; i++)
        cosines[i] =
            (float)kernel->dot(query->dim, vectors[i].dim) * query->scale * vectors[i].scale;
}
