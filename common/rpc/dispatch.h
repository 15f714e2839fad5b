/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Dispatch: what happens to one call as it runs, from its bytes to its outcome: authenticate,
 * authorise, unpack and check, run the handler (in its transaction, behind its idempotency key),
 * pack, log. Knows no transport. A dispatch is constant; many workers share it.
 */
#pragma once

#include "rpc/call.h"
#include "rpc/server.h"
#include "rpc/tap.h"

#include <stdatomic.h>

struct stats;

/* Who serves a method; row NULL: nobody here. */
struct route {
    const struct schema_method *method;
    const struct rpc_method *row;
    void *state;
    atomic_uint mean_us; /* how long its handler takes, lately */
    atomic_uint own_us;  /* of that, without waiting for the database */
};

/* Does it take so little that several may run in a row before their results are sent? */
bool route_is_quick(const struct route *route);

/* May its calls run where they are received? */
bool route_is_instant(const struct route *route);

/* Does it take so little that results may wait for it to be sent with its own? */
bool route_is_brisk(const struct route *route);

/* What one of its calls takes, lately. */
unsigned route_cost_us(const struct route *route);

/* Do its calls run side by side on one worker: only reads, and little beside them? */
bool route_is_shared(const struct route *route);

/* Assume it is slow until it has shown otherwise; an instant one, the other way round. */
void route_forget(struct route *route);

struct dispatch {
    const struct rpc_server_config *config;
    const struct schema *schema;
    struct route *routes; /* by schema_index() */
    struct stats *stats;
    struct tap *tap; /* NULL: none */
};

/* Memory of a worker or a desk, reset for every call. */
struct scratch {
    struct arena request;     /* what the client sent */
    struct arena reply;       /* the handler's, fresh for every attempt of a transaction */
    struct db_gather *gather; /* NULL: the call waits for the database by itself */
    size_t shard;             /* which counters are its own */
};

/* NULL: METHOD_UNKNOWN. */
struct route *dispatch_route(const struct dispatch *d, uint32_t method);

/* Run it. `out` lives in `scratch`. */
void dispatch_run(const struct dispatch *d, const struct call *call, struct scratch *scratch,
    struct outcome *out);
