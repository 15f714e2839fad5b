/* SPDX-License-Identifier: Apache-2.0 */
#include "rpc/call_queue.h"
#include "unit_test.h"

#include <pthread.h>
#include <time.h>

static int64_t now_us;

static int64_t turned_us(void *self)
{
    (void)self;
    return now_us;
}

static const struct clock turned = {turned_us, turned_us, NULL};
static struct call_queue *queue;
static struct seat seat;
static uint32_t gone[2]; /* connections */
static struct call calls[4];
static const struct id key = {{1}}, other_key = {{2}};

static bool is_gone(const void *self, uint32_t pipe)
{
    (void)self;
    return pipe == gone[0] || pipe == gone[1];
}

static void lose(uint32_t pipe)
{
    gone[1] = gone[0];
    gone[0] = pipe;
    call_queue_abandon(queue, pipe);
}

static void make_queue_by(const struct clock *clock)
{
    const struct call_queue_config config = {
        .fair = {.limit = 3}, .max_crews = 1, .clock = clock, .is_gone = is_gone};
    queue = call_queue_new(&config);
}

static int make_queue(void **state)
{
    (void)state;
    now_us = 1000000;
    seat_init(&seat);
    gone[0] = gone[1] = 0;
    make_queue_by(&turned);
    for (size_t i = 0; i < 4; i++)
        calls[i] = (struct call){.pipe = (uint32_t)i + 1,
            .arrived_us = now_us,
            .deadline_us = now_us + 30000000,
            .key = key};
    return 0;
}

static int drop_queue(void **state)
{
    (void)state;
    call_queue_free(queue);
    seat_fini(&seat);
    return 0;
}

static void calls_leave_in_the_order_they_came(void **state)
{
    (void)state;
    for (size_t i = 0; i < 3; i++)
        assert_null(call_queue_push(queue, &calls[i]));
    assert_ptr_equal(call_queue_push(queue, &calls[3]), &calls[3]);
    for (size_t i = 0; i < 3; i++)
        assert_ptr_equal(call_queue_take(queue, &seat), &calls[i]);
    assert_null(call_queue_push(queue, &calls[3]));
}

static void a_wake_brings_back_the_calls_of_its_key_only(void **state)
{
    (void)state;
    calls[1].key = other_key;
    for (size_t i = 0; i < 2; i++) {
        assert_null(call_queue_push(queue, &calls[i]));
        assert_true(call_queue_park(queue, call_queue_take(queue, &seat)));
    }
    call_queue_wake(queue, &key);
    assert_ptr_equal(call_queue_take(queue, &seat), &calls[0]);
    call_queue_wake(queue, &other_key);
    assert_ptr_equal(call_queue_take(queue, &seat), &calls[1]);
    assert_false(calls[1].is_last_try);
}

static void a_wake_between_look_and_park_is_not_lost(void **state)
{
    (void)state;
    assert_null(call_queue_push(queue, &calls[0]));
    struct call *call = call_queue_take(queue, &seat);
    call_queue_wake(queue, &key);
    assert_true(call_queue_park(queue, call));
    assert_ptr_equal(call_queue_take(queue, &seat), &calls[0]);
}

static void a_parked_call_returns_shortly_before_its_deadline(void **state)
{
    (void)state;
    assert_null(call_queue_push(queue, &calls[0]));
    assert_true(call_queue_park(queue, call_queue_take(queue, &seat)));
    now_us = calls[0].deadline_us - 100000;
    assert_ptr_equal(call_queue_take(queue, &seat), &calls[0]);
    assert_true(calls[0].is_last_try);
}

/* A worker that began to wait while nothing was parked. Lives as long as the queue. */
struct napper {
    pthread_t thread;
    struct seat seat;
    struct call *taken;
};

static void *take_one(void *arg)
{
    struct napper *own = arg;
    own->taken = call_queue_take(queue, &own->seat);
    return NULL;
}

/* Behind `n` others. */
static void start_napping(struct napper *own, size_t n)
{
    seat_init(&own->seat);
    own->taken = NULL;
    assert_int_equal(pthread_create(&own->thread, NULL, take_one, own), 0);
    while (call_queue_count(queue).n_napping < n + 1)
        ;
}

