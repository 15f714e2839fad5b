/* SPDX-License-Identifier: Apache-2.0 */
#include "rpc/desks.h"

#include <unistd.h>

/* NNG has two threads for each processor, but at most 16. */
static size_t wanted(void)
{
    long n = sysconf(_SC_NPROCESSORS_ONLN);
    if (n < 1)
        return 1;
    return n < MAX_DESKS ? (size_t)n : MAX_DESKS;
}

void desks_init(struct desks *desks, size_t max_memory, size_t first_shard)
{
    desks->n = wanted();
    for (size_t i = 0; i < desks->n; i++) {
        struct scratch *scratch = &desks->all[i].scratch;
        arena_init(&scratch->request, max_memory);
        arena_init(&scratch->reply, max_memory);
        scratch->shard = first_shard + i;
    }
}

void desks_fini(struct desks *desks)
{
    for (size_t i = 0; i < desks->n; i++) {
        arena_fini(&desks->all[i].scratch.request);
        arena_fini(&desks->all[i].scratch.reply);
    }
}

struct desk *desk_take(struct desks *desks)
{
    for (size_t i = 0; i < desks->n; i++)
        if (!atomic_exchange_explicit(&desks->all[i].is_taken, true, memory_order_acquire))
            return &desks->all[i];
    return NULL;
}

void desk_leave(struct desk *desk)
{
    atomic_store_explicit(&desk->is_taken, false, memory_order_release);
}
