/* SPDX-License-Identifier: Apache-2.0 */
/* How a session of a gathering reads; private to common/db. The rest is in db.h. */
#pragma once

#include "db/pool.h"

/* As db_query, of a read outside a transaction. */
MUST_USE enum err_code gather_read(struct db_session *s, const struct db_stmt *stmt,
    const struct db_param *params, struct db_result **out, struct err *err);
