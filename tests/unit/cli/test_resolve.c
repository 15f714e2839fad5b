/* SPDX-License-Identifier: Apache-2.0 */
#include "resolve.h"
#include "unit_test.h"

static const char id[] = "01a2066e-dcc1-7178-b87b-4f57f7d4250c";

static void only_a_whole_uuid_is_an_id(void **state)
{
    (void)state;
    assert_true(resolve_is_id(id));
    assert_false(resolve_is_id("01a2066e-dcc1-7178-b87b-4f57f7d4250"));
    assert_false(resolve_is_id("dana"));
}

static void eight_digits_are_a_piece_of_an_id(void **state)
{
    (void)state;
    assert_true(resolve_is_piece("f7d4250c"));
    assert_true(resolve_is_piece("\xE2\x80\xA6"
                                 "f7d4250c"));
    assert_true(resolve_is_piece("01A2066E-dcc1"));
    assert_false(resolve_is_piece("7d4250c"));
    assert_false(resolve_is_piece("f7d4250x"));
    assert_false(resolve_is_piece("abe facade"));
}

static void a_piece_fits_at_either_end_of_an_id(void **state)
{
    (void)state;
    assert_true(resolve_fits(id, "f7d4250c"));
    assert_true(resolve_fits(id, "\xE2\x80\xA6"
                                 "F7D4250C"));
    assert_true(resolve_fits(id, "01a2066e-d"));
    assert_false(resolve_fits(id, "7178b87b"));
    assert_false(resolve_fits(id, "dcc1-7178"));
    assert_false(resolve_fits("short", "01a2066e"));
}

static void names_fit_without_case_and_accents(void **state)
{
    (void)state;
    assert_int_equal(resolve_name_fits("Tom\xC3\xA1s Ferreira", "tomas"), 1);
    assert_int_equal(resolve_name_fits("Tomas Ferreira", "TOM\xC3\x81S FERREIRA"), 2);
    assert_int_equal(resolve_name_fits("Jonas \xC3\x96"
                                       "berg",
                         "oberg"),
        1);
    assert_int_equal(resolve_name_fits("Dana Whitlock", "dan w"), 0);
    assert_int_equal(resolve_name_fits("Dana Whitlock", ""), 0);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(only_a_whole_uuid_is_an_id),
        cmocka_unit_test(eight_digits_are_a_piece_of_an_id),
        cmocka_unit_test(a_piece_fits_at_either_end_of_an_id),
        cmocka_unit_test(names_fit_without_case_and_accents),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
