/* SPDX-License-Identifier: Apache-2.0 */
/* One statement on a connection of its own for as long as it takes; private to common/db. */
#pragma once

#include "db/pool.h"

/* As db_query, outside a transaction. A read whose connection breaks is run once more. */
MUST_USE enum err_code query_alone(struct db_session *s, const struct db_stmt *stmt,
    const struct db_param *params, struct db_result **out, struct err *err);
