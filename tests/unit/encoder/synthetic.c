/* SPDX-License-Identifier: Apache-2.0 */
#include "synthetic.h"

#include "writer.h"

#include <stdio.h>
#include <stdlib.h>

enum { WIDE = 48, NARROW = 16, HIDDEN = 32, MOST_FLOATS = 1 << 16, RESERVED = 3 };

/* "ab" beats "a" and "b"; the second "dup" is the one that counts; U+2581 marks a space. */
static const struct source_piece pieces[] = {
    {"<unk>", 0},
    {"<s>", 0},
    {"</s>", 0},
    {"\u2581", -2},
    {"a", -3},
    {"b", -3},
    {"ab", -4},
    {"\u2581ab", -5},
    {"c", -2.5},
    {"dup", -6},
    {"dup", -7},
    {"\u00e9", -4},
    {"x", -4},
    {"xx", -8},
    {"d", -9},
    {"u", -9},
    {"p", -9},
};

/* Deterministic noise in -0.5 … 0.5 (Knuth's MMIX congruential generator). */
static const float *noise(struct synthetic *model, size_t *used, size_t count)
{
    static uint64_t state = 1;
    float *begin = model->floats + *used;

    if (*used == 0)
        state = 1;
    if (*used + count > MOST_FLOATS)
        abort();
    for (size_t i = 0; i < count; i++) {
        state = state * 6364136223846793005U + 1442695040888963407U;
        begin[i] = (float)(state >> 40) / (float)(1 << 24) - 0.5F;
    }
    *used += count;
    return begin;
}

static struct source_matrix matrix(struct synthetic *model, size_t *used, size_t in, size_t out)
{
    const float *weight = noise(model, used, in * out);

    return (struct source_matrix){weight, noise(model, used, out)};
}

static struct source_norm norm(struct synthetic *model, size_t *used, size_t width)
{
    const float *gain = noise(model, used, width);

    return (struct source_norm){gain, noise(model, used, width)};
}

static void fill_layer(struct synthetic *model, size_t *used, int number)
{
    const struct encoder_layer_dims *dims = &model->source.dims.layer[number];
    struct source_layer *layer = &model->source.layer[number];

    layer->attention_norm = norm(model, used, dims->in);
    layer->hidden_norm = norm(model, used, dims->out);
    if (dims->in != dims->out)
        layer->residual = matrix(model, used, dims->in, dims->out);
    layer->query_key_value = matrix(model, used, dims->in, 3 * dims->in);
    layer->attention_out = matrix(model, used, dims->in, dims->out);
    layer->hidden_in = matrix(model, used, dims->out, dims->hidden);
    layer->hidden_out = matrix(model, used, dims->hidden, dims->out);
}

void synthetic_init(struct synthetic *model)
{
    const size_t count = sizeof pieces / sizeof *pieces;
    size_t used = 0;
    struct err err;

    *model = (struct synthetic){.floats = calloc(MOST_FLOATS, sizeof *model->floats)};
    model->source = (struct source){.name = "synthetic",
        .dims = {.vocabulary = (uint32_t)count,
            .layer = {{NARROW, WIDE, 2, HIDDEN}, {WIDE, WIDE, 3, HIDDEN}}},
        .pieces = pieces,
        .reserved = RESERVED};
    if (model->floats == NULL)
        abort();
    model->source.embedding = noise(model, &used, count * NARROW);
    model->source.timescale = noise(model, &used, NARROW / 2);
    for (int l = 0; l < ENCODER_LAYERS; l++)
        fill_layer(model, &used, l);
    model->source.output = matrix(model, &used, WIDE, ENCODER_DIM);
    if (writer_pack(&model->source, &model->bytes, &model->size, &err) != ERR_OK) {
        (void)fprintf(stderr, "%s\n", err.msg);
        abort();
    }
}

void synthetic_fini(struct synthetic *model)
{
    free(model->bytes);
    free(model->floats);
}
