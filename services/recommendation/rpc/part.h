/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Part: the caller's part in an ask that somebody sent her; shared by Answer and Pass.
 */
#pragma once

#include "store.h"

/*
 * The ask, if the caller was asked and has not reacted. ASK_NOT_TARGET if it is her own or she has;
 * ASK_NOT_FOUND if she has nothing to do with it.
 */
MUST_USE enum err_code part_find(struct rpc_ctx *ctx, const char *ask_id, struct store_ask *out);
