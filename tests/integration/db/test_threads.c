/* SPDX-License-Identifier: Apache-2.0 */
/* Reads of many threads that share few connections. */
#include "db_test.h"

#include <sched.h>
#include <stdatomic.h>

enum { THREADS = 24, ROUNDS = 300, US_PER_MS = 1000, US_PER_S = 1000000, DEADLINE_MS = 300 };
enum { NAP_S = 100 }; /* so long that only its being cancelled can end it within the test */

static struct db *db;
static struct db *admin;
static atomic_bool is_over;
static atomic_int n_wrong;

static const struct db_stmt get_item = {
    "threads.get", "SELECT id, text FROM item WHERE id = $1::int8", 1, true};
static const struct db_stmt get_other = {
    "threads.other", "SELECT -id FROM item WHERE id = $1::int8", 1, true};
static const struct db_stmt divide = {
    "threads.divide", "SELECT 1 / (id - id) FROM item WHERE id = $1::int8", 1, true};
static const struct db_stmt nap = {"threads.nap", "SELECT $1::int8 FROM pg_sleep(100)", 1, true};

static int open_databases(void **state)
{
    (void)state;
    db = test_db_open(NULL, "threads", 6);
    admin = test_db_open(NULL, "admin", 1);
    test_sql(admin, "CREATE TABLE item (id int8 PRIMARY KEY, text text)");
    test_sql(admin, "INSERT INTO item SELECT i, 'text ' || i FROM generate_series(0, 999) AS i");
    return 0;
}

static int close_databases(void **state)
{
    (void)state;
    db_close(db);
    db_close(admin);
    return 0;
}

static enum err_code ask(
    const struct db_stmt *stmt, int64_t id, int64_t deadline_us, struct db_result **out)
{
    struct err err = {0};
    struct db_session s = db_session(db, deadline_us);
    const struct db_param params[] = {db_int(id)};
    return db_query(&s, stmt, params, out, &err);
}

/* The row of `id`, and none of another thread's. */
static void check_item(int64_t id)
{
    char text[32];
    (void)snprintf(text, sizeof(text), "text %ld", (long)id);
    CLEANUP(db_result_clear) struct db_result *r = NULL;
    if (ask(&get_item, id, 0, &r) != ERR_OK || db_rows(r) != 1 || db_get_int(r, 0, 0) != id ||
        strcmp(db_get_text(r, 0, 1), text) != 0)
        atomic_fetch_add(&n_wrong, 1);
}

static void check_other(int64_t id)
{
    CLEANUP(db_result_clear) struct db_result *r = NULL;
    if (ask(&get_other, id, 0, &r) != ERR_OK || db_get_int(r, 0, 0) != -id)
        atomic_fetch_add(&n_wrong, 1);
}

static void *read_items(void *arg)
{
    unsigned seed = (unsigned)(uintptr_t)arg;
    for (int i = 0; i < ROUNDS; i++) {
        check_item(rand_r(&seed) % 1000);
        check_other(rand_r(&seed) % 1000);
    }
    return NULL;
}

static void *fail_and_read(void *arg)
{
    unsigned seed = (unsigned)(uintptr_t)arg;
    for (int i = 0; i < ROUNDS; i++) {
        CLEANUP(db_result_clear) struct db_result *r = NULL;
        if (ask(&divide, rand_r(&seed) % 1000, 0, &r) != ERR_INTERNAL)
            atomic_fetch_add(&n_wrong, 1);
        check_item(rand_r(&seed) % 1000);
    }
    return NULL;
}

typedef void *thread_fn(void *arg);

static void run_threads(thread_fn *even, thread_fn *odd)
{
    pthread_t threads[THREADS];
    atomic_store(&n_wrong, 0);
    for (int i = 0; i < THREADS; i++)
        assert_int_equal(
            pthread_create(&threads[i], NULL, i % 2 == 0 ? even : odd, (void *)(uintptr_t)(i + 1)),
            0);
    for (int i = 0; i < THREADS; i++)
        assert_int_equal(pthread_join(threads[i], NULL), 0);
    assert_int_equal(atomic_load(&n_wrong), 0);
}

static void every_thread_gets_its_own_rows(void **state)
{
    (void)state;
    run_threads(read_items, read_items);
    assert_in_range(test_sql_int(admin, "SELECT count(*) FROM pg_stat_activity WHERE "
                                        "application_name = 'threads'"),
        1, 6);
}

