/* SPDX-License-Identifier: Apache-2.0 */
#include "loop.h"
#include "rpc/spare.h"
#include "unit_test.h"

#include <nng/nng.h>
#include <nng/supplemental/util/platform.h>
#include <pthread.h>
#include <unistd.h>

enum {
    SKIPPED = 77,
    MAX_CALLBACKS = 32,
    TAKES_MS = 5,
    TRIES = 250,
    HOLDERS = 4,
    ROUNDS = 12,
    LONG_MS = 130,
    WAIT_ROUNDS = 30,
    WAIT_ROUND_MS = 200
};

/* Callbacks made at the same time, and how many of them ran side by side. */
struct crowd {
    atomic_int n_running;
    atomic_int most;
};

static void take_a_while(void *arg)
{
    struct crowd *crowd = arg;
    int n = atomic_fetch_add(&crowd->n_running, 1) + 1;
    int most = atomic_load(&crowd->most);
    while (n > most && !atomic_compare_exchange_weak(&crowd->most, &most, n))
        continue;
    nng_msleep(TAKES_MS);
    atomic_fetch_sub(&crowd->n_running, 1);
}

static int side_by_side(size_t n)
{
    struct crowd crowd = {0};
    nng_aio *aios[MAX_CALLBACKS];
    for (size_t i = 0; i < n; i++) {
        assert_int_equal(nng_aio_alloc(&aios[i], take_a_while, &crowd), 0);
        nng_sleep_aio(0, aios[i]);
    }
    for (size_t i = 0; i < n; i++) {
        nng_aio_wait(aios[i]);
        nng_aio_free(aios[i]);
    }
    return atomic_load(&crowd.most);
}

/* NNG has twice as many threads, up to 16. */
static int processors(void)
{
    int n = (int)sysconf(_SC_NPROCESSORS_ONLN);
    return n < 8 ? n : 8;
}

/* Threads that are to stay at work. */
static int wanted(void)
{
    int n = (int)sysconf(_SC_NPROCESSORS_ONLN) / 4;
    return n < 1 ? 1 : n < 8 ? n : 8;
}

static size_t more_than_wanted(void)
{
    return (size_t)wanted() + 2 < MAX_CALLBACKS ? (size_t)wanted() + 2 : MAX_CALLBACKS;
}

static void await_rest(void)
{
    int n = 0;
    for (int i = 0; i < TRIES && n != wanted(); i++)
        n = side_by_side(more_than_wanted());
    assert_int_equal(n, wanted());
}

static void most_rest_while_somebody_holds_them(void **state)
{
    (void)state;
    spare_hold();
    spare_hold();
    await_rest();
    spare_release();
    assert_int_equal(side_by_side(more_than_wanted()), wanted());
    spare_release();
    assert_true(side_by_side(more_than_wanted()) > wanted());
}

/* ---- who waits all the same ---- */

static void wait_until_told(void *arg)
{
    const atomic_bool *is_told = arg;
    while (!atomic_load(is_told))
        nng_msleep(1);
}

/* Each time they rest again it is one less, until there are enough beside those that wait. */
static void those_at_rest_step_in_for_callbacks_that_wait(void **state)
{
    (void)state;
    nng_aio *waiting[MAX_CALLBACKS];
    atomic_bool is_told = false;
    spare_hold();
    await_rest();
    for (int i = 0; i < processors(); i++) {
        assert_int_equal(nng_aio_alloc(&waiting[i], wait_until_told, &is_told), 0);
        nng_sleep_aio(0, waiting[i]);
    }
    for (int i = 0; i < WAIT_ROUNDS; i++) {
        assert_int_equal(side_by_side(1), 1); /* comes through */
        nng_msleep(WAIT_ROUND_MS);
    }
    assert_in_range(spare_recalls(), 1, (uintmax_t)processors() + 1);
    atomic_store(&is_told, true);
    for (int i = 0; i < processors(); i++)
        nng_aio_free(waiting[i]);
    spare_release();
}

/* ---- coming and going ---- */

/* Some stay until most threads rest. */
static void *come_and_go(void *arg)
{
    for (int i = 0; i < ROUNDS; i++) {
        spare_hold();
        nng_msleep(i % 3 == 0 ? LONG_MS : i % 3);
        spare_release();
    }
    return arg;
}

static void holders_come_and_go(void **state)
{
    (void)state;
    pthread_t threads[HOLDERS];
    for (size_t i = 0; i < HOLDERS; i++)
        assert_int_equal(pthread_create(&threads[i], NULL, come_and_go, NULL), 0);
    for (size_t i = 0; i < HOLDERS; i++)
        assert_int_equal(pthread_join(threads[i], NULL), 0);
    assert_true(side_by_side(more_than_wanted()) > wanted());
}

int main(void)
{
    if (processors() < 2)
        return SKIPPED; /* NNG has two threads, and none is spare */
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(most_rest_while_somebody_holds_them),
        cmocka_unit_test(those_at_rest_step_in_for_callbacks_that_wait),
        cmocka_unit_test(holders_come_and_go),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
