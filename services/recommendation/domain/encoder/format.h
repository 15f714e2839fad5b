/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The model file (.kenc): one header, then sections whose places follow from the header's numbers
 * alone, so that the file can be used where it is mapped. Shared by the encoder, which reads it,
 * and by kith-encoder-convert, which writes it. Little-endian.
 *
 *     header | trie | scores | embedding | timing | layer 0 | layer 1 | output
 *
 * A matrix of `in` x `out` weights is stored as the kernels read it: blocks of 16 outputs; in a
 * block, pairs of inputs; of a pair, both weights of each output. Each group of 64 inputs has a
 * scale per output: y[o] = bias[o] + sum over groups g of scale[g][o] * sum over i in g of
 * weight[i][o] * x[i]. Rows of the embedding have a scale per group likewise. (One scale for a
 * whole column costs rare symbols too much: cosine .998 instead of .9993 at worst.)
 */
#pragma once

#include "domain/encoder/encoder.h"

#include <stdbool.h>

#define ENCODER_FORMAT_MAGIC "KITHENC"

enum {
    ENCODER_FORMAT_VERSION = 1,
    ENCODER_FORMAT_ALIGN = 64,
    ENCODER_CHECKSUM_BYTES = 32,
    ENCODER_LAYERS = 2,
    ENCODER_GROUP = 64,       /* inputs that share a scale */
    ENCODER_BLOCK = 16,       /* outputs in a block; every width is a multiple of it */
    ENCODER_MAX_WIDTH = 4096, /* of a layer; a sanity limit */
    ENCODER_MAX_VOCABULARY = 65535,
    ENCODER_NO_PIECE = 65535
};

/* A layer: attention in the width of its input, then a feed-forward pair around `hidden`. */
struct encoder_layer_dims {
    uint32_t in, out, heads, hidden;
};

struct encoder_dims {
    uint32_t vocabulary; /* pieces; 0 is the unknown one */
    uint32_t trie_nodes; /* 0 is the root */
    struct encoder_layer_dims layer[ENCODER_LAYERS];
};

struct encoder_header {
    char magic[8];
    uint32_t version;
    uint32_t header_bytes;
    uint64_t file_bytes;
    uint8_t checksum[ENCODER_CHECKSUM_BYTES]; /* BLAKE2b of all that follows this field */
    char name[40];                            /* of the model, NUL-terminated */
    struct encoder_dims dims;
};

/* A node's children are neighbours, in the order of their symbols. */
struct encoder_trie_node {
    uint32_t symbol; /* code point that leads here */
    uint32_t first_child;
    uint16_t child_count;
    uint16_t piece; /* that ends here, or ENCODER_NO_PIECE */
};

struct encoder_matrix {
    const int8_t *weight; /* as above */
    const float *scale;   /* [groups][out] */
    const float *bias;    /* [out] */
    uint32_t in, out;
};

/* Layer normalisation. */
struct encoder_norm {
    const float *gain, *bias; /* [width] */
    uint32_t width;
};

struct encoder_layer {
    struct encoder_norm attention_norm, hidden_norm;
    struct encoder_matrix residual; /* only where in and out differ; else no weights */
    struct encoder_matrix query_key_value, attention_out, hidden_in, hidden_out;
    uint32_t heads;
};

/* Where everything is: pointers into the file. */
struct encoder_model {
    struct encoder_dims dims;
    const struct encoder_trie_node *trie;
    const double *score;          /* [vocabulary] log probability of a piece */
    const int8_t *embedding;      /* [vocabulary][layer[0].in] */
    const float *embedding_scale; /* [vocabulary][groups] */
    const float *timing;          /* [ENCODER_MAX_PIECES][layer[0].in] */
    struct encoder_layer layer[ENCODER_LAYERS];
    struct encoder_matrix output; /* to ENCODER_DIM, before tanh */
};

/* The numbers fit together and are within sane limits. */
bool encoder_dims_are_valid(const struct encoder_dims *dims);

/*
 * Point `model` at the sections of a file with these valid dimensions that begins at `base`.
 * Returns the file's size. With `base` NULL only the size means anything.
 */
size_t encoder_model_layout(
    const struct encoder_dims *dims, const void *base, struct encoder_model *model);

static inline size_t encoder_groups(size_t inputs)
{
    return (inputs + ENCODER_GROUP - 1) / ENCODER_GROUP;
}

/* Index of the weight from input `i` to output `o` in a matrix of `in` inputs. */
static inline size_t encoder_weight_index(size_t in, size_t i, size_t o)
{
    size_t block = o / ENCODER_BLOCK * ENCODER_BLOCK;

    return block * in + i / 2 * 2 * ENCODER_BLOCK + o % ENCODER_BLOCK * 2 + i % 2;
}

void encoder_checksum(const void *file, size_t size, uint8_t out[ENCODER_CHECKSUM_BYTES]);
