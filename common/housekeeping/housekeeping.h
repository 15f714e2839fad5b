/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Housekeeping: rows that have grown old go, a few at a time, in short transactions.
 *
 * One thread per process looks now and then, at moments that are random enough to keep the
 * instances of a service apart. A task is run by whoever takes its turn in the table
 * `housekeeping`, which a service's first migration makes by the line
 *
 *     -- include: common/housekeeping/housekeeping_tables.sql
 *
 * so that of many instances one does the work, and the next turn is an interval away. Rows of
 * common/queue and common/idempotency, which every service has, are cleaned without being asked.
 */
#pragma once

#include "clock/clock.h"
#include "db/db.h"

struct housekeeping_task {
    const char *name;            /* "tokens"; unique in the service */
    int64_t keep_days;           /* 0: for ever */
    const struct db_stmt *clean; /* ($1 timestamptz, $2 int8): deletes at most $2 rows that are
                                    older than $1, and returns how many in one row */
};

struct housekeeping_config {
    struct db *db;
    const struct clock *clock;             /* wall clock that ages are reckoned by */
    const struct housekeeping_task *tasks; /* of this service; borrowed until the end */
    size_t n_tasks;
    int64_t dead_letter_days; /* 0: for ever */
    int64_t interval_ms;      /* between two turns of a task; 0: 10 min */
    int64_t batch;            /* rows of one transaction; 0: 500 */
};

struct housekeeping;

MUST_USE enum err_code housekeeping_start(
    struct housekeeping **out, const struct housekeeping_config *config, struct err *err);

/* Ends after the transaction under way. NULL is fine. */
void housekeeping_stop(struct housekeeping *h);

/* All tasks, now, whoever's turn it is, until nothing old is left. For tests and by hand. */
MUST_USE enum err_code housekeeping_run(const struct housekeeping_config *config, struct err *err);