static void who_waits_last_is_called_first(void **state)
{
    (void)state;
    static struct napper nappers[3];
    for (size_t i = 0; i < 3; i++)
        start_napping(&nappers[i], i);
    for (size_t i = 0; i < 3; i++) {
        assert_null(call_queue_push(queue, &calls[i]));
        assert_int_equal(pthread_join(nappers[2 - i].thread, NULL), 0);
        assert_ptr_equal(nappers[2 - i].taken, &calls[i]);
        assert_int_equal(call_queue_count(queue).n_napping, 2 - i);
    }
}

static void a_parked_call_returns_in_time_though_one_before_it_was_due_earlier(void **state)
{
    (void)state;
    static struct napper napper;
    struct timespec until;
    call_queue_free(queue);
    make_queue_by(clock_system());
    for (size_t i = 0; i < 2; i++) {
        calls[i].arrived_us = clock_mono_us(clock_system());
        calls[i].deadline_us = calls[i].arrived_us + (int64_t)(i + 1) * 400000;
    }
    assert_true(call_queue_park(queue, &calls[0]));
    call_queue_wake(queue, &key);
    assert_ptr_equal(call_queue_take(queue, &seat), &calls[0]);
    start_napping(&napper, 0);
    calls[1].key = other_key;
    assert_true(call_queue_park(queue, &calls[1])); /* and its worker has other things to do */
    (void)clock_gettime(CLOCK_REALTIME, &until);
    until.tv_sec += 10;
    if (pthread_timedjoin_np(napper.thread, NULL, &until) != 0) {
        call_queue_stop(queue);
        (void)pthread_join(napper.thread, NULL);
    }
    assert_ptr_equal(napper.taken, &calls[1]);
    assert_true(calls[1].is_last_try);
    assert_true(clock_mono_us(clock_system()) < calls[1].deadline_us);
}

static bool park(struct call *call)
{
    assert_null(call_queue_push(queue, call));
    assert_ptr_equal(call_queue_take(queue, &seat), call);
    return call_queue_park(queue, call);
}

static void a_connection_has_so_many_parked_calls_and_no_more(void **state)
{
    (void)state;
    static struct call many[65];
    for (size_t i = 0; i < 65; i++)
        many[i] = calls[0];
    many[0].key = other_key;
    for (size_t i = 0; i < 64; i++)
        assert_true(park(&many[i]));
    assert_false(park(&many[64]));
    assert_true(park(&calls[1])); /* another connection's */
    call_queue_wake(queue, &other_key);
    assert_ptr_equal(call_queue_take(queue, &seat), &many[0]);
    assert_true(park(&many[64]));
    assert_false(park(&many[0]));
}

static void all_connections_together_have_so_many_parked_calls(void **state)
{
    (void)state;
    static struct call many[8193];
    for (size_t i = 0; i < 8193; i++) {
        many[i] = calls[0];
        many[i].pipe = (uint32_t)i + 1;
    }
    many[0].key = other_key;
    for (size_t i = 0; i < 8192; i++)
        assert_true(park(&many[i]));
    assert_false(park(&many[8192]));
    call_queue_wake(queue, &other_key);
    assert_ptr_equal(call_queue_take(queue, &seat), &many[0]);
    assert_true(park(&many[8192]));
}

static void calls_of_a_lost_connection_are_marked_and_unparked(void **state)
{
    (void)state;
    assert_null(call_queue_push(queue, &calls[0]));
    assert_true(call_queue_park(queue, call_queue_take(queue, &seat)));
    assert_null(call_queue_push(queue, &calls[1]));
    lose(1);
    assert_ptr_equal(call_queue_take(queue, &seat), &calls[1]);
    assert_false(calls[1].is_abandoned);
    assert_ptr_equal(call_queue_take(queue, &seat), &calls[0]);
    assert_true(calls[0].is_abandoned);
}

