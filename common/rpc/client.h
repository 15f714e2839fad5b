/* SPDX-License-Identifier: Apache-2.0 */
/*
 * RPC client: calls with deadline, retry and trace over one or more endpoints of a service.
 * All functions may be called from any thread. Never fork after the first rpc_client_new().
 */
#pragma once

#include "rpc/rpc.h"

#include <stdatomic.h>

struct rpc_client_config {
    const char *endpoints; /* NNG URLs, comma separated */
    struct rpc_tls tls;    /* for those that begin with tls+; read again when it was replaced */
    const char *token;     /* sent with every call; NULL: none */
    int64_t timeout_ms;    /* when a call names none; 0: the method's own default */
    int64_t max_message;   /* bytes of one message received; 0: 1 MiB */
    int64_t ping_after_ms; /* of silence while calls are under way; 0: 10 s. A server that lets half
                              of it pass again without a word is given up */
    bool is_unthrottled;   /* sends what a busy server would refuse all the same: to measure one */
};

struct rpc_client;

/* CONFIG_INVALID, CERTIFICATE_INVALID. Dials in the background; a call to an endpoint that is down
 * fails with SERVER_UNREACHABLE. */
MUST_USE enum err_code rpc_client_new(
    struct rpc_client **out, const struct rpc_client_config *config, struct err *err);
void rpc_client_free(struct rpc_client *client);

/* Since rpc_client_new(): attempts at calls that a server refused for having too much to do, and
 * those it was spared, because it refused more than half of those before. */
struct rpc_client_counts {
    uint64_t n_refused;
    uint64_t n_throttled;
};
struct rpc_client_counts rpc_client_count(struct rpc_client *client);

/* Calls from now on carry this token. */
void rpc_client_set_token(struct rpc_client *client, const char *token);

/*
 * How a caller gives up. A zeroed one is ready; it may go with any number of calls, and must
 * outlive them.
 */
struct rpc_cancel {
    atomic_bool is_set;
};

/*
 * End the calls of this client that were made with `cancel`, and those made with it later, with
 * CALL_CANCELLED. Their servers are told and stop the work where they can; what was done by then
 * stays done.
 */
void rpc_client_cancel(struct rpc_client *client, struct rpc_cancel *cancel);

/* What one call may say beside its request. A zeroed one is fine. */
struct rpc_call_options {
    int64_t timeout_ms;            /* 0: the client's, else the method's default */
    const char *idempotency_key;   /* NULL: none; with one, any method may be retried */
    bool is_begun_once;            /* no retry once begun: the caller wants to know of that */
    const struct rpc_trace *trace; /* NULL: a new trace */
    char *trace_id_out;            /* NULL, or RPC_TRACE_ID_SIZE bytes for the trace id used */
    struct rpc_cancel *cancel;     /* NULL: only its deadline ends the call early */
};

/*
 * Call `method` ("/kith.v1.ContactService/GetMember") and wait. `*out` is in `arena`. A failure has
 * the server's code, reason, message and field. Retried (at most 3 attempts, jittered) are all
 * calls that did not begin, on SERVER_UNREACHABLE, SERVER_DRAINING, and SERVER_BUSY, RATE_LIMITED
 * and CALL_THROTTLED after the time these name, and calls of idempotent methods, or with a key, on
 * CONNECTION_LOST. CALL_THROTTLED: the server refused more than half of the calls lately and was
 * not asked again.
 */
MUST_USE enum err_code rpc_client_call(struct rpc_client *client, const char *method,
    const struct rpc_call_options *options, const ProtobufCMessage *in, struct arena *arena,
    ProtobufCMessage **out, struct err *err);

/* The same on packed messages, for callers without generated types. */
MUST_USE enum err_code rpc_client_call_bytes(struct rpc_client *client, const char *method,
    const struct rpc_call_options *options, const struct db_bytes *in, struct arena *arena,
    struct db_bytes *out, struct err *err);

/*
 * The same without waiting: `done` runs once, on a client thread (or the caller's, if the call
 * could not be begun, or that of rpc_client_cancel), and must not block. `err` is NULL on success,
 * `out` on failure.
 */
typedef void rpc_done_fn(void *arg, const struct db_bytes *out, const struct err *err);
void rpc_client_call_async(struct rpc_client *client, const char *method,
    const struct rpc_call_options *options, const struct db_bytes *in, rpc_done_fn *done,
    void *arg);
