/* SPDX-License-Identifier: Apache-2.0 */
#include "domain/csv.h"
#include "unit_test.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum { SHOWN = 4096 };

/* Records as text: fields in brackets, records on lines, "!" behind a cut, "+" behind an oversized
 * one. */
static void show(const struct csv_record *record, char out[SHOWN])
{
    size_t used = strlen(out);
    for (size_t i = 0; i < record->n_fields; i++)
        used += (size_t)snprintf(
            out + used, SHOWN - used, "[%.*s]", (int)record->fields[i].len, record->fields[i].data);
    (void)snprintf(out + used, SHOWN - used, "%s%s\n", record->is_oversized ? "+" : "",
        record->is_cut ? "!" : "");
}

static void read_in_chunks(const char *text, size_t len, size_t chunk, char out[SHOWN])
{
    struct csv_reader *reader = malloc(sizeof(*reader));
    assert_non_null(reader);
    csv_init(reader);
    struct csv_record record;
    *out = '\0';
    for (size_t at = 0; at < len; at += chunk) {
        struct csv_input in = {text + at, len - at < chunk ? len - at : chunk};
        while (csv_next(reader, &in, &record))
            show(&record, out);
    }
    if (csv_finish(reader, &record))
        show(&record, out);
    free(reader);
}

/* Whole and byte by byte must be the same. */
static void check(const char *text, const char *expected)
{
    char whole[SHOWN], split[SHOWN];
    read_in_chunks(text, strlen(text), SIZE_MAX / 2, whole);
    read_in_chunks(text, strlen(text), 1, split);
    assert_string_equal(whole, expected);
    assert_string_equal(split, expected);
}

static void commas_split_fields_and_line_ends_split_records(void **state)
{
    (void)state;
    check("a,b\nc,d\n", "[a][b]\n[c][d]\n");
    check("a,b\r\nc,d\r\n", "[a][b]\n[c][d]\n");
    check("a,b\rc,d\r", "[a][b]\n[c][d]\n");
    check(",,\n", "[][][]\n");
}

static void semicolons_and_tabs_separate_where_they_come_first(void **state)
{
    (void)state;
    check("a;b\nc;d\n", "[a][b]\n[c][d]\n");
    check("a\tb\n\"c\td\"\te\n", "[a][b]\n[c\td][e]\n");
    check("a,b;c\nd;e,f\n", "[a][b;c]\n[d][e,f]\n");
    check("\"a,b\";c,d\n", "[a,b][c,d]\n");
    check("sep=;\na;b\n", "[sep=][]\n[a][b]\n");
}

static void a_fixed_separator_is_the_only_one(void **state)
{
    (void)state;
    static const char text[] = "a;b\nc,d;e\nf,g\n\"h;i\"";
    struct csv_reader *reader = malloc(sizeof(*reader));
    assert_non_null(reader);
    csv_init(reader);
    struct csv_input in = {text, strlen(text)};
    struct csv_record record;
    char out[SHOWN] = "";
    while (csv_next(reader, &in, &record)) {
        show(&record, out);
        if (record.number == 1)
            csv_fix_separator(reader, record.separator);
    }
    assert_true(csv_finish(reader, &record));
    show(&record, out);
    assert_string_equal(out, "[a][b]\n[c,d][e]\n[f,g]\n[h;i]!\n");
    free(reader);
}

static void a_nul_byte_separates_nothing(void **state)
{
    (void)state;
    char out[SHOWN];
    read_in_chunks("a\0b,c\n", 6, 1, out);
    assert_non_null(strstr(out, "][c]"));
    assert_null(strstr(out, "][b"));
}

static void quotes_keep_commas_quotes_and_line_breaks(void **state)
{
    (void)state;
    check("\"a,b\",c\n", "[a,b][c]\n");
    check("\"say \"\"hi\"\"\",x\n", "[say \"hi\"][x]\n");
    check("\"one\ntwo\r\nthree\",x\n", "[one\ntwo\r\nthree][x]\n");
    check("\"\",\"\"\n", "[][]\n");
}

