/* SPDX-License-Identifier: Apache-2.0 */
#include "pbjson/pbjson.h"
#include "pbjson/wellformed.h"

static void *allocate(void *arena, size_t size)
{
    return arena_alloc(arena, size == 0 ? 1 : size);
}

static void release(void *arena, void *pointer)
{
    (void)arena;
    (void)pointer;
}

enum err_code pbjson_unpack(const ProtobufCMessageDescriptor *type, const void *data, size_t len,
    struct arena *arena, ProtobufCMessage **out, struct err *err)
{
    if (pbjson_is_too_deep(type, data, len))
        return err_raise(err, REASON_REQUEST_MALFORMED,
            "the bytes nest messages deeper than %d levels", PBJSON_MAX_DEPTH);
    ProtobufCAllocator allocator = {allocate, release, arena};
    ProtobufCMessage *message = protobuf_c_message_unpack(type, &allocator, len, data);
    if (message == NULL)
        return err_raise(err, REASON_REQUEST_MALFORMED,
            "the %zu bytes are no %s, or unpack to more than the memory allowed", len, type->name);
    *out = message;
    return ERR_OK;
}
