/* SPDX-License-Identifier: Apache-2.0 */
/*
 * RPC, the part both sides share: callers, trace context, and what a handler sees of its request.
 *
 * The wire format is specified in proto/README.md. What may be sent to a method, by whom, and how
 * long it may take is declared in the .proto files through the options of kith/v1/policy.proto.
 */
#pragma once

#include "arena/arena.h"
#include "db/db.h"
#include "err/err.h"
#include "ids/ids.h"

#include <protobuf-c/protobuf-c.h>
#include <stdbool.h>
#include <stdint.h>

enum rpc_caller {
    RPC_CALLER_ANYBODY,  /* no token */
    RPC_CALLER_MEMBER,   /* a member's token */
    RPC_CALLER_OPERATOR, /* who runs this instance */
    RPC_CALLER_SERVICE,  /* another Kith service */
};

/* The PEM files of one side of TLS; NULL or "": none. */
struct rpc_tls {
    const char *certificate; /* its own, followed by those between it and the authority */
    const char *key;         /* of `certificate`; only its owner and group may read it */
    const char *ca;          /* the authorities whose certificates it accepts */
};

enum rpc_scope { RPC_SCOPE_NONE = 0, RPC_SCOPE_READ = 1, RPC_SCOPE_WRITE = 2 };

struct rpc_principal {
    enum rpc_caller caller;
    struct id member;   /* RPC_CALLER_MEMBER only */
    struct id token;    /* RPC_CALLER_MEMBER only: which of the member's tokens */
    unsigned scopes;    /* of enum rpc_scope */
    int64_t expires_us; /* when the token does, wall clock; 0: never */
};

/* W3C trace context, level 1. */
struct rpc_trace {
    uint8_t trace_id[16];
    uint8_t span_id[8];
    uint8_t parent_id[8]; /* of the span this one is part of; zero: of none */
    uint8_t flags;
};
enum { RPC_TRACEPARENT_SIZE = 56, RPC_TRACE_ID_SIZE = 33, RPC_SPAN_ID_SIZE = 17 };

struct rpc_trace rpc_trace_new(void);                             /* a new random trace */
struct rpc_trace rpc_trace_child(const struct rpc_trace *parent); /* same trace, new span */
void rpc_trace_format(const struct rpc_trace *t, char out[RPC_TRACEPARENT_SIZE]);
bool rpc_trace_parse(const char *traceparent, struct rpc_trace *out);
void rpc_trace_id_format(const struct rpc_trace *t, char out[RPC_TRACE_ID_SIZE]);

/* The three ids of a span as the log has them. */
struct rpc_trace_text {
    char trace_id[RPC_TRACE_ID_SIZE];
    char span_id[RPC_SPAN_ID_SIZE];
    char parent_id[RPC_SPAN_ID_SIZE]; /* "": none */
};
struct rpc_trace_text rpc_trace_text(const struct rpc_trace *t);

/* What is to be done once a call's changes are committed. */
typedef void rpc_after_fn(void *arg);
struct rpc_after {
    rpc_after_fn *fn;
    void *arg;
};
enum { RPC_AFTER_MAX = 4 };

/* What a handler sees of the request it serves. One worker thread at a time. */
struct rpc_ctx {
    void *service;         /* the service's own state */
    struct arena *arena;   /* lives until the reply is sent; every string of the reply too */
    struct db_session *db; /* bounded by the deadline; in a transaction if the method says so */
    const struct clock *clock;
    struct rpc_principal principal;
    struct rpc_trace trace;      /* span of this call; pass it on in calls and events */
    const char *idempotency_key; /* NULL: none */
    int64_t deadline_us;         /* monotonic */
    bool is_last_try;            /* parked before and out of time: answer with what there is */
    struct rpc_waiter *waiter;
    struct rpc_sending *sending; /* of a method that returns a stream; else NULL */
    struct rpc_after after[RPC_AFTER_MAX];
    unsigned n_after;
    struct err err; /* the last: what of it is not set need not be zero */
};

typedef enum err_code rpc_handler_fn(
    struct rpc_ctx *ctx, const ProtobufCMessage *in, ProtobufCMessage *out);

