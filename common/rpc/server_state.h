/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Server state: the server and its workers. Private to server.c (its life), server_receive.c (what
 * comes in, on NNG's threads) and server_work.c (running calls, on workers).
 */
#pragma once

#include "log/log.h"
#include "rpc/admission.h"
#include "rpc/call_queue.h"
#include "rpc/crew.h"
#include "rpc/desks.h"
#include "rpc/dispatch.h"
#include "rpc/health.h"
#include "rpc/report.h"
#include "rpc/routes.h"
#include "rpc/running.h"
#include "rpc/stats.h"
#include "rpc/stream_serve.h"
#include "rpc/transport.h"

#include <pthread.h>
#include <stdatomic.h>

struct worker {
    struct rpc_server *server;
    pthread_t thread;
    struct running running;
    struct seat seat;
    struct scratch scratch;
    struct cork cork;  /* results that leave together */
    struct crew *crew; /* NULL: it runs calls one by one */
    bool is_crew;      /* one of those that run shared calls now */
    bool is_alone;     /* the shared call it runs, so that it can be interrupted */
    struct log_buffer log;
};

struct rpc_server {
    struct rpc_server_config config;
    char *listen;
    struct schema *schema;
    struct route *routes;
    struct dispatch dispatch;
    struct rpc_registration *services; /* those given, then the built-in ones */
    size_t n_services;
    struct reflection reflection;
    struct health *health;
    struct report *report;
    struct tap *tap; /* NULL: none */
    struct admission *admission;
    struct call_queue *queue;
    struct streams *streams;
    struct transport *transport;
    atomic_bool is_draining;
    struct desks desks;
    struct worker *workers;
    size_t n_workers;
    size_t n_started;
};

/* ---- server_receive.c ---- */

/* What the transport tells; its `self` is the server. On NNG's threads, never blocking. */
struct transport_events server_events(struct rpc_server *s);

/* The call does not exist afterwards, nor does its stream. */
void server_answer(
    struct rpc_server *s, struct call *call, const struct outcome *outcome, struct cork *cork);
void server_refuse(struct rpc_server *s, struct call *call, struct cork *cork,
    enum err_reason reason, const char *msg);

/* Answer those of these calls that do not run. */
void server_drop(
    struct rpc_server *s, uint32_t pipe, const uint64_t *ids, size_t n, enum err_reason reason);

/* ---- server_work.c ---- */

/* Run calls that are instant, linked by `next`, on this thread. */
void server_run_at_once(
    struct rpc_server *s, struct call *calls, struct scratch *scratch, struct cork *cork);

/* Body of a worker's thread; `arg` is the worker. */
void *server_work(void *arg);
