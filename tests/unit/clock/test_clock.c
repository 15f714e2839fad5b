/* SPDX-License-Identifier: Apache-2.0 */
#include "clock/clock.h"
#include "unit_test.h"

#include <time.h>

static void known_instants_are_formatted_as_rfc_3339(void **state)
{
    (void)state;
    static const struct {
        int64_t us;
        const char *text;
    } rows[] = {
        {0, "1970-01-01T00:00:00.000000Z"},
        {INT64_C(1772366400000001), "2026-03-01T12:00:00.000001Z"},
        {INT64_C(951782399999999), "2000-02-28T23:59:59.999999Z"},
        {INT64_C(951782400000000), "2000-02-29T00:00:00.000000Z"},
        {-1, "1969-12-31T23:59:59.999999Z"},
        {INT64_MAX, "0000-00-00T00:00:00.000000Z"},
        {INT64_MIN, "0000-00-00T00:00:00.000000Z"},
    };
    for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
        char text[CLOCK_RFC3339_SIZE];
        clock_format_rfc3339(rows[i].us, text);
        assert_string_equal(text, rows[i].text);
    }
}

static void the_system_clock_counts_microseconds_since_1970(void **state)
{
    (void)state;
    int64_t before_s = time(NULL);
    int64_t now_us = clock_wall_us(clock_system());
    assert_in_range(now_us / 1000000, before_s - 1, before_s + 60);
}

static void the_monotonic_clock_never_goes_back(void **state)
{
    (void)state;
    int64_t last = clock_mono_us(clock_system());
    for (int i = 0; i < 10000; i++) {
        int64_t now = clock_mono_us(clock_system());
        assert_true(now >= last);
        last = now;
    }
}

static int64_t fixed_us(void *self)
{
    return *(const int64_t *)self;
}

static void a_test_can_turn_its_own_clock(void **state)
{
    (void)state;
    int64_t now_us = 5;
    const struct clock clock = {fixed_us, fixed_us, &now_us};
    assert_int_equal(clock_wall_us(&clock), 5);
    now_us = 3;
    assert_int_equal(clock_mono_us(&clock), 3);
}

/* On the clock a condition variable is given here, over a second's end as well. */
static void a_wait_ends_when_it_is_to(void **state)
{
    (void)state;
    static const int64_t waits_us[] = {0, 1, 999999, INT64_C(3600000000)};
    for (size_t i = 0; i < sizeof(waits_us) / sizeof(waits_us[0]); i++) {
        int64_t before_us = clock_mono_us(clock_system());
        struct timespec until = clock_after_us(waits_us[i]);
        int64_t after_us = clock_mono_us(clock_system());
        int64_t until_us = (int64_t)until.tv_sec * 1000000 + until.tv_nsec / 1000;
        assert_in_range(until.tv_nsec, 0, 999999999);
        assert_in_range(until_us, before_us + waits_us[i], after_us + waits_us[i]);
    }
    pthread_mutex_t lock = PTHREAD_MUTEX_INITIALIZER;
    pthread_cond_t condition;
    clock_condition_init(&condition);
    int64_t before_us = clock_mono_us(clock_system());
    struct timespec until = clock_after_us(20000);
    (void)pthread_mutex_lock(&lock);
    while (pthread_cond_timedwait(&condition, &lock, &until) == 0)
        continue;
    (void)pthread_mutex_unlock(&lock);
    assert_true(clock_mono_us(clock_system()) - before_us >= 20000);
    (void)pthread_cond_destroy(&condition);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(known_instants_are_formatted_as_rfc_3339),
        cmocka_unit_test(the_system_clock_counts_microseconds_since_1970),
        cmocka_unit_test(the_monotonic_clock_never_goes_back),
        cmocka_unit_test(a_test_can_turn_its_own_clock),
        cmocka_unit_test(a_wait_ends_when_it_is_to),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
