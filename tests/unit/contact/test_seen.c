/* SPDX-License-Identifier: Apache-2.0 */
#include "domain/seen.h"
#include "unit_test.h"

#include <stdio.h>
#include <string.h>

static const uint8_t key[SEEN_KEY_SIZE] = {1, 2, 3};

static void the_first_row_of_an_identity_is_found_again(void **state)
{
    (void)state;
    struct seen seen;
    struct err err = {0};
    seen_init(&seen, key);
    assert_int_equal(seen_find(&seen, 'u', "ana", 3), 0);
    assert_int_equal(seen_add(&seen, 'u', "ana", 3, 7, &err), ERR_OK);
    assert_int_equal(seen_add(&seen, 'u', "ana", 3, 9, &err), ERR_OK);
    assert_int_equal(seen_find(&seen, 'u', "ana", 3), 7);
    seen_fini(&seen);
}

static void kinds_do_not_mix(void **state)
{
    (void)state;
    struct seen seen;
    struct err err = {0};
    seen_init(&seen, key);
    assert_int_equal(seen_add(&seen, 'u', "ana", 3, 7, &err), ERR_OK);
    assert_int_equal(seen_find(&seen, 'e', "ana", 3), 0);
    seen_fini(&seen);
}

static void all_of_many_are_remembered(void **state)
{
    (void)state;
    struct seen seen;
    struct err err = {0};
    seen_init(&seen, key);
    char text[16];
    for (uint32_t i = 1; i <= 30000; i++) {
        int len = snprintf(text, sizeof(text), "p%u", i);
        assert_int_equal(seen_find(&seen, 'u', text, (size_t)len), 0);
        assert_int_equal(seen_add(&seen, 'u', text, (size_t)len, i, &err), ERR_OK);
    }
    for (uint32_t i = 1; i <= 30000; i++) {
        int len = snprintf(text, sizeof(text), "p%u", i);
        assert_int_equal(seen_find(&seen, 'u', text, (size_t)len), i);
    }
    seen_fini(&seen);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(the_first_row_of_an_identity_is_found_again),
        cmocka_unit_test(kinds_do_not_mix),
        cmocka_unit_test(all_of_many_are_remembered),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
