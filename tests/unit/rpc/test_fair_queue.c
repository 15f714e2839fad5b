/* SPDX-License-Identifier: Apache-2.0 */
#include "rpc/fair_queue.h"
#include "unit_test.h"

enum { MS = 1000, TARGET_US = 5 * MS, INTERVAL_US = 100 * MS, N_CALLS = 5000 };

static struct fair_queue *queue;
static struct call calls[N_CALLS];

static void make(size_t limit, int64_t target_us)
{
    const struct fair_queue_config config = {limit, target_us, INTERVAL_US};
    fair_queue_free(queue);
    queue = fair_queue_new(&config);
    for (size_t i = 0; i < N_CALLS; i++)
        calls[i] = (struct call){.flow = 1, .cost_us = MS, .looked_at = i};
}

static int make_queue(void **state)
{
    (void)state;
    make(1000, 0);
    return 0;
}

static int drop_queue(void **state)
{
    (void)state;
    fair_queue_free(queue);
    queue = NULL;
    return 0;
}

static struct call *push(struct call *call, uint64_t flow, int64_t now_us)
{
    call->flow = flow;
    call->queued_us = now_us;
    return fair_queue_push(queue, call);
}

static void calls_of_one_caller_leave_in_the_order_they_came(void **state)
{
    (void)state;
    for (size_t i = 0; i < 100; i++)
        assert_null(push(&calls[i], 1, 0));
    for (size_t i = 0; i < 100; i++) {
        assert_ptr_equal(fair_queue_peek(queue), &calls[i]);
        assert_ptr_equal(fair_queue_pop(queue, 0), &calls[i]);
    }
    assert_null(fair_queue_peek(queue));
    assert_null(fair_queue_pop(queue, 0));
}

/* Turns until a call of this caller is taken. */
static size_t turns_of(uint64_t flow)
{
    size_t n = 0;
    const struct call *call;
    do {
        call = fair_queue_pop(queue, 0);
        assert_non_null(call);
        n++;
    } while (call->flow != flow);
    return n;
}

static void who_makes_a_hundred_times_the_calls_of_another_waits_for_himself(void **state)
{
    (void)state;
    size_t next = 0, n_refused = 0;
    for (size_t round = 0; round < 40; round++) {
        for (size_t i = 0; i < 100; i++)
            n_refused += push(&calls[next++], 1, 0) != NULL;
        const struct call *displaced = push(&calls[next++], 2, 0);
        assert_true(!displaced || displaced->flow == 1);
        assert_in_range(turns_of(2), 1, 3);
    }
    assert_true(n_refused > 2000);
    assert_in_range(fair_queue_len(queue), 900, 1000);
}

static void two_who_always_wait_get_the_same_time_not_the_same_number_of_calls(void **state)
{
    (void)state;
    size_t n_long = 0;
    for (size_t i = 0; i < 400; i++) {
        calls[i].cost_us = i < 200 ? 4 * MS : 1 * MS;
        assert_null(push(&calls[i], i < 200 ? 1 : 2, 0));
    }
    for (size_t i = 0; i < 200; i++)
        n_long += fair_queue_pop(queue, 0)->flow == 1;
    assert_in_range(n_long, 35, 45);
}

static void a_full_queue_makes_room_for_a_newcomer_in_the_longest_row(void **state)
{
    (void)state;
    make(10, 0);
    for (size_t i = 0; i < 10; i++)
        assert_null(push(&calls[i], i < 8 ? 1 : 2, 0));
    assert_ptr_equal(push(&calls[10], 3, 0), &calls[0]);
    assert_ptr_equal(push(&calls[11], 1, 0), &calls[11]);
    assert_ptr_equal(push(&calls[12], 3, 0), &calls[1]);
    assert_int_equal(fair_queue_len(queue), 10);
}

static void a_full_queue_of_many_callers_refuses_the_next(void **state)
{
    (void)state;
    make(100, 0);
    for (size_t i = 0; i < 100; i++)
        assert_null(push(&calls[i], i, 0));
    assert_ptr_equal(push(&calls[100], 7, 0), &calls[100]);
    assert_int_equal(fair_queue_len(queue), 100);
}

