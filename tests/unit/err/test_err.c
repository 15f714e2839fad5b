/* SPDX-License-Identifier: Apache-2.0 */
#include "err/err.h"
#include "unit_test.h"

#include <string.h>

static void raising_returns_the_code_of_the_reason(void **state)
{
    (void)state;
    struct err err = {0};
    assert_int_equal(
        err_raise(&err, REASON_CONTACT_NOT_FOUND, "contact %d is unknown", 7), ERR_NOT_FOUND);
    assert_int_equal(err.code, ERR_NOT_FOUND);
    assert_int_equal(err.reason, REASON_CONTACT_NOT_FOUND);
    assert_string_equal(err.msg, "contact 7 is unknown");
    assert_string_equal(err.origin, "raising_returns_the_code_of_the_reason");
}

static void raising_again_forgets_what_was_there(void **state)
{
    (void)state;
    struct err err = {.retry_after_ms = 5, .detail = "old", .field = "old"};
    assert_int_equal(err_raise(&err, REASON_INTERNAL_ERROR, "broken"), ERR_INTERNAL);
    assert_int_equal(err.retry_after_ms, 0);
    assert_string_equal(err.detail, "");
    assert_string_equal(err.field, "");
}

static void a_field_error_names_its_field(void **state)
{
    (void)state;
    struct err err = {0};
    assert_int_equal(err_raise_field(&err, "name", "name is empty"), ERR_INVALID_ARGUMENT);
    assert_int_equal(err.reason, REASON_FIELD_INVALID);
    assert_string_equal(err.field, "name");
}

static void texts_too_long_are_cut_not_overrun(void **state)
{
    (void)state;
    struct err err = {0};
    char huge[4096];
    memset(huge, 'x', sizeof(huge) - 1);
    huge[sizeof(huge) - 1] = '\0';
    assert_int_equal(err_raise_field(&err, huge, "%s", huge), ERR_INVALID_ARGUMENT);
    err_detail(&err, "%s", huge);
    assert_int_equal(strlen(err.msg), sizeof(err.msg) - 1);
    assert_int_equal(strlen(err.field), sizeof(err.field) - 1);
    assert_int_equal(strlen(err.detail), sizeof(err.detail) - 1);
}

static void detail_stays_apart_from_the_message(void **state)
{
    (void)state;
    struct err err = {0};
    assert_int_equal(
        err_raise(&err, REASON_DATABASE_UNAVAILABLE, "the database is away"), ERR_UNAVAILABLE);
    err_detail(&err, "SQLSTATE %s", "57P01");
    assert_string_equal(err.msg, "the database is away");
    assert_string_equal(err.detail, "SQLSTATE 57P01");
}

static void every_reason_is_found_by_its_name_and_explains_itself(void **state)
{
    (void)state;
    int count = 0;
    for (int i = 1; *err_reason_info((enum err_reason)i)->name; i++) {
        const struct err_reason_info *info = err_reason_info((enum err_reason)i);
        assert_int_equal(err_reason_by_name(info->name), i);
        assert_int_not_equal(info->code, ERR_OK);
        assert_true(strlen(info->meaning) > 10 && strlen(info->remedy) > 5);
        count++;
    }
    assert_true(count > 40);
}

static void an_unknown_reason_or_code_is_harmless(void **state)
{
    (void)state;
    assert_int_equal(err_reason_by_name("NO_SUCH_REASON"), REASON_NONE);
    assert_string_equal(err_reason_info((enum err_reason)99999)->name, "");
    assert_string_equal(err_reason_info((enum err_reason) - 1)->name, "");
    assert_string_equal(err_code_name((enum err_code)99), "UNKNOWN");
}

static void status_codes_have_the_numbers_and_names_of_grpc(void **state)
{
    (void)state;
    assert_int_equal(ERR_UNAUTHENTICATED, 16);
    assert_string_equal(err_code_name((enum err_code)5), "NOT_FOUND");
    assert_string_equal(err_code_name((enum err_code)14), "UNAVAILABLE");
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(raising_returns_the_code_of_the_reason),
        cmocka_unit_test(raising_again_forgets_what_was_there),
        cmocka_unit_test(a_field_error_names_its_field),
        cmocka_unit_test(texts_too_long_are_cut_not_overrun),
        cmocka_unit_test(detail_stays_apart_from_the_message),
        cmocka_unit_test(every_reason_is_found_by_its_name_and_explains_itself),
        cmocka_unit_test(an_unknown_reason_or_code_is_harmless),
        cmocka_unit_test(status_codes_have_the_numbers_and_names_of_grpc),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
