/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Crew: how one worker runs calls side by side that only read. Each call has a fiber; where its
 * handler waits for the database the next one runs, and what all of them want to read is one round
 * trip. Private to common/rpc; belongs to the worker's thread.
 */
#pragma once

#include "rpc/call.h"
#include "rpc/dispatch.h"

enum { CREW_SIZE = 32 };

struct crew;

/* Run one call and answer it; `scratch` is its own. */
typedef void crew_serve_fn(void *arg, struct call *call, struct scratch *scratch);

/* Called before a wait for the database: send what is answered. It may be a long one. */
typedef void crew_flush_fn(void *arg, bool is_long);

struct crew_config {
    struct db *db;
    size_t max_memory; /* of each call */
    crew_serve_fn *serve;
    crew_flush_fn *flush;
    void *arg;
};

/* NULL without memory. */
struct crew *crew_new(const struct crew_config *config);
void crew_free(struct crew *crew);

/* Run a row of calls, linked by `next`; all of them have been served when it returns. */
void crew_run(struct crew *crew, struct call *row);
