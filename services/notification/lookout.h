/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Lookout: wakes the watches of this process for notifications that other instances of the service
 * stored. Once a second it asks, in one statement for all members whose watches are parked here,
 * for the newest number of each inbox.
 */
#pragma once

#include "db/db.h"
#include "rpc/server.h"

struct lookout;

/* Starts its thread. `db` and `server` must outlive it. */
MUST_USE enum err_code lookout_new(
    struct lookout **out, struct db *db, struct rpc_server *server, struct err *err);
void lookout_free(struct lookout *lookout); /* NULL is fine */
