/* SPDX-License-Identifier: Apache-2.0 */
/* Builds the trie of a vocabulary in the order in which the encoder reads it. */
#pragma once

#include "source.h"

struct trie {
    struct encoder_trie_node *node;
    size_t count;
};

/* Of equal pieces the last one stays, as in the tokenizer of the model's package. */
MUST_USE enum err_code trie_build(const struct source *source, struct trie *out, struct err *err);
void trie_fini(struct trie *trie);
