/* SPDX-License-Identifier: Apache-2.0 */
#include "rpc/unread.h"

#include <nng/nng.h>

/* What the system's buffers hold has left: this comes on top. The smallest reply takes a context.
 */
enum { MAX_UNREAD = 16 * 1024 * 1024, COST_OF_ONE = 16 * 1024 };

static atomic_size_t *slot_of(struct unread *u, uint32_t pipe)
{
    return &u->bytes[pipe % UNREAD_SLOTS];
}

bool unread_add(struct unread *u, uint32_t pipe, size_t len)
{
    size_t cost = len + COST_OF_ONE;
    if (atomic_fetch_add_explicit(slot_of(u, pipe), cost, memory_order_relaxed) < MAX_UNREAD)
        return true;
    unread_remove(u, pipe, len);
    (void)nng_pipe_close((nng_pipe){pipe});
    return false;
}

void unread_remove(struct unread *u, uint32_t pipe, size_t len)
{
    (void)atomic_fetch_sub_explicit(slot_of(u, pipe), len + COST_OF_ONE, memory_order_relaxed);
}
