/* SPDX-License-Identifier: Apache-2.0 */
#include "domain/charset.h"
#include "unit_test.h"

#include <string.h>

static enum charset verdict(const char *bytes)
{
    struct charset_detector whole = {0}, split = {0};
    charset_look(&whole, bytes, strlen(bytes));
    for (const char *p = bytes; *p; p++)
        charset_look(&split, p, 1);
    assert_int_equal(charset_verdict(&whole), charset_verdict(&split));
    return charset_verdict(&whole);
}

static void check_decode(enum charset charset, const char *in, const char *expected)
{
    char out[64];
    assert_int_equal(charset_decode(charset, in, strlen(in), out, sizeof(out)), strlen(expected));
    assert_string_equal(out, expected);
}

static void plain_ascii_and_utf_8_are_utf_8(void **state)
{
    (void)state;
    assert_int_equal(verdict("Ana Costa"), CHARSET_UTF8);
    assert_int_equal(verdict("Zoë 北京 🌱"), CHARSET_UTF8);
}

static void bytes_of_windows_1252_are_recognised(void **state)
{
    (void)state;
    assert_int_equal(verdict("\xC9toile SA, G\xF6ran"), CHARSET_WINDOWS_1252);
    assert_int_equal(verdict("D\x92Souza"), CHARSET_WINDOWS_1252);
}

static void one_damaged_byte_does_not_change_the_charset(void **state)
{
    (void)state;
    assert_int_equal(verdict("Zoë Göran \xFF Éva"), CHARSET_UTF8);
}

static void a_character_cut_off_by_the_end_is_no_error(void **state)
{
    (void)state;
    assert_int_equal(verdict("Zo\xC3"), CHARSET_UTF8);
    assert_int_equal(verdict("\xE5\x8C"), CHARSET_UTF8);
}

static void overlong_forms_and_surrogates_are_not_utf_8(void **state)
{
    (void)state;
    assert_int_equal(verdict("\xC0\xAF"), CHARSET_WINDOWS_1252);
    assert_int_equal(verdict("\xE0\x80\xAF"), CHARSET_WINDOWS_1252);
    assert_int_equal(verdict("\xED\xA0\x80"), CHARSET_WINDOWS_1252);
    assert_int_equal(verdict("\xF4\x90\x80\x80"), CHARSET_WINDOWS_1252);
}

static void windows_1252_becomes_utf_8(void **state)
{
    (void)state;
    check_decode(CHARSET_WINDOWS_1252, "\xC9toile D\x92Souza \x80", "Étoile D’Souza €");
}

static void bad_bytes_become_replacement_characters(void **state)
{
    (void)state;
    check_decode(CHARSET_UTF8,
        "a\xFF"
        "b",
        "a\xEF\xBF\xBD"
        "b");
    char out[8];
    assert_int_equal(charset_decode(CHARSET_UTF8, "a\0b", 3, out, sizeof(out)), 5);
    assert_string_equal(out, "a\xEF\xBF\xBD"
                             "b");
}

static void text_is_cut_between_characters(void **state)
{
    (void)state;
    char out[4];
    assert_int_equal(charset_decode(CHARSET_UTF8, "abë", 4, out, sizeof(out)), 2);
    assert_string_equal(out, "ab");
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(plain_ascii_and_utf_8_are_utf_8),
        cmocka_unit_test(bytes_of_windows_1252_are_recognised),
        cmocka_unit_test(one_damaged_byte_does_not_change_the_charset),
        cmocka_unit_test(a_character_cut_off_by_the_end_is_no_error),
        cmocka_unit_test(overlong_forms_and_surrogates_are_not_utf_8),
        cmocka_unit_test(windows_1252_becomes_utf_8),
        cmocka_unit_test(bad_bytes_become_replacement_characters),
        cmocka_unit_test(text_is_cut_between_characters),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
