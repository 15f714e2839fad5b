/* SPDX-License-Identifier: Apache-2.0 */
/* A model as floats, before it is packed into a file. Everything is borrowed. */
#pragma once

#include "domain/encoder/format.h"

struct source_piece {
    const char *text; /* UTF-8 */
    double score;
};

struct source_matrix {
    const float *weight; /* [in][out] */
    const float *bias;   /* [out] */
};

struct source_norm {
    const float *gain, *bias;
};

struct source_layer {
    struct source_norm attention_norm, hidden_norm;
    struct source_matrix residual; /* weight NULL where in and out are equal */
    struct source_matrix query_key_value, attention_out, hidden_in, hidden_out;
};

struct source {
    const char *name;         /* at most 39 bytes */
    struct encoder_dims dims; /* trie_nodes is found by the writer */
    const struct source_piece *pieces;
    size_t reserved;        /* the first pieces stand for nothing in a text */
    const float *embedding; /* [vocabulary][layer[0].in] */
    const float *timescale; /* [layer[0].in / 2] radians per position */
    struct source_layer layer[ENCODER_LAYERS];
    struct source_matrix output;
};
