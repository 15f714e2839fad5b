/* SPDX-License-Identifier: Apache-2.0 */
#include "domain/encoder/forward.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

/* Per text; matrices of one row per piece. `widest` floats suffice for each row. */
struct workspace {
    float *residual; /* what the layers add to */
    float *normal;   /* what a part reads */
    float *wide;     /* query, key and value; hidden units */
    float *narrow;   /* what a part gives */
    float *key;      /* of one head, transposed: one row per dimension */
    int16_t *in;     /* of a product */
    float in_scale[ENCODER_MAX_PIECES];
    float weight[ENCODER_MAX_PIECES]; /* of attention, for one piece */
};

/* The arithmetic of one call. */
struct pass {
    const struct kernel *kernel;
    struct workspace *work;
    size_t count; /* pieces */
};

static size_t widest_row(const struct encoder_dims *dims)
{
    size_t widest = ENCODER_DIM;

    for (int l = 0; l < ENCODER_LAYERS; l++) {
        const struct encoder_layer_dims *layer = &dims->layer[l];
        const size_t widths[] = {3U * layer->in, layer->hidden, layer->out};

        for (size_t i = 0; i < sizeof widths / sizeof *widths; i++)
            widest = widths[i] > widest ? widths[i] : widest;
    }
    return widest;
}

struct workspace *workspace_new(const struct encoder_dims *dims)
{
    struct workspace *work = calloc(1, sizeof *work);
    size_t cells = ENCODER_MAX_PIECES * widest_row(dims);

    if (work == NULL)
        return NULL;
    work->residual = malloc(cells * sizeof *work->residual);
    work->normal = malloc(cells * sizeof *work->normal);
    work->wide = malloc(cells * sizeof *work->wide);
    work->narrow = malloc(cells * sizeof *work->narrow);
    work->key = malloc(cells * sizeof *work->key);
    work->in = malloc(cells * sizeof *work->in);
    if (work->residual == NULL || work->normal == NULL || work->wide == NULL ||
        work->narrow == NULL || work->key == NULL || work->in == NULL) {
        workspace_free(work);
        return NULL;
    }
    return work;
}

void workspace_free(struct workspace *work)
{
    if (work == NULL)
        return;
    free(work->residual);
    free(work->normal);
    free(work->wide);
    free(work->narrow);
    free(work->key);
    free(work->in);
    free(work);
}

/* Round a row to integers; returns what one of them is worth. */
static float quantise(const float *restrict row, size_t width, int16_t *restrict out)
{
    float largest = 0;
    float factor;

    for (size_t i = 0; i < width; i++) {
        float size = fabsf(row[i]);

        largest = size > largest ? size : largest;
    }
    if (largest == 0) {
        memset(out, 0, width * sizeof *out);
        return 0;
    }
    factor = KERNEL_INPUT_MAX / largest;
    for (size_t i = 0; i < width; i++)
        out[i] = (int16_t)(row[i] * factor + copysignf(0.5F, row[i]));
    return largest / KERNEL_INPUT_MAX;
}

/* out[rows][matrix->out] = in[rows][matrix->in] times matrix, plus bias. */
static void multiply(const struct pass *pass, const struct encoder_matrix *matrix, size_t rows,
    const float *in, float *restrict out)
{
    struct workspace *work = pass->work;

    for (size_t r = 0; r < rows; r++)
        work->in_scale[r] = quantise(in + r * matrix->in, matrix->in, work->in + r * matrix->in);
    pass->kernel->multiply(matrix, work->in, rows, out);
    for (size_t r = 0; r < rows; r++) {
        float *restrict row = out + r * matrix->out;

        for (size_t o = 0; o < matrix->out; o++)
            row[o] = row[o] * work->in_scale[r] + matrix->bias[o];
    }
}

/* Mean 0 and variance 1 in each row, then gain and bias (Ba et al. 2016). */
static void normalise(
    const struct pass *pass, const struct encoder_norm *norm, const float *in, float *out)
{
    const float epsilon = 1e-6F;

    for (size_t r = 0; r < pass->count; r++) {
        const float *row = in + r * norm->width;
        float *restrict to = out + r * norm->width;
        float mean = 0;
        float variance = 0;
        float inverse;

        for (size_t i = 0; i < norm->width; i++)
            mean += row[i];
        mean /= (float)norm->width;
        for (size_t i = 0; i < norm->width; i++)
            variance += (row[i] - mean) * (row[i] - mean);
        inverse = 1 / sqrtf(variance / (float)norm->width + epsilon);
        for (size_t i = 0; i < norm->width; i++)
            to[i] = (row[i] - mean) * inverse * norm->gain[i] + norm->bias[i];
    }
}

/* exp and divide by the sum, after taking off the largest so that nothing overflows. */
static void softmax(float *row, size_t count)
{
    float largest = row[0];
    float sum = 0;

    for (size_t i = 1; i < count; i++)
        largest = row[i] > largest ? row[i] : largest;
    for (size_t i = 0; i < count; i++) {
        row[i] = expf(row[i] - largest);
        sum += row[i];
    }
    for (size_t i = 0; i < count; i++)
        row[i] /= sum;
}

