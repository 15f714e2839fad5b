/* SPDX-License-Identifier: Apache-2.0 */
#include "db/eager.h"
#include "unit_test.h"

#include <unistd.h>

enum { LONG_TURN_US = 3010, SHORT_TURN_US = 40, MANY = 100, MS = 1000 };

/* Every look at the clock takes so long; the answer comes with the look of that number. */
struct world {
    struct clock clock;
    struct eager eager;
    int64_t now_us, turn_us, until_us;
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
    world = (struct world){.now_us = 1000 * MS, .turn_us = SHORT_TURN_US, .until_us = INT64_MAX};
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
    eager_wait(&w->eager, w->pipe[0], w->until_us, &w->clock);
    return w->n_looks;
}

static void be_answered(struct world *w)
{
    char c;
    w->turn_us = SHORT_TURN_US;
    w->answer_at = 5;
    assert_int_equal(looks_of_a_wait(w), 5);
    assert_int_equal(read(w->pipe[0], &c, 1), 1);
    w->answer_at = 0;
}

static void ends_with_the_answer(void **state)
{
    be_answered(*state);
}

static void gives_up_on_an_answer_that_does_not_come_soon(void **state)
{
    struct world *w = *state;
    int64_t began_us = w->now_us;
    assert_true(looks_of_a_wait(w) > 1);
    assert_in_range(w->now_us - began_us, 400, 700);
}

static void gives_up_when_time_is_over(void **state)
{
    struct world *w = *state;
    w->until_us = w->now_us + 3 * SHORT_TURN_US;
    assert_int_equal(looks_of_a_wait(w), 3);
}

/* Without an answer, until nobody waits eagerly: the time that took. */
static int64_t lose(struct world *w, int64_t turn_us)
{
    int64_t began_us = w->now_us;
    w->turn_us = turn_us;
    while (looks_of_a_wait(w) > 1)
        assert_true(w->now_us - began_us < 1000 * MS);
    return w->now_us - began_us;
}

static void pauses_when_others_take_long_turns(void **state)
{
    assert_in_range(lose(*state, LONG_TURN_US), 10 * MS, 30 * MS);
}

static void pauses_where_answers_are_late(void **state)
{
    assert_in_range(lose(*state, SHORT_TURN_US), 10 * MS, 15 * MS);
}

static int64_t pause_ms(struct world *w)
{
    (void)lose(w, SHORT_TURN_US);
    int64_t began_us = w->now_us;
    while (looks_of_a_wait(w) == 1)
        w->now_us += 50 * MS;
    return (w->now_us - began_us) / MS;
}

static void pauses_get_longer_until_all_is_well(void **state)
{
    struct world *w = *state;
    int64_t first_ms = pause_ms(w), second_ms = pause_ms(w), last_ms = 0;
    assert_in_range(first_ms, 400, 600);
    assert_in_range(second_ms, 900, 1100);
    for (int i = 0; i < 10; i++)
        last_ms = pause_ms(w);
    assert_in_range(last_ms, 30 * 1000, 34 * 1000);
    for (int i = 0; i < 10 * MANY; i++)
        be_answered(w);
    (void)lose(w, SHORT_TURN_US);
    w->now_us += 600 * MS;
    assert_true(looks_of_a_wait(w) > 1);
}

static void what_is_gained_makes_up_for_what_is_lost(void **state)
{
    struct world *w = *state;
    for (int i = 0; i < MANY; i++) {
        w->turn_us = LONG_TURN_US;
        assert_int_equal(looks_of_a_wait(w), 2);
        for (int j = 0; j < MANY; j++)
            be_answered(w);
    }
}

int main(void)
{
#define TEST(name) cmocka_unit_test_setup_teardown(name, open_world, close_world)
    const struct CMUnitTest tests[] = {
        TEST(ends_with_the_answer),
        TEST(gives_up_on_an_answer_that_does_not_come_soon),
        TEST(gives_up_when_time_is_over),
        TEST(pauses_when_others_take_long_turns),
        TEST(pauses_where_answers_are_late),
        TEST(pauses_get_longer_until_all_is_well),
        TEST(what_is_gained_makes_up_for_what_is_lost),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
