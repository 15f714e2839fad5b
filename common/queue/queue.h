/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Queue: events between services, stored in PostgreSQL, carried over NNG.
 *
 * Contract: at-least-once delivery, exactly one effect per event id. A producer inserts into its
 * schema's `outbox` in the statement that changes its state, one row per subscriber. Its relay
 * delivers the rows of the buckets it owns and deletes them once acknowledged: the row that is
 * still there is the truth, there is no cursor. The consumer's effect and its row in `inbox` (the
 * event id) commit together.
 *
 * Tables of every schema that takes part are made by its first migration, see
 * common/queue/queue_tables.sql.
 */
#pragma once

#include "rpc/client.h"
#include "rpc/rpc.h"
#include "rpc/server.h"

struct queue_event {
    struct id id;
    struct id member;    /* whose rows changed; events of one member are delivered in order of id */
    const char *kind;    /* "kith.v1.AskCreated": full name of the payload's message */
    int64_t occurred_us; /* wall clock */
    struct rpc_trace trace;
    struct db_bytes payload;
};

/* ---- producer ---------------------------------------------------------------------------------
 */

/* What the outbox INSERT of a statement needs; pass the members as parameters in this order. */
struct queue_outgoing {
    struct id id;
    int64_t bucket;
    const char *kind;
    char traceparent[RPC_TRACEPARENT_SIZE];
    struct db_bytes payload;
};

/* Packs `event` into ctx's arena. REQUEST_TOO_LARGE when it does not fit. */
MUST_USE enum err_code queue_pack(struct rpc_ctx *ctx, const struct id *member,
    const ProtobufCMessage *event, struct queue_outgoing *out, struct err *err);

struct queue_subscriber {
    const char *name; /* "notification": the outbox column `subscriber` */
    struct rpc_client *client;
};

struct queue_relay_config {
    struct db *db;
    const struct clock *clock;
    const char *owner; /* unique name of this process */
    int64_t lease_ms;  /* bucket ownership; 0: 30 s */
    int64_t poll_ms;   /* look at the outbox at least this often; 0: 1 s */
    int64_t batch;     /* events of one delivery; 0: 200 */
    const struct queue_subscriber *subscribers;
    size_t n_subscribers;
};

struct queue_relay;

/* Starts the relay's thread. A subscriber that is down finds its events later. */
MUST_USE enum err_code queue_relay_start(
    struct queue_relay **out, const struct queue_relay_config *config, struct err *err);

/* New rows were committed; look now. Coalesced, never blocks, may be lost without harm. */
void queue_relay_hint(struct queue_relay *relay);

/* Gives its buckets back and ends the thread. NULL is fine. */
void queue_relay_stop(struct queue_relay *relay);

/* ---- consumer ---------------------------------------------------------------------------------
 */

/*
 * The effect of one event; ctx->db is in the transaction that also records the event id. An error
 * keeps the event at the producer, which delivers it again with backoff.
 */
typedef enum err_code queue_effect_fn(struct rpc_ctx *ctx, const struct queue_event *event);

/* Runs after the commit of a new event, for what is not in the database (caches, waking polls). */
typedef void queue_after_fn(void *service, const struct queue_event *event);

struct queue_handler {
    const char *kind;
    queue_effect_fn *effect;
    queue_after_fn *after; /* may be NULL */
};

/* State for registering queue_rpc: {&queue_rpc, &consumer}. Kinds without a row are acknowledged.
 */
struct queue_consumer {
    void *service; /* ctx->service of the effects */
    const struct queue_handler *handlers;
    size_t n_handlers;
};

extern const struct rpc_service queue_rpc; /* kith.v1.QueueService */
