/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Stream: a call of a method that `returns (stream X)`, at the server. It holds no worker while it
 * waits: its handler runs for a few items at a time, as for a call that goes on from the last
 * cursor, and only while the client granted credit. Private to common/rpc; all functions may be
 * called from any thread, what the last run left by who runs the call.
 */
#pragma once

#include "rpc/call.h"

#include <stdatomic.h>

enum {
    STREAM_CREDIT = 64 * 1024,       /* bytes a stream begins with */
    STREAM_MAX_CREDIT = 1024 * 1024, /* bytes granted and not used */
    STREAM_ROOM = 64 * 1024,         /* bytes of one run of the handler */
    STREAM_MAX_ITEM = 256 * 1024,    /* bytes of one item */
    STREAM_CURSOR_SIZE = 401,
};

struct stream {
    struct stream *next; /* in its slot */
    uint32_t pipe;
    uint64_t call_id;
    atomic_int_least64_t credit;     /* bytes; below 0 by at most one run's last item */
    atomic_int doom;                 /* enum err_reason it ends with before its next run; 0: none */
    bool is_alone;                   /* without session: over with its first items */
    uint32_t n_items;                /* handed to the transport */
    size_t n_bytes;                  /* of them */
    char cursor[STREAM_CURSOR_SIZE]; /* of the last of them; "": none yet */
};

struct streams;

struct streams *streams_new(void); /* NULL without memory */
void streams_free(struct streams *s);

/* Sets call->stream. False if the connection, or all together, have too many. */
MUST_USE bool streams_open(struct streams *s, struct call *call, bool is_alone);
void streams_close(struct streams *s, struct stream *stream); /* NULL is fine */

enum grant {
    GRANT_NOTED,
    GRANT_WAKES,    /* it had no credit, and has some now */
    GRANT_TOO_MUCH, /* more than a stream may have; said once */
};

/* The client may be sent so many bytes more. */
MUST_USE enum grant streams_grant(
    struct streams *s, uint32_t pipe, uint64_t call_id, uint32_t bytes);

/* It ends before its next run. Nothing happens if there is none. */
void streams_doom(struct streams *s, uint32_t pipe, uint64_t call_id, enum err_reason reason);

/* What a stream is parked under while it waits for credit, and for a lane of its connection. */
struct id stream_credit_key(uint32_t pipe, uint64_t call_id);
struct id stream_lane_key(uint32_t pipe);

/* What an item costs: its payload and the header of its frame, so that none is free. */
int64_t stream_cost(const struct db_bytes *item);