static void quotes_in_odd_places_are_text(void **state)
{
    (void)state;
    check("a\"b,c\n", "[a\"b][c]\n");
    check("\"a\"b,c\n", "[ab][c]\n");
    check(" \"a\",b\n", "[ \"a\"][b]\n");
}

static void a_byte_order_mark_is_dropped_at_the_start_only(void **state)
{
    (void)state;
    check("\xEF\xBB\xBFNotes:\nx\n", "[Notes:]\n[x]\n");
    check("\xEF\xBB\xBF\"a,b\",c\n", "[a,b][c]\n");
    check("a\n\xEF\xBB\xBFx\n", "[a]\n[\xEF\xBB\xBFx]\n");
}

static void blank_lines_are_records_of_one_empty_field(void **state)
{
    (void)state;
    check("a\n\nb\n", "[a]\n[]\n[b]\n");
    check("a\r\n\r\nb\r\n", "[a]\n[]\n[b]\n");
    check("", "");
}

static void a_record_the_input_ends_in_is_marked(void **state)
{
    (void)state;
    check("a,b\nc,d", "[a][b]\n[c][d]!\n");
    check("a,\"b", "[a][b]!\n");
    check("a,", "[a][]!\n");
    check("\"", "[]!\n");
}

static void records_are_numbered_from_one(void **state)
{
    (void)state;
    struct csv_reader *reader = malloc(sizeof(*reader));
    assert_non_null(reader);
    csv_init(reader);
    struct csv_input in = {"a\n\n\"b\nc\"\nd\n", 11};
    struct csv_record record;
    for (uint32_t n = 1; n <= 4; n++) {
        assert_true(csv_next(reader, &in, &record));
        assert_int_equal(record.number, n);
    }
    assert_false(csv_next(reader, &in, &record));
    free(reader);
}

static void an_endless_record_is_bounded_and_the_next_one_is_whole(void **state)
{
    (void)state;
    struct csv_reader *reader = malloc(sizeof(*reader));
    size_t len = CSV_MAX_RECORD + 1000;
    char *text = malloc(len + 5);
    assert_non_null(reader);
    assert_non_null(text);
    memset(text, 'x', len);
    memcpy(text + len, "\ny,z\n", 5);
    csv_init(reader);
    struct csv_input in = {text, len + 5};
    struct csv_record record;
    assert_true(csv_next(reader, &in, &record));
    assert_true(record.is_oversized);
    assert_int_equal(record.fields[0].len, CSV_MAX_RECORD);
    assert_true(csv_next(reader, &in, &record));
    assert_false(record.is_oversized);
    assert_int_equal(record.n_fields, 2);
    free(text);
    free(reader);
}

static void fields_beyond_the_limit_are_dropped(void **state)
{
    (void)state;
    char text[200] = "";
    memset(text, ',', 100);
    text[100] = '\n';
    struct csv_reader *reader = malloc(sizeof(*reader));
    assert_non_null(reader);
    csv_init(reader);
    struct csv_input in = {text, 101};
    struct csv_record record;
    assert_true(csv_next(reader, &in, &record));
    assert_int_equal(record.n_fields, CSV_MAX_FIELDS);
    free(reader);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(commas_split_fields_and_line_ends_split_records),
        cmocka_unit_test(semicolons_and_tabs_separate_where_they_come_first),
        cmocka_unit_test(a_fixed_separator_is_the_only_one),
        cmocka_unit_test(a_nul_byte_separates_nothing),
        cmocka_unit_test(quotes_keep_commas_quotes_and_line_breaks),
        cmocka_unit_test(quotes_in_odd_places_are_text),
        cmocka_unit_test(a_byte_order_mark_is_dropped_at_the_start_only),
        cmocka_unit_test(blank_lines_are_records_of_one_empty_field),
        cmocka_unit_test(a_record_the_input_ends_in_is_marked),
        cmocka_unit_test(records_are_numbered_from_one),
        cmocka_unit_test(an_endless_record_is_bounded_and_the_next_one_is_whole),
        cmocka_unit_test(fields_beyond_the_limit_are_dropped),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
