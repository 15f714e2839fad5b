/* SPDX-License-Identifier: Apache-2.0 */
#include "writer.h"

#include "trie.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

/* A file in the making, and where its sections are. */
struct image {
    char *bytes;
    struct encoder_model model;
};

/* A section of the image, to be written. */
static void *section(const struct image *image, const void *in_model)
{
    return image->bytes + ((const char *)in_model - image->bytes);
}

static void put(const struct image *image, const void *in_model, const void *from, size_t bytes)
{
    memcpy(section(image, in_model), from, bytes);
}

/* Floats of one group, `step` apart. */
struct group {
    const float *from;
    size_t count, step;
};

static int8_t round_one(float value, float scale)
{
    float rounded = scale > 0 ? rintf(value / scale) : 0;

    return (int8_t)fmaxf(-INT8_MAX, fminf(INT8_MAX, rounded));
}

static double squared_error(const struct group *group, float scale)
{
    double sum = 0;

    for (size_t i = 0; i < group->count; i++) {
        float value = group->from[i * group->step];
        double error = (double)(value - (float)round_one(value, scale) * scale);

        sum += error * error;
    }
    return sum;
}

/*
 * The scale that rounds to 8 bits with the least squared error: it pays to cut a few large values
 * for the sake of a finer grid.
 */
static float best_scale(const struct group *group)
{
    const int steps = 40;
    float largest = 0;
    float best;
    double least;

    for (size_t i = 0; i < group->count; i++)
        largest = fmaxf(largest, fabsf(group->from[i * group->step]));
    best = largest / INT8_MAX;
    least = squared_error(group, best);
    for (int s = steps * 3 / 4; s < steps; s++) {
        float scale = largest / INT8_MAX * (float)s / (float)steps;
        double error = squared_error(group, scale);

        if (error < least) {
            least = error;
            best = scale;
        }
    }
    return best;
}

static size_t group_size(size_t inputs, size_t begin)
{
    return inputs - begin < ENCODER_GROUP ? inputs - begin : ENCODER_GROUP;
}

/* The weights of output `o` and their scales. */
static void put_output(
    const struct image *image, const struct encoder_matrix *matrix, const float *weight, size_t o)
{
    int8_t *to = section(image, matrix->weight);
    float *scale = section(image, matrix->scale);

    for (size_t begin = 0; begin < matrix->in; begin += ENCODER_GROUP) {
        const struct group group = {
            weight + begin * matrix->out + o, group_size(matrix->in, begin), matrix->out};
        float its_scale = best_scale(&group);

        scale[begin / ENCODER_GROUP * matrix->out + o] = its_scale;
        for (size_t i = 0; i < group.count; i++)
            to[encoder_weight_index(matrix->in, begin + i, o)] =
                round_one(group.from[i * group.step], its_scale);
    }
}

static void put_matrix(const struct image *image, const struct encoder_matrix *matrix,
    const struct source_matrix *source)
{
    for (size_t o = 0; o < matrix->out; o++)
        put_output(image, matrix, source->weight, o);
    put(image, matrix->bias, source->bias, matrix->out * sizeof *matrix->bias);
}

static void put_norm(
    const struct image *image, const struct encoder_norm *norm, const struct source_norm *source)
{
    put(image, norm->gain, source->gain, norm->width * sizeof *norm->gain);
    put(image, norm->bias, source->bias, norm->width * sizeof *norm->bias);
}

static void put_layer(
    const struct image *image, const struct encoder_layer *layer, const struct source_layer *source)
{
    put_norm(image, &layer->attention_norm, &source->attention_norm);
    put_norm(image, &layer->hidden_norm, &source->hidden_norm);
    if (layer->residual.weight != NULL)
        put_matrix(image, &layer->residual, &source->residual);
    put_matrix(image, &layer->query_key_value, &source->query_key_value);
    put_matrix(image, &layer->attention_out, &source->attention_out);
    put_matrix(image, &layer->hidden_in, &source->hidden_in);
    put_matrix(image, &layer->hidden_out, &source->hidden_out);
}

