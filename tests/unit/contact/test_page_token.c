/* SPDX-License-Identifier: Apache-2.0 */
#include "domain/page_token.h"
#include "unit_test.h"

#include <string.h>

static const struct page_position position = {.key = "zoe oberg", .id = {{1, 2, 3}}};

static void a_token_brings_back_its_position(void **state)
{
    (void)state;
    char token[PAGE_TOKEN_SIZE];
    struct page_position out;
    page_token_format("contacts", &position, token);
    assert_true(page_token_parse("contacts", token, &out));
    assert_string_equal(out.key, position.key);
    assert_true(id_equal(&out.id, &position.id));
}

static void the_longest_key_fits(void **state)
{
    (void)state;
    struct page_position longest = {.id = {{9}}}, out;
    memset(longest.key, 'x', PAGE_KEY_SIZE - 1);
    char token[PAGE_TOKEN_SIZE];
    page_token_format("contacts", &longest, token);
    assert_true(page_token_parse("contacts", token, &out));
    assert_string_equal(out.key, longest.key);
}

static void a_token_of_another_list_is_refused(void **state)
{
    (void)state;
    char token[PAGE_TOKEN_SIZE];
    struct page_position out;
    page_token_format("contacts", &position, token);
    assert_false(page_token_parse("contacts tag=x", token, &out));
}

static void a_changed_cut_or_invented_token_is_refused(void **state)
{
    (void)state;
    char token[PAGE_TOKEN_SIZE];
    struct page_position out;
    page_token_format("contacts", &position, token);
    size_t len = strlen(token);
    for (size_t i = 0; i < len; i++) {
        char changed[PAGE_TOKEN_SIZE];
        memcpy(changed, token, len + 1);
        changed[i] = changed[i] == 'A' ? 'B' : 'A';
        assert_false(page_token_parse("contacts", changed, &out));
        memcpy(changed, token, len + 1);
        changed[i] = '\0';
        assert_false(page_token_parse("contacts", changed, &out));
    }
    assert_false(page_token_parse("contacts", "!!", &out));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_token_brings_back_its_position),
        cmocka_unit_test(the_longest_key_fits),
        cmocka_unit_test(a_token_of_another_list_is_refused),
        cmocka_unit_test(a_changed_cut_or_invented_token_is_refused),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
