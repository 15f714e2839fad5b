/* SPDX-License-Identifier: Apache-2.0 */
/*
 * CSV: bytes in, records out, across any chunk borders (RFC 4180 and what people really save).
 *
 * Fields are separated by commas, or, as spreadsheets write where the comma is a decimal point, by
 * semicolons or tabs. Understands quoted separators, doubled quotes, line breaks in quotes, LF,
 * CRLF and CR, a UTF-8 byte order mark, and text after a closing quote. Knows nothing of character
 * sets: fields are bytes. No allocation; one thread at a time.
 */
#pragma once

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

enum { CSV_MAX_FIELDS = 32, CSV_MAX_RECORD = 32768 };

struct csv_field {
    const char *data; /* not NUL-terminated */
    size_t len;
};

struct csv_record {
    uint32_t number;   /* from 1; blank lines count */
    size_t n_fields;   /* at least 1; fields beyond CSV_MAX_FIELDS are dropped */
    bool is_oversized; /* over CSV_MAX_RECORD bytes; the fields hold only the beginning */
    bool is_cut;       /* the input ended inside this record: no line break, or an open quote */
    char separator;    /* of its fields; 0: it is one field */
    struct csv_field fields[CSV_MAX_FIELDS];
};

struct csv_reader {
    enum { CSV_FIELD_START, CSV_PLAIN, CSV_QUOTED, CSV_QUOTE_SEEN } state;
    bool skip_lf;     /* the record before ended with CR */
    bool has_content; /* the record under way has at least one byte */
    bool is_oversized;
    uint32_t number;
    char fixed;      /* the separator of all records; 0: each one shows its own */
    char separator;  /* of the record under way; 0: none was seen yet */
    size_t len;      /* of text */
    size_t n_fields; /* fields begun */
    size_t starts[CSV_MAX_FIELDS];
    char text[CSV_MAX_RECORD];
};

struct csv_input {
    const char *bytes;
    size_t len;
};

void csv_init(struct csv_reader *r);

/*
 * From the next record on only `separator` separates. Before, it is whichever of , ; and tab comes
 * first in a record, outside quotes: a file's header shows what its rows are to be read with.
 */
void csv_fix_separator(struct csv_reader *r, char separator);

/*
 * Consume `in` up to the end of a record. True: *out is that record, valid until the next call.
 * False: all of `in` is consumed and the record under way is incomplete; call with more bytes.
 */
bool csv_next(struct csv_reader *r, struct csv_input *in, struct csv_record *out);

/* After the last bytes: the record that no line break ended, if there is one. */
bool csv_finish(struct csv_reader *r, struct csv_record *out);
