/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Once everything is warm, a call allocates nothing. Linked with --wrap, so that what our code asks
 * malloc for is counted, and what NNG asks for by itself, in its library, is not.
 */
#include "log/log.h"
#include "loop.h"
#include "unit_test.h"

#include <pthread.h>
#include <stdlib.h>
#include <string.h>

enum { IN_FLIGHT = 64, WARM_UP = 50000, CALLS = 20000 };

static struct loop loop;
static atomic_bool is_counting;
static atomic_long n_allocations;
static atomic_long n_left, n_flying, n_failed;

/* NOLINTBEGIN(bugprone-reserved-identifier,readability-identifier-naming): the linker's names */
void *__real_malloc(size_t size);
void *__real_calloc(size_t n, size_t size);
void *__real_realloc(void *memory, size_t size);
void *__wrap_malloc(size_t size);
void *__wrap_calloc(size_t n, size_t size);
void *__wrap_realloc(void *memory, size_t size);

static void note(void)
{
    if (atomic_load_explicit(&is_counting, memory_order_relaxed))
        atomic_fetch_add(&n_allocations, 1);
}

void *__wrap_malloc(size_t size)
{
    note();
    return __real_malloc(size);
}

void *__wrap_calloc(size_t n, size_t size)
{
    note();
    return __real_calloc(n, size);
}

void *__wrap_realloc(void *memory, size_t size)
{
    note();
    return __real_realloc(memory, size);
}
/* NOLINTEND(bugprone-reserved-identifier,readability-identifier-naming) */

static void fly(void);

static void on_done(void *arg, const struct db_bytes *out, const struct err *err)
{
    (void)arg;
    if (err || out->len != 102)
        atomic_fetch_add(&n_failed, 1);
    fly();
    atomic_fetch_sub(&n_flying, 1);
}

/* A ping of 100 bytes, unless enough of them were made. */
static void fly(void)
{
    static const uint8_t ping[102] = {0x0a, 100};
    static const struct db_bytes in = {ping, sizeof(ping)};
    if (atomic_fetch_sub(&n_left, 1) <= 0)
        return;
    atomic_fetch_add(&n_flying, 1);
    rpc_client_call_async(loop.client, "/kith.v1.HealthService/Ping", NULL, &in, on_done, NULL);
}

static void make_calls(long n)
{
    atomic_store(&n_left, n);
    for (int i = 0; i < IN_FLIGHT; i++)
        fly();
    loop_await(atomic_load(&n_flying) == 0);
}

static void count_in(const struct loop_config *config)
{
    log_open("test", NULL, LOG_FORMAT_LOGFMT, LOG_ERROR);
    loop_start(&loop, config);
    make_calls(WARM_UP);
    atomic_store(&is_counting, true);
    void *volatile one = malloc(1); /* counting works; volatile, or it would be left out */
    free(one);
    make_calls(CALLS);
    atomic_store(&is_counting, false);
    long n = atomic_load(&n_allocations);
    print_message("%ld allocations in %d calls\n", n, (int)CALLS);
    assert_int_equal(atomic_load(&n_failed), 0);
    /* What is kept for later may still grow when more calls than ever wait at one place. */
    assert_in_range(n, 1, CALLS / 100);
    loop_stop(&loop);
}

static void a_warm_call_allocates_nothing(void **state)
{
    (void)state;
    count_in(&(struct loop_config){0});
}

static void nor_does_one_that_runs_where_it_is_received(void **state)
{
    (void)state;
    count_in(&(struct loop_config){.has_desks = true});
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_warm_call_allocates_nothing),
        cmocka_unit_test(nor_does_one_that_runs_where_it_is_received),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
