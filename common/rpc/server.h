/* SPDX-License-Identifier: Apache-2.0 */
/*
 * RPC server: listens, validates, admits, dispatches to workers, replies; health and reflection
 * are built in. One per process; all functions may be called from any thread.
 */
#pragma once

#include "rpc/rpc.h"

/* Who holds this token? TOKEN_* on refusal. Called on a worker; keep it quick. */
typedef enum err_code rpc_authenticate_fn(void *self, struct db_session *db, const char *token,
    struct rpc_principal *out, struct err *err);

/* A call that carried an idempotency key: which one, word for word. */
struct rpc_keyed_call {
    uint32_t method;
    struct db_bytes request;
};

/*
 * Stored replies of calls that carried an idempotency key. Both run in the call's transaction.
 * begin: sets *reply (in the arena) if this caller's key was answered before;
 * IDEMPOTENCY_KEY_REUSED if it was with another request. finish: keeps the reply.
 */
struct rpc_idempotency {
    enum err_code (*begin)(struct rpc_ctx *ctx, const struct rpc_keyed_call *call,
        struct db_bytes *reply, struct err *err);
    enum err_code (*finish)(struct rpc_ctx *ctx, const struct rpc_keyed_call *call,
        const struct db_bytes *reply, struct err *err);
};

/* How much is let in. 0 switches a limit off. */
struct rpc_limits {
    int64_t queue_target_ms; /* a wait for a worker that nobody minds … */
    int64_t
        queue_interval_ms; /* … after so long above it, SERVER_BUSY for those who waited twice */
    int64_t connection_rate; /* calls per second of one connection before RATE_LIMITED */
    int64_t member_rate;     /* … and of one member */
    int64_t bad_token_rate;  /* refused tokens per second of one connection */
    int64_t max_connections; /* then the oldest without a good token makes room, or none comes in */
};

struct rpc_server_config {
    const char *listen;        /* NNG URLs, comma separated: "tcp://127.0.0.1:7101" */
    struct rpc_tls tls;        /* for those that begin with tls+; read by rpc_server_listen() */
    bool is_open_to_strangers; /* there, clients need no certificate */
    bool may_be_plain;         /* other than loopback addresses may go without TLS */
    int64_t workers;           /* threads running handlers */
    int64_t queue_limit;       /* calls waiting for a worker before SERVER_BUSY */
    int64_t max_message;       /* bytes of one NNG message received */
    int64_t max_memory;        /* bytes one call may use: its arena's limit */
    struct db *db;             /* may be NULL (tests) */
    const struct clock *clock;
    rpc_authenticate_fn *authenticate; /* may be NULL: everybody is RPC_CALLER_ANYBODY */
    void *authenticator;
    const struct rpc_idempotency *idempotency; /* may be NULL: keys are ignored */
    struct rpc_limits limits;
    bool has_no_desks;  /* instant methods go to workers like any: to measure what that costs */
    bool may_be_tapped; /* TapService shows what is called; only where all of `listen` is local */
};

struct rpc_registration {
    const struct rpc_service *service;
    void *state; /* ctx->service of its handlers */
};

struct rpc_server;

/*
 * Checks the tables against the .proto (every method has a handler and a policy, no recursive
 * message, no hash collision) and starts workers; does not listen yet. Health and Reflection are
 * added by the server itself.
 */
MUST_USE enum err_code rpc_server_new(struct rpc_server **out,
    const struct rpc_server_config *config, const struct rpc_registration *services,
    size_t n_services, struct err *err);

/* ADDRESS_IN_USE, CERTIFICATE_INVALID and the like. */
MUST_USE enum err_code rpc_server_listen(struct rpc_server *server, struct err *err);

/*
 * Read the certificate again: connections from now on get the new one, those there are go on. On
 * failure the old one stays in force. One thread at a time, after rpc_server_listen().
 */
MUST_USE enum err_code rpc_server_renew_certificate(struct rpc_server *server, struct err *err);

/* Seconds since 1970 when it expires; INT64_MAX: there is none. */
int64_t rpc_server_certificate_expires_s(const struct rpc_server *server);

/* Write a line of what happened since the line before: "rpc.stats". One thread at a time. */
void rpc_server_log_stats(struct rpc_server *server);

/* Run parked calls with this key again. */
void rpc_server_wake(struct rpc_server *server, const struct id *key);

/* Keys of calls that are parked, once each call, at most so many; returns how many. */
size_t rpc_server_list_parked(struct rpc_server *server, struct id *out, size_t max);

/*
 * A part of the process that health speaks of ("database", "wordnet", "contact-service").
 * `problem` NULL: fine. A required part with a problem makes the process not ready; another one
 * degraded.
 */
void rpc_server_set_health(
    struct rpc_server *server, const char *part, bool is_required, const char *problem);

/* Stop taking calls, finish those under way, at most timeout_ms. True if all finished. */
bool rpc_server_drain(struct rpc_server *server, int64_t timeout_ms);
void rpc_server_free(struct rpc_server *server);