/* A head's share of the rows of query, key and value, and of the result. */
struct head {
    const float *query, *key, *value; /* of piece 0; the next piece's are `stride` further */
    size_t stride;
    float *out; /* likewise with `out_stride` */
    size_t out_stride;
    size_t width;
};

/*
 * Scaled dot-product attention. Loops run over neighbouring cells (keys are transposed first), so
 * that the compiler may use vectors without reordering a sum.
 */
static void attend(const struct pass *pass, const struct head *head)
{
    float *restrict keys = pass->work->key;
    float *restrict weight = pass->work->weight;
    float scale = 1 / sqrtf((float)head->width);
    size_t count = pass->count;

    for (size_t j = 0; j < count; j++) {
        for (size_t d = 0; d < head->width; d++)
            keys[d * count + j] = head->key[j * head->stride + d];
    }
    for (size_t i = 0; i < count; i++) {
        const float *query = head->query + i * head->stride;
        float *restrict out = head->out + i * head->out_stride;

        memset(weight, 0, count * sizeof *weight);
        for (size_t d = 0; d < head->width; d++) {
            for (size_t j = 0; j < count; j++)
                weight[j] += query[d] * scale * keys[d * count + j];
        }
        softmax(weight, count);
        memset(out, 0, head->width * sizeof *out);
        for (size_t j = 0; j < count; j++) {
            const float *value = head->value + j * head->stride;

            for (size_t d = 0; d < head->width; d++)
                out[d] += weight[j] * value[d];
        }
    }
}

static void attend_all(const struct pass *pass, const struct encoder_layer *layer, float *out)
{
    size_t in = layer->query_key_value.in;
    size_t width = in / layer->heads;

    for (size_t h = 0; h < layer->heads; h++) {
        const float *query = pass->work->wide + h * width;

        attend(pass, &(struct head){.query = query,
                         .key = query + in,
                         .value = query + 2 * in,
                         .stride = 3 * in,
                         .out = out + h * width,
                         .out_stride = in,
                         .width = width});
    }
}

static void add(float *restrict to, const float *restrict what, size_t cells)
{
    for (size_t i = 0; i < cells; i++)
        to[i] += what[i];
}

static void run_layer(const struct pass *pass, const struct encoder_layer *layer)
{
    struct workspace *work = pass->work;
    size_t rows = pass->count;
    size_t out = layer->attention_out.out;

    normalise(pass, &layer->attention_norm, work->residual, work->normal);
    multiply(pass, &layer->query_key_value, rows, work->normal, work->wide);
    attend_all(pass, layer, work->normal);
    multiply(pass, &layer->attention_out, rows, work->normal, work->narrow);
    if (layer->residual.weight != NULL) {
        multiply(pass, &layer->residual, rows, work->residual, work->normal);
        memcpy(work->residual, work->normal, rows * out * sizeof *work->residual);
    }
    add(work->residual, work->narrow, rows * out);

    normalise(pass, &layer->hidden_norm, work->residual, work->normal);
    multiply(pass, &layer->hidden_in, rows, work->normal, work->wide);
    for (size_t i = 0; i < rows * layer->hidden_in.out; i++)
        work->wide[i] = work->wide[i] > 0 ? work->wide[i] : 0;
    multiply(pass, &layer->hidden_out, rows, work->wide, work->narrow);
    add(work->residual, work->narrow, rows * out);
}

/* The published graph adds the embedding twice: once itself, once with the position's signal. */
static void embed(
    const struct encoder_model *model, const uint16_t *pieces, size_t count, float *out)
{
    size_t width = model->dims.layer[0].in;

    for (size_t r = 0; r < count; r++) {
        const int8_t *row = model->embedding + pieces[r] * width;
        const float *scale = model->embedding_scale + pieces[r] * encoder_groups(width);

        for (size_t i = 0; i < width; i++)
            out[r * width + i] =
                2 * scale[i / ENCODER_GROUP] * (float)row[i] + model->timing[r * width + i];
    }
}

static void mean_of_rows(const float *rows, size_t count, size_t width, float *out)
{
    memset(out, 0, width * sizeof *out);
    for (size_t r = 0; r < count; r++)
        add(out, rows + r * width, width);
    for (size_t i = 0; i < width; i++)
        out[i] /= (float)count;
}

static void make_unit(float v[ENCODER_DIM])
{
    const float least = 1e-12F;
    float square = 0;
    float inverse;

    for (size_t i = 0; i < ENCODER_DIM; i++)
        square += v[i] * v[i];
    inverse = 1 / sqrtf(square > least ? square : least);
    for (size_t i = 0; i < ENCODER_DIM; i++)
        v[i] *= inverse;
}

void forward(const struct encoder_model *model, const struct kernel *kernel, struct workspace *work,
    const uint16_t *pieces, size_t count, float out[ENCODER_DIM])
{
    struct pass pass = {kernel, work, count};

    embed(model, pieces, count, work->residual);
    for (int l = 0; l < ENCODER_LAYERS; l++)
        run_layer(&pass, &model->layer[l]);
    mean_of_rows(work->residual, count, model->output.in, work->normal);
    multiply(&pass, &model->output, 1, work->normal, out);
    for (size_t i = 0; i < ENCODER_DIM; i++)
        out[i] = tanhf(out[i]);
    make_unit(out);
}
