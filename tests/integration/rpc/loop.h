/* SPDX-License-Identifier: Apache-2.0 */
/*
 * A server and a client in one process, by default without a database. The handlers are scripted
 * through `struct loop`; tokens are "member", "reader" (the same member without the scope to
 * write), "other" (another member) and "service".
 */
#pragma once

#include "rpc/client.h"
#include "rpc/server.h"

#include <stdatomic.h>

enum { LOOP_MAX_TITLE = 200 * 1024 };

struct loop {
    struct rpc_server *server;
    struct rpc_client *client;
    struct arena arena; /* of the client's replies */
    struct err err;
    char url[64];

    /* What the handlers do and saw. */
    struct id watched;          /* WatchNotifications and ListNotifications{only_unread} wait … */
    atomic_int unread;          /* … until this is not 0; the former sends so many in all */
    atomic_int last;            /* … and is over then, if not 0 */
    atomic_int title_len;       /* of what it sends */
    atomic_int watch_runs;      /* how often the handler of the former ran */
    atomic_int wait_runs;       /* … and of the latter */
    atomic_bool is_gate_closed; /* Deliver waits while this is set */
    atomic_int n_in_gate;       /* handlers waiting there */
    atomic_int deliveries;      /* how often Deliver ran */
    atomic_int mark_failures;   /* MarkRead fails with NOTIFICATION_NOT_FOUND if not 0 */
    struct rpc_principal caller;                     /* of the last call that had one */
    void (*on_mark)(struct rpc_ctx *ctx, void *arg); /* MarkRead does this before it returns */
    void *on_mark_arg;
};

struct loop_config {
    int64_t workers;     /* 0: 2 */
    int64_t queue_limit; /* 0: 1000 */
    const char *token;
    struct db *db; /* NULL: none */
    struct rpc_limits limits;
    const struct clock *clock; /* of the server; NULL: the system's */
    bool has_desks; /* Ping runs where it is received; else, and unless the environment has
                       LOOP_HAS_DESKS, a worker runs it, as it does most methods */
    bool may_be_tapped;
};

void loop_start(struct loop *loop, const struct loop_config *config);
void loop_stop(struct loop *loop);

/* A server at the address of the one before. */
void loop_serve(struct loop *loop, const struct loop_config *config);

/* Call Ping with `len` bytes; asserts that they come back. */
void loop_ping(struct loop *loop, size_t len);

/* Whether an empty Ping succeeds. */
enum err_code loop_try_ping(struct loop *loop);

/* Wait until the condition holds; fails the test after thirty seconds. */
#define loop_await(condition)                          \
    do {                                               \
        for (int tries_ = 0; !(condition); tries_++) { \
            assert_true(tries_ < 30000);               \
            loop_pause();                              \
        }                                              \
    } while (0)
void loop_pause(void);
