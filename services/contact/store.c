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

enum err_code store_fact(struct arena *arena, const struct db_result *r, size_t row, int col,
    struct fact *out, struct err *err)
{
    *out = (struct fact){
        .id = db_get_id(r, row, col),
        .kind = db_get_int(r, row, col + 1),
        .value = store_text(arena, r, row, col + 2),
        .source = db_get_int(r, row, col + 3),
        .confidence = db_get_float(r, row, col + 4),
    };
    return out->value ? ERR_OK : store_too_large(err);
}

enum err_code store_facts(
    struct arena *arena, const struct db_result *r, int col, struct facts *out, struct err *err)
{
    size_t n = db_is_null(r, 0, col) ? 0 : db_rows(r);
    void *room = NULL;
    enum err_code code = store_room(arena, n, sizeof(struct fact), &room, err);
    if (code != ERR_OK)
        return code;
    struct facts facts = {room, n};
    for (size_t i = 0; i < n && code == ERR_OK; i++)
        code = store_fact(arena, r, i, col, &facts.items[i], err);
    if (code == ERR_OK)
        *out = facts;
    return code;
}
