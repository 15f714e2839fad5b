/* SPDX-License-Identifier: Apache-2.0 */
#include "arena/arena.h"

#include <stdarg.h>
#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#if defined(__SANITIZE_ADDRESS__)
#define ARENA_SANITIZED 1
#elif defined(__has_feature)
#if __has_feature(address_sanitizer)
#define ARENA_SANITIZED 1
#endif
#endif
#ifndef ARENA_SANITIZED
#define ARENA_SANITIZED 0
#endif

/* Under the address sanitizer every allocation is a block of its own: it then sees overflows. */
enum { BLOCK_SIZE = ARENA_SANITIZED ? 1 : 8 * 1024 - 64 };

struct arena_block {
    struct arena_block *next;
    size_t size;
    max_align_t data[];
};

static size_t aligned(size_t size)
{
    return (size + sizeof(max_align_t) - 1) / sizeof(max_align_t) * sizeof(max_align_t);
}

static void free_blocks(struct arena_block *block)
{
    while (block) {
        struct arena_block *next = block->next;
        free(block);
        block = next;
    }
}

static bool add_block(struct arena *a, size_t size)
{
    if (size < BLOCK_SIZE)
        size = BLOCK_SIZE;
    struct arena_block *block = malloc(sizeof(*block) + size);
    if (!block)
        return false;
    *block = (struct arena_block){.next = a->blocks, .size = size};
    a->blocks = block;
    return true;
}

/* Hand out from the newest block, `skip` bytes into it. The sanitizer's blocks have one use. */
static void begin_block(struct arena *a, size_t skip)
{
    size_t left = a->blocks->size - skip;
    a->next = (char *)a->blocks->data + skip;
    a->room = left < a->limit - a->used ? left : a->limit - a->used;
    if (ARENA_SANITIZED)
        a->room = 0;
}

void arena_init(struct arena *a, size_t limit)
{
    *a = (struct arena){.limit = limit};
}

void arena_reset(struct arena *a)
{
    struct arena_block *kept = a->blocks;
    a->used = 0;
    if (!kept)
        return;
    if (ARENA_SANITIZED || kept->size > BLOCK_SIZE) {
        free_blocks(kept);
        arena_init(a, a->limit);
        return;
    }
    free_blocks(kept->next);
    kept->next = NULL;
    begin_block(a, 0);
}

void arena_fini(struct arena *a)
{
    free_blocks(a->blocks);
    *a = (struct arena){0};
}

void *arena_alloc_block(struct arena *a, size_t size)
{
    if (size > a->limit - a->used)
        return NULL;
    size_t rounded = aligned(size ? size : 1);
    if (!add_block(a, ARENA_SANITIZED ? size : rounded))
        return NULL;
    a->used = a->limit - a->used > rounded ? a->used + rounded : a->limit;
    begin_block(a, rounded < a->blocks->size ? rounded : a->blocks->size);
    return a->blocks->data;
}

void *arena_alloc(struct arena *a, size_t size)
{
    void *memory = arena_alloc_raw(a, size);
    if (memory)
        memset(memory, 0, size);
    return memory;
}

void *arena_calloc(struct arena *a, size_t count, size_t size)
{
    if (size != 0 && count > SIZE_MAX / size)
        return NULL;
    return arena_alloc(a, count * size);
}

void *arena_memdup(struct arena *a, const void *data, size_t len)
{
    void *copy = arena_alloc_raw(a, len);
    if (copy && len)
        memcpy(copy, data, len);
    return copy;
}

char *arena_strndup(struct arena *a, const char *s, size_t len)
{
    size_t n = strnlen(s, len);
    char *copy = n < SIZE_MAX ? arena_alloc_raw(a, n + 1) : NULL;
    if (!copy)
        return NULL;
    memcpy(copy, s, n);
    copy[n] = '\0';
    return copy;
}

char *arena_strdup(struct arena *a, const char *s)
{
    return arena_strndup(a, s, strlen(s));
}

char *arena_printf(struct arena *a, const char *fmt, ...)
{
    va_list args, again;
    va_start(args, fmt);
    va_copy(again, args);
    int len = vsnprintf(NULL, 0, fmt, args);
    va_end(args);
    char *text = len < 0 ? NULL : arena_alloc_raw(a, (size_t)len + 1);
    if (text)
        (void)vsnprintf(text, (size_t)len + 1, fmt, again);
    va_end(again);
    return text;
}
