/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Ring: a list that anything can be taken out of, wherever it stands. The links are part of what is
 * listed; a ring's head is a link of its own. Private to common/rpc.
 */
#pragma once

#include <stdbool.h>
#include <stddef.h>

struct ring {
    struct ring *next, *prev;
};

/* What a link is part of. */
#define RING_OF(link, type, member) \
    ((type *)(void *)((char *)(void *)(link)-offsetof(type, member)))

static inline void ring_init(struct ring *head)
{
    head->next = head->prev = head;
}

static inline bool ring_is_empty(const struct ring *head)
{
    return head->next == head;
}

/* As the last. */
static inline void ring_add(struct ring *head, struct ring *link)
{
    link->next = head;
    link->prev = head->prev;
    head->prev->next = link;
    head->prev = link;
}

static inline void ring_remove(struct ring *link)
{
    link->prev->next = link->next;
    link->next->prev = link->prev;
}
