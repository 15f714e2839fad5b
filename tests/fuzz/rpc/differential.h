/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Any bytes as a message of that type, unpacked by us, by protobuf-c and judged by the reference:
 * all must agree on whether it is one, why not, and on what is in it. Aborts if they do not.
 */
#pragma once

#include "rpc/schema.h"

/* True if they agree that it is a valid request. */
bool differential_check(const struct schema_message *type, const uint8_t *data, size_t len);
