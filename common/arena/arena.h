/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Arena: memory that lives exactly as long as one request.
 *
 * Everything a handler allocates comes from here and nothing is freed singly. An arena refuses to
 * grow past its limit, which bounds what one request can cost. One thread at a time.
 */
#pragma once

#include "err/err.h"

#include <stddef.h>

struct arena_block;

struct arena {
    struct arena_block *blocks; /* newest first; the first is the one being filled */
    char *next;                 /* what it hands out next, */
    size_t room;                /* and how much it has, within the limit */
    size_t used;                /* bytes handed out since the last reset */
    size_t limit;
};

void arena_init(struct arena *a, size_t limit);

/* Forget all allocations; keeps one block so that a warm arena does not allocate. */
void arena_reset(struct arena *a);

/* Give all memory back. A zeroed arena is fine. */
void arena_fini(struct arena *a);

/* Zeroed, max-aligned memory; NULL once the limit is reached or the system has no more. */
void *arena_alloc(struct arena *a, size_t size);

/* As arena_alloc for who writes all of it: what the memory holds is undefined. */
static inline void *arena_alloc_raw(struct arena *a, size_t size);

/* As arena_alloc, for `count` elements; NULL also when the product overflows. */
void *arena_calloc(struct arena *a, size_t count, size_t size);

/* Copies; NULL as arena_alloc. arena_strndup takes at most `len` bytes and ends the copy by NUL. */
char *arena_strdup(struct arena *a, const char *s);
char *arena_strndup(struct arena *a, const char *s, size_t len);
void *arena_memdup(struct arena *a, const void *data, size_t len);
char *arena_printf(struct arena *a, const char *fmt, ...) PRINTF_LIKE(2, 3);

/* ---- the quick path of arena_alloc_raw ---- */

/* Its slow one: a new block, or the limit. */
void *arena_alloc_block(struct arena *a, size_t size);

static inline void *arena_alloc_raw(struct arena *a, size_t size)
{
    const size_t align = _Alignof(max_align_t);
    size_t rounded = (size + align - 1) / align * align; /* 0 for none and for absurdly many */
    if (rounded - 1 >= a->room)
        return arena_alloc_block(a, size);
    void *memory = a->next;
    a->next += rounded;
    a->room -= rounded;
    a->used += rounded;
    return memory;
}
