/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Unread: the replies on their way to each connection. A client that asks and never reads would
 * have all contexts of the server hold its replies, and nobody else be heard; so it is hung up on:
 * when it has too many, when none has left for a minute, and, of all connections, who has most,
 * when all together have too many. Connections are counted by slot; two that share one share its
 * room. Private to common/rpc; all functions may be called from any thread.
 */
#pragma once

#include "err/err.h"

#include <stdatomic.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

enum {
    UNREAD_SLOTS = 4096,
    UNREAD_TICK_MS = 2000,
    UNREAD_PATIENCE = 30, /* ticks without a reply that left */
    /* Bytes on their way. What the system's buffers hold has left: this comes on top. */
    UNREAD_MAX = 16 * 1024 * 1024,
    UNREAD_MAX_OF_STRANGER = 4 * 1024 * 1024,
    UNREAD_MAX_OF_ALL = 96 * 1024 * 1024,
    UNREAD_COST = 16 * 1024, /* of a reply besides its bytes: the smallest takes a context */
};

struct unread_slot {
    atomic_size_t bytes;
    atomic_uint pipe;  /* that had something on its way last */
    atomic_uint moved; /* the tick at which something left, or nothing was on its way */
};

struct unread {
    struct unread_slot slots[UNREAD_SLOTS];
    atomic_size_t bytes; /* of all */
    atomic_uint tick;
    atomic_uint making_room; /* 1 + the slot that was hung up on for all; 0: none */
    atomic_uint n_hung_up;
};

/* A reply of `len` bytes is to leave. False if too much is on its way: the connection is closed. */
MUST_USE bool unread_add(struct unread *u, uint32_t pipe, bool is_stranger, size_t len);

/* It has left, or never will. */
void unread_remove(struct unread *u, uint32_t pipe, size_t len);

/* To be called every UNREAD_TICK_MS. */
void unread_tick(struct unread *u);
