/* SPDX-License-Identifier: Apache-2.0 */
#include "rpc/unread.h"

#include <nng/nng.h>

static struct unread_slot *slot_of(struct unread *u, uint32_t pipe)
{
    return &u->slots[pipe % UNREAD_SLOTS];
}

static void hang_up(struct unread *u, uint32_t pipe)
{
    atomic_fetch_add(&u->n_hung_up, 1);
    (void)nng_pipe_close((nng_pipe){pipe});
}

/* On who has most, unless somebody was hung up on for that reason and still goes. */
static void make_room(struct unread *u)
{
    unsigned going = atomic_load(&u->making_room);
    if (going > 0 && atomic_load(&u->slots[going - 1].bytes) > 0)
        return;
    unsigned largest = 0;
    for (unsigned i = 1; i < UNREAD_SLOTS; i++)
        if (atomic_load(&u->slots[i].bytes) > atomic_load(&u->slots[largest].bytes))
            largest = i;
    if (atomic_compare_exchange_strong(&u->making_room, &going, largest + 1))
        hang_up(u, atomic_load(&u->slots[largest].pipe));
}

bool unread_add(struct unread *u, uint32_t pipe, bool is_stranger, size_t len)
{
    struct unread_slot *slot = slot_of(u, pipe);
    size_t cost = len + UNREAD_COST;
    size_t max = is_stranger ? UNREAD_MAX_OF_STRANGER : UNREAD_MAX;
    if (atomic_load(&slot->bytes) ==
        0) /* first, or a tick in between would take it for an old one */
        atomic_store(&slot->moved, atomic_load(&u->tick));
    atomic_store(&slot->pipe, pipe);
    size_t before = atomic_fetch_add(&slot->bytes, cost);
    size_t of_all = atomic_fetch_add_explicit(&u->bytes, cost, memory_order_relaxed);
    if (before >= max) {
        unread_remove(u, pipe, len);
        hang_up(u, pipe);
        return false;
    }
    if (of_all > UNREAD_MAX_OF_ALL)
        make_room(u);
    return true;
}

void unread_remove(struct unread *u, uint32_t pipe, size_t len)
{
    struct unread_slot *slot = slot_of(u, pipe);
    atomic_store_explicit(&slot->moved, atomic_load(&u->tick), memory_order_relaxed);
    (void)atomic_fetch_sub_explicit(&slot->bytes, len + UNREAD_COST, memory_order_relaxed);
    (void)atomic_fetch_sub_explicit(&u->bytes, len + UNREAD_COST, memory_order_relaxed);
}

void unread_tick(struct unread *u)
{
    unsigned now = atomic_fetch_add(&u->tick, 1) + 1;
    atomic_store(&u->making_room, 0); /* who was chosen may not be the one who holds so much */
    for (size_t i = 0; i < UNREAD_SLOTS; i++) {
        struct unread_slot *slot = &u->slots[i];
        if (atomic_load(&slot->bytes) == 0 || now - atomic_load(&slot->moved) < UNREAD_PATIENCE)
            continue;
        atomic_store(&slot->moved, now); /* not again at the next tick */
        hang_up(u, atomic_load(&slot->pipe));
    }
}
