/* SPDX-License-Identifier: Apache-2.0 */
#include "rpc/throttle.h"
#include "unit_test.h"

enum { MS = 1000 };

static struct throttle throttle;
static int64_t now_us;

/* A client that makes so many calls a second, and a server that accepts so many: how many of those
 * made in a time are accepted, refused, held back. */
struct tally {
    long n_accepted, n_refused, n_held;
};

static struct tally run(long per_s, long accepted_per_s, int64_t for_ms)
{
    struct tally tally = {0};
    double credit = 0; /* of the server */
    int64_t end_us = now_us + for_ms * MS;
    for (; now_us < end_us; now_us += 1000 * MS / per_s) {
        credit += (double)accepted_per_s / (double)per_s;
        if (credit > 10)
            credit = 10;
        if (throttle_holds(&throttle, now_us)) {
            tally.n_held++;
            continue;
        }
        throttle_send(&throttle, now_us);
        bool is_accepted = credit >= 1;
        credit -= is_accepted;
        tally.n_accepted += is_accepted;
        tally.n_refused += !is_accepted;
        throttle_note(&throttle, is_accepted, now_us);
    }
    return tally;
}

static int begin(void **state)
{
    (void)state;
    throttle = (struct throttle){0};
    now_us = 1000000 * MS;
    return 0;
}

static void a_server_that_accepts_all_is_sent_all(void **state)
{
    (void)state;
    assert_int_equal(run(10000, 10000, 2000).n_held, 0);
}

static void a_server_that_refuses_a_third_is_sent_all(void **state)
{
    (void)state;
    assert_int_equal(run(1500, 1000, 5000).n_held, 0);
}

static void an_overloaded_server_is_sent_about_twice_what_it_accepts(void **state)
{
    (void)state;
    (void)run(10000, 1000, 1000);
    struct tally tally = run(10000, 1000, 40000);
    assert_in_range(tally.n_accepted, 36000, 40100); /* as much as without */
    assert_in_range(tally.n_refused, 32000, 48000);
    assert_in_range(tally.n_held, 312000, 336000);
}

static void what_is_accepted_again_is_sent_again_within_two_seconds(void **state)
{
    (void)state;
    (void)run(10000, 0, 5000);
    (void)run(50, 1000, 2000);
    assert_int_equal(run(50, 1000, 5000).n_held, 0);
}

static void who_called_in_vain_as_fast_as_he_could_waits_no_longer(void **state)
{
    (void)state;
    assert_in_range(run(1000000, 0, 2000).n_refused, 16, 1000);
    (void)run(50, 1000, 2000);
    assert_int_equal(run(50, 1000, 5000).n_held, 0);
}

static void who_calls_seldom_is_not_held_back_once_it_is_over(void **state)
{
    (void)state;
    (void)run(10000, 0, 5000);
    now_us += 500 * MS;
    assert_int_equal(run(2, 1000, 10000).n_held, 0);
}

static void of_few_calls_none_is_held_back(void **state)
{
    (void)state;
    assert_int_equal(run(2, 0, 60000).n_held, 0);
    begin(NULL);
    assert_int_equal(run(1000, 0, 16).n_held, 0);
}

#define TEST(name) cmocka_unit_test_setup(name, begin)

int main(void)
{
    const struct CMUnitTest tests[] = {
        TEST(a_server_that_accepts_all_is_sent_all),
        TEST(a_server_that_refuses_a_third_is_sent_all),
        TEST(an_overloaded_server_is_sent_about_twice_what_it_accepts),
        TEST(what_is_accepted_again_is_sent_again_within_two_seconds),
        TEST(who_called_in_vain_as_fast_as_he_could_waits_no_longer),
        TEST(who_calls_seldom_is_not_held_back_once_it_is_over),
        TEST(of_few_calls_none_is_held_back),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
