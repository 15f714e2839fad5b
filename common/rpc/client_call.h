/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Client call: one call on its way through attempts. Private to common/rpc, as is all of
 * client_*.h; what is not marked otherwise is guarded by the client's lock.
 */
#pragma once

#include "rpc/client.h"
#include "rpc/schema.h"
#include "rpc/wire.h"

struct endpoint;

enum call_state {
    CALL_IDLE,    /* of the pool */
    CALL_PENDING, /* waits for a lane */
    CALL_SENT,    /* at the server, as far as we know */
    CALL_WAITING, /* between two attempts */
    CALL_ENDING,  /* its end is being told */
};

/* Who hears of a call. `frame` gets the ITEMs and the END of a stream, under the client's lock, and
 * returns true once all of them are there; NULL: no stream. Then comes `done`, as for any call. */
struct client_listener {
    bool (*frame)(void *arg, const struct wire_frame *frame);
    rpc_done_fn *done;
    void *arg;
};

struct client_call {
    struct client_call *next;          /* in the list it is in: pool, pending, ending */
    struct client_call *newer, *older; /* of all that are not idle */
    struct rpc_client *client;
    enum call_state state;
    uint64_t id; /* slot in the low bits, above it how often that slot was used */

    uint8_t *frame; /* header, Meta and payload; kept for the next call of this slot */
    size_t len;
    size_t capacity;
    bool may_retry;
    bool is_probe; /* of a server's health: never held back, and says nothing of other calls */
    unsigned n_attempts;
    int64_t deadline_us;
    int64_t due_us; /* when somebody must look after it if nothing happens */

    struct endpoint *only;           /* the one that is asked; NULL: any */
    struct endpoint *endpoint;       /* of this attempt; on the next one, the one to avoid */
    uint64_t connection;             /* which of the endpoint's it was sent over */
    const struct rpc_cancel *cancel; /* of the caller; NULL: none */
    struct wire_frame result;        /* CALL_ENDING: points into the message received */

    struct client_listener listener;
};

enum { CALL_SLOT_BITS = 24 };

/* What a call says, ready to be packed into its frame. */
struct client_request {
    const struct rpc_call_options *options;
    const struct schema_method *method; /* NULL: one this program does not know */
    uint32_t hash;
    struct rpc_trace trace;
    const struct db_bytes *in;
};

/* Write the frame of the call; INTERNAL_ERROR without memory. Needs no lock. `token` is not const
 * for protobuf-c's sake, and stays as it is. */
MUST_USE enum err_code client_call_write(
    struct client_call *call, const struct client_request *r, char *token, struct err *err);

/* What differs between attempts: time left, and how often it was tried. */
void client_call_stamp(struct client_call *call, int64_t now_us);

/* What the failure in a RESULT frame says; its code. Needs no lock. */
enum err_code client_read_failure(
    const struct schema *schema, const struct wire_frame *frame, struct err *err);
