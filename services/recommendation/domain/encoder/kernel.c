/* SPDX-License-Identifier: Apache-2.0 */
#include "domain/encoder/kernel.h"

#include <string.h>

/* The inputs of the group that begins at `begin` end here. */
static inline size_t group_end(size_t inputs, size_t begin)
{
    return inputs - begin < ENCODER_GROUP ? inputs : begin + ENCODER_GROUP;
}

/* One row, one block of outputs. Written over neighbouring cells, for any compiler's vectors. */
static void block_portable(
    const struct encoder_matrix *matrix, const int16_t *in, size_t output, float *out)
{
    const int8_t *block = matrix->weight + output * matrix->in;
    const float *scale = matrix->scale + output;

    memset(out, 0, ENCODER_BLOCK * sizeof *out);
    for (size_t begin = 0; begin < matrix->in; begin += ENCODER_GROUP) {
        int32_t product[2 * ENCODER_BLOCK] = {0};

        for (size_t i = begin; i < group_end(matrix->in, begin); i += 2) {
            const int8_t *pair = block + i * ENCODER_BLOCK;
            int16_t repeated[2 * ENCODER_BLOCK];

            for (size_t j = 0; j < 2 * ENCODER_BLOCK; j += 2)
                memcpy(repeated + j, in + i, 2 * sizeof *in);
            for (size_t j = 0; j < 2 * ENCODER_BLOCK; j++)
                product[j] += (int16_t)pair[j] * repeated[j];
        }
        for (size_t j = 0; j < ENCODER_BLOCK; j++)
            out[j] += (float)(product[2 * j] + product[2 * j + 1]) * scale[j];
        scale += matrix->out;
    }
}

static void multiply_portable(
    const struct encoder_matrix *matrix, const int16_t *in, size_t rows, float *out)
{
    for (size_t o = 0; o < matrix->out; o += ENCODER_BLOCK) {
        for (size_t r = 0; r < rows; r++)
            block_portable(matrix, in + r * matrix->in, o, out + r * matrix->out + o);
    }
}

static int32_t dot_portable(const int8_t a[ENCODER_DIM], const int8_t b[ENCODER_DIM])
{
    int32_t sum = 0;

    for (size_t i = 0; i < ENCODER_DIM; i++)
        sum += a[i] * b[i];
    return sum;
}

static void add_portable(const int8_t in[ENCODER_DIM], float scale, float sum[ENCODER_DIM])
{
    for (size_t i = 0; i < ENCODER_DIM; i++)
        sum[i] += (float)in[i] * scale;
}

#ifdef __x86_64__
#include <immintrin.h>

#define AVX2 __attribute__((target("avx2")))
#define VNNI __attribute__((target("avx512f,avx512bw,avx512vl,avx512vnni")))
#define TILE static inline __attribute__((always_inline))

/* Where a tile of some rows and one block of outputs begins. */
struct tile {
    const int8_t *weight;
    const float *scale;
    const int16_t *in;
    float *out;
    size_t inputs, outputs;
};

/* Two neighbouring inputs in every lane. */
TILE int32_t input_pair(const struct tile *tile, size_t row, size_t i)
{
    int32_t pair;

    memcpy(&pair, tile->in + row * tile->inputs + i, sizeof pair);
    return pair;
}

TILE AVX2 __m256i widen_avx2(const int8_t *weight)
{
    return _mm256_cvtepi8_epi16(_mm_load_si128((const __m128i *)(const void *)weight));
}

