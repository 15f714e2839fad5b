/* SPDX-License-Identifier: Apache-2.0 */
#include "domain/import_date.h"
#include "domain/linkedin.h"
#include "unit_test.h"

#include <stdlib.h>
#include <string.h>

static struct csv_reader reader;
static struct arena arena;

static int set_up(void **state)
{
    (void)state;
    arena_init(&arena, 1 << 20);
    return 0;
}

static int tear_down(void **state)
{
    (void)state;
    arena_fini(&arena);
    return 0;
}

/* The first record of `line`; it lives until the next call. */
static struct csv_record record_of(const char *line)
{
    struct csv_record record = {0};
    struct csv_input in = {line, strlen(line)};
    csv_init(&reader);
    if (!csv_next(&reader, &in, &record))
        assert_true(csv_finish(&reader, &record));
    return record;
}

static struct linkedin_header header_of(const char *line)
{
    struct csv_record record = record_of(line);
    struct linkedin_header header;
    assert_true(linkedin_find_header(&record, &header));
    return header;
}

static enum linkedin_verdict read_row(const char *line, struct import_row *row, const char **why)
{
    struct linkedin_header header =
        header_of("First Name,Last Name,URL,Email Address,Company,Position,Connected On\n");
    struct csv_record record = record_of(line);
    return linkedin_read_row(&header, CHARSET_UTF8, &record, &arena, row, why);
}

static void check_skipped(const char *line, const char *expected)
{
    struct import_row row;
    const char *why = NULL;
    assert_int_equal(read_row(line, &row, &why), LINKEDIN_SKIPPED);
    assert_non_null(strstr(why, expected));
}

static void the_header_is_found_in_every_layout(void **state)
{
    (void)state;
    struct linkedin_header header =
        header_of("First Name,Last Name,Email Address,Company,Position,Connected On\n");
    assert_int_equal(header.at[LINKEDIN_URL], -1);
    assert_int_equal(header.at[LINKEDIN_COMPANY], 3);
    header = header_of("\xEF\xBB\xBF\"First Name\",\"Last Name\",URL,\"Email Address\",Company,"
                       "Position,\"Connected On\"\n");
    assert_int_equal(header.at[LINKEDIN_FIRST_NAME], 0);
    assert_int_equal(header.at[LINKEDIN_CONNECTED_ON], 6);
    header = header_of(" first name ,LAST NAME,connected on,,\n");
    assert_int_equal(header.at[LINKEDIN_CONNECTED_ON], 2);
    assert_int_equal(header.n_fields, 5);
}

static void other_files_have_no_header(void **state)
{
    (void)state;
    struct linkedin_header header;
    struct csv_record record = record_of("Notes:,,,,,,\n");
    assert_false(linkedin_find_header(&record, &header));
    record = record_of("First Name,Last Name,Company,Job Title,Text,Creation Date,Status\n");
    assert_false(linkedin_find_header(&record, &header));
}

static void a_row_becomes_a_person(void **state)
{
    (void)state;
    struct import_row row;
    const char *why = NULL;
    assert_int_equal(
        read_row("Zoë, Öberg ,https://www.linkedin.com/in/zoe/,Zoe@Example.org,\"Blue, "
                 "Inc.\",\"Coach\n& more\",27 Jul 2024\n",
            &row, &why),
        LINKEDIN_PERSON);
    assert_string_equal(row.name, "Zoë Öberg");
    assert_string_equal(row.name_fold, "zoe oberg");
    assert_string_equal(row.profile_url, "linkedin.com/in/zoe");
    assert_string_equal(row.email, "zoe@example.org");
    assert_string_equal(row.company, "Blue, Inc.");
    assert_string_equal(row.position, "Coach & more");
    assert_string_equal(row.company_fold, "blue, inc.");
    assert_string_equal(row.position_fold, "coach & more");
    assert_true(row.connected_us == INT64_C(1722038400000000));
}

static void a_person_needs_one_name_only(void **state)
{
    (void)state;
    struct import_row row;
    const char *why = NULL;
    assert_int_equal(read_row("Madonna,,,,,,soon\n", &row, &why), LINKEDIN_PERSON);
    assert_string_equal(row.name, "Madonna");
    assert_string_equal(row.email, "");
    assert_true(row.connected_us == IMPORT_DATE_UNKNOWN);
}

static void rows_with_nothing_but_a_date_are_closed_accounts(void **state)
{
    (void)state;
    struct import_row row;
    const char *why = NULL;
    assert_int_equal(read_row(",,,,,,07 Feb 2024\n", &row, &why), LINKEDIN_CLOSED);
    assert_int_equal(read_row("\n", &row, &why), LINKEDIN_BLANK_LINE);
}

static void misshapen_rows_are_skipped_with_the_reason(void **state)
{
    (void)state;
    check_skipped(",,,,,,\n", "empty");
    check_skipped(",,linkedin.com/in/x,,,,\n", "no name");
    check_skipped("Ana,Costa,x\n", "fewer columns");
    check_skipped("Ana,Costa,,,Blue, Inc.,Coach,27 Jul 2024\n", "more columns");
    check_skipped("Ana,Costa,linkedin", "ends in the middle");
    check_skipped("Ana,Costa,\"linkedin", "ends in the middle");
}

static void padding_behind_the_last_column_is_ignored(void **state)
{
    (void)state;
    struct import_row row;
    const char *why = NULL;
    assert_int_equal(read_row("Ana,Costa,,,,,27 Jul 2024,,,\n", &row, &why), LINKEDIN_PERSON);
}

static void the_charset_of_the_file_is_used(void **state)
{
    (void)state;
    struct linkedin_header header = header_of("First Name,Last Name,Connected On\n");
    struct csv_record record = record_of("G\xF6ran,D\x92Souza,27-Jul-24\n");
    struct import_row row;
    const char *why = NULL;
    assert_int_equal(linkedin_read_row(&header, CHARSET_WINDOWS_1252, &record, &arena, &row, &why),
        LINKEDIN_PERSON);
    assert_string_equal(row.name, "Göran D’Souza");
}

static void a_full_arena_is_said(void **state)
{
    (void)state;
    struct arena tiny;
    arena_init(&tiny, 16);
    struct linkedin_header header = header_of("First Name,Last Name,Connected On\n");
    struct csv_record record = record_of("A rather long first name,and a last one,27-Jul-24\n");
    struct import_row row;
    const char *why = NULL;
    assert_int_equal(
        linkedin_read_row(&header, CHARSET_UTF8, &record, &tiny, &row, &why), LINKEDIN_NO_MEMORY);
    arena_fini(&tiny);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(the_header_is_found_in_every_layout),
        cmocka_unit_test(other_files_have_no_header),
        cmocka_unit_test(a_row_becomes_a_person),
        cmocka_unit_test(a_person_needs_one_name_only),
        cmocka_unit_test(rows_with_nothing_but_a_date_are_closed_accounts),
        cmocka_unit_test(misshapen_rows_are_skipped_with_the_reason),
        cmocka_unit_test(padding_behind_the_last_column_is_ignored),
        cmocka_unit_test(the_charset_of_the_file_is_used),
        cmocka_unit_test(a_full_arena_is_said),
    };
    return cmocka_run_group_tests(tests, set_up, tear_down);
}
