/* SPDX-License-Identifier: Apache-2.0 */
#include "rpc/stats.h"
#include "unit_test.h"

#include <pthread.h>

static void a_bucket_begins_where_the_one_before_ends(void **state)
{
    (void)state;
    assert_int_equal(histogram_start(0), 0);
    for (unsigned i = 0; i + 1 < HISTOGRAM_BUCKETS; i++) {
        assert_true(histogram_start(i) < histogram_start(i + 1));
        assert_int_equal(histogram_bucket(histogram_start(i)), i);
        assert_int_equal(histogram_bucket(histogram_start(i + 1) - 1), i);
    }
}

static void a_bucket_is_a_sixteenth_of_its_magnitude_wide_at_most(void **state)
{
    (void)state;
    for (unsigned i = 16; i + 1 < HISTOGRAM_BUCKETS; i++) {
        int64_t width = histogram_start(i + 1) - histogram_start(i);
        assert_true(width * 16 <= histogram_start(i));
    }
}

static void durations_beyond_all_bounds_are_counted_too(void **state)
{
    (void)state;
    assert_int_equal(histogram_bucket(-1), 0);
    assert_int_equal(histogram_bucket(INT64_MAX), HISTOGRAM_BUCKETS - 1);
    assert_int_equal(histogram_bucket(UINT32_MAX), HISTOGRAM_BUCKETS - 1);
}

static void percentiles_are_right_to_six_percent(void **state)
{
    (void)state;
    static struct histogram h;
    struct histogram_copy copy = {0};
    for (int64_t us = 1; us <= 10000; us++)
        histogram_add(&h, us);
    histogram_read(&h, &copy);
    assert_int_equal(histogram_count(&copy), 10000);
    assert_in_range(histogram_percentile(&copy, 0.5), 5000, 5000 * 107 / 100);
    assert_in_range(histogram_percentile(&copy, 0.99), 9900, 9900 * 107 / 100);
    assert_int_equal(histogram_percentile(&(struct histogram_copy){0}, 0.5), 0);
}

static void what_came_between_two_readings_is_their_difference(void **state)
{
    (void)state;
    static struct histogram h;
    struct histogram_copy before = {0}, now = {0};
    atomic_store(&h.counts[histogram_bucket(7)], UINT32_MAX); /* about to wrap */
    histogram_read(&h, &before);
    for (size_t i = 0; i < 5; i++)
        histogram_add(&h, 7);
    histogram_add(&h, 1000);
    histogram_read(&h, &now);
    histogram_subtract(&now, &before);
    assert_int_equal(histogram_count(&now), 6);
    assert_int_equal(now.counts[histogram_bucket(7)], 5);
}

static void calls_are_counted_by_method_and_status(void **state)
{
    (void)state;
    struct stats *stats = stats_new(3, 2);
    struct stats_method m;
    struct histogram_copy waits;
    stats_add(stats, 0, 1, ERR_OK, 5, 100);
    stats_add(stats, 1, 1, ERR_OK, 6, 200);
    stats_add(stats, 7, 1, ERR_NOT_FOUND, 7, 300);
    stats_add(stats, 0, 2, ERR_UNAUTHENTICATED, 8, 400);
    stats_read_method(stats, 1, &m);
    assert_int_equal(m.by_code[ERR_OK], 2);
    assert_int_equal(m.by_code[ERR_NOT_FOUND], 1);
    assert_int_equal(m.took_us, 600);
    assert_int_equal(histogram_count(&m.took), 3);
    stats_read_method(stats, 2, &m);
    assert_int_equal(m.by_code[ERR_UNAUTHENTICATED], 1);
    stats_read_method(stats, 0, &m);
    assert_int_equal(histogram_count(&m.took), 0);
    stats_read_waits(stats, &waits);
    assert_int_equal(histogram_count(&waits), 4);
    stats_free(stats);
}

enum { N_THREADS = 4, N_EACH = 20000 };

static void *add_many(void *arg)
{
    struct stats *stats = arg;
    for (int i = 0; i < N_EACH; i++) {
        stats_add(stats, (size_t)i, 0, ERR_OK, i, i);
        stats_add_refusal(stats, STATS_QUEUE_FULL);
    }
    return NULL;
}

static void no_count_is_lost_among_threads(void **state)
{
    (void)state;
    pthread_t threads[N_THREADS];
    struct stats *stats = stats_new(1, 2);
    struct stats_method m;
    for (size_t i = 0; i < N_THREADS; i++)
        assert_int_equal(pthread_create(&threads[i], NULL, add_many, stats), 0);
    for (size_t i = 0; i < N_THREADS; i++)
        assert_int_equal(pthread_join(threads[i], NULL), 0);
    stats_read_method(stats, 0, &m);
    assert_int_equal(m.by_code[ERR_OK], N_THREADS * N_EACH);
    assert_int_equal(histogram_count(&m.took), N_THREADS * N_EACH);
    assert_int_equal(stats_refused(stats, STATS_QUEUE_FULL), N_THREADS * N_EACH);
    assert_int_equal(stats_refused(stats, STATS_RATE_LIMITED), 0);
    stats_free(stats);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_bucket_begins_where_the_one_before_ends),
        cmocka_unit_test(a_bucket_is_a_sixteenth_of_its_magnitude_wide_at_most),
        cmocka_unit_test(durations_beyond_all_bounds_are_counted_too),
        cmocka_unit_test(percentiles_are_right_to_six_percent),
        cmocka_unit_test(what_came_between_two_readings_is_their_difference),
        cmocka_unit_test(calls_are_counted_by_method_and_status),
        cmocka_unit_test(no_count_is_lost_among_threads),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
