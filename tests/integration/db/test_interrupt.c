/* SPDX-License-Identifier: Apache-2.0 */
#include "db_test.h"

#include <sched.h>
#include <time.h>

enum { US_PER_MS = 1000, NAP_S = 100, ROUNDS = 150, READERS = 8 };

static struct db *db;    /* under test: one connection, so that the next statement gets the same */
static struct db *admin; /* looks on */
static struct db_interrupt interrupt;

static const struct db_stmt get_item = {
    "interrupt.get", "SELECT text FROM item WHERE id = $1::int8", 1, true};

static int open_databases(void **state)
{
    (void)state;
    struct err err = {0};
    db = test_db_open(NULL, "interrupted", 1);
    admin = test_db_open(NULL, "admin", 1);
    test_sql(admin, "CREATE TABLE item (id int8 PRIMARY KEY, text text)");
    test_sql(admin, "INSERT INTO item SELECT i, 'text ' || i FROM generate_series(0, 999) AS i");
    test_sql(admin, "CREATE TABLE slow (id int8)");
    test_sql(admin, "CREATE FUNCTION nap() RETURNS trigger LANGUAGE plpgsql AS "
                    "'BEGIN PERFORM pg_sleep(0.3); RETURN NULL; END'");
    test_sql(admin, "CREATE CONSTRAINT TRIGGER nap AFTER INSERT ON slow DEFERRABLE INITIALLY "
                    "DEFERRED FOR EACH ROW EXECUTE FUNCTION nap()");
    assert_ok(db_interrupt_init(&interrupt, &err), &err);
    return 0;
}

static int close_databases(void **state)
{
    (void)state;
    db_interrupt_fini(&interrupt);
    db_close(db);
    db_close(admin);
    return 0;
}

static int clear_interrupt(void **state)
{
    (void)state;
    db_interrupt_clear(&interrupt);
    return 0;
}

static int64_t now_us(void)
{
    return clock_mono_us(clock_system());
}

static struct db_session session(void)
{
    struct db_session s = db_session(db, now_us() + NAP_S * INT64_C(1000000));
    s.interrupt = &interrupt;
    return s;
}

static int64_t pid_of_connection(void)
{
    return test_sql_int(db, "SELECT pg_backend_pid()::int8");
}

static bool is_asleep(void)
{
    return test_sql_int(admin, "SELECT count(*) FROM pg_stat_activity WHERE application_name = "
                               "'interrupted' AND wait_event = 'PgSleep'") > 0;
}

static void *interrupt_when_asleep(void *arg)
{
    (void)arg;
    while (!is_asleep())
        (void)sched_yield();
    db_interrupt_set(&interrupt);
    return NULL;
}

static pthread_t start(void *(*run)(void *), void *arg)
{
    pthread_t thread;
    assert_int_equal(pthread_create(&thread, NULL, run, arg), 0);
    return thread;
}

static void an_interrupt_ends_the_statement_at_work_and_keeps_the_connection(void **state)
{
    (void)state;
    struct err err = {0};
    struct db_result *r = NULL;
    int64_t pid = pid_of_connection();
    int64_t started_us = now_us();
    struct db_session s = session();
    pthread_t thread = start(interrupt_when_asleep, NULL);
    assert_int_equal(
        db_query(&s, test_stmt("SELECT pg_sleep(100)", 0), NULL, &r, &err), ERR_CANCELLED);
    assert_int_equal(pthread_join(thread, NULL), 0);
    assert_int_equal(err.reason, REASON_CALL_CANCELLED);
    assert_in_range(now_us() - started_us, 0, NAP_S * INT64_C(1000000) / 2);
    assert_false(is_asleep());
    assert_int_equal(pid_of_connection(), pid);
}

