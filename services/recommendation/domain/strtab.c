/* SPDX-License-Identifier: Apache-2.0 */
#include "domain/strtab.h"

#include <stdlib.h>
#include <string.h>

bool grow(void **items, size_t *cap, size_t n, size_t item_size)
{
    if (n < *cap)
        return true;
    size_t larger = *cap ? *cap * 2 : 64;
    if (larger > SIZE_MAX / item_size)
        return false;
    void *moved = realloc(*items, larger * item_size);
    if (!moved)
        return false;
    *items = moved;
    *cap = larger;
    return true;
}

/* FNV-1a (Fowler, Noll, Vo; draft-eastlake-fnv). */
static uint32_t hash_of(const char *s)
{
    uint32_t h = 2166136261U;
    for (; *s; s++)
        h = (h ^ (uint8_t)*s) * 16777619U;
    return h;
}

void strtab_fini(struct strtab *t)
{
    free(t->text);
    free(t->offset);
    free(t->slots);
    *t = (struct strtab){0};
}

static uint32_t *slot_of(const struct strtab *t, const char *s)
{
    uint32_t slot = hash_of(s) & (t->n_slots - 1);
    while (t->slots[slot] && strcmp(strtab_get(t, t->slots[slot] - 1), s) != 0)
        slot = (slot + 1) & (t->n_slots - 1);
    return &t->slots[slot];
}

/* Keeps the table at most half full. */
static bool has_free_slot(struct strtab *t)
{
    if ((size_t)t->n * 2 < t->n_slots)
        return true;
    uint32_t *old = t->slots;
    uint32_t larger = t->n_slots ? t->n_slots * 2 : 256;
    uint32_t *slots = larger ? calloc(larger, sizeof(*slots)) : NULL;
    if (!slots)
        return false;
    t->slots = slots;
    t->n_slots = larger;
    for (uint32_t i = 0; i < t->n; i++)
        *slot_of(t, strtab_get(t, i)) = i + 1;
    free(old);
    return true;
}

static bool has_room(struct strtab *t, size_t len)
{
    while (t->text_cap - t->text_len < len) {
        size_t larger = t->text_cap ? t->text_cap * 2 : 4096;
        char *text = larger < UINT32_MAX ? realloc(t->text, larger) : NULL;
        if (!text)
            return false;
        t->text = text;
        t->text_cap = larger;
    }
    if (t->n < t->cap)
        return true;
    uint32_t larger = t->cap ? t->cap * 2 : 64;
    uint32_t *offset = realloc(t->offset, larger * sizeof(*offset));
    if (!offset)
        return false;
    t->offset = offset;
    t->cap = larger;
    return true;
}

uint32_t strtab_intern(struct strtab *t, const char *s)
{
    size_t len = strlen(s) + 1;
    if (!has_free_slot(t))
        return STRTAB_NONE;
    uint32_t *slot = slot_of(t, s);
    if (*slot)
        return *slot - 1;
    if (!has_room(t, len))
        return STRTAB_NONE;
    memcpy(t->text + t->text_len, s, len);
    t->offset[t->n] = (uint32_t)t->text_len;
    t->text_len += len;
    *slot = ++t->n;
    return t->n - 1;
}

uint32_t strtab_find(const struct strtab *t, const char *s)
{
    if (t->n_slots == 0)
        return STRTAB_NONE;
    uint32_t slot = *slot_of(t, s);
    return slot ? slot - 1 : STRTAB_NONE;
}
