/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Connections: those a server has, each with its session once a message named one. A session is
 * found by its connection only, so that knowing another's number is of no use. Private to
 * common/rpc; all functions may be called from any thread, and none calls NNG under its lock.
 */
#pragma once

#include "rpc/ring.h"
#include "rpc/session.h"

#include <pthread.h>
#include <stdatomic.h>

enum { CONNECTION_SLOTS = 256, KNOWN_PIPES = 4096 };

struct connection;

struct connections {
    pthread_mutex_t lock;
    size_t max; /* 0: no limit */
    size_t n;   /* without those that make room */
    struct connection *slots[CONNECTION_SLOTS];
    struct ring strangers;          /* those nobody was recognised over yet; oldest first */
    struct connection *gone;        /* to be seen off */
    bool is_leaving;                /* sessions begun now are told so */
    atomic_uint known[KNOWN_PIPES]; /* the last of each slot that was found to be no stranger */
    atomic_uint n_refused;
    atomic_uint n_evicted; /* closed to make room */
};

void connections_init(struct connections *c, size_t max);
void connections_fini(struct connections *c);

/*
 * False: there are too many, and it is to be closed. Where strangers are among them the oldest
 * makes room instead: `*closed` is to be closed then, else it is 0. A connection that is not added,
 * for want of memory, has its sessions refused.
 */
MUST_USE bool connections_add(struct connections *c, uint32_t pipe, uint32_t *closed);

/* Somebody with a good token called over it. */
void connections_recognise(struct connections *c, uint32_t pipe);

/* Did nobody so far? Sometimes said of an old connection that shares its slot with another. */
bool connections_are_strange(struct connections *c, uint32_t pipe);

/* It ended: returns the results dropped. Its parked lane leaves with connections_see_off(). */
uint32_t connections_remove(struct connections *c, uint32_t pipe);

/* The session of a connection, begun by its first message that names one; NULL if it has another,
 * or is gone. The caller releases it. */
struct session *connections_join(struct connections *c, uint32_t pipe, uint64_t session);

/* False once it ended. */
bool connections_has(struct connections *c, uint32_t pipe);

typedef void connections_send_fn(const struct departure *out);

/* Send the lanes of connections that are gone, and forget those. */
void connections_see_off(struct connections *c, connections_send_fn *send);

/* Send lanes that were parked before then, empty. */
void connections_refresh(
    struct connections *c, int64_t parked_before_us, connections_send_fn *send);

/*
 * Close, of each slot, the first connection that is owed something and keeps no lane here, of which
 * nothing was heard since then; returns how many.
 */
typedef void connections_close_fn(uint32_t pipe);
unsigned connections_close_deserted(
    struct connections *c, int64_t since_us, connections_close_fn *close);

/* The server is leaving: say so in the next reply of every session, by lanes parked at once. */
void connections_leave(struct connections *c, connections_send_fn *send);

/* May calls of clients that were told still be on their way, or results for them? */
bool connections_are_awaited(struct connections *c);

/* Have all clients said that they have all results? */
bool connections_have_all(struct connections *c);