static void a_call_whose_connection_ends_while_it_runs_is_not_parked_for_nobody(void **state)
{
    (void)state;
    for (size_t i = 0; i < 2; i++) {
        assert_null(call_queue_push(queue, &calls[i]));
        assert_ptr_equal(call_queue_take(queue, &seat), &calls[i]);
    }
    lose(1);
    lose(4096 + 1); /* it shares the first one's slot */
    assert_true(call_queue_park(queue, &calls[0]));
    assert_true(call_queue_park(queue, &calls[1]));
    assert_ptr_equal(call_queue_try(queue), &calls[0]);
    assert_true(calls[0].is_abandoned);
    assert_null(call_queue_try(queue)); /* the other connection's waits */
    assert_false(calls[1].is_abandoned);
}

static void cancelled_calls_are_taken_out_wherever_they_wait(void **state)
{
    (void)state;
    for (size_t i = 0; i < 3; i++) {
        calls[i].pipe = 1;
        calls[i].frame.call_id = i;
    }
    assert_null(call_queue_push(queue, &calls[0]));
    assert_true(call_queue_park(queue, call_queue_take(queue, &seat)));
    assert_null(call_queue_push(queue, &calls[1]));
    assert_null(call_queue_push(queue, &calls[2]));
    assert_null(call_queue_cancel(queue, 2, (uint64_t[]){0, 1, 2}, 3));
    assert_ptr_equal(call_queue_cancel(queue, 1, (uint64_t[]){1, 7}, 2), &calls[1]);
    assert_null(calls[1].next);
    assert_ptr_equal(call_queue_cancel(queue, 1, (uint64_t[]){0}, 1), &calls[0]);
    assert_ptr_equal(call_queue_take(queue, &seat), &calls[2]);
    assert_null(call_queue_try(queue));
    for (size_t i = 0; i < 3; i++) /* and their places are free */
        assert_null(call_queue_push(queue, &calls[i]));
}

static void calls_of_one_id_are_cancelled_together(void **state)
{
    (void)state;
    for (size_t i = 0; i < 3; i++) {
        calls[i].pipe = 1;
        calls[i].frame.call_id = 7;
        assert_null(call_queue_push(queue, &calls[i]));
    }
    assert_ptr_equal(call_queue_take(queue, &seat), &calls[0]);
    assert_true(call_queue_park(queue, &calls[0]));
    const struct call *taken = call_queue_cancel(queue, 1, (uint64_t[]){7, 7}, 2);
    size_t n = 0;
    for (; taken; taken = taken->next)
        n++;
    assert_int_equal(n, 3);
    assert_null(call_queue_try(queue));
    assert_int_equal(call_queue_count(queue).n_parked, 0);
}

static int64_t cpu_us(void)
{
    struct timespec t;
    (void)clock_gettime(CLOCK_THREAD_CPUTIME_ID, &t);
    return (int64_t)t.tv_sec * 1000000 + t.tv_nsec / 1000;
}

/* By who has a call parked himself: nothing is spared for being somebody else's. */
static void a_cancel_or_a_lost_connection_costs_the_same_however_much_waits(void **state)
{
    (void)state;
    enum { N_CALLS = 20000, N_FRAMES = 20000, MAX_US = 500 * 1000 };
    static struct call many[N_CALLS];
    call_queue_free(queue);
    queue = call_queue_new(&(struct call_queue_config){
        .fair = {.limit = N_CALLS}, .max_crews = 1, .clock = &turned, .is_gone = is_gone});
    assert_true(park(&calls[0]));
    for (size_t i = 0; i < N_CALLS; i++) {
        many[i] = calls[1];
        many[i].pipe = calls[0].pipe;
        many[i].frame.call_id = i + 1;
        assert_null(call_queue_push(queue, &many[i]));
    }
    int64_t began_us = cpu_us();
    for (uint64_t i = 0; i < N_FRAMES; i++)
        assert_null(call_queue_cancel(queue, calls[0].pipe, (uint64_t[]){N_CALLS + 1 + i}, 1));
    for (uint32_t i = 0; i < N_FRAMES; i++)
        call_queue_abandon(queue, 1000000 + i);
    assert_in_range(cpu_us() - began_us, 0, MAX_US);
}

