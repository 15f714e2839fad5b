/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Reads that share a round trip as one libpq pipeline with one Sync, private to common/db.
 *
 * Between two Syncs PostgreSQL sees one transaction, and an error aborts what follows it; so only
 * reads travel like this, and what came to nothing is marked to be run again alone. PostgreSQL may
 * keep the first results until the last is there: which statement is at work cannot be told.
 */
#pragma once

#include "db/conn.h"

enum {
    PIPELINE_MAX = DB_KEYS_MAX,   /* reads, so that any of them fit into one statement */
    PIPELINE_HOLD_UP_US = 250000, /* none takes longer; who made it so long goes on alone */
};

struct shared_read {
    struct shared_read *next; /* of the same statement */
    const struct db_stmt *stmt;
    const struct db_param *params; /* in use until it is sent */
    int64_t deadline_us;
    struct db_result *result;
    enum err_code code;
    bool is_unfinished; /* neither result nor error: run it again */
    struct err err;
};

/* The reads of one statement: one, or several of a keyed one. */
struct shared_stmt {
    const struct prepared_stmt *prepared;
    struct shared_read *first;
    size_t n;
};

/* Each marks the connection broken when it can not go on with it. */
void pipeline_enter(struct db_conn *conn);

/* False if it does not travel along: its parameters are wrong, or the connection is broken. */
bool pipeline_send(struct db_conn *conn, struct shared_stmt *stmt);
void pipeline_sync(struct db_conn *conn);

/* Results in the order sent. False when the connection is lost, or time was up: then what was at
 * work is cancelled. */
MUST_USE bool pipeline_receive(struct db_conn *conn, struct shared_stmt *stmt, int64_t until_us);
void pipeline_leave(struct db_conn *conn, int64_t until_us);

/* After it all: nothing came of this one, so it is to be run again, however it ended. */
void pipeline_judge(struct shared_read *read);
