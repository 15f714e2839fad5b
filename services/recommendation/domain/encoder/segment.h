/* SPDX-License-Identifier: Apache-2.0 */
/*
 * From a text to the ids of its pieces: normalisation form KC, a mark for each space, and the most
 * likely segmentation under the unigram model (Kudo, ACL 2018, section 3), found by Viterbi's
 * algorithm over the trie of pieces. It does what the JavaScript tokenizer of the model's package
 * does, its quirks included: the model was published with them.
 */
#pragma once

#include "domain/encoder/format.h"

struct segmenter;

struct segmenter *segmenter_new(void);
void segmenter_free(struct segmenter *segmenter);

/* Returns the number of pieces, at most ENCODER_MAX_PIECES. */
size_t segment(const struct encoder_model *model, struct segmenter *segmenter, const char *text,
    size_t len, uint16_t pieces[ENCODER_MAX_PIECES]);
