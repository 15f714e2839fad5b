/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Idempotency: the reply to a call that carried an idempotency key is kept in the transaction that
 * holds its effect, so the same call again gets the same reply and has no second effect.
 *
 * Rows live in the table `idempotency` of the service's own schema, which its first migration makes
 * by the line
 *
 *     -- include: common/idempotency/idempotency_tables.sql
 *
 * and which the role's search_path finds. A key belongs to its caller: a member, the operator or
 * "the services". The key of a caller without a token belongs to the very request it came with:
 * with another one it is another key. Two calls with the same key at the same time: the second gets
 * the reply of the first. A call without a token writes nothing before it has succeeded, so that
 * strangers who are refused cost a look-up. Rows older than a week are common/housekeeping's.
 */
#pragma once

#include "rpc/server.h"

/* For struct rpc_server_config. No state. */
extern const struct rpc_idempotency idempotency_store;
