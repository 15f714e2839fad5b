/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Reply: notifications as messages. Everything lives in the request's arena.
 */
#pragma once

#include "rpc/rpc.h"
#include "store.h"

#include <kith/v1/notification.pb-c.h>

enum { REPLY_DEFAULT_PAGE = 50, REPLY_MAX_PAGE = 1000 };

/* How many the caller asked for. FIELD_INVALID over the limit. */
MUST_USE enum err_code reply_page_size(uint32_t asked, int64_t *out, struct err *err);

MUST_USE enum err_code reply_notifications(struct rpc_ctx *ctx, const struct notice *items,
    size_t n, Kith__V1__Notification ***out, struct err *err);
