/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Client stream: items of a method that `returns (stream X)`, in order, each once.
 *
 * A stream that breaks goes on by itself from the last cursor: when its connection is lost, its
 * server leaves or ends it for the time it took. Functions on one stream may be called from one
 * thread at a time, and rpc_stream_stop() from any.
 */
#pragma once

#include "rpc/client.h"

struct rpc_stream;

/* What rpc_stream_next() found. */
enum rpc_next {
    RPC_NEXT_ITEM,
    RPC_NEXT_NONE, /* nothing came while it waited; the stream goes on */
    RPC_NEXT_END,  /* there is nothing more */
};

/*
 * Begin. `options->timeout_ms` is the time of the whole stream, 0: no end; an idempotency key is
 * not for streams. Returns before anything was sent. METHOD_STREAMS if it returns no stream.
 */
MUST_USE enum err_code rpc_stream_open(struct rpc_stream **out, struct rpc_client *client,
    const char *method, const struct rpc_call_options *options, const struct db_bytes *in,
    struct err *err);

/*
 * Wait at most wait_ms (below 0: as long as it takes) for the next item, which is copied into
 * `arena`. After an error the stream is over; what cannot be reached for 30 s is one.
 */
MUST_USE enum err_code rpc_stream_next(struct rpc_stream *stream, int64_t wait_ms,
    struct arena *arena, enum rpc_next *what, struct db_bytes *item, struct err *err);

/* Was it cut off, and is it trying to go on? Then `*out` says why. */
MUST_USE bool rpc_stream_trouble(struct rpc_stream *stream, struct err *out);

/* Whoever waits in rpc_stream_next(), now or later, gets CALL_CANCELLED. */
void rpc_stream_stop(struct rpc_stream *stream);

/* Tells the server to stop. To be done before rpc_client_free(); NULL is fine. */
void rpc_stream_close(struct rpc_stream *stream);

/* The trace id of its calls. */
void rpc_stream_trace_id(const struct rpc_stream *stream, char out[RPC_TRACE_ID_SIZE]);
