/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Turns a text into a unit vector whose direction is its meaning: texts that mean alike have a
 * high cosine. The model is Universal Sentence Encoder Lite (Cer et al., EMNLP 2018): SentencePiece
 * unigram segmentation (Kudo, ACL 2018), two transformer layers, the mean over the pieces, one tanh
 * layer. It knows English.
 *
 * Pure: reads a model file that somebody else has mapped, writes caller's memory. A model is
 * read-only after encoder_new() and shared by all threads; each thread has a scratch of its own.
 */
#pragma once

#include "err/err.h"

#include <stddef.h>
#include <stdint.h>

enum {
    ENCODER_DIM = 512,        /* floats in a vector */
    ENCODER_MAX_PIECES = 128, /* the model looks at no more of them */
    ENCODER_MAX_BYTES = 8192, /* of a text; what comes after can not reach the pieces looked at */
    ENCODER_MODEL_NAME_MAX = 64
};

struct encoder;
struct encoder_scratch;

/*
 * Check the bytes of a model file, as kith-encoder-convert writes it, and make a model of them.
 * They must be aligned to 64 (a mapping is) and stay as they are until encoder_free().
 * ENCODER_FILE_INVALID if they are cut, altered or of another version.
 */
MUST_USE enum err_code encoder_new(
    const void *bytes, size_t size, struct encoder **out, struct err *err);
void encoder_free(struct encoder *encoder);

/*
 * Name and checksum of the model, "use-lite-en-0.2.0-int8:9f86d081884c7d65": vectors of different
 * models can not be compared, so it is stored beside each. Lives as long as the encoder.
 */
const char *encoder_model_name(const struct encoder *encoder);

/* About 2 MB; NULL if there is no memory. Good for this model only. */
struct encoder_scratch *encoder_scratch_new(const struct encoder *encoder);
void encoder_scratch_free(struct encoder_scratch *scratch);

/*
 * The vector of a text of `len` bytes, of length 1. Never fails: bytes that are no UTF-8 read as
 * U+FFFD. Returns the number of pieces looked at; 0, with `out` all zero, for an empty text.
 */
size_t encoder_encode(const struct encoder *encoder, struct encoder_scratch *scratch,
    const char *text, size_t len, float out[ENCODER_DIM]);

/* The piece ids of a text, as encoder_encode() sees them. Returns their number. */
size_t encoder_segment(const struct encoder *encoder, struct encoder_scratch *scratch,
    const char *text, size_t len, uint16_t pieces[ENCODER_MAX_PIECES]);
