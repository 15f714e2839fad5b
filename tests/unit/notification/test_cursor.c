/* SPDX-License-Identifier: Apache-2.0 */
#include "domain/cursor.h"
#include "unit_test.h"

static void a_cursor_survives_the_way_out_and_back(void **state)
{
    (void)state;
    const int64_t numbers[] = {0, 1, 42, INT64_MAX};
    for (size_t i = 0; i < sizeof numbers / sizeof *numbers; i++) {
        char text[CURSOR_SIZE];
        struct err err = {0};
        int64_t back = -1;
        cursor_format(numbers[i], text);
        assert_int_equal(cursor_parse(text, &back, &err), ERR_OK);
        assert_int_equal(back, numbers[i]);
    }
}

static void a_page_token_survives_the_way_out_and_back(void **state)
{
    (void)state;
    char text[PAGE_SIZE];
    struct err err = {0};
    struct page back = {0, 0};
    page_format(&(struct page){INT64_MAX, INT64_MAX}, text);
    assert_int_equal(page_parse(text, &back, &err), ERR_OK);
    assert_int_equal(back.before, INT64_MAX);
    assert_int_equal(back.newest, INT64_MAX);
    page_format(&(struct page){17, 40}, text);
    assert_int_equal(page_parse(text, &back, &err), ERR_OK);
    assert_int_equal(back.before, 17);
    assert_int_equal(back.newest, 40);
}

static void no_page_token_is_the_first_page(void **state)
{
    (void)state;
    struct err err = {0};
    struct page page;
    assert_int_equal(page_parse("", &page, &err), ERR_OK);
    assert_int_equal(page.before, INT64_MAX);
    assert_int_equal(page.newest, -1);
}

static void what_we_did_not_give_out_is_refused(void **state)
{
    (void)state;
    const char *const bad[] = {"a", "a-1", "a 1", "a1 ", "a1b", "17", "A1", "b1", "b1a", "a+1",
        "a99999999999999999999", "b1a2c", "x"};
    for (size_t i = 0; i < sizeof bad / sizeof *bad; i++) {
        struct err err = {0};
        int64_t seq = 7;
        struct page page = {7, 7};
        assert_int_equal(cursor_parse(bad[i], &seq, &err), ERR_INVALID_ARGUMENT);
        assert_int_equal(err.reason, REASON_PAGE_TOKEN_INVALID);
        assert_int_equal(page_parse(bad[i], &page, &err), ERR_INVALID_ARGUMENT);
        assert_int_equal(seq, 7); /* nothing is written on failure */
        assert_int_equal(page.before, 7);
    }
}

static void a_cursor_is_no_page_token_and_the_other_way_round(void **state)
{
    (void)state;
    struct err err = {0};
    int64_t seq;
    struct page page;
    assert_int_equal(page_parse("a5", &page, &err), ERR_INVALID_ARGUMENT);
    assert_int_equal(cursor_parse("b5a9", &seq, &err), ERR_INVALID_ARGUMENT);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_cursor_survives_the_way_out_and_back),
        cmocka_unit_test(a_page_token_survives_the_way_out_and_back),
        cmocka_unit_test(no_page_token_is_the_first_page),
        cmocka_unit_test(what_we_did_not_give_out_is_refused),
        cmocka_unit_test(a_cursor_is_no_page_token_and_the_other_way_round),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