/* Each look goes through all that is parked. */
static void parked_calls_that_are_due_one_after_the_other_are_looked_at_together(void **state)
{
    (void)state;
    for (size_t i = 0; i < 3; i++) {
        calls[i].deadline_us = now_us + 1000000 + (int64_t)i * 1000;
        assert_true(park(&calls[i]));
    }
    now_us = calls[0].deadline_us - 100000;
    assert_ptr_equal(call_queue_try(queue), &calls[0]);
    now_us += 1000;
    assert_null(call_queue_try(queue));
    now_us += 1000;
    assert_ptr_equal(call_queue_try(queue), &calls[1]);
    assert_ptr_equal(call_queue_try(queue), &calls[2]);
    assert_true(calls[1].is_last_try);
}

static void after_the_last_call_nothing_stays_parked(void **state)
{
    (void)state;
    assert_null(call_queue_push(queue, &calls[0]));
    assert_true(call_queue_park(queue, call_queue_take(queue, &seat)));
    call_queue_unpark_all(queue);
    assert_ptr_equal(call_queue_take(queue, &seat), &calls[0]);
    assert_true(calls[0].is_last_try);
}

static void a_stopped_queue_gives_nothing_out(void **state)
{
    (void)state;
    assert_null(call_queue_push(queue, &calls[0]));
    call_queue_stop(queue);
    assert_null(call_queue_take(queue, &seat));
    assert_ptr_equal(call_queue_push(queue, &calls[1]), &calls[1]);
}

#define TEST(name) cmocka_unit_test_setup_teardown(name, make_queue, drop_queue)

static void shared_calls_wait_for_the_crew_and_then_leave_as_one_row(void **state)
{
    (void)state;
    for (size_t i = 0; i < 4; i++)
        calls[i].is_shared = calls[i].is_quick = true;
    assert_null(call_queue_push(queue, &calls[0]));
    assert_ptr_equal(call_queue_take(queue, &seat), &calls[0]);
    for (size_t i = 1; i < 4; i++)
        assert_null(call_queue_push(queue, &calls[i]));
    assert_null(call_queue_try(queue));
    call_queue_disband(queue);
    const struct call *row = call_queue_try(queue);
    for (size_t i = 1; i < 4; i++, row = row->next)
        assert_ptr_equal(row, &calls[i]);
    assert_null(row);
}

static void other_calls_do_not_need_a_crew(void **state)
{
    (void)state;
    calls[0].is_shared = calls[0].is_quick = true;
    assert_null(call_queue_push(queue, &calls[0]));
    assert_ptr_equal(call_queue_take(queue, &seat), &calls[0]);
    assert_null(call_queue_push(queue, &calls[1]));
    assert_ptr_equal(call_queue_try(queue), &calls[1]);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        TEST(calls_leave_in_the_order_they_came),
        TEST(a_wake_brings_back_the_calls_of_its_key_only),
        TEST(a_wake_between_look_and_park_is_not_lost),
        TEST(a_parked_call_returns_shortly_before_its_deadline),
        TEST(who_waits_last_is_called_first),
        TEST(a_parked_call_returns_in_time_though_one_before_it_was_due_earlier),
        TEST(a_connection_has_so_many_parked_calls_and_no_more),
        TEST(all_connections_together_have_so_many_parked_calls),
        TEST(calls_of_a_lost_connection_are_marked_and_unparked),
        TEST(a_call_whose_connection_ends_while_it_runs_is_not_parked_for_nobody),
        TEST(cancelled_calls_are_taken_out_wherever_they_wait),
        TEST(calls_of_one_id_are_cancelled_together),
        TEST(a_cancel_or_a_lost_connection_costs_the_same_however_much_waits),
        TEST(parked_calls_that_are_due_one_after_the_other_are_looked_at_together),
        TEST(after_the_last_call_nothing_stays_parked),
        TEST(a_stopped_queue_gives_nothing_out),
        TEST(shared_calls_wait_for_the_crew_and_then_leave_as_one_row),
        TEST(other_calls_do_not_need_a_crew),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