/* `rows` is a constant at every call: the loops unroll and the sums stay in registers. */
TILE AVX2 void tile_avx2(const struct tile *tile, size_t rows)
{
    const float *scale = tile->scale;
    __m256 total[4][2];

    for (size_t r = 0; r < rows; r++)
        total[r][0] = total[r][1] = _mm256_setzero_ps();
    for (size_t begin = 0; begin < tile->inputs; begin += ENCODER_GROUP) {
        __m256 scale_low = _mm256_loadu_ps(scale);
        __m256 scale_high = _mm256_loadu_ps(scale + 8);
        __m256i sum[4][2];

        for (size_t r = 0; r < rows; r++)
            sum[r][0] = sum[r][1] = _mm256_setzero_si256();
        for (size_t i = begin; i < group_end(tile->inputs, begin); i += 2) {
            __m256i low = widen_avx2(tile->weight + i * ENCODER_BLOCK);
            __m256i high = widen_avx2(tile->weight + (i + 1) * ENCODER_BLOCK);

            for (size_t r = 0; r < rows; r++) {
                __m256i pair = _mm256_set1_epi32(input_pair(tile, r, i));

                sum[r][0] = _mm256_add_epi32(sum[r][0], _mm256_madd_epi16(low, pair));
                sum[r][1] = _mm256_add_epi32(sum[r][1], _mm256_madd_epi16(high, pair));
            }
        }
        for (size_t r = 0; r < rows; r++) {
            __m256 low = _mm256_mul_ps(_mm256_cvtepi32_ps(sum[r][0]), scale_low);
            __m256 high = _mm256_mul_ps(_mm256_cvtepi32_ps(sum[r][1]), scale_high);

            total[r][0] = _mm256_add_ps(total[r][0], low);
            total[r][1] = _mm256_add_ps(total[r][1], high);
        }
        scale += tile->outputs;
    }
    for (size_t r = 0; r < rows; r++) {
        _mm256_storeu_ps(tile->out + r * tile->outputs, total[r][0]);
        _mm256_storeu_ps(tile->out + r * tile->outputs + 8, total[r][1]);
    }
}

TILE VNNI void tile_vnni(const struct tile *tile, size_t rows)
{
    const float *scale = tile->scale;
    __m512 total[8];

    for (size_t r = 0; r < rows; r++)
        total[r] = _mm512_setzero_ps();
    for (size_t begin = 0; begin < tile->inputs; begin += ENCODER_GROUP) {
        __m512 group_scale = _mm512_loadu_ps(scale);
        __m512i sum[8];

        for (size_t r = 0; r < rows; r++)
            sum[r] = _mm512_setzero_si512();
        for (size_t i = begin; i < group_end(tile->inputs, begin); i += 2) {
            const void *pairs = tile->weight + i * ENCODER_BLOCK;
            __m512i weight = _mm512_cvtepi8_epi16(_mm256_load_si256((const __m256i *)pairs));

            for (size_t r = 0; r < rows; r++) {
                __m512i pair = _mm512_set1_epi32(input_pair(tile, r, i));

                sum[r] = _mm512_dpwssd_epi32(sum[r], weight, pair);
            }
        }
        for (size_t r = 0; r < rows; r++)
            total[r] =
                _mm512_add_ps(total[r], _mm512_mul_ps(_mm512_cvtepi32_ps(sum[r]), group_scale));
        scale += tile->outputs;
    }
    for (size_t r = 0; r < rows; r++)
        _mm512_storeu_ps(tile->out + r * tile->outputs, total[r]);
}

TILE struct tile tile_at(
    const struct encoder_matrix *matrix, const int16_t *in, float *out, size_t row, size_t output)
{
    return (struct tile){
        .weight = matrix->weight + output * matrix->in,
        .scale = matrix->scale + output,
        .in = in + row * matrix->in,
        .out = out + row * matrix->out + output,
        .inputs = matrix->in,
        .outputs = matrix->out,
    };
}

AVX2 static void multiply_avx2(
    const struct encoder_matrix *matrix, const int16_t *in, size_t rows, float *out)
{
    for (size_t o = 0; o < matrix->out; o += ENCODER_BLOCK) {
        for (size_t r = 0; r < rows;) {
            struct tile tile = tile_at(matrix, in, out, r, o);

            if (rows - r >= 4) {
                tile_avx2(&tile, 4);
                r += 4;
            } else {
                tile_avx2(&tile, 1);
                r += 1;
            }
        }
    }
}

