/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Ids: UUID version 7 (RFC 9562), made by the services, sortable by time of making.
 */
#pragma once

#include "clock/clock.h"
#include "err/err.h"

#include <stdbool.h>
#include <stddef.h>

struct id {
    uint8_t bytes[16];
};

enum { ID_TEXT_SIZE = 37 }; /* 8-4-4-4-12 hex digits and the NUL */

/* A new id, greater than every id this process made before (RFC 9562 §6.2 method 1). Thread-safe.
 */
struct id id_new(const struct clock *clock);

/* Lower-case text with hyphens. */
void id_format(const struct id *id, char out[ID_TEXT_SIZE]);

/* The usual way into a handler: FIELD_INVALID naming `field` unless `text` is a UUID. */
MUST_USE enum err_code id_parse_field(
    const char *text, const char *field, struct id *out, struct err *err);

/* False unless `text` is exactly 36 characters of a UUID, in either case. */
bool id_parse(const char *text, struct id *out);

bool id_equal(const struct id *a, const struct id *b);
bool id_is_zero(const struct id *id);

/* Which of the queue's 64 buckets the rows of this member live in; stable for ever. */
enum { ID_BUCKETS = 64 };
int id_bucket(const struct id *member);
