/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Queue: events between services, stored in PostgreSQL, carried over NNG.
 *
 * Contract: at-least-once delivery, exactly one effect per event id. A producer inserts into its
 * schema's `outbox` in the statement that changes its state, one row per subscriber. Its relay
 * delivers the rows of the buckets it owns and deletes them once acknowledged: the row that is
 * still there is the truth, there is no cursor. The consumer's effect and its row in `inbox` (the
 * event id) commit together. An id is remembered for a week,
 * until common/housekeeping takes it away.
 *
 * Tables of every schema that takes part are made by its first migration, through the line
 *
 *     -- include: common/queue/queue_tables.sql
 *
 * and found by the search_path of the service's role.
 *
 * An event, seen from the producer (rows of `outbox`) and the consumer (rows of `inbox`):
 *
 *     written --read by the owner of its bucket--> under way --acknowledged--> deleted
 *        ^  ^                                         |
 *        |  +-- subscriber down, reply lost, epoch ---+----> failed, counted --back-off--> written
 *        |      old: somebody delivers it again       |      (later events of the member wait)
 *        +------------ redriven ------ dead letter <--+ at fault itself, or failed too often
 *
 *     unknown --effect and inbox row commit--> taken --delivered again--> taken, no effect
 *
 * A bucket (rows of `bucket_owner`); every arrow but the renewal makes a new epoch:
 *
 *     free --claim--> owned --renewed at a third of the lease--> owned
 *      ^                |
 *      +--- released, --+--lease ran out--> free      (or taken over at once by a process
 *           stopped                                    that starts under the owner's name)
 *
 * Only the owner reads a bucket, and deletes name the epoch: a relay that was asleep while its
 * lease ran out can deliver again, which does no harm, but can change nothing.
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
    const char *owner;      /* name of this place: host or instance. A process that starts under it
                               takes over from the last one at once, and that one stands by */
    int64_t lease_ms;       /* bucket ownership; 0: 30 s */
    int64_t poll_ms;        /* look at the outbox at least this often; 0: 1 s */
    int64_t batch;          /* events of one delivery; 0: 200 */
    int64_t max_attempts;   /* until an event becomes a dead letter; 0: 16, some twenty minutes */
    int64_t retry_first_ms; /* a failed event waits up to this, full jitter, … ; 0: 100 ms */
    int64_t retry_last_ms;  /* … then up to twice as long, and so on up to this; 0: 10 min */
    const struct queue_subscriber *subscribers;
    size_t n_subscribers;
};

struct queue_relay;

/* Starts the relay's thread. A subscriber that is down finds its events later. */
MUST_USE enum err_code queue_relay_start(
    struct queue_relay **out, const struct queue_relay_config *config, struct err *err);

/* New rows were committed; look now. Coalesced, may be lost without harm. NULL is fine. */
void queue_relay_hint(struct queue_relay *relay);

/* Old rows came back. Without this they are found within a minute. NULL is fine. */
void queue_relay_look_back(struct queue_relay *relay);

/* The same as a hint, from a handler: once the call's rows are committed. NULL is fine. */
void queue_hint_after(struct rpc_ctx *ctx, struct queue_relay *relay);

/* Dead letters in the buckets of this relay, as of some seconds ago. NULL has none. */
int64_t queue_relay_dead_letters(const struct queue_relay *relay);

/* Gives its buckets back and ends the thread. NULL is fine. */
void queue_relay_stop(struct queue_relay *relay);

/*
 * kith.v1.DeadLetterService, for the operator: {&dead_letter_rpc, &relay}. The state points to the
 * variable that will hold the relay.
 */
extern const struct rpc_service dead_letter_rpc;

/* ---- consumer ---------------------------------------------------------------------------------
 */

/*
 * The effect of one event; ctx->db is in the transaction that also records the event id, and, while
 * all goes well, some other events and their effects. An error undoes them all; each is then tried
 * by itself, and the one that fails again stays at the producer, which delivers it with backoff, or
 * gives it up: at once after what another try can not cure, such as INVALID_ARGUMENT.
 */
typedef enum err_code queue_effect_fn(struct rpc_ctx *ctx, const struct queue_event *event);

/*
 * Runs after the commit of an event, for what is not in the database (caches, waking polls); again
 * if it is delivered again.
 */
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
