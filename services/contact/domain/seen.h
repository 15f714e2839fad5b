/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Which identities a file mentioned before, and in which row: a person named twice is one contact.
 *
 * A hash set of keyed 64-bit hashes; two of 30,000 rows collide once in 10^10 files.
 */
#pragma once

#include "err/err.h"

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

enum { SEEN_KEY_SIZE = 16 };

struct seen_slot {
    uint64_t hash; /* 0: free */
    uint32_t row;
};

struct seen {
    uint8_t key[SEEN_KEY_SIZE]; /* random, so that no file can be made to collide */
    struct seen_slot *slots;    /* owned; a power of two of them */
    size_t n_slots, n_used;
};

void seen_init(struct seen *s, const uint8_t key[SEEN_KEY_SIZE]);
void seen_fini(struct seen *s);

/* Row that added this identity of this kind before; 0: none. */
uint32_t seen_find(const struct seen *s, char kind, const void *id, size_t len);

/* Remember it; the first row wins. REQUEST_TOO_LARGE when there is no memory. */
MUST_USE enum err_code seen_add(
    struct seen *s, char kind, const void *id, size_t len, uint32_t row, struct err *err);
