/* SPDX-License-Identifier: Apache-2.0 */
#include "domain/seen.h"

#include <sodium.h>
#include <stdlib.h>
#include <string.h>

_Static_assert(SEEN_KEY_SIZE == crypto_shorthash_KEYBYTES, "the key is SipHash's");

void seen_init(struct seen *s, const uint8_t key[SEEN_KEY_SIZE])
{
    *s = (struct seen){0};
    memcpy(s->key, key, SEEN_KEY_SIZE);
}

void seen_fini(struct seen *s)
{
    free(s->slots);
    *s = (struct seen){0};
}

/* Never 0. The kind goes into the key: cheaper than copying the identity behind it. */
static uint64_t hash(const struct seen *s, char kind, const void *id, size_t len)
{
    uint8_t key[SEEN_KEY_SIZE];
    memcpy(key, s->key, sizeof(key));
    key[0] ^= (uint8_t)kind;
    uint64_t h = 0;
    _Static_assert(sizeof(h) == crypto_shorthash_BYTES, "a hash is 64 bits");
    crypto_shorthash((unsigned char *)&h, id, len, key);
    return h ? h : 1;
}

/* The slot that has this hash, or the free one where it belongs. */
static struct seen_slot *slot_of(const struct seen *s, uint64_t h)
{
    size_t i = (size_t)h & (s->n_slots - 1);
    while (s->slots[i].hash != 0 && s->slots[i].hash != h)
        i = (i + 1) & (s->n_slots - 1);
    return &s->slots[i];
}

uint32_t seen_find(const struct seen *s, char kind, const void *id, size_t len)
{
    return s->slots ? slot_of(s, hash(s, kind, id, len))->row : 0;
}

static bool grow(struct seen *s)
{
    struct seen bigger = *s;
    bigger.n_slots = s->n_slots ? 2 * s->n_slots : 1024;
    bigger.slots = calloc(bigger.n_slots, sizeof(*bigger.slots));
    if (!bigger.slots)
        return false;
    for (size_t i = 0; i < s->n_slots; i++)
        if (s->slots[i].hash != 0)
            *slot_of(&bigger, s->slots[i].hash) = s->slots[i];
    free(s->slots);
    s->slots = bigger.slots;
    s->n_slots = bigger.n_slots;
    return true;
}

enum err_code seen_add(
    struct seen *s, char kind, const void *id, size_t len, uint32_t row, struct err *err)
{
    if (2 * s->n_used >= s->n_slots && !grow(s))
        return err_raise(err, REASON_REQUEST_TOO_LARGE, "no memory to compare the rows; try later");
    struct seen_slot *slot = slot_of(s, hash(s, kind, id, len));
    if (slot->hash == 0) {
        *slot = (struct seen_slot){hash(s, kind, id, len), row};
        s->n_used++;
    }
    return ERR_OK;
}
