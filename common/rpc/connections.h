/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Connections: those a server has, each with its session once a message named one. A session is
 * found by its connection only, so that knowing another's number is of no use. Private to
 * common/rpc; all functions may be called from any thread, and none calls NNG under its lock.
 */
#pragma once

#include "rpc/session.h"

#include <pthread.h>

enum { CONNECTION_SLOTS = 256 };

struct connection;

struct connections {
    pthread_mutex_t lock;
    struct connection *slots[CONNECTION_SLOTS];
    struct connection *gone; /* to be seen off */
    bool is_leaving;         /* sessions begun now are told so */
};

void connections_init(struct connections *c);
void connections_fini(struct connections *c);

/* A connection that is not added, for want of memory, has its sessions refused. */
void connections_add(struct connections *c, uint32_t pipe);

/* It ended: returns the results dropped. Its parked lane leaves with connections_see_off(). */
uint32_t connections_remove(struct connections *c, uint32_t pipe);

/* The session of a connection, begun by its first message that names one; NULL if it has another,
 * or is gone. The caller releases it. */
struct session *connections_join(struct connections *c, uint32_t pipe, uint64_t session);

typedef void connections_send_fn(const struct departure *out);

/* Send the lanes of connections that are gone, and forget those. */
void connections_see_off(struct connections *c, connections_send_fn *send);

/* Send lanes that were parked before then, empty. */
void connections_refresh(
    struct connections *c, int64_t parked_before_us, connections_send_fn *send);

/* The server is leaving: say so in the next reply of every session, by lanes parked at once. */
void connections_leave(struct connections *c, connections_send_fn *send);

/* May calls of clients that were told still be on their way? */
bool connections_are_awaited(struct connections *c);
