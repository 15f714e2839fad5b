/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Page: where a list begins, from a request, and where it goes on, into the reply. A list asks the
 * store for one entry more than a page has: whether there is a next one. All lives in ctx->arena.
 */
#pragma once

#include "domain/page_token.h"
#include "rpc/rpc.h"

struct page {
    const char *list;                  /* everything that makes one list another list */
    int64_t limit;                     /* entries it has at most */
    const struct page_position *after; /* behind this one; NULL: from the beginning */
};

/*
 * The page a request asks for. `list` NULL: it did not fit into memory. FIELD_INVALID
 * naming page_size, PAGE_TOKEN_INVALID.
 */
MUST_USE enum err_code page_begin(struct rpc_ctx *ctx, const char *list, uint32_t page_size,
    const char *page_token, struct page *out);

/* The id to go on behind; NULL: from the beginning. */
const struct id *page_after_id(const struct page *page);

/* True if more than a page was found; *n is cut to what it has. */
bool page_cut(const struct page *page, size_t *n);

/* The token that leads behind the page's last entry: its id, and its sort key where that is not all
 * (else ""). REPLY_TOO_LARGE. */
MUST_USE enum err_code page_end(struct rpc_ctx *ctx, const struct page *page, const struct id *id,
    const char *key, char **page_token);
