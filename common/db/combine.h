/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Reads of many threads share few round trips, private to common/db.
 *
 * A thread with a read becomes a leader if fewer than the limit are at work; a lone read therefore
 * goes out at once, by its own thread. Otherwise it waits, and the next leader takes all that wait
 * as one libpq pipeline with one Sync. Between two Syncs PostgreSQL sees one transaction, and an
 * error aborts what follows it; so only reads come here, and what a batch could not finish, or a
 * broken connection took with it, goes back to its owner, who runs it again alone.
 */
#pragma once

#include "db/conn.h"

struct combiner;

/* NULL when out of memory. */
struct combiner *combiner_new(int max_leaders);
void combiner_free(struct combiner *c);

/* Is this a statement to share a batch: a read, and a quick one so far? */
bool combiner_takes(const struct combiner *c, const struct db_stmt *stmt);

/* How long a run of the statement took. */
void combiner_note_cost(struct combiner *c, const struct db_stmt *stmt, int64_t us);

/* As db_query. *is_rerun: nothing came of it; run it alone. */
MUST_USE enum err_code combiner_run(const struct db_session *s, const struct db_stmt *stmt,
    const struct db_param *params, PGresult **out, bool *is_rerun, struct err *err);
