/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Any bytes as a file to import: nothing crashes, chunk borders change nothing, and every text that
 * comes out is valid, tidy UTF-8.
 */
#include "domain/linkedin.h"
#include "domain/profile_url.h"

#include <assert.h>
#include <stdlib.h>
#include <string.h>
#include <utf8proc.h>

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

struct reading {
    struct arena arena;
    struct csv_reader csv;
    struct linkedin_header header;
    bool has_header;
    enum charset charset;
    uint64_t digest; /* of everything read */
};

static void add_to_digest(struct reading *r, const char *text)
{
    for (; *text; text++)
        r->digest = (r->digest ^ (uint8_t)*text) * 0x100000001B3U;
    r->digest = (r->digest ^ 0x1FF) * 0x100000001B3U;
}

static void check_text(struct reading *r, const char *text)
{
    int32_t character = 0;
    for (const char *p = text; *p;) {
        utf8proc_ssize_t n = utf8proc_iterate((const utf8proc_uint8_t *)p, -1, &character);
        assert(n > 0 && character >= ' ');
        p += n;
    }
    assert(text[0] != ' ');
    add_to_digest(r, text);
}

static void take_record(struct reading *r, const struct csv_record *record)
{
    if (!r->has_header) {
        r->has_header =
            record->number <= LINKEDIN_HEADER_WITHIN && linkedin_find_header(record, &r->header);
        if (r->has_header)
            csv_fix_separator(&r->csv, record->separator);
        return;
    }
    struct import_row row;
    const char *why = NULL;
    if (linkedin_read_row(&r->header, r->charset, record, &r->arena, &row, &why) != LINKEDIN_PERSON)
        return;
    check_text(r, row.name);
    check_text(r, row.company);
    check_text(r, row.position);
    check_text(r, row.email);
    char again[PROFILE_URL_SIZE];
    add_to_digest(r, row.profile_url);
    assert(row.profile_url[0] == '\0' || profile_url_normalise(row.profile_url, again));
}

static uint64_t read_all(const char *bytes, size_t size, size_t chunk)
{
    struct reading *r = calloc(1, sizeof(*r));
    assert(r);
    arena_init(&r->arena, 64 << 20);
    csv_init(&r->csv);
    struct charset_detector detector = {0};
    for (size_t at = 0; at < size; at += chunk)
        charset_look(&detector, bytes + at, size - at < chunk ? size - at : chunk);
    r->charset = charset_verdict(&detector);
    struct csv_record record;
    for (size_t at = 0; at < size; at += chunk) {
        struct csv_input in = {bytes + at, size - at < chunk ? size - at : chunk};
        while (csv_next(&r->csv, &in, &record))
            take_record(r, &record);
    }
    if (csv_finish(&r->csv, &record))
        take_record(r, &record);
    uint64_t digest = r->digest;
    arena_fini(&r->arena);
    free(r);
    return digest;
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    const char *bytes = (const char *)data;
    size_t chunk = size ? data[0] % 61U + 1 : 1;
    assert(read_all(bytes, size, size + 1) == read_all(bytes, size, chunk));
    return 0;
}
