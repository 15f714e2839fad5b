/* SPDX-License-Identifier: Apache-2.0 */
/*
 * bench_kernel: all matrix products of a forward pass, by each kernel this processor runs and by
 * OpenBLAS in floats on one thread, for 1 to 40 pieces. Prints a table of milliseconds.
 */
#include "domain/encoder/kernel.h"

#include <cblas.h>
#include <stdio.h>
#include <stdlib.h>
#include <time.h>

enum { WIDEST = 1536, MOST_ROWS = 40, ROUNDS = 9, MATRICES = 9 };

static const struct {
    uint32_t in, out;
} sizes[MATRICES] = {{256, 768}, {256, 512}, {256, 512}, {512, 1536}, {1536, 512}, {512, 1536},
    {512, 512}, {512, 1536}, {1536, 512}};

struct data {
    struct encoder_matrix matrix[MATRICES];
    float *floats[MATRICES];
    int16_t *in;
    float *float_in, *out;
};

static void *cells(size_t count, size_t size)
{
    void *memory = aligned_alloc(ENCODER_FORMAT_ALIGN,
        (count * size + ENCODER_FORMAT_ALIGN - 1) / ENCODER_FORMAT_ALIGN * ENCODER_FORMAT_ALIGN);

    if (memory == NULL)
        exit(1);
    return memory;
}

static void fill(struct data *data)
{
    data->in = cells(MOST_ROWS * WIDEST, sizeof *data->in);
    data->float_in = cells(MOST_ROWS * WIDEST, sizeof *data->float_in);
    data->out = cells(MOST_ROWS * WIDEST, sizeof *data->out);
    for (size_t i = 0; i < MOST_ROWS * WIDEST; i++) {
        data->in[i] = (int16_t)((int)(i * 7919 % 20001) - 10000);
        data->float_in[i] = (float)data->in[i] * 1e-4F;
    }
    for (size_t m = 0; m < MATRICES; m++) {
        size_t count = (size_t)sizes[m].in * sizes[m].out;
        int8_t *weight = cells(count, sizeof *weight);
        float *scale = cells(count / ENCODER_GROUP, sizeof *scale);

        data->floats[m] = cells(count, sizeof *data->floats[m]);
        for (size_t i = 0; i < count; i++) {
            weight[i] = (int8_t)((int)(i * 37 % 255) - 127);
            data->floats[m][i] = (float)weight[i] * 1e-2F;
            scale[i / ENCODER_GROUP] = 1e-2F;
        }
        data->matrix[m] = (struct encoder_matrix){
            .weight = weight, .scale = scale, .in = sizes[m].in, .out = sizes[m].out};
    }
}

static double now_ms(void)
{
    struct timespec t;

    (void)clock_gettime(CLOCK_PROCESS_CPUTIME_ID, &t);
    return (double)t.tv_sec * 1e3 + (double)t.tv_nsec / 1e6;
}

/* All products once; with no kernel, by OpenBLAS. */
static void multiply_all(const struct data *data, const struct kernel *kernel, int rows)
{
    for (size_t m = 0; m < MATRICES; m++) {
        int in = (int)sizes[m].in;
        int out = (int)sizes[m].out;

        if (kernel != NULL)
            kernel->multiply(&data->matrix[m], data->in, (size_t)rows, data->out);
        else
            cblas_sgemm(CblasRowMajor, CblasNoTrans, CblasNoTrans, rows, out, in, 1, data->float_in,
                in, data->floats[m], out, 0, data->out, out);
    }
}

static double best_ms(const struct data *data, const struct kernel *kernel, int rows)
{
    double best = 1e9;

    for (int round = 0; round < ROUNDS; round++) {
        double begin = now_ms();
        double took;

        multiply_all(data, kernel, rows);
        took = now_ms() - begin;
        best = took < best ? took : best;
    }
    return best;
}

int main(void)
{
    static const int rows[] = {1, 2, 4, 8, 12, 20, 30, 40};
    struct data data;

    fill(&data);
    (void)printf("pieces");
    for (size_t k = 0; kernel_at(k) != NULL; k++)
        (void)printf(" %12s", kernel_at(k)->name);
    (void)printf(" %12s\n", "openblas");
    for (size_t r = 0; r < sizeof rows / sizeof *rows; r++) {
        (void)printf("%6d", rows[r]);
        for (size_t k = 0; kernel_at(k) != NULL; k++)
            (void)printf(" %12.3f", best_ms(&data, kernel_at(k), rows[r]));
        (void)printf(" %12.3f\n", best_ms(&data, NULL, rows[r]));
    }
    return 0;
}
