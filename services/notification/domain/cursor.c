/* SPDX-License-Identifier: Apache-2.0 */
#include "domain/cursor.h"

#include <errno.h>
#include <inttypes.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>

/* Reads "<letter><digits>" and leaves *text behind it; false on anything else. */
static bool read_number(const char **text, char letter, int64_t *out)
{
    const char *digits = *text + 1;
    if (**text != letter || *digits < '0' || *digits > '9')
        return false;
    char *end;
    errno = 0;
    *out = strtoll(digits, &end, 10);
    *text = end;
    return errno == 0;
}

void cursor_format(int64_t seq, char out[CURSOR_SIZE])
{
    (void)snprintf(out, CURSOR_SIZE, "a%" PRId64, seq);
}

void page_format(const struct page *page, char out[PAGE_SIZE])
{
    (void)snprintf(out, PAGE_SIZE, "b%" PRId64 "a%" PRId64, page->before, page->newest);
}

enum err_code cursor_parse(const char *text, int64_t *out, struct err *err)
{
    int64_t seq;
    if (!read_number(&text, 'a', &seq) || *text != '\0')
        return err_raise(err, REASON_PAGE_TOKEN_INVALID, "this is not a cursor of an inbox");
    *out = seq;
    return ERR_OK;
}

enum err_code page_parse(const char *text, struct page *out, struct err *err)
{
    struct page page = {INT64_MAX, -1};
    if (text[0] != '\0' && (!read_number(&text, 'b', &page.before) ||
                               !read_number(&text, 'a', &page.newest) || *text != '\0'))
        return err_raise(err, REASON_PAGE_TOKEN_INVALID, "this is not a page token of an inbox");
    *out = page;
    return ERR_OK;
}
