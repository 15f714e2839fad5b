/* SPDX-License-Identifier: Apache-2.0 */
/*
 * What unpack_request must agree with: is that a valid message within its limits? A walk of its
 * own, field by field and byte by byte, by protobuf-c's descriptors, that unpacks nothing.
 */
#pragma once

#include "rpc/schema.h"

MUST_USE enum err_code reference_validate(
    const struct schema_message *message, const void *data, size_t len, struct err *err);