static void after_an_interrupt_nothing_is_begun_until_it_is_cleared(void **state)
{
    (void)state;
    struct err err = {0};
    struct db_result *r = NULL;
    struct db_session s = session();
    db_interrupt_set(&interrupt);
    assert_int_equal(db_query(&s, test_stmt("INSERT INTO item VALUES (-1, '')", 0), NULL, &r, &err),
        ERR_CANCELLED);
    assert_int_equal(db_begin(&s, DB_TX_WRITE, &err), ERR_CANCELLED);
    assert_int_equal(test_sql_int(admin, "SELECT count(*) FROM item WHERE id = -1"), 0);
    db_interrupt_clear(&interrupt);
    assert_ok(db_query(&s, test_stmt("SELECT 1::int8", 0), NULL, &r, &err), &err);
    db_result_clear(&r);
}

static void an_interrupted_transaction_does_not_commit(void **state)
{
    (void)state;
    struct err err = {0};
    struct db_result *r = NULL;
    int64_t pid = pid_of_connection();
    struct db_session s = session();
    assert_ok(db_begin(&s, DB_TX_WRITE, &err), &err);
    test_sql_in(&s, "INSERT INTO item VALUES (-2, '')", &r);
    db_result_clear(&r);
    pthread_t thread = start(interrupt_when_asleep, NULL);
    assert_int_equal(
        db_query(&s, test_stmt("SELECT pg_sleep(100)", 0), NULL, &r, &err), ERR_CANCELLED);
    assert_int_equal(pthread_join(thread, NULL), 0);
    assert_int_equal(db_commit(&s, &err), ERR_CANCELLED);
    assert_int_equal(test_sql_int(admin, "SELECT count(*) FROM item WHERE id = -2"), 0);
    assert_int_equal(pid_of_connection(), pid);
}

static void an_interrupt_between_statements_rolls_back(void **state)
{
    (void)state;
    struct err err = {0};
    struct db_result *r = NULL;
    int64_t pid = pid_of_connection();
    struct db_session s = session();
    assert_ok(db_begin(&s, DB_TX_WRITE, &err), &err);
    test_sql_in(&s, "INSERT INTO item VALUES (-3, '')", &r);
    db_result_clear(&r);
    db_interrupt_set(&interrupt);
    assert_int_equal(db_commit(&s, &err), ERR_CANCELLED);
    assert_null(s.tx);
    assert_int_equal(test_sql_int(admin, "SELECT count(*) FROM item WHERE id = -3"), 0);
    assert_int_equal(pid_of_connection(), pid);
}

static void a_commit_once_sent_is_waited_for(void **state)
{
    (void)state;
    struct err err = {0};
    struct db_result *r = NULL;
    struct db_session s = session();
    assert_ok(db_begin(&s, DB_TX_WRITE, &err), &err);
    test_sql_in(&s, "INSERT INTO slow VALUES (1)", &r);
    db_result_clear(&r);
    pthread_t thread = start(interrupt_when_asleep, NULL);
    assert_ok(db_commit(&s, &err), &err);
    assert_int_equal(pthread_join(thread, NULL), 0);
    assert_int_equal(test_sql_int(admin, "SELECT count(*) FROM slow"), 1);
}

/* Sets the interrupt somewhere before, in or after the statement of the round. */
static void *interrupt_at_some_time(void *arg)
{
    struct timespec delay = {0, (long)(uintptr_t)arg};
    (void)clock_nanosleep(CLOCK_MONOTONIC, 0, &delay, NULL);
    db_interrupt_set(&interrupt);
    return NULL;
}

static void an_interrupt_never_hits_the_statement_that_follows(void **state)
{
    (void)state;
    unsigned seed = 7;
    int64_t pid = pid_of_connection();
    int n_cancelled = 0;
    for (int i = 0; i < ROUNDS; i++) {
        struct err err = {0};
        struct db_result *r = NULL;
        struct db_session s = session();
        uintptr_t delay_ns = (uintptr_t)(rand_r(&seed) % 4000) * 1000;
        pthread_t thread = start(interrupt_at_some_time, (void *)delay_ns);
        enum err_code code =
            db_query(&s, test_stmt("SELECT 1::int8 FROM pg_sleep(0.002)", 0), NULL, &r, &err);
        db_result_clear(&r);
        assert_true(code == ERR_OK || code == ERR_CANCELLED);
        n_cancelled += code == ERR_CANCELLED;
        /* Another's statement on the same connection, at once: not interrupted. */
        assert_int_equal(test_sql_int(db, "SELECT 2::int8 FROM pg_sleep(0.001)"), 2);
        assert_int_equal(pthread_join(thread, NULL), 0);
        db_interrupt_clear(&interrupt);
    }
    assert_in_range(n_cancelled, 1, ROUNDS);
    assert_int_equal(pid_of_connection(), pid);
}

