/* SPDX-License-Identifier: Apache-2.0 */
#include "domain/invitation_code.h"
#include "unit_test.h"

#include <string.h>

static void eighty_bits_become_four_groups_of_four(void **state)
{
    (void)state;
    const uint8_t zeros[INVITATION_CODE_BYTES] = {0};
    const uint8_t counting[INVITATION_CODE_BYTES] = {
        0x00, 0x44, 0x32, 0x14, 0xC7, 0x42, 0x54, 0xB6, 0x35, 0xCF};
    uint8_t ones[INVITATION_CODE_BYTES];
    memset(ones, 0xFF, sizeof(ones));
    char out[INVITATION_CODE_SIZE];
    invitation_code_format(zeros, out);
    assert_string_equal(out, "0000-0000-0000-0000");
    invitation_code_format(ones, out);
    assert_string_equal(out, "ZZZZ-ZZZZ-ZZZZ-ZZZZ");
    invitation_code_format(counting, out);
    assert_string_equal(out, "0123-4567-89AB-CDEF");
}

static void a_code_is_read_as_people_type_it(void **state)
{
    (void)state;
    const char *const typed[] = {
        "ABCD-EFGH-JKMN-1100", "abcdefghjkmn1100", " abcd efgh jkmn 1100 ", "abcd-efgh-jkmn-ilOo"};
    char out[INVITATION_CODE_SIZE];
    for (size_t i = 0; i < sizeof(typed) / sizeof(typed[0]); i++) {
        assert_true(invitation_code_tidy(typed[i], out));
        assert_string_equal(out, "ABCD-EFGH-JKMN-1100");
    }
}

static void what_is_no_code_is_refused(void **state)
{
    (void)state;
    const char *const bad[] = {"", "ABCD-EFGH-JKMN-110", "ABCD-EFGH-JKMN-11000",
        "ABCD-EFGH-JKMN-110U", "ABCD-EFGH-JKMN-11ë", "ABCD_EFGH_JKMN_1100"};
    char out[INVITATION_CODE_SIZE];
    for (size_t i = 0; i < sizeof(bad) / sizeof(bad[0]); i++)
        assert_false(invitation_code_tidy(bad[i], out));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(eighty_bits_become_four_groups_of_four),
        cmocka_unit_test(a_code_is_read_as_people_type_it),
        cmocka_unit_test(what_is_no_code_is_refused),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
