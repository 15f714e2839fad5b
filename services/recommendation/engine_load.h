/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Loads one member's network from the database: the views of the contact service and our own asks.
 */
#pragma once

#include "db/db.h"
#include "domain/network.h"

/* As of `now_us` (wall clock). The network is the caller's. */
MUST_USE enum err_code engine_load(struct db_session *db, const struct wordnet *wordnet,
    const struct id *member, int64_t now_us, struct network **out, struct err *err);
