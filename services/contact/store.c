/* SPDX-License-Identifier: Apache-2.0 */
#include "store.h"

char *store_text(struct arena *arena, const struct db_result *r, size_t row, int col)
{
    return arena_strdup(arena, db_get_text(r, row, col));
}

enum err_code store_room(struct arena *arena, size_t n, size_t size, void **out, struct err *err)
{
    void *room = arena_calloc(arena, n ? n : 1, size);
    if (!room)
        return store_too_large(err);
    *out = room;
    return ERR_OK;
}
