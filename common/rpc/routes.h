/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Routes: the tables of the services checked against the .proto files. Private to common/rpc.
 */
#pragma once

#include "rpc/dispatch.h"

/*
 * Fill in who serves the methods of this service. INTERNAL_ERROR for a method without handler, a
 * row without method, a reader that may change something.
 */
MUST_USE enum err_code routes_add(struct route *routes, const struct schema *schema,
    const struct rpc_registration *r, struct err *err);
