/* SPDX-License-Identifier: Apache-2.0 */
/* Fibers of one thread that each ask the database once per round; for tests of gathering. */
#pragma once

#include "db_test.h"
#include "fiber/fiber.h"

enum { CREW_MAX = 96, CREW_PARAMS = 2 };

struct crew;

/* A task asks once per round, and remembers how that ended and when. */
struct task {
    struct crew *crew;
    struct fiber *fiber;
    const struct db_stmt *stmt;
    struct db_param params[CREW_PARAMS];
    int64_t timeout_ms; /* 0: the default */
    enum err_code code;
    struct err err;
    struct db_result *result; /* until the next round, or taken; NULL if it failed */
    int done_as;              /* which of the crew was it to be done: the first, … */
};

struct crew {
    struct db *db;
    struct db_gather *gather;
    struct task tasks[CREW_MAX];
    int n_tasks;
    struct task *running;
    int n_done;
    int n_trips;
};

/* Every task asks `stmt`, the first with parameter 0, the next with 1, … */
struct crew *crew_new(struct db *db, int n_tasks, const struct db_stmt *stmt);
void crew_free(struct crew *crew);

/* Everybody asks once. */
void crew_ask(struct crew *crew);