VNNI static void multiply_vnni(
    const struct encoder_matrix *matrix, const int16_t *in, size_t rows, float *out)
{
    for (size_t o = 0; o < matrix->out; o += ENCODER_BLOCK) {
        for (size_t r = 0; r < rows;) {
            struct tile tile = tile_at(matrix, in, out, r, o);

            if (rows - r >= 8) {
                tile_vnni(&tile, 8);
                r += 8;
            } else if (rows - r >= 4) {
                tile_vnni(&tile, 4);
                r += 4;
            } else {
                tile_vnni(&tile, 1);
                r += 1;
            }
        }
    }
}

AVX2 static int32_t dot_avx2(const int8_t a[ENCODER_DIM], const int8_t b[ENCODER_DIM])
{
    __m256i sum = _mm256_setzero_si256();
    __m128i half;

    for (size_t i = 0; i < ENCODER_DIM; i += 16) {
        __m256i x = _mm256_cvtepi8_epi16(_mm_loadu_si128((const __m128i *)(const void *)(a + i)));
        __m256i y = _mm256_cvtepi8_epi16(_mm_loadu_si128((const __m128i *)(const void *)(b + i)));

        sum = _mm256_add_epi32(sum, _mm256_madd_epi16(x, y));
    }
    half = _mm_add_epi32(_mm256_castsi256_si128(sum), _mm256_extracti128_si256(sum, 1));
    half = _mm_add_epi32(half, _mm_shuffle_epi32(half, _MM_SHUFFLE(1, 0, 3, 2)));
    half = _mm_add_epi32(half, _mm_shuffle_epi32(half, _MM_SHUFFLE(2, 3, 0, 1)));
    return _mm_cvtsi128_si32(half);
}

AVX2 static void add_avx2(const int8_t in[ENCODER_DIM], float scale, float sum[ENCODER_DIM])
{
    __m256 scales = _mm256_set1_ps(scale);

    for (size_t i = 0; i < ENCODER_DIM; i += 8) {
        __m128i bytes = _mm_loadl_epi64((const __m128i *)(const void *)(in + i));
        __m256 floats = _mm256_cvtepi32_ps(_mm256_cvtepi8_epi32(bytes));
        __m256 added = _mm256_mul_ps(floats, scales);

        _mm256_storeu_ps(sum + i, _mm256_add_ps(_mm256_loadu_ps(sum + i), added));
    }
}

static bool has_avx2(void)
{
    return __builtin_cpu_supports("avx2");
}

static bool has_vnni(void)
{
    return __builtin_cpu_supports("avx512bw") && __builtin_cpu_supports("avx512vl") &&
           __builtin_cpu_supports("avx512vnni");
}
#endif

static bool always(void)
{
    return true;
}

/* Slowest first. */
static const struct {
    struct kernel kernel;
    bool (*runs_here)(void);
} kernels[] = {
    {{"portable", multiply_portable, dot_portable, add_portable}, always},
#ifdef __x86_64__
    {{"avx2", multiply_avx2, dot_avx2, add_avx2}, has_avx2},
    {{"avx512-vnni", multiply_vnni, dot_avx2, add_avx2}, has_vnni},
#endif
};

const struct kernel *kernel_at(size_t wanted)
{
    size_t seen = 0;

    for (size_t i = 0; i < sizeof kernels / sizeof *kernels; i++) {
        if (kernels[i].runs_here() && seen++ == wanted)
            return &kernels[i].kernel;
    }
    return NULL;
}

const struct kernel *kernel_best(void)
{
    const struct kernel *best = &kernels[0].kernel;

    for (size_t i = 1; i < sizeof kernels / sizeof *kernels; i++) {
        if (kernels[i].runs_here())
            best = &kernels[i].kernel;
    }
    return best;
}
