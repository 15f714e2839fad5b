/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Cursors and page tokens of the inbox. Both are numbers of notifications as opaque text; each is
 * refused where the other belongs.
 */
#pragma once

#include "err/err.h"

#include <stdint.h>

enum { CURSOR_SIZE = 24, PAGE_SIZE = 48 };

/* Where a list goes on: before number `before`, on behalf of a reader who began at `newest`. */
struct page {
    int64_t before; /* INT64_MAX: from the newest */
    int64_t newest; /* what the first page said; -1 on the first page itself */
};

void cursor_format(int64_t seq, char out[CURSOR_SIZE]);
void page_format(const struct page *page, char out[PAGE_SIZE]);

/* PAGE_TOKEN_INVALID. */
MUST_USE enum err_code cursor_parse(const char *text, int64_t *out, struct err *err);

/* The empty text is the first page. PAGE_TOKEN_INVALID. */
MUST_USE enum err_code page_parse(const char *text, struct page *out, struct err *err);
