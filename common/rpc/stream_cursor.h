/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Stream cursor: the field `cursor` of packed messages, which says where a stream goes on. Pure
 * functions over bytes. Private to common/rpc.
 */
#pragma once

#include "db/db.h"

#include <protobuf-c/protobuf-c.h>
#include <stdbool.h>

/* Number of the field; 0: the message has none. */
uint32_t stream_cursor_field(const ProtobufCMessageDescriptor *type);

/* The last value of that string field. False if there is none, or what is before it is broken. */
bool stream_cursor_read(const struct db_bytes *message, uint32_t field, struct db_bytes *out);

/*
 * A request whose cursor is this one: the message, and the field once more behind it, for the last
 * one counts. To be freed; NULL without memory.
 */
void *stream_cursor_replace(
    const struct db_bytes *message, uint32_t field, const struct db_bytes *cursor, size_t *len);
