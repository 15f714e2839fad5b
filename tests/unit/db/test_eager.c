/* SPDX-License-Identifier: Apache-2.0 */
#include "db/eager.h"
#include "unit_test.h"

#include <unistd.h>

enum { LONG_TURN_US = 3000, SHORT_TURN_US = 40, MANY = 100 };

/* Every look at the clock takes so long; the answer comes with the look of that number. */
struct world {
    struct clock clock;
    struct eager eager;
    int64_t now_us, turn_us;
    int n_looks, answer_at;
    int pipe[2];
};

static int64_t look(void *self)
{
    struct world *w = self;
    if (++w->n_looks == w->answer_at)
        assert_int_equal(write(w->pipe[1], "!", 1), 1);
    w->now_us += w->turn_us;
    return w->now_us;
}

static int open_world(void **state)
{
    static struct world world;
    world = (struct world){.now_us = 1000000, .turn_us = SHORT_TURN_US};
    world.clock = (struct clock){.mono_us = look, .self = &world};
    *state = &world;
    return pipe(world.pipe);
}

static int close_world(void **state)
{
    const struct world *w = *state;
    return close(w->pipe[0]) | close(w->pipe[1]);
}

/* How often the clock was looked at: once by who does not wait. */
static int looks_of_a_wait(struct world *w)
{
    w->n_looks = 0;
    eager_wait(&w->eager, w->pipe[0], &w->clock);
    return w->n_looks;
}

static void take_answer(struct world *w)
{
    char c;
    assert_int_equal(read(w->pipe[0], &c, 1), 1);
}

static void ends_with_the_answer(void **state)
{
    struct world *w = *state;
    w->answer_at = 5;
    assert_int_equal(looks_of_a_wait(w), 5);
    take_answer(w);
    assert_int_equal(w->eager.lost_us, 0);
}

static void gives_up_on_an_answer_that_does_not_come_soon(void **state)
{
    struct world *w = *state;
    int64_t began_us = w->now_us;
    assert_true(looks_of_a_wait(w) > 1);
    assert_in_range(w->now_us - began_us, 400, 700);
}

static void gives_up_when_others_take_long_turns(void **state)
{
    struct world *w = *state;
    w->turn_us = LONG_TURN_US;
    assert_int_equal(looks_of_a_wait(w), 2);
}

/* Without an answer, until nobody waits eagerly. */
static int lose(struct world *w, int64_t turn_us)
{
    int n = 0;
    w->turn_us = turn_us;
    while (looks_of_a_wait(w) > 1)
        assert_true(++n < 10 * MANY);
    return n;
}

static void pauses_after_some_loss_and_tries_again(void **state)
{
    struct world *w = *state;
    assert_in_range(lose(w, LONG_TURN_US), 2, 10);
    w->now_us += 400 * 1000;
    assert_int_equal(looks_of_a_wait(w), 1);
    w->now_us += 200 * 1000;
    assert_true(looks_of_a_wait(w) > 1);
}

static void pauses_where_answers_are_late(void **state)
{
    assert_in_range(lose(*state, SHORT_TURN_US), 10, 2 * MANY);
}

static void what_is_gained_makes_up_for_what_is_lost(void **state)
{
    struct world *w = *state;
    for (int i = 0; i < MANY; i++) {
        w->turn_us = LONG_TURN_US;
        assert_int_equal(looks_of_a_wait(w), 2);
        w->turn_us = SHORT_TURN_US;
        for (int j = 0; j < MANY; j++) {
            w->answer_at = 3;
            assert_int_equal(looks_of_a_wait(w), 3);
            take_answer(w);
        }
        w->answer_at = 0;
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup_teardown(ends_with_the_answer, open_world, close_world),
        cmocka_unit_test_setup_teardown(
            gives_up_on_an_answer_that_does_not_come_soon, open_world, close_world),
        cmocka_unit_test_setup_teardown(
            gives_up_when_others_take_long_turns, open_world, close_world),
        cmocka_unit_test_setup_teardown(
            pauses_after_some_loss_and_tries_again, open_world, close_world),
        cmocka_unit_test_setup_teardown(pauses_where_answers_are_late, open_world, close_world),
        cmocka_unit_test_setup_teardown(
            what_is_gained_makes_up_for_what_is_lost, open_world, close_world),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
