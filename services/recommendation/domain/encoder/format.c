/* SPDX-License-Identifier: Apache-2.0 */
#include "domain/encoder/format.h"

#include <sodium.h>
#include <string.h>

static bool width_is_valid(uint32_t width)
{
    return width > 0 && width <= ENCODER_MAX_WIDTH && width % ENCODER_BLOCK == 0;
}

bool encoder_dims_are_valid(const struct encoder_dims *dims)
{
    if (dims->vocabulary == 0 || dims->vocabulary > ENCODER_MAX_VOCABULARY)
        return false;
    if (dims->trie_nodes == 0 || dims->trie_nodes > ENCODER_MAX_VOCABULARY * 16U)
        return false;
    for (int l = 0; l < ENCODER_LAYERS; l++) {
        const struct encoder_layer_dims *layer = &dims->layer[l];

        if (!width_is_valid(layer->in) || !width_is_valid(layer->out) ||
            !width_is_valid(layer->hidden) || layer->heads == 0 || layer->in % layer->heads != 0)
            return false;
        if (l > 0 && layer->in != dims->layer[l - 1].out)
            return false;
    }
    return true;
}

/* Hands out the sections one after another. */
struct walk {
    const char *base;
    size_t used;
};

static const void *section(struct walk *walk, size_t count, size_t element_bytes)
{
    size_t at = walk->used;
    size_t end = at + count * element_bytes;

    walk->used = (end + ENCODER_FORMAT_ALIGN - 1) / ENCODER_FORMAT_ALIGN * ENCODER_FORMAT_ALIGN;
    return walk->base == NULL ? NULL : walk->base + at;
}

static struct encoder_matrix matrix(struct walk *walk, uint32_t in, uint32_t out)
{
    struct encoder_matrix m = {.in = in, .out = out};

    m.weight = section(walk, (size_t)in * out, sizeof *m.weight);
    m.scale = section(walk, encoder_groups(in) * out, sizeof *m.scale);
    m.bias = section(walk, out, sizeof *m.bias);
    return m;
}

static struct encoder_norm norm(struct walk *walk, uint32_t width)
{
    struct encoder_norm n = {.width = width};

    n.gain = section(walk, width, sizeof *n.gain);
    n.bias = section(walk, width, sizeof *n.bias);
    return n;
}

static struct encoder_layer layer(struct walk *walk, const struct encoder_layer_dims *dims)
{
    struct encoder_layer l = {.heads = dims->heads};

    l.attention_norm = norm(walk, dims->in);
    if (dims->in != dims->out)
        l.residual = matrix(walk, dims->in, dims->out);
    l.query_key_value = matrix(walk, dims->in, 3 * dims->in);
    l.attention_out = matrix(walk, dims->in, dims->out);
    l.hidden_norm = norm(walk, dims->out);
    l.hidden_in = matrix(walk, dims->out, dims->hidden);
    l.hidden_out = matrix(walk, dims->hidden, dims->out);
    return l;
}

size_t encoder_model_layout(
    const struct encoder_dims *dims, const void *base, struct encoder_model *model)
{
    struct walk walk = {.base = base};
    size_t width = dims->layer[0].in;

    (void)section(&walk, 1, sizeof(struct encoder_header));
    model->dims = *dims;
    model->trie = section(&walk, dims->trie_nodes, sizeof *model->trie);
    model->score = section(&walk, dims->vocabulary, sizeof *model->score);
    model->embedding = section(&walk, dims->vocabulary * width, sizeof *model->embedding);
    model->embedding_scale =
        section(&walk, dims->vocabulary * encoder_groups(width), sizeof *model->embedding_scale);
    model->timing = section(&walk, ENCODER_MAX_PIECES * width, sizeof *model->timing);
    for (int l = 0; l < ENCODER_LAYERS; l++)
        model->layer[l] = layer(&walk, &dims->layer[l]);
    model->output = matrix(&walk, dims->layer[ENCODER_LAYERS - 1].out, ENCODER_DIM);
    return walk.used;
}

void encoder_checksum(const void *file, size_t size, uint8_t out[ENCODER_CHECKSUM_BYTES])
{
    size_t skipped = offsetof(struct encoder_header, name);

    crypto_generichash(
        out, ENCODER_CHECKSUM_BYTES, (const uint8_t *)file + skipped, size - skipped, NULL, 0);
}
