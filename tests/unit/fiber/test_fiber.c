/* SPDX-License-Identifier: Apache-2.0 */
#include "fiber/fiber.h"
#include "unit_test.h"

#include <pthread.h>
#include <stdio.h>
#include <string.h>

enum { FIBERS = 32, ROUNDS = 100, DEPTH = 40, FRAME = 1024 };

struct counter {
    struct fiber *fiber;
    int limit;
    int n;
};

static void count(void *arg)
{
    struct counter *c = arg;
    for (;;) {
        c->n++;
        fiber_pause(c->fiber);
    }
}

static void a_fiber_goes_on_where_it_paused(void **state)
{
    (void)state;
    struct counter c = {0};
    c.fiber = fiber_new(count, &c);
    assert_non_null(c.fiber);
    assert_int_equal(c.n, 0);
    for (int i = 1; i <= ROUNDS; i++) {
        fiber_resume(c.fiber);
        assert_int_equal(c.n, i);
    }
    fiber_free(c.fiber);
}

/* Each level has something of its own on the stack while it is paused. */
static int descend(struct counter *c, int depth)
{
    char frame[FRAME];
    (void)memset(frame, depth, sizeof(frame));
    fiber_pause(c->fiber);
    int below = depth < c->limit ? descend(c, depth + 1) : 0;
    fiber_pause(c->fiber);
    for (size_t i = 0; i < sizeof(frame); i++)
        if (frame[i] != (char)depth)
            return -1;
    return below < 0 ? -1 : below + 1;
}

static void dive(void *arg)
{
    struct counter *c = arg;
    for (;;) {
        c->n = descend(c, 1);
        fiber_pause(c->fiber);
    }
}

static void *run_many(void *arg)
{
    struct counter counters[FIBERS] = {0};
    for (int i = 0; i < FIBERS; i++) {
        counters[i].limit = DEPTH;
        counters[i].fiber = fiber_new(dive, &counters[i]);
        if (!counters[i].fiber)
            return arg;
    }
    for (int round = 0; round < 2 * DEPTH + 1; round++)
        for (int i = 0; i < FIBERS; i++)
            fiber_resume(counters[i].fiber);
    void *wrong = NULL;
    for (int i = 0; i < FIBERS; i++) {
        if (counters[i].n != DEPTH)
            wrong = arg;
        fiber_free(counters[i].fiber);
    }
    return wrong;
}

static void many_fibers_of_many_threads_keep_their_stacks_apart(void **state)
{
    (void)state;
    pthread_t threads[4];
    int mark = 0;
    for (int i = 0; i < 4; i++)
        assert_int_equal(pthread_create(&threads[i], NULL, run_many, &mark), 0);
    for (int i = 0; i < 4; i++) {
        void *wrong = NULL;
        assert_int_equal(pthread_join(threads[i], &wrong), 0);
        assert_null(wrong);
    }
}

static void a_fiber_that_never_ran_or_is_in_the_middle_can_be_freed(void **state)
{
    (void)state;
    struct counter c = {0};
    fiber_free(fiber_new(count, &c));
    c.limit = DEPTH;
    c.fiber = fiber_new(dive, &c);
    fiber_resume(c.fiber);
    fiber_resume(c.fiber);
    fiber_free(c.fiber);
    fiber_free(NULL);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_fiber_goes_on_where_it_paused),
        cmocka_unit_test(many_fibers_of_many_threads_keep_their_stacks_apart),
        cmocka_unit_test(a_fiber_that_never_ran_or_is_in_the_middle_can_be_freed),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
