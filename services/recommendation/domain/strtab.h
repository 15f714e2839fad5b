/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Interned strings: each distinct string once, numbered from 0 in order of arrival.
 * One thread at a time while it grows; shared by all once it does not.
 */
#pragma once

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

struct strtab {
    char *text; /* all strings, each with its NUL */
    size_t text_len, text_cap;
    uint32_t *offset; /* by number */
    uint32_t n, cap;
    uint32_t *slots; /* number + 1; 0: free */
    uint32_t n_slots;
};

#define STRTAB_NONE UINT32_MAX

/* A zeroed one is empty and may be freed. */
void strtab_fini(struct strtab *t);

/* The string's number, new if need be. STRTAB_NONE without memory. */
uint32_t strtab_intern(struct strtab *t, const char *s);

/* STRTAB_NONE if it was never interned. */
uint32_t strtab_find(const struct strtab *t, const char *s);

/* Valid until the next new string. */
static inline const char *strtab_get(const struct strtab *t, uint32_t number)
{
    return t->text + t->offset[number];
}

/* Room for one more element in a growing array; false without memory. */
bool grow(void **items, size_t *cap, size_t n, size_t item_size);
