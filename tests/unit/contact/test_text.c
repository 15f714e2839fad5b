/* SPDX-License-Identifier: Apache-2.0 */
#include "domain/text.h"
#include "unit_test.h"

#include <string.h>

static void check_tidy(const char *text, const char *expected)
{
    char copy[100];
    strncpy(copy, text, sizeof(copy) - 1);
    copy[sizeof(copy) - 1] = '\0';
    text_tidy(copy);
    assert_string_equal(copy, expected);
}

static void check_fold(const char *text, const char *expected)
{
    char out[100];
    assert_int_equal(text_fold(text, out, sizeof(out)), strlen(expected));
    assert_string_equal(out, expected);
}

static void space_of_every_kind_becomes_one_space_inside_and_none_outside(void **state)
{
    (void)state;
    check_tidy("  a \t\r\n b  ", "a b");
    check_tidy("\xC2\xA0"
               "a\xE2\x80\x83"
               "b\xEF\xBB\xBF",
        "a b");
    check_tidy("a\x01\x7F"
               "b",
        "a b");
    check_tidy(" \n ", "");
    check_tidy("北京 🌱", "北京 🌱");
}

static void folding_removes_case_and_accents(void **state)
{
    (void)state;
    check_fold("Zoë ÖBERG", "zoe oberg");
    check_fold("Straße", "strasse");
    check_fold("Dvořák ŽIŽKA", "dvorak zizka");
    check_fold("北京", "北京");
}

static void folding_does_not_depend_on_how_accents_are_written(void **state)
{
    (void)state;
    check_fold("Zoe\xCC\x88", "zoe");
    check_fold("Zo\xC3\xAB", "zoe");
}

static void folded_text_is_cut_between_characters(void **state)
{
    (void)state;
    char out[6];
    assert_int_equal(text_fold("北京", out, sizeof(out)), 3);
    assert_string_equal(out, "北");
}

static void an_address_is_lower_cased(void **state)
{
    (void)state;
    char out[40];
    assert_true(text_email("Ana.Costa@Example.ORG", out, sizeof(out)));
    assert_string_equal(out, "ana.costa@example.org");
}

static void what_is_no_address_is_refused(void **state)
{
    (void)state;
    const char *const bad[] = {
        "", "ana", "@x", "ana@", "a@b@c", "a b@c", "a@b\nc", "<a@b>", "a,b@c"};
    char out[40];
    for (size_t i = 0; i < sizeof(bad) / sizeof(bad[0]); i++)
        assert_false(text_email(bad[i], out, sizeof(out)));
    assert_false(text_email("a@b.example", out, 11));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(space_of_every_kind_becomes_one_space_inside_and_none_outside),
        cmocka_unit_test(folding_removes_case_and_accents),
        cmocka_unit_test(folding_does_not_depend_on_how_accents_are_written),
        cmocka_unit_test(folded_text_is_cut_between_characters),
        cmocka_unit_test(an_address_is_lower_cased),
        cmocka_unit_test(what_is_no_address_is_refused),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
