/* SPDX-License-Identifier: Apache-2.0 */
/* What the tests of pbjson share: an arena per test, files read whole. */
#pragma once

#include "arena/arena.h"
#include "pbjson/pbjson.h"
#include "unit_test.h"

#include <kinds.pb-c.h>

#include <stdlib.h>
#include <string.h>

static inline int set_up_arena(void **state)
{
    struct arena *arena = calloc(1, sizeof(*arena));
    if (arena == NULL)
        return -1;
    arena_init(arena, 1 << 20);
    *state = arena;
    return 0;
}

static inline int tear_down_arena(void **state)
{
    arena_fini(*state);
    free(*state);
    return 0;
}

static inline void *read_whole_file(const char *path, size_t *len)
{
    FILE *file = fopen(path, "rb");
    assert_non_null(file);
    enum { MOST = 4 << 20 };
    char *data = malloc(MOST);
    assert_non_null(data);
    *len = fread(data, 1, MOST, file);
    assert_in_range(*len, 1, MOST - 1);
    assert_int_equal(fclose(file), 0);
    return data;
}
