/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Vectors as they are kept in memory and in the database: one byte per dimension and a scale, a
 * quarter of the floats. The cosine of two packed unit vectors is within 0.005 of the exact one.
 * Pure and thread-safe.
 */
#pragma once

#include "domain/encoder/encoder.h"

/* 516 bytes; also the stored form (little-endian). All zero: no meaning, cosine 0 with anything. */
struct encoder_vector {
    int8_t dim[ENCODER_DIM];
    float scale; /* floats are dim[i] * scale */
};

void encoder_vector_pack(const float in[ENCODER_DIM], struct encoder_vector *out);
void encoder_vector_unpack(const struct encoder_vector *in, float out[ENCODER_DIM]);

/* Adds it to a sum of vectors, unpacked. */
void encoder_vector_add(const struct encoder_vector *v, float sum[ENCODER_DIM]);

/* -1 to 1. */
float encoder_vector_cosine(const struct encoder_vector *a, const struct encoder_vector *b);

/* The cosine of `query` with each of `count` vectors that lie one after another. */
void encoder_vector_scan(const struct encoder_vector *query, const struct encoder_vector *vectors,
    size_t count, float *cosines);