static void callers_beyond_those_that_can_be_told_apart_lose_no_call(void **state)
{
    (void)state;
    make(N_CALLS, 0);
    static bool is_seen[N_CALLS];
    for (size_t i = 0; i < N_CALLS; i++)
        assert_null(push(&calls[i], 1 + i * 7, 0));
    for (size_t i = 0; i < N_CALLS; i++) {
        const struct call *call = fair_queue_pop(queue, 0);
        assert_non_null(call);
        assert_false(is_seen[call - calls]);
        is_seen[call - calls] = true;
    }
    assert_null(fair_queue_pop(queue, 0));
    assert_null(push(&calls[0], 1, 0)); /* and the rows can be used again */
    assert_ptr_equal(fair_queue_pop(queue, 0), &calls[0]);
}

/*
 * For so long, `per_ms` calls come and one is run each millisecond; how many calls of the caller
 * were refused, at once or late.
 */
static size_t refused_of(
    uint64_t watched, int64_t from_ms, int64_t to_ms, uint64_t flow, size_t per_ms)
{
    static size_t next;
    size_t n_refused = 0;
    for (int64_t ms = from_ms; ms < to_ms; ms++) {
        for (size_t i = 0; i < per_ms; i++) {
            const struct call *displaced = push(&calls[next++ % N_CALLS], flow, ms * MS);
            n_refused += displaced && displaced->flow == watched;
        }
        const struct call *call;
        while ((call = fair_queue_pop(queue, ms * MS)) != NULL && call->is_late)
            n_refused += call->flow == watched; /* which takes no time */
    }
    return n_refused;
}

static void calls_are_refused_only_while_the_queue_stands(void **state)
{
    (void)state;
    make(1000, TARGET_US);
    assert_int_equal(refused_of(1, 0, 90, 1, 2), 0);
    assert_int_equal(refused_of(1, 90, 200, 1, 2), 0); /* it does not stand for a whole interval */
    assert_true(refused_of(1, 200, 300, 1, 2) > 80);
    while (fair_queue_pop(queue, 300 * MS))
        ;
    assert_int_equal(refused_of(1, 1000, 1500, 1, 1), 0);
}

static void a_pause_of_the_senders_does_not_end_an_overload(void **state)
{
    (void)state;
    make(1000, TARGET_US);
    (void)refused_of(1, 0, 300, 1, 10);
    while (fair_queue_pop(queue, 300 * MS))
        ;
    assert_true(refused_of(1, 300, 360, 1, 10) > 400);
    while (fair_queue_pop(queue, 360 * MS))
        ;
    assert_int_equal(refused_of(1, 3000, 3090, 1, 10), 0); /* long after, it is another */
}

static void a_burst_is_no_standing_queue(void **state)
{
    (void)state;
    make(1000, TARGET_US);
    for (size_t i = 0; i < 90; i++)
        assert_null(push(&calls[i], 1, 0));
    for (int64_t i = 0; i < 90; i++)
        assert_false(fair_queue_pop(queue, i * MS)->is_late);
    assert_int_equal(refused_of(1, 100, 400, 1, 1), 0);
}

static void a_queue_that_runs_empty_is_no_standing_one(void **state)
{
    (void)state;
    make(1000, TARGET_US);
    for (int64_t ms = 0; ms < 600; ms += 20) {
        for (size_t i = 0; i < 3; i++)
            assert_null(push(&calls[i], 1, ms * MS));
        for (size_t i = 0; i < 3; i++)
            assert_false(fair_queue_pop(queue, (ms + 15) * MS)->is_late);
    }
}

/* Sixteen callers, each of whom calls again when she is answered, and eight workers of 16 ms. */
static void slow_calls_of_few_callers_are_no_standing_queue(void **state)
{
    (void)state;
    const struct fair_queue_config config = {
        .limit = 100, .target_us = TARGET_US, .interval_us = INTERVAL_US, .n_spared = 8};
    fair_queue_free(queue);
    queue = fair_queue_new(&config);
    size_t next = 0;
    for (; next < 8; next++)
        assert_null(push(&calls[next], 1, 0));
    for (int64_t ms = 2; ms < 1000; ms += 2) {
        assert_false(fair_queue_pop(queue, ms * MS)->is_late);
        assert_null(push(&calls[next++], 1, ms * MS));
    }
}

static void without_a_target_no_wait_is_too_long(void **state)
{
    (void)state;
    assert_int_equal(refused_of(1, 0, 900, 1, 2), 0);
}

