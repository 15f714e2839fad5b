/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Unpack: the bytes of a message become its struct, in one walk, all of it in an arena. The struct
 * is the one protobuf-c makes, unknown fields included, except that of a message given twice, in a
 * oneof too, nothing is lost: it is read as if its bytes stood in one, as the specification of
 * protobuf says.
 *
 * Any bytes may be given. Recursion is bounded, since no message contains itself (see schema.h).
 */
#pragma once

#include "arena/arena.h"
#include "rpc/schema.h"

/*
 * Of somebody who is not trusted: within its limits as well. REQUEST_MALFORMED, FIELD_INVALID that
 * names the field by its path ("facts[2].value"), or REQUEST_TOO_LARGE for the arena.
 */
MUST_USE enum err_code unpack_request(const struct schema_message *type,
    const struct db_bytes *bytes, struct arena *arena, ProtobufCMessage **out, struct err *err);

/* Of ourselves or a service, perhaps a newer one: whatever is well-formed. */
MUST_USE enum err_code unpack_reply(const struct schema_message *type, const struct db_bytes *bytes,
    struct arena *arena, ProtobufCMessage **out, struct err *err);
