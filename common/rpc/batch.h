/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Batch: a message received, decoded into its calls, until all of them are answered. Batches are
 * kept and used again, with the memory of their calls. Private to common/rpc; thread-safe.
 */
#pragma once

#include "rpc/call.h"
#include "rpc/session.h"

#include <nng/nng.h>
#include <pthread.h>
#include <stdatomic.h>

struct batch {
    struct batch *next; /* of the idle ones */
    struct batch *next_of_all;
    nng_msg *request;
    struct session *session; /* the client's; for a message without session, one of its own */
    struct exchange *lane;   /* for a message without session: where its reply goes */
    struct call *calls;
    size_t n_calls;
    size_t n_controls; /* frames about calls that came before */
    size_t capacity;
    size_t n_strange_bytes; /* its length, if a stranger sent it; else 0 */
    atomic_size_t n_open;   /* calls not answered, plus one while they are handed out */
};

struct batch_pool {
    pthread_mutex_t lock;
    struct batch *all;
    struct batch *idle;
};

void batch_pool_init(struct batch_pool *pool);
void batch_pool_fini(struct batch_pool *pool); /* of idle and busy ones */

/* Takes `request`; NULL without memory, then `request` is freed. */
struct batch *batch_take(struct batch_pool *pool, nng_msg *request);

/* Frees the request and lets go of the session. */
void batch_return(struct batch_pool *pool, struct batch *b);

/* False if the message is broken somewhere: then it has no calls at all. */
bool batch_decode(struct batch *b, uint32_t pipe, int64_t now_us);
