/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Line: a bounded text under construction. What does not fit is left out and the line says it is
 * full; the last bytes are a reserve for its end. Private to common/log. One thread at a time.
 */
#pragma once

#include "err/err.h"

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

enum { LINE_SIZE = 16 * 1024, LINE_RESERVE = 64 };

struct line {
    char *text; /* LINE_SIZE bytes, the caller's */
    size_t len;
    size_t limit;
    bool is_full;
};

void line_init(struct line *line, char *text);

bool line_is_empty(const struct line *line);
bool line_is_full(const struct line *line);

/* How long the line is now, and back to such a length. */
size_t line_mark(const struct line *line);
void line_cut(struct line *line, size_t mark);

/* Allow the last LINE_RESERVE bytes to be used, which is how a full line still gets its end. */
void line_use_reserve(struct line *line);

void line_put_bytes(struct line *line, const char *bytes, size_t n);
void line_put_int(struct line *line, int64_t value);
void line_printf(struct line *line, const char *fmt, ...) PRINTF_LIKE(2, 3);

/*
 * In quotes, as JSON wants it: quotes, backslashes and everything that could move a terminal's
 * cursor or break a line is escaped; bytes that are not UTF-8 become U+FFFD.
 */
void line_put_quoted(struct line *line, const char *value);

/* May `value` stand in logfmt without quotes? */
bool line_is_bare_word(const char *value);

/* Here, so that the length of a literal is known when it is compiled. */
static inline void line_put(struct line *line, const char *text)
{
    line_put_bytes(line, text, strlen(text));
}
