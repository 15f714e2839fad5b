/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Store: what the files store_*.[ch] have in common. They alone know the tables; each function is
 * one statement or a few, and every one names the member whose rows it touches. Results live in the
 * arena given, texts in them are never NULL.
 */
#pragma once

#include "db/db.h"

#include <stdbool.h>
#include <stdint.h>

/* A statement about a person; kind and source are numbers of the .proto's enums. */
struct fact {
    struct id id;
    int64_t kind;
    const char *value;
    const char *value_fold; /* without case and accents; in facts to store only */
    int64_t source;
    double confidence;
};

struct facts {
    struct fact *items;
    size_t n;
};

/* As db_dup_text, but "" for NULL; NULL only when the arena is full. */
char *store_text(struct arena *arena, const struct db_result *r, size_t row, int col);

/* REPLY_TOO_LARGE: what was found does not fit into the memory of a call. */
MUST_USE static inline enum err_code store_too_large(struct err *err)
{
    return err_raise(err, REASON_REPLY_TOO_LARGE, "what was found does not fit into one reply");
}

/* Room for `n` elements, at least one, or REPLY_TOO_LARGE. */
MUST_USE enum err_code store_room(
    struct arena *arena, size_t n, size_t size, void **out, struct err *err);

/* The fact whose id, kind, value, source and confidence are the columns from `col` on. */
MUST_USE enum err_code store_fact(struct arena *arena, const struct db_result *r, size_t row,
    int col, struct fact *out, struct err *err);

/* One in every row; in the only row of an owner without facts, all of it is NULL. */
MUST_USE enum err_code store_facts(
    struct arena *arena, const struct db_result *r, int col, struct facts *out, struct err *err);
