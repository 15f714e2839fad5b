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
 * "the services"; keys of callers without a token are ignored, since nobody could be told apart.
 * Two calls with the same key at the same time: the second waits for the first one's commit and
 * gets its reply. Rows older than a week go when the same caller uses another key.
 */
#pragma once

#include "rpc/server.h"

/* For struct rpc_server_config. No state. */
extern const struct rpc_idempotency idempotency_store;