static void the_calls_of_another_are_not_late_where_one_floods(void **state)
{
    (void)state;
    make(1000, TARGET_US);
    size_t n_refused = refused_of(1, 0, 300, 1, 4);
    assert_true(n_refused > 50);
    for (int64_t ms = 300; ms < 600; ms++) {
        (void)refused_of(1, ms, ms + 1, 1, 4);
        struct call modest = {.cost_us = MS};
        const struct call *displaced = push(&modest, 2, ms * MS);
        assert_true(displaced != &modest);
        while (fair_queue_pop(queue, ms * MS) != &modest)
            ;
        assert_false(modest.is_late);
    }
}

/* Calls of that caller until one of his is turned away: that one. */
static struct call *fill(uint64_t flow, int64_t now_us)
{
    static struct call more[N_CALLS];
    static size_t next;
    struct call *refused = NULL;
    while (!refused) {
        more[next % N_CALLS] = (struct call){.cost_us = MS};
        refused = push(&more[next++ % N_CALLS], flow, now_us);
    }
    assert_int_equal(refused->flow, flow);
    return refused;
}

static void while_the_queue_stands_no_more_wait_than_leave_in_time(void **state)
{
    (void)state;
    make(1000, TARGET_US);
    (void)refused_of(1, 0, 400, 1, 4);
    assert_in_range(fair_queue_len(queue), 5, 2 * TARGET_US / MS);
    size_t n_late = 0;
    for (int64_t ms = 400; ms < 800; ms++) { /* and so next to none is late */
        for (size_t i = 0; i < 4; i++)
            (void)push(&calls[(size_t)ms * 4 + i], 1, ms * MS);
        n_late += fair_queue_pop(queue, ms * MS)->is_late;
    }
    assert_in_range(n_late, 0, 4);
}

/* What leaves in time is all there is room for; that alone makes the waits short. */
static void the_room_stays_small_as_long_as_many_are_turned_away(void **state)
{
    (void)state;
    enum { LONG_MS = 30 * INTERVAL_US / MS };
    make(1000, TARGET_US);
    (void)refused_of(1, 0, 400, 1, 4);
    for (int64_t ms = 400; ms < LONG_MS; ms++) {
        (void)fill(1, ms * MS);
        assert_in_range(fair_queue_len(queue), 1, 2 * TARGET_US / MS);
        (void)fair_queue_pop(queue, ms * MS);
        while (
            ms % 5 == 0 && fair_queue_len(queue) > 0) /* a queue that runs empty does not stand */
            fair_queue_remove(queue, (struct call *)(uintptr_t)fair_queue_peek(queue));
    }
}

static void a_modest_caller_finds_room_while_another_keeps_the_queue_standing(void **state)
{
    (void)state;
    make(1000, TARGET_US);
    (void)refused_of(1, 0, 400, 1, 4);
    for (uint64_t flow = 2; flow < 100; flow++) {
        struct call modest = {.cost_us = MS};
        (void)fill(1, 400 * MS);
        const struct call *displaced = push(&modest, flow, 400 * MS);
        assert_true(!displaced || displaced->flow == 1);
        while (fair_queue_pop(queue, 400 * MS)->flow != flow)
            ;
    }
}

static uint32_t advice(size_t n_waiting, int64_t now_us)
{
    static struct call refused;
    while (fair_queue_len(queue) < n_waiting)
        assert_null(push(&calls[fair_queue_len(queue)], 1, now_us));
    assert_ptr_equal(push(&refused, 1, now_us), &refused);
    return refused.away_ms;
}

static void who_finds_a_full_queue_is_told_how_long_it_takes(void **state)
{
    (void)state;
    make(200, 0);
    assert_int_equal(advice(200, 0), 10); /* nobody knows yet */
    for (int64_t ms = 0; ms < 150; ms++)
        assert_non_null(fair_queue_pop(queue, ms * MS));
    assert_in_range(advice(200, 149 * MS), 190, 210);
    make(20, 0);
    for (int64_t ms = 0; ms < 150; ms++) {
        (void)push(&calls[ms], 1, ms * MS);
        (void)push(&calls[ms + 1000], 1, ms * MS);
        assert_non_null(fair_queue_pop(queue, ms * MS));
    }
    assert_in_range(advice(20, 149 * MS), 18, 22);
    assert_in_range(advice(20, 649 * MS), 490, 510); /* none has left since */
    assert_int_equal(advice(20, 60000 * MS), 1000);
}

