/* SPDX-License-Identifier: Apache-2.0 */
#include "domain/alike.h"
#include "unit_test.h"

static double likeness(const char *one, const char *other)
{
    struct arena arena;
    struct alike *alike = NULL;
    struct err err;
    double out = -1;

    arena_init(&arena, 1 << 20);
    assert_ok(alike_new(one, &arena, &alike, &err), &err);
    assert_ok(alike_compare(alike, other, &out, &err), &err);
    alike_free(alike);
    arena_fini(&arena);
    return out;
}

static void order_endings_case_and_little_words_do_not_matter(void **state)
{
    (void)state;
    assert_true(likeness("Which snorkeling masks fit?", "which mask fits for SNORKELING") >= 1);
}

static void one_word_of_many_is_little(void **state)
{
    (void)state;
    double part = likeness("Where can we swim in spring?", "Where can we climb in spring?");
    assert_true(part > 0 && part < 0.5);
}

static void little_words_alone_are_like_nothing(void **state)
{
    (void)state;
    assert_true(likeness("Who could help me?", "Who could help me?") <= 0);
    assert_true(likeness("", "Who plants trees?") <= 0);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(order_endings_case_and_little_words_do_not_matter),
        cmocka_unit_test(one_word_of_many_is_little),
        cmocka_unit_test(little_words_alone_are_like_nothing),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
