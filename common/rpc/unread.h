/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Unread: how much is on its way to each connection. A client that asks and never reads would have
 * all contexts of the server hold its replies, and nobody else be heard; so it is hung up on.
 * Connections are counted by slot; two that share one share its room. Private to common/rpc; all
 * functions may be called from any thread.
 */
#pragma once

#include "err/err.h"

#include <stdatomic.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

enum { UNREAD_SLOTS = 4096 };

struct unread {
    atomic_size_t bytes[UNREAD_SLOTS];
};

/* A reply of `len` bytes is to leave. False if too much is on its way: the connection is closed. */
MUST_USE bool unread_add(struct unread *u, uint32_t pipe, size_t len);

/* It has left, or never will. */
void unread_remove(struct unread *u, uint32_t pipe, size_t len);
