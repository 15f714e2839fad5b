/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Routing: what RouteQuestion and Ask have in common. Takes the caller's network, routes, and looks
 * up in her address book who the candidates are now.
 */
#pragma once

#include "decision.h"
#include "service.h"
#include "store.h"

struct routing {
    struct engine_network *held; /* release with routing_done() */
    const struct network *network;
    struct route_result result;
    const struct store_person **people; /* by candidate; NULL: no longer a contact */
    const struct store_person *named;   /* NULL: none was named, or she is no contact */
    struct store_decision decision;     /* complete but for being stored */
};

/* `named` is a contact to judge in any case, or NULL. Release also after a failure. */
MUST_USE enum err_code routing_run(
    struct rpc_ctx *ctx, const char *question, const struct id *named, struct routing *out);
void routing_done(struct routing *routing);