static void the_longer_the_queue_stands_the_longer_is_the_advice(void **state)
{
    (void)state;
    uint32_t before = 0;
    make(1000, TARGET_US);
    (void)refused_of(1, 0, 300, 1, 4);
    for (int64_t ms = 400; ms <= 1600; ms += 400) {
        (void)refused_of(1, ms - 100, ms + 300, 1, 4);
        uint32_t now = fill(1, (ms + 300) * MS)->away_ms;
        assert_true(now > before + 150);
        before = now;
    }
    assert_in_range(before, 700, 1000);
}

static void a_call_that_was_let_in_before_is_never_refused(void **state)
{
    (void)state;
    make(4, TARGET_US);
    (void)refused_of(1, 0, 300, 1, 4);
    struct call returned = {.flow = 1, .cost_us = MS, .queued_us = 300 * MS};
    fair_queue_return(queue, &returned);
    assert_int_equal(fair_queue_len(queue), 5 - 1);
    while (fair_queue_pop(queue, 400 * MS) != &returned)
        ;
    assert_false(returned.is_late);
}

static void a_newcomer_takes_no_place_of_calls_that_were_let_in_before(void **state)
{
    (void)state;
    make(4, 0);
    for (size_t i = 0; i < 3; i++) {
        calls[i].flow = 1;
        if (i < 2)
            fair_queue_return(queue, &calls[i]);
        else
            assert_null(push(&calls[i], 1, 0));
    }
    assert_null(push(&calls[3], 2, 0));
    assert_ptr_equal(push(&calls[4], 3, 0), &calls[2]); /* the one of that row that is new */
    assert_ptr_equal(push(&calls[5], 4, 0), &calls[5]); /* and now there is none */
    for (size_t n = 4; n > 0; n--)
        assert_true(fair_queue_pop(queue, 0) != &calls[2]);
    assert_null(fair_queue_pop(queue, 0));
}

static void a_call_is_taken_out_from_wherever_it_stands(void **state)
{
    (void)state;
    static const size_t out[] = {5, 0, 9, 4}; /* amid, first, last, and one where another was */
    for (size_t i = 0; i < 10; i++)
        assert_null(push(&calls[i], 1, 0));
    assert_null(push(&calls[10], 2, 0));
    for (size_t i = 0; i < 4; i++)
        fair_queue_remove(queue, &calls[out[i]]);
    assert_int_equal(fair_queue_len(queue), 7);
    fair_queue_remove(queue, &calls[10]);
    assert_int_equal(fair_queue_callers(queue), 1);
    assert_null(push(&calls[9], 1, 0));
    static const size_t left[] = {1, 2, 3, 6, 7, 8, 9};
    for (size_t i = 0; i < 7; i++)
        assert_ptr_equal(fair_queue_pop(queue, 0), &calls[left[i]]);
    assert_null(fair_queue_pop(queue, 0));
}

#define TEST(name) cmocka_unit_test_setup_teardown(name, make_queue, drop_queue)

int main(void)
{
    const struct CMUnitTest tests[] = {
        TEST(calls_of_one_caller_leave_in_the_order_they_came),
        TEST(who_makes_a_hundred_times_the_calls_of_another_waits_for_himself),
        TEST(two_who_always_wait_get_the_same_time_not_the_same_number_of_calls),
        TEST(a_full_queue_makes_room_for_a_newcomer_in_the_longest_row),
        TEST(a_full_queue_of_many_callers_refuses_the_next),
        TEST(callers_beyond_those_that_can_be_told_apart_lose_no_call),
        TEST(calls_are_refused_only_while_the_queue_stands),
        TEST(a_pause_of_the_senders_does_not_end_an_overload),
        TEST(a_burst_is_no_standing_queue),
        TEST(a_queue_that_runs_empty_is_no_standing_one),
        TEST(slow_calls_of_few_callers_are_no_standing_queue),
        TEST(without_a_target_no_wait_is_too_long),
        TEST(the_calls_of_another_are_not_late_where_one_floods),
        TEST(while_the_queue_stands_no_more_wait_than_leave_in_time),
        TEST(the_room_stays_small_as_long_as_many_are_turned_away),
        TEST(a_modest_caller_finds_room_while_another_keeps_the_queue_standing),
        TEST(who_finds_a_full_queue_is_told_how_long_it_takes),
        TEST(the_longer_the_queue_stands_the_longer_is_the_advice),
        TEST(a_call_that_was_let_in_before_is_never_refused),
        TEST(a_newcomer_takes_no_place_of_calls_that_were_let_in_before),
        TEST(a_call_is_taken_out_from_wherever_it_stands),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
