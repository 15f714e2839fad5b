/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Limits: is what a field holds within its bounds, its text clean, its number a known one? A field
 * at fault is named by its path: "facts[2].value". Pure; any thread.
 */
#pragma once

#include "rpc/schema.h"

/* Where we are. Lives on the stack of who walks through a message. */
struct place {
    const struct place *outer; /* the field whose message this is part of, or NULL */
    const struct schema_field *field;
    size_t item; /* of a repeated field */
};

/* All of them: ERR_OK, or FIELD_INVALID. */
MUST_USE enum err_code limits_check_text(
    const struct place *place, const uint8_t *text, size_t len, struct err *err);
MUST_USE enum err_code limits_check_enum(
    const struct place *place, uint64_t number, struct err *err);
MUST_USE enum err_code limits_refuse_item(const struct place *place, struct err *err);
MUST_USE enum err_code limits_refuse_absent(const struct place *place, struct err *err);
