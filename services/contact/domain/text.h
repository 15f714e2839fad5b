/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Text as people type it, made comparable. All strings are valid UTF-8 with a NUL at the end.
 */
#pragma once

#include <stdbool.h>
#include <stddef.h>

/* In place: white space and control characters become single spaces; none at either end. */
void text_tidy(char *text);

/*
 * Write `text` without case and accents ("Zoë ÖBERG" becomes "zoe oberg"), cut before the first
 * character that does not fit. Returns the length written.
 */
size_t text_fold(const char *text, char *out, size_t out_size);

/* Write an e-mail address in lower case; false unless it looks like one and fits. */
bool text_email(const char *text, char *out, size_t out_size);
