/* SPDX-License-Identifier: Apache-2.0 */
/*
 * From piece ids to the vector: the transformer's encoder half (Vaswani et al., NIPS 2017) with the
 * normalisation before each part, the mean over the pieces, a tanh layer, length 1.
 */
#pragma once

#include "domain/encoder/kernel.h"

struct workspace;

struct workspace *workspace_new(const struct encoder_dims *dims);
void workspace_free(struct workspace *workspace);

/* `count` is 1 to ENCODER_MAX_PIECES. */
void forward(const struct encoder_model *model, const struct kernel *kernel,
    struct workspace *workspace, const uint16_t *pieces, size_t count, float out[ENCODER_DIM]);
