/* SPDX-License-Identifier: Apache-2.0 */
#include "domain/csv.h"

#include <string.h>

static const char bom[3] = {'\xEF', '\xBB', '\xBF'};

static void begin_record(struct csv_reader *r)
{
    r->state = CSV_FIELD_START;
    r->has_content = false;
    r->is_oversized = false;
    r->separator = r->fixed;
    r->len = 0;
    r->n_fields = 1;
    r->starts[0] = 0;
}

void csv_init(struct csv_reader *r)
{
    r->skip_lf = false;
    r->number = 0;
    r->fixed = 0;
    begin_record(r);
}

void csv_fix_separator(struct csv_reader *r, char separator)
{
    r->fixed = r->separator = separator;
}

static void put(struct csv_reader *r, char c)
{
    if (r->n_fields > CSV_MAX_FIELDS)
        return;
    if (r->len == CSV_MAX_RECORD)
        r->is_oversized = true;
    else
        r->text[r->len++] = c;
}

static void next_field(struct csv_reader *r)
{
    r->state = CSV_FIELD_START;
    if (r->n_fields < CSV_MAX_FIELDS)
        r->starts[r->n_fields] = r->len;
    r->n_fields++;
}

/* A byte order mark is no text: a quote right behind it still opens a quoted field. */
static void drop_bom(struct csv_reader *r)
{
    if (r->number == 0 && r->n_fields == 1 && r->len == sizeof(bom) &&
        memcmp(r->text, bom, sizeof(bom)) == 0)
        begin_record(r);
}

static void end_record(struct csv_reader *r, struct csv_record *out)
{
    out->number = ++r->number;
    out->is_oversized = r->is_oversized;
    out->is_cut = false;
    out->separator = r->separator;
    out->n_fields = r->n_fields < CSV_MAX_FIELDS ? r->n_fields : CSV_MAX_FIELDS;
    for (size_t i = 0; i < out->n_fields; i++) {
        size_t end = i + 1 < out->n_fields ? r->starts[i + 1] : r->len;
        out->fields[i] = (struct csv_field){r->text + r->starts[i], end - r->starts[i]};
    }
    begin_record(r);
}

static void inside_quotes(struct csv_reader *r, char c)
{
    if (c == '"')
        r->state = CSV_QUOTE_SEEN;
    else
        put(r, c);
}

static bool separates(struct csv_reader *r, char c)
{
    if (r->separator == 0 && (c == ',' || c == ';' || c == '\t'))
        r->separator = c;
    return c != '\0' && c == r->separator;
}

/* True when `c` ends the record. */
static bool outside_quotes(struct csv_reader *r, char c)
{
    if (c == '\n' || c == '\r') {
        r->skip_lf = c == '\r';
        return true;
    }
    r->has_content = true;
    if (separates(r, c)) {
        next_field(r);
    } else if (c == '"' && r->state == CSV_FIELD_START) {
        r->state = CSV_QUOTED;
    } else if (c == '"' && r->state == CSV_QUOTE_SEEN) {
        put(r, c);
        r->state = CSV_QUOTED;
    } else {
        put(r, c);
        r->state = CSV_PLAIN;
        drop_bom(r);
    }
    return false;
}

bool csv_next(struct csv_reader *r, struct csv_input *in, struct csv_record *out)
{
    while (in->len > 0) {
        char c = *in->bytes++;
        in->len--;
        bool is_rest_of_crlf = r->skip_lf && c == '\n';
        r->skip_lf = false;
        if (is_rest_of_crlf)
            continue;
        if (r->state == CSV_QUOTED) {
            inside_quotes(r, c);
        } else if (outside_quotes(r, c)) {
            end_record(r, out);
            return true;
        }
    }
    return false;
}

bool csv_finish(struct csv_reader *r, struct csv_record *out)
{
    if (!r->has_content)
        return false;
    end_record(r, out);
    out->is_cut = true;
    return true;
}
