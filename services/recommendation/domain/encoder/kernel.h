/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The loops that cost: rows times matrix, scalar products and sums of packed vectors. Inputs are 15
 * bit integers with a scale per row, weights 8 bit with a scale per output, sums 32 bit: no more
 * error than the weights' own rounding, and two to four times OpenBLAS in floats for 1 to 40 rows
 * (tests/bench/encoder). Each has a portable form and one per instruction set worth it; all give
 * the same bits.
 */
#pragma once

#include "domain/encoder/format.h"

/* A group of inputs of this size times weights of 127 is far from 32 bits. */
enum { KERNEL_INPUT_MAX = 16383 };

struct kernel {
    const char *name;
    /* out[r][o] = sum over g of scale[g][o] * sum over i in g of weight[i][o] * in[r][i] */
    void (*multiply)(
        const struct encoder_matrix *matrix, const int16_t *in, size_t rows, float *out);
    int32_t (*dot)(const int8_t a[ENCODER_DIM], const int8_t b[ENCODER_DIM]);
    /* sum[i] += in[i] * scale */
    void (*add)(const int8_t in[ENCODER_DIM], float scale, float sum[ENCODER_DIM]);
};

/* The fastest this processor runs; the same for the life of the process. */
const struct kernel *kernel_best(void);

/* Of all the kernels this processor runs the one wanted, NULL after the last; 0 is the portable
 * one. */
const struct kernel *kernel_at(size_t wanted);
