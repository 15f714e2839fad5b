/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Page: where a list begins, from a request, and where it goes on, into the reply. A list asks the
 * store for one entry more than a page has: whether there is a next one. All lives in ctx->arena.
 */
#pragma once

#include "domain/page_token.h"
#include "rpc/rpc.h"

/*
 * What is behind the page token of a request; NULL for "": from the beginning. `list` is everything
 * that makes one list another list. PAGE_TOKEN_INVALID.
 */
MUST_USE enum err_code page_begin(
    struct rpc_ctx *ctx, const char *list, const char *token, const struct page_position **out);

/* The token that leads behind `last`, the last entry of this page. REPLY_TOO_LARGE. */
MUST_USE enum err_code page_end(
    struct rpc_ctx *ctx, const char *list, const struct page_position *last, char **token);
