/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Transport state: the transport and its exchanges. Private to transport.c (its life and what is
 * owed), exchange.c (NNG's contexts), transport_receive.c (messages in) and transport_answer.c
 * (results out).
 *
 * NNG's callbacks come on its few task threads; nothing here blocks them, and none of the locks is
 * held while NNG is called.
 */
#pragma once

#include "rpc/batch.h"
#include "rpc/connections.h"
#include "rpc/transport.h"
#include "rpc/unread.h"

#include <nng/nng.h>
#include <pthread.h>
#include <stdatomic.h>

enum exchange_state { EXCHANGE_RECEIVING, EXCHANGE_WORKING, EXCHANGE_SENDING };

/* One REP context: receives a message, and later sends the reply. */
struct exchange {
    struct exchange *next; /* of all */
    struct transport *transport;
    nng_ctx ctx;
    nng_aio *aio;
    enum exchange_state state;
    uint32_t pipe;      /* the last message came by */
    uint32_t n_results; /* of the reply being sent … */
    size_t n_bytes;     /* … and its length */
};

struct transport {
    struct transport_config config;
    struct transport_events events;
    nng_socket socket;
    struct listeners listeners;
    nng_aio *ticker;
    pthread_mutex_t lock;
    pthread_cond_t idle;
    struct exchange *exchanges;
    size_t n_exchanges;
    atomic_size_t n_receiving;
    struct batch_pool batches;
    struct connections connections;
    struct unread unread;
    atomic_uint n_floods;          /* connections hung up on for what they sent */
    atomic_size_t n_strange_bytes; /* of messages under way that came from strangers */
    atomic_size_t n_unanswered;    /* results still to be sent */
    _Atomic uint64_t n_received;   /* messages */
    atomic_bool is_leaving;
    bool is_closing;
};

/* ---- transport.c: what is owed ---- */

/* So many results are still to be sent; or have been, or never will be. */
void transport_owe(struct transport *t, size_t n);
void transport_settle(struct transport *t, size_t n);

/* For who waits in transport_drain: look again. */
void transport_nudge(struct transport *t);

/* ---- exchange.c ---- */

/* Keep enough contexts receiving: those that hold a reply back must not keep others out. */
void exchanges_add(struct transport *t);

/* Wait for the next message. */
void exchange_receive(struct exchange *x);

/* Send a reply; nothing if the departure has no lane. */
void exchange_send(const struct departure *out);

/* No callback comes any more afterwards. */
void exchanges_stop(struct transport *t);
void exchanges_free(struct transport *t);

/* ---- transport_receive.c ---- */

/* A message arrived: its calls are told, and it becomes a lane of its session. */
void transport_take(struct exchange *x, nng_msg *msg);

/* All is done with a message. */
void transport_forget(struct transport *t, struct batch *b);

/* ---- transport_answer.c ---- */

/* Put the result of one call into the cork; false without memory. */
MUST_USE bool transport_keep(struct transport *t, struct cork *cork, struct session *s,
    const struct call *call, const struct outcome *outcome);

/* One call of the batch less to wait for; after the last, a message without session is replied to.
 */
void transport_close_one(struct transport *t, struct batch *b);
