/* SPDX-License-Identifier: Apache-2.0 */
/* Packs a model into the bytes of a model file: weights rounded to 8 bits, trie built, checksummed.
 */
#pragma once

#include "source.h"

/* `*bytes` is the caller's to free() and aligned as encoder_new() wants it. */
MUST_USE enum err_code writer_pack(
    const struct source *source, void **bytes, size_t *size, struct err *err);
