/* SPDX-License-Identifier: Apache-2.0 */
#include "clock/clock.h"
#include "domain/import_date.h"
#include "unit_test.h"

#include <string.h>

static void check(const char *text, const char *expected)
{
    int64_t us = import_date_parse(text);
    assert_true(us != IMPORT_DATE_UNKNOWN);
    char out[CLOCK_RFC3339_SIZE];
    clock_format_rfc3339(us, out);
    assert_string_equal(out, expected);
}

static void the_forms_people_have_are_read(void **state)
{
    (void)state;
    check("27 Jul 2024", "2024-07-27T00:00:00.000000Z");
    check("09 Jul 2024", "2024-07-09T00:00:00.000000Z");
    check("27-Jul-24", "2024-07-27T00:00:00.000000Z");
    check("7-Feb-22", "2022-02-07T00:00:00.000000Z");
    check("7/27/24, 12:30 PM", "2024-07-27T12:30:00.000000Z");
    check("5/8/18, 12:05 AM", "2018-05-08T00:05:00.000000Z");
    check("12/31/23, 11:59 PM", "2023-12-31T23:59:00.000000Z");
    check("2024-07-27", "2024-07-27T00:00:00.000000Z");
    check("27.07.2024", "2024-07-27T00:00:00.000000Z");
    check("7.2.22", "2022-02-07T00:00:00.000000Z");
}

static void leap_days_exist_in_leap_years_only(void **state)
{
    (void)state;
    check("29 Feb 2024", "2024-02-29T00:00:00.000000Z");
    assert_true(import_date_parse("29 Feb 2023") == IMPORT_DATE_UNKNOWN);
}

static void anything_else_is_unknown(void **state)
{
    (void)state;
    const char *const bad[] = {"", "yesterday", "03/04/2024", "2024-7-27", "2024-07-27 x",
        "2024-13-01", "27.13.2024", "27.07", "20240727", "32 Jul 2024", "0 Jul 2024", "27 Foo 2024",
        "27 Jul 2024 x", "27 Jul", "13/1/24, 1:00 PM", "1/1/24, 13:00 PM", "1/1/24, 0:10 AM",
        "1/1/24, 1:60 AM", "1/1/24, 1:00 XM", "-1 Jul 2024", "27 Jul 1950"};
    for (size_t i = 0; i < sizeof(bad) / sizeof(bad[0]); i++)
        assert_true(import_date_parse(bad[i]) == IMPORT_DATE_UNKNOWN);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(the_forms_people_have_are_read),
        cmocka_unit_test(leap_days_exist_in_leap_years_only),
        cmocka_unit_test(anything_else_is_unknown),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
