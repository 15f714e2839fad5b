/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Earlier: what the caller asked before that is the same question, or one so like it that its
 * answer may do. Nobody is bothered twice without need.
 */
#pragma once

#include "store.h"

/* ASKED_BEFORE, naming the ask; OK if there is none. */
MUST_USE enum err_code earlier_refuse(struct rpc_ctx *ctx, const char *question, struct err *err);
