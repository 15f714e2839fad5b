/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Character sets of uploaded files: told apart by their bytes, turned into UTF-8.
 *
 * A file is UTF-8 unless bytes that are not UTF-8 outnumber its multi-byte characters; then a
 * spreadsheet saved it in Windows-1252. One damaged byte does not garble a whole address book.
 */
#pragma once

#include <stddef.h>
#include <stdint.h>

enum charset { CHARSET_UTF8, CHARSET_WINDOWS_1252 };

/* Zeroed to begin with. */
struct charset_detector {
    unsigned pending;  /* continuation bytes the character under way still needs */
    uint8_t low, high; /* range of the next one */
    uint64_t n_multibyte, n_invalid;
};

/* Look at the next bytes of the file; chunks may end anywhere. */
void charset_look(struct charset_detector *d, const void *bytes, size_t len);

/* What the bytes seen so far are. A character cut off by the end of the file is no error. */
enum charset charset_verdict(const struct charset_detector *d);

/*
 * Write `in` as UTF-8, NUL-terminated, cut before the first character that does not fit. Bytes
 * that mean nothing become U+FFFD. Returns the length written.
 */
size_t charset_decode(enum charset charset, const char *in, size_t len, char *out, size_t out_size);