/* ---- reads that share batches ---------------------------------------------------------------- */

static atomic_int n_wrong;

struct reader {
    struct db *db;
    bool is_interrupted; /* in every third round */
};

static void *set_it(void *arg)
{
    db_interrupt_set(arg);
    return NULL;
}

/* The row of `id`, or, if it was interrupted, nothing. */
static void read_one(const struct reader *reader, struct db_interrupt *own, int64_t id, bool is_cut)
{
    CLEANUP(db_result_clear) struct db_result *r = NULL;
    struct err err = {0};
    char text[32];
    (void)snprintf(text, sizeof(text), "text %ld", (long)id);
    struct db_session s = db_session(reader->db, 0);
    s.interrupt = own;
    const struct db_param params[] = {db_int(id)};
    pthread_t thread;
    if (is_cut && pthread_create(&thread, NULL, set_it, own) != 0)
        abort();
    enum err_code code = db_query(&s, &get_item, params, &r, &err);
    bool is_right = code == ERR_OK && strcmp(db_get_text(r, 0, 0), text) == 0;
    if (!is_right && !(is_cut && code == ERR_CANCELLED))
        atomic_fetch_add(&n_wrong, 1);
    if (is_cut && pthread_join(thread, NULL) != 0)
        abort();
    db_interrupt_clear(own);
}

static void *read_items(void *arg)
{
    const struct reader *reader = arg;
    struct db_interrupt own;
    struct err err = {0};
    unsigned seed = (unsigned)(uintptr_t)arg;
    if (db_interrupt_init(&own, &err) != ERR_OK)
        abort();
    for (int i = 0; i < ROUNDS; i++)
        read_one(reader, &own, rand_r(&seed) % 1000, reader->is_interrupted && i % 3 == 0);
    db_interrupt_fini(&own);
    return NULL;
}

static void neighbours_of_an_interrupted_read_get_their_rows(void **state)
{
    (void)state;
    struct db *shared = test_db_open(NULL, "shared", 2); /* one leader: batches are shared */
    struct reader readers[READERS];
    pthread_t threads[READERS];
    for (int i = 0; i < READERS; i++) {
        readers[i] = (struct reader){shared, i % 2 == 0};
        threads[i] = start(read_items, &readers[i]);
    }
    for (int i = 0; i < READERS; i++)
        assert_int_equal(pthread_join(threads[i], NULL), 0);
    assert_int_equal(atomic_load(&n_wrong), 0);
    db_close(shared);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_teardown(
            an_interrupt_ends_the_statement_at_work_and_keeps_the_connection, clear_interrupt),
        cmocka_unit_test_teardown(
            after_an_interrupt_nothing_is_begun_until_it_is_cleared, clear_interrupt),
        cmocka_unit_test_teardown(an_interrupted_transaction_does_not_commit, clear_interrupt),
        cmocka_unit_test_teardown(an_interrupt_between_statements_rolls_back, clear_interrupt),
        cmocka_unit_test_teardown(a_commit_once_sent_is_waited_for, clear_interrupt),
        cmocka_unit_test_teardown(
            an_interrupt_never_hits_the_statement_that_follows, clear_interrupt),
        cmocka_unit_test(neighbours_of_an_interrupted_read_get_their_rows),
    };
    return cmocka_run_group_tests(tests, open_databases, close_databases);
}
