/* SPDX-License-Identifier: Apache-2.0 */
#include "arena/arena.h"
#include "unit_test.h"

#include <stdalign.h>
#include <string.h>

enum { LIMIT = 64 * 1024 };

static int set_up(void **state)
{
    static struct arena arena;
    arena_init(&arena, LIMIT);
    *state = &arena;
    return 0;
}

static int tear_down(void **state)
{
    arena_fini(*state);
    return 0;
}

static void memory_is_zeroed_and_aligned_also_when_reused(void **state)
{
    for (int round = 0; round < 2; round++) {
        for (size_t size = 1; size < 100; size += 7) {
            unsigned char *memory = arena_alloc(*state, size);
            assert_non_null(memory);
            assert_int_equal((uintptr_t)memory % alignof(max_align_t), 0);
            for (size_t i = 0; i < size; i++)
                assert_int_equal(memory[i], 0);
            memset(memory, 0xff, size);
        }
        arena_reset(*state);
    }
}

static void allocations_do_not_overlap(void **state)
{
    unsigned char *parts[200];
    for (int i = 0; i < 200; i++) {
        parts[i] = arena_alloc(*state, 100);
        assert_non_null(parts[i]);
        memset(parts[i], i, 100);
    }
    for (int i = 0; i < 200; i++)
        assert_true(parts[i][0] == i && parts[i][99] == i);
}

static void the_limit_is_never_passed(void **state)
{
    size_t got = 0;
    while (arena_alloc(*state, 1000))
        got += 1000;
    assert_true(got <= LIMIT);
    assert_true(got > LIMIT * 9 / 10);
    assert_null(arena_alloc(*state, LIMIT));
}

static void one_allocation_may_take_the_whole_limit_and_no_more(void **state)
{
    assert_null(arena_alloc(*state, LIMIT + 1));
    assert_non_null(arena_alloc(*state, LIMIT));
    assert_null(arena_alloc(*state, 1));
}

static void reset_gives_the_limit_back(void **state)
{
    assert_non_null(arena_alloc(*state, LIMIT));
    arena_reset(*state);
    assert_non_null(arena_alloc(*state, LIMIT));
}

static void absurd_sizes_are_refused(void **state)
{
    assert_null(arena_alloc(*state, SIZE_MAX));
    assert_null(arena_calloc(*state, SIZE_MAX / 2, 3));
    assert_null(arena_calloc(*state, 3, SIZE_MAX / 2));
    assert_non_null(arena_calloc(*state, 10, 10));
}

static void copies_are_exact(void **state)
{
    char text[] = "snorkel";
    char *copy = arena_strdup(*state, text);
    text[0] = 'x';
    assert_string_equal(copy, "snorkel");
    assert_string_equal(arena_strndup(*state, "snorkel", 3), "sno");
    assert_string_equal(arena_strndup(*state, "sn", 30), "sn");
    assert_memory_equal(arena_memdup(*state, "a\0b", 3), "a\0b", 3);
    assert_string_equal(arena_printf(*state, "%s-%d", "a", 12), "a-12");
}

static void copies_over_the_limit_are_refused(void **state)
{
    assert_non_null(arena_alloc(*state, LIMIT - 8));
    assert_null(arena_strdup(*state, "longer than eight bytes"));
    assert_null(arena_printf(*state, "%s", "longer than eight bytes"));
}

static void a_zeroed_arena_can_be_reset_and_finished(void **state)
{
    (void)state;
    struct arena arena = {0};
    arena_reset(&arena);
    arena_fini(&arena);
    assert_null(arena_alloc(&arena, 1));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup_teardown(
            memory_is_zeroed_and_aligned_also_when_reused, set_up, tear_down),
        cmocka_unit_test_setup_teardown(allocations_do_not_overlap, set_up, tear_down),
        cmocka_unit_test_setup_teardown(the_limit_is_never_passed, set_up, tear_down),
        cmocka_unit_test_setup_teardown(
            one_allocation_may_take_the_whole_limit_and_no_more, set_up, tear_down),
        cmocka_unit_test_setup_teardown(reset_gives_the_limit_back, set_up, tear_down),
        cmocka_unit_test_setup_teardown(absurd_sizes_are_refused, set_up, tear_down),
        cmocka_unit_test_setup_teardown(copies_are_exact, set_up, tear_down),
        cmocka_unit_test_setup_teardown(copies_over_the_limit_are_refused, set_up, tear_down),
        cmocka_unit_test(a_zeroed_arena_can_be_reset_and_finished),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