static void an_error_is_only_its_owners(void **state)
{
    (void)state;
    run_threads(read_items, fail_and_read);
}

/* ---- broken connections ---------------------------------------------------------------------- */

static void *cut_connections(void *arg)
{
    (void)arg;
    while (!atomic_load(&is_over)) {
        test_sql(admin, "SELECT count(pg_terminate_backend(pid)) FROM (SELECT pid FROM "
                        "pg_stat_activity WHERE application_name = 'threads' LIMIT 1) AS one");
        for (int i = 0; i < 2000; i++)
            (void)sched_yield();
    }
    return NULL;
}

/* A read that is run again may be cut again: unavailable is allowed, a wrong row is not. */
static void *read_through_cuts(void *arg)
{
    unsigned seed = (unsigned)(uintptr_t)arg;
    for (int i = 0; i < ROUNDS; i++) {
        int64_t id = rand_r(&seed) % 1000;
        CLEANUP(db_result_clear) struct db_result *r = NULL;
        enum err_code code = ask(&get_item, id, 0, &r);
        if (code == ERR_UNAVAILABLE)
            continue;
        if (code != ERR_OK || db_get_int(r, 0, 0) != id)
            atomic_fetch_add(&n_wrong, 1);
    }
    return NULL;
}

static void cut_connections_mix_nothing_up(void **state)
{
    (void)state;
    pthread_t cutter;
    atomic_store(&is_over, false);
    assert_int_equal(pthread_create(&cutter, NULL, cut_connections, NULL), 0);
    run_threads(read_through_cuts, read_through_cuts);
    atomic_store(&is_over, true);
    assert_int_equal(pthread_join(cutter, NULL), 0);
    check_item(7);
    assert_int_equal(atomic_load(&n_wrong), 0);
}

static void one_cut_is_not_noticed(void **state)
{
    (void)state;
    check_item(1);
    test_sql(admin, "SELECT pg_terminate_backend(pid, 5000) FROM pg_stat_activity WHERE "
                    "application_name = 'threads'");
    check_item(2);
    assert_int_equal(atomic_load(&n_wrong), 0);
}

/* ---- deadlines ------------------------------------------------------------------------------- */

static void *sleep_past_the_deadline(void *arg)
{
    (void)arg;
    CLEANUP(db_result_clear) struct db_result *r = NULL;
    int64_t started_us = clock_mono_us(clock_system());
    enum err_code code = ask(&nap, 1, started_us + DEADLINE_MS * US_PER_MS, &r);
    int64_t took_us = clock_mono_us(clock_system()) - started_us;
    if (code != ERR_DEADLINE_EXCEEDED || took_us > NAP_S * US_PER_S / 2)
        atomic_fetch_add(&n_wrong, 1);
    return NULL;
}

static int64_t n_napping(void)
{
    return test_sql_int(admin, "SELECT count(*) FROM pg_stat_activity WHERE "
                               "application_name = 'threads' AND wait_event = 'PgSleep'");
}

static void a_slow_read_ends_at_its_deadline_and_the_others_finish(void **state)
{
    (void)state;
    run_threads(sleep_past_the_deadline, read_items);
    /* A backend hears of being cancelled a little after we do not wait for it any more. */
    int64_t give_up_us = clock_mono_us(clock_system()) + NAP_S * US_PER_S / 2;
    while (n_napping() > 0)
        assert_true(clock_mono_us(clock_system()) < give_up_us);
}

static void an_expired_call_does_not_reach_the_database(void **state)
{
    (void)state;
    struct db_result *r = NULL;
    assert_int_equal(
        ask(&get_item, 1, clock_mono_us(clock_system()) - 1, &r), ERR_DEADLINE_EXCEEDED);
    assert_null(r);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(every_thread_gets_its_own_rows),
        cmocka_unit_test(an_error_is_only_its_owners),
        cmocka_unit_test(cut_connections_mix_nothing_up),
        cmocka_unit_test(one_cut_is_not_noticed),
        cmocka_unit_test(a_slow_read_ends_at_its_deadline_and_the_others_finish),
        cmocka_unit_test(an_expired_call_does_not_reach_the_database),
    };
    return cmocka_run_group_tests(tests, open_databases, close_databases);
}
