/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Validate: are these bytes a message of that type, within its limits? Asked before anything is
 * unpacked, because protobuf-c checks neither UTF-8 nor embedded NULs nor sizes. Pure; allocates
 * nothing; recursion is bounded since no message contains itself (see schema.h).
 */
#pragma once

#include "rpc/schema.h"

/* REQUEST_MALFORMED, or FIELD_INVALID naming the field by its path: "facts[2].value". */
MUST_USE enum err_code validate_message(
    const struct schema_message *message, const void *data, size_t len, struct err *err);
