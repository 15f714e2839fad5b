/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Client call: one call on its way through attempts, and the endpoints it may take. Private to
 * common/rpc.
 */
#pragma once

#include "rpc/client.h"
#include "rpc/schema.h"
#include "rpc/wire.h"

#include <nng/nng.h>
#include <pthread.h>
#include <stdatomic.h>

enum { CLIENT_URL_SIZE = 256, CLIENT_TOKEN_SIZE = 257 };

/* A REQ context: it carries one call at a time. */
struct lane {
    struct lane *next;
    nng_ctx ctx;
};

/* One server. NNG would spread calls blindly, so each has a socket of its own. */
struct endpoint {
    char url[CLIENT_URL_SIZE];
    nng_socket socket;
    atomic_int n_pipes;   /* connections: 0 or 1 */
    size_t n_outstanding; /* below: under the client's lock */
    struct lane *idle;
    struct lane *lanes_all; /* only counts through `opened` */
    size_t n_lanes;
};

enum call_state { CALL_SENDING, CALL_RECEIVING };

struct client_call {
    struct client_call *next; /* of the free ones */
    struct client_call *next_of_all;
    struct rpc_client *client;
    nng_aio *aio;
    nng_aio *pause; /* between attempts; an aio that slept takes a timeout for success ever after */
    enum call_state state;
    nng_msg *request; /* as first built; each attempt sends a copy */
    uint64_t id;
    uint32_t hash;
    bool may_retry;
    unsigned n_attempts;
    int64_t deadline_us;
    struct endpoint *endpoint; /* of this attempt; on the next one, the one to avoid */
    struct lane *lane;
    rpc_done_fn *done;
    void *arg;
};

struct rpc_client {
    struct schema *schema;
    int64_t timeout_ms;
    size_t max_message;
    atomic_uint_fast64_t next_id;

    pthread_mutex_t lock;
    char token[CLIENT_TOKEN_SIZE];
    struct endpoint *endpoints;
    size_t n_endpoints;
    struct client_call *idle_calls;
    struct client_call *all_calls;
    unsigned retry_tokens; /* in tenths: a retry takes ten, a success gives one back */
    bool is_closing;
};

enum { RETRY_TOKENS_MAX = 100, RETRY_TOKENS_COST = 10, RETRY_TOKENS_FLOOR = 50 };

/* NULL without memory. */
struct client_call *client_call_new(struct rpc_client *client);
void client_call_free(struct client_call *call);

/* Begin the first attempt; `done` is called exactly once. Takes the call. */
void client_call_start(struct client_call *call);

/* What the failure in a RESULT frame says. */
enum err_code client_read_failure(
    const struct schema *schema, const struct wire_frame *frame, struct err *err);
