/* SPDX-License-Identifier: Apache-2.0 */
#include "rpc/unread.h"
#include "unit_test.h"

/* Numbers of connections there are none of: to hang up on them does nothing but count. */
enum { FIRST = 1000, REPLY = 100, COST = REPLY + UNREAD_COST };

static struct unread unread;

static int begin(void **state)
{
    (void)state;
    unread = (struct unread){0};
    return 0;
}

/* How many replies of a connection are taken before it is hung up on. */
static size_t fill(uint32_t pipe, bool is_stranger)
{
    size_t n = 0;
    while (unread_add(&unread, pipe, is_stranger, REPLY))
        n++;
    return n;
}

static void who_reads_nothing_is_hung_up_on_a_stranger_sooner(void **state)
{
    (void)state;
    assert_in_range(fill(FIRST, false), UNREAD_MAX / COST, UNREAD_MAX / COST + 1);
    assert_int_equal(atomic_load(&unread.n_hung_up), 1);
    assert_in_range(
        fill(FIRST + 1, true), UNREAD_MAX_OF_STRANGER / COST, UNREAD_MAX_OF_STRANGER / COST + 1);
    assert_int_equal(atomic_load(&unread.n_hung_up), 2);
}

static void who_reads_is_never_hung_up_on(void **state)
{
    (void)state;
    for (size_t i = 0; i < 10 * UNREAD_MAX / COST; i++) {
        assert_true(unread_add(&unread, FIRST, true, REPLY));
        unread_remove(&unread, FIRST, REPLY);
    }
    for (size_t i = 0; i < 2 * UNREAD_PATIENCE; i++)
        unread_tick(&unread);
    assert_int_equal(atomic_load(&unread.n_hung_up), 0);
    assert_int_equal(atomic_load(&unread.bytes), 0);
}

static void where_all_have_too_much_who_has_most_goes_and_one_at_a_time(void **state)
{
    (void)state;
    size_t n_each = UNREAD_MAX / 2 / COST;
    assert_true(unread_add(&unread, FIRST, false, REPLY));
    for (uint32_t pipe = FIRST; atomic_load(&unread.n_hung_up) == 0; pipe++)
        for (size_t i = 0; i < n_each; i++)
            assert_true(unread_add(&unread, pipe, false, REPLY));
    assert_int_equal(atomic_load(&unread.making_room), 1 + FIRST);
    assert_true(unread_add(&unread, FIRST + 1, false, REPLY));
    assert_int_equal(atomic_load(&unread.n_hung_up), 1);
    for (size_t i = 0; i < n_each + 1; i++)
        unread_remove(&unread, FIRST, REPLY); /* as they fail */
    while (atomic_load(&unread.n_hung_up) == 1)
        assert_true(unread_add(&unread, FIRST + 1, false, REPLY));
    assert_int_equal(atomic_load(&unread.making_room), 1 + FIRST + 1);
}

static void where_the_one_who_went_held_little_another_goes_soon(void **state)
{
    (void)state;
    size_t n_each = UNREAD_MAX / 2 / COST;
    for (uint32_t pipe = FIRST; atomic_load(&unread.n_hung_up) == 0; pipe++)
        for (size_t i = 0; i < n_each; i++)
            assert_true(unread_add(&unread, pipe, false, REPLY));
    assert_true(unread_add(&unread, FIRST + 1, false, REPLY));
    assert_int_equal(atomic_load(&unread.n_hung_up), 1); /* nothing has failed yet */
    unread_tick(&unread);
    assert_true(unread_add(&unread, FIRST + 1, false, REPLY));
    assert_int_equal(atomic_load(&unread.n_hung_up), 2);
}

static void where_nothing_leaves_for_a_minute_somebody_hangs_up(void **state)
{
    (void)state;
    assert_true(unread_add(&unread, FIRST, false, REPLY));
    assert_true(unread_add(&unread, FIRST + 1, false, REPLY));
    for (size_t i = 0; i < UNREAD_PATIENCE - 1; i++) {
        unread_tick(&unread);
        assert_true(unread_add(&unread, FIRST + 1, false, REPLY));
        unread_remove(&unread, FIRST + 1, REPLY);
    }
    assert_int_equal(atomic_load(&unread.n_hung_up), 0);
    unread_tick(&unread);
    assert_int_equal(atomic_load(&unread.n_hung_up), 1);
    unread_tick(&unread);
    assert_int_equal(atomic_load(&unread.n_hung_up), 1);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup(who_reads_nothing_is_hung_up_on_a_stranger_sooner, begin),
        cmocka_unit_test_setup(who_reads_is_never_hung_up_on, begin),
        cmocka_unit_test_setup(where_all_have_too_much_who_has_most_goes_and_one_at_a_time, begin),
        cmocka_unit_test_setup(where_the_one_who_went_held_little_another_goes_soon, begin),
        cmocka_unit_test_setup(where_nothing_leaves_for_a_minute_somebody_hangs_up, begin),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