/* One row per method of the .proto. A method without a row does not start. */
struct rpc_method {
    const char *name; /* "GetMember" */
    rpc_handler_fn *handler;
    enum db_tx_mode tx;    /* DB_TX_NONE: the handler's statements commit one by one */
    rpc_handler_fn *renew; /* instead of the handler where a call is repeated by its idempotency
                              key: `out` is the first reply, but for its secrets; make new ones.
                              NULL: they stay empty */
    bool is_reader;        /* it only reads, without a transaction, and never holds a lock as it
                              does: a worker runs such calls side by side, and what they read at
                              the same time is one round trip */
    bool is_instant;       /* it computes a little, at most for some ten microseconds, and waits
                              for nothing: no database, no call, no lock that is held for long. It
                              runs on the thread that received it, unless others wait for a worker;
                              that thread has other connections to mind. Such a method is open to
                              everybody, as tokens are looked up in the database; its ctx->db may
                              not be asked. One that turns out to take a millisecond goes to a worker */
};

struct rpc_service {
    const ProtobufCServiceDescriptor *descriptor;
    const struct rpc_method *methods;
    size_t n_methods;
};

/*
 * Define handler `fn` with its real types, plus the untyped entry point rpc_<fn> the table names:
 *
 *     RPC_HANDLER(get_member, Kith__V1__GetMemberRequest, Kith__V1__GetMemberResponse)
 *     {
 *         …uses ctx, in, out…
 *     }
 */
#define RPC_HANDLER(fn, In, Out)                                                                   \
    static enum err_code fn(struct rpc_ctx *ctx, const In *in, Out *out);                          \
    enum err_code rpc_##fn(struct rpc_ctx *ctx, const ProtobufCMessage *in, ProtobufCMessage *out) \
    {                                                                                              \
        return fn(ctx, (const In *)(const void *)in, (Out *)(void *)out);                          \
    }                                                                                              \
    static enum err_code fn(struct rpc_ctx *ctx, const In *in, Out *out)

/*
 * `return rpc_park(ctx, &key);` sets the call aside without holding a worker. The handler runs
 * again, from its beginning, after rpc_server_wake() of the same key, or with is_last_try set
 * shortly before the deadline. A wake between the handler's look and the park is not lost. Only for
 * methods without a transaction.
 */
MUST_USE enum err_code rpc_park(struct rpc_ctx *ctx, const struct id *key);

/*
 * Does nobody wait for the answer any more: was the call cancelled, has its client gone, or its
 * deadline passed? For handlers that compute long; waiting for the database ends by itself. What is
 * returned then matters to nobody.
 */
bool rpc_is_cancelled(const struct rpc_ctx *ctx);

/*
 * The handler of a method that `returns (stream X)` sends a few items from in->cursor on, while
 * rpc_has_room(), each with its own cursor, and returns ERR_OK:
 *
 *     for (size_t i = 0; code == ERR_OK && i < found.n && rpc_has_room(ctx); i++) {
 *         …fills out, also out->cursor…
 *         code = rpc_send(ctx, &out->base);
 *     }
 *
 * It runs again, with in->cursor that of the last item, when the client granted more credit. A run
 * that sent nothing is the last, unless it ends with rpc_park(): then it runs again once woken.
 * Nothing else is kept between two runs, so that every run is what a client does that goes on after
 * its connection broke. `out` may be filled and sent over and over.
 */
MUST_USE bool rpc_has_room(const struct rpc_ctx *ctx);
MUST_USE enum err_code rpc_send(struct rpc_ctx *ctx, const ProtobufCMessage *item);

/*
 * Run `fn(arg)` once what the handler did is committed, before its reply is sent; not at all if it
 * fails. For hints and caches, which must not run ahead of the database. `arg` lives at least as
 * long as ctx->arena; at most RPC_AFTER_MAX of them in one call.
 */
void rpc_after_commit(struct rpc_ctx *ctx, rpc_after_fn *fn, void *arg);

/* What was put off by rpc_after_commit(), in order: for those who run handlers. */
void rpc_run_after(struct rpc_ctx *ctx);
