/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Decision: the record of a routing, as kith.v1.DecisionRecord. It holds all that the scores follow
 * from, so that they can be computed again, bit for bit.
 */
#pragma once

#include "domain/route.h"
#include "rpc/rpc.h"

#include <kith/v1/decision.pb-c.h>

enum { DECISION_MAX_JUDGED = 20 };

/* The best candidates, and the named one if there is one. REQUEST_TOO_LARGE if the arena is full.
 */
MUST_USE enum err_code decision_pack(const struct router *router, const struct network *network,
    const struct route_result *result, struct arena *arena, struct db_bytes *out, struct err *err);

/* INTERNAL_ERROR if the bytes are no record. */
MUST_USE enum err_code decision_unpack(const struct db_bytes *record, struct arena *arena,
    Kith__V1__DecisionRecord **out, struct err *err);

/* Computes the candidate's score from the record alone, by today's program. */
struct score decision_replay(
    const Kith__V1__DecisionRecord *record, const Kith__V1__JudgedContact *judged);

/* A candidate as a message, without name and headline; NULL if the arena is full. */
Kith__V1__Candidate *decision_candidate(const struct network *network,
    const struct route_candidate *c, uint32_t rank, struct arena *arena);