static void put_embedding(const struct image *image, const float *row, size_t width, size_t piece)
{
    int8_t *to = (int8_t *)section(image, image->model.embedding) + piece * width;
    float *scale =
        (float *)section(image, image->model.embedding_scale) + piece * encoder_groups(width);

    for (size_t begin = 0; begin < width; begin += ENCODER_GROUP) {
        const struct group group = {row + begin, group_size(width, begin), 1};

        scale[begin / ENCODER_GROUP] = best_scale(&group);
        for (size_t i = 0; i < group.count; i++)
            to[begin + i] = round_one(group.from[i], scale[begin / ENCODER_GROUP]);
    }
}

static void put_pieces(const struct image *image, const struct source *source)
{
    double *score = section(image, image->model.score);
    size_t width = source->dims.layer[0].in;

    for (size_t i = 0; i < source->dims.vocabulary; i++) {
        score[i] = source->pieces[i].score;
        put_embedding(image, source->embedding + i * width, width, i);
    }
}

/* Sines, then cosines, of the position in ever longer waves. */
static void put_timing(const struct image *image, const struct source *source)
{
    float *timing = section(image, image->model.timing);
    size_t half = source->dims.layer[0].in / 2;

    for (size_t position = 0; position < ENCODER_MAX_PIECES; position++) {
        float *row = timing + position * 2 * half;

        for (size_t i = 0; i < half; i++) {
            float angle = (float)position * source->timescale[i];

            row[i] = (float)sin((double)angle);
            row[half + i] = (float)cos((double)angle);
        }
    }
}

static void put_header(const struct image *image, const char *name, size_t size)
{
    struct encoder_header *header = (void *)image->bytes;

    memcpy(header->magic, ENCODER_FORMAT_MAGIC, sizeof header->magic);
    header->version = ENCODER_FORMAT_VERSION;
    header->header_bytes = sizeof *header;
    header->file_bytes = size;
    memcpy(header->name, name, strlen(name) + 1);
    header->dims = image->model.dims;
    encoder_checksum(image->bytes, size, header->checksum);
}

static enum err_code pack(const struct source *source, const struct trie *trie, void **bytes,
    size_t *size, struct err *err)
{
    struct encoder_dims dims = source->dims;
    struct image image;

    dims.trie_nodes = (uint32_t)trie->count;
    if (!encoder_dims_are_valid(&dims) ||
        strlen(source->name) >= sizeof((struct encoder_header *)NULL)->name)
        return err_raise(
            err, REASON_ENCODER_FILE_INVALID, "the model's numbers do not fit together");
    *size = encoder_model_layout(&dims, NULL, &image.model);
    image.bytes = aligned_alloc(ENCODER_FORMAT_ALIGN, *size);
    if (image.bytes == NULL)
        return err_raise(err, REASON_INTERNAL_ERROR, "out of memory");
    memset(image.bytes, 0, *size);
    (void)encoder_model_layout(&dims, image.bytes, &image.model);
    put(&image, image.model.trie, trie->node, trie->count * sizeof *trie->node);
    put_pieces(&image, source);
    put_timing(&image, source);
    for (int l = 0; l < ENCODER_LAYERS; l++)
        put_layer(&image, &image.model.layer[l], &source->layer[l]);
    put_matrix(&image, &image.model.output, &source->output);
    put_header(&image, source->name, *size);
    *bytes = image.bytes;
    return ERR_OK;
}

enum err_code writer_pack(const struct source *source, void **bytes, size_t *size, struct err *err)
{
    struct trie trie;
    enum err_code code = trie_build(source, &trie, err);

    if (code != ERR_OK)
        return code;
    code = pack(source, &trie, bytes, size, err);
    trie_fini(&trie);
    return code;
}
