/* SPDX-License-Identifier: Apache-2.0 */
/* Streams of notifications. */
#pragma once

#include "arena/arena.h"
#include "rpc/client_stream.h"
#include "unit_test.h"

#include <kith/v1/notification.pb-c.h>

static inline void *watch_alloc(void *arena, size_t size)
{
    return arena_alloc(arena, size);
}

static inline void watch_free(void *arena, void *memory_of_it)
{
    (void)arena;
    (void)memory_of_it;
}

static inline struct rpc_stream *watch(
    struct rpc_client *client, const char *cursor, int64_t timeout_ms)
{
    Kith__V1__WatchNotificationsRequest in = KITH__V1__WATCH_NOTIFICATIONS_REQUEST__INIT;
    in.cursor = (char *)(uintptr_t)cursor;
    const struct rpc_call_options options = {.timeout_ms = timeout_ms};
    uint8_t packed[512];
    struct db_bytes bytes = {packed, protobuf_c_message_pack(&in.base, packed)};
    struct rpc_stream *stream = NULL;
    struct err err = {0};
    assert_ok(rpc_stream_open(&stream, client, "/kith.v1.NotificationService/WatchNotifications",
                  &options, &bytes, &err),
        &err);
    return stream;
}

/* The next item, in `memory`; NULL if none came in that time, or the stream failed. */
static inline const Kith__V1__WatchNotificationsResponse *next_within(
    struct arena *memory, struct rpc_stream *stream, int64_t wait_ms, enum err_reason *failure)
{
    enum rpc_next what = RPC_NEXT_NONE;
    struct db_bytes item;
    struct err err = {0};
    enum err_code code = rpc_stream_next(stream, wait_ms, memory, &what, &item, &err);
    *failure = code == ERR_OK ? REASON_NONE : err.reason;
    if (code != ERR_OK || what != RPC_NEXT_ITEM)
        return NULL;
    ProtobufCAllocator allocator = {watch_alloc, watch_free, memory};
    return kith__v1__watch_notifications_response__unpack(&allocator, item.len, item.data);
}
