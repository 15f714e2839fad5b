/* SPDX-License-Identifier: Apache-2.0 */
#include "db_test.h"

#include <pthread.h>
#include <sched.h>

enum { US_PER_MS = 1000 };

static struct db *db;    /* under test: its connections get cut */
static struct db *admin; /* cuts them */

static int open_databases(void **state)
{
    (void)state;
    db = test_db_open(NULL, "victim", 2);
    admin = test_db_open(NULL, "admin", 2);
    test_sql(admin, "CREATE TABLE counter (id int8 PRIMARY KEY, n int8 NOT NULL)");
    test_sql(admin, "INSERT INTO counter VALUES (1, 0), (2, 0)");
    /* A transaction that touches `slow` takes its time in COMMIT. */
    test_sql(admin, "CREATE TABLE slow (id int8)");
    test_sql(admin, "CREATE FUNCTION nap() RETURNS trigger LANGUAGE plpgsql AS "
                    "'BEGIN PERFORM pg_sleep(20); RETURN NULL; END'");
    test_sql(admin, "CREATE CONSTRAINT TRIGGER nap AFTER INSERT ON slow DEFERRABLE INITIALLY "
                    "DEFERRED FOR EACH ROW EXECUTE FUNCTION nap()");
    return 0;
}

static int close_databases(void **state)
{
    (void)state;
    db_close(db);
    db_close(admin);
    return 0;
}

static int64_t now_us(void)
{
    return clock_mono_us(clock_system());
}

/* Cuts the victim's connection as soon as it sleeps in the server. */
static void *cut_when_asleep(void *arg)
{
    (void)arg;
    while (test_sql_int(admin, "SELECT count(pg_terminate_backend(pid)) FROM pg_stat_activity "
                               "WHERE application_name = 'victim' AND wait_event = 'PgSleep'") == 0)
        sched_yield();
    return NULL;
}

static struct err run_and_cut(struct db_session *s, const char *text)
{
    pthread_t cutter;
    struct err err = {0};
    struct db_result *r = NULL;
    assert_int_equal(pthread_create(&cutter, NULL, cut_when_asleep, NULL), 0);
    assert_int_not_equal(db_query(s, test_stmt(text, 0), NULL, &r, &err), ERR_OK);
    assert_int_equal(pthread_join(cutter, NULL), 0);
    return err;
}

static void the_deadline_ends_a_statement(void **state)
{
    (void)state;
    struct err err = {0};
    struct db_result *r = NULL;
    int64_t started_us = now_us();
    struct db_session s = db_session(db, started_us + 100 * US_PER_MS);
    assert_int_equal(
        db_query(&s, test_stmt("SELECT pg_sleep(20)", 0), NULL, &r, &err), ERR_DEADLINE_EXCEEDED);
    assert_int_equal(err.reason, REASON_DEADLINE_PASSED);
    assert_in_range(now_us() - started_us, 100 * US_PER_MS, 1500 * US_PER_MS);
    assert_true(s.db_us >= 100 * US_PER_MS);
    assert_int_equal(test_sql_int(admin, "SELECT count(*) FROM pg_stat_activity WHERE "
                                         "application_name = 'victim' AND state = 'active'"),
        0);
    assert_int_equal(test_sql_int(db, "SELECT 1"), 1); /* the next one is not hit */
}

static void the_server_too_ends_a_transaction_at_its_deadline(void **state)
{
    (void)state;
    struct err err = {0};
    struct db_session s = db_session(db, now_us() + 5000 * US_PER_MS);
    assert_ok(db_begin(&s, DB_TX_WRITE, &err), &err);
    struct db_result *r = NULL;
    test_sql_in(
        &s, "SELECT extract(epoch FROM current_setting('statement_timeout')::interval)::int8", &r);
    assert_in_range(db_get_int(r, 0, 0), 3, 5);
    db_result_clear(&r);
    db_rollback(&s);
    assert_int_equal(test_sql_int(db, "SELECT count(*) FROM pg_settings WHERE name = "
                                      "'statement_timeout' AND setting <> '0'"),
        0); /* and nothing of it stays behind */
}

static void a_transaction_past_its_deadline_does_not_commit(void **state)
{
    (void)state;
    struct err err = {0};
    struct db_result *r = NULL;
    struct db_session s = db_session(db, now_us() + 100 * US_PER_MS);
    assert_ok(db_begin(&s, DB_TX_WRITE, &err), &err);
    test_sql_in(&s, "UPDATE counter SET n = 99 WHERE id = 1", &r);
    db_result_clear(&r);
    assert_int_equal(
        db_query(&s, test_stmt("SELECT pg_sleep(20)", 0), NULL, &r, &err), ERR_DEADLINE_EXCEEDED);
    assert_int_equal(db_commit(&s, &err), ERR_DEADLINE_EXCEEDED);
    assert_null(s.tx);
    assert_int_equal(test_sql_int(db, "SELECT n FROM counter WHERE id = 1"), 0);
}

static void a_read_cut_off_is_unavailable(void **state)
{
    (void)state;
    struct db_session s = db_session(db, 0);
    struct err err = run_and_cut(&s, "SELECT pg_sleep(20)");
    assert_int_equal(err.reason, REASON_DATABASE_UNAVAILABLE);
    assert_int_equal(test_sql_int(db, "SELECT 1"), 1); /* reconnected */
}

static void a_write_cut_off_is_in_doubt(void **state)
{
    (void)state;
    struct db_session s = db_session(db, 0);
    struct err err = run_and_cut(&s, "INSERT INTO counter SELECT 77, 0 FROM pg_sleep(20)");
    assert_int_equal(err.reason, REASON_COMMIT_IN_DOUBT);
    err = run_and_cut(&s, "INSERT INTO slow VALUES (1)"); /* cut after its rows were written */
    assert_int_equal(err.reason, REASON_COMMIT_IN_DOUBT);
}

static void a_transaction_cut_off_before_commit_was_not_made(void **state)
{
    (void)state;
    struct err err = {0};
    struct db_session s = db_session(db, 0);
    assert_ok(db_begin(&s, DB_TX_WRITE, &err), &err);
    err = run_and_cut(&s, "UPDATE counter SET n = 5 WHERE id = 1 AND pg_sleep(20)::text = ''");
    assert_int_equal(err.reason, REASON_DATABASE_UNAVAILABLE);
    assert_int_equal(db_commit(&s, &err), ERR_UNAVAILABLE);
    assert_int_equal(err.reason, REASON_DATABASE_UNAVAILABLE);
    assert_int_equal(test_sql_int(db, "SELECT n FROM counter WHERE id = 1"), 0);
}

static void a_commit_cut_off_is_in_doubt(void **state)
{
    (void)state;
    struct err err = {0};
    struct db_result *r = NULL;
    struct db_session s = db_session(db, 0);
    assert_ok(db_begin(&s, DB_TX_WRITE, &err), &err);
    test_sql_in(&s, "INSERT INTO slow VALUES (2)", &r);
    db_result_clear(&r);
    pthread_t cutter;
    assert_int_equal(pthread_create(&cutter, NULL, cut_when_asleep, NULL), 0);
    assert_int_equal(db_commit(&s, &err), ERR_UNAVAILABLE);
    assert_int_equal(pthread_join(cutter, NULL), 0);
    assert_int_equal(err.reason, REASON_COMMIT_IN_DOUBT);
    assert_null(s.tx);
}

static void a_commit_the_server_never_answers_is_in_doubt(void **state)
{
    (void)state;
    struct err err = {0};
    struct db_result *r = NULL;
    struct db_session s = db_session(db, now_us() + 300 * US_PER_MS);
    assert_ok(db_begin(&s, DB_TX_WRITE, &err), &err);
    test_sql_in(&s, "SET LOCAL statement_timeout = 0", &r);
    db_result_clear(&r);
    test_sql_in(&s, "INSERT INTO slow VALUES (3)", &r);
    db_result_clear(&r);
    assert_int_equal(db_commit(&s, &err), ERR_UNAVAILABLE);
    assert_int_equal(err.reason, REASON_COMMIT_IN_DOUBT);
    test_sql(admin, "SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE "
                    "application_name = 'victim'");
}

static void connections_cut_while_idle_are_not_noticed_by_callers(void **state)
{
    (void)state;
    assert_int_equal(test_sql_int(db, "SELECT 1"), 1);
    test_sql(admin, "SELECT pg_terminate_backend(pid, 5000) FROM pg_stat_activity WHERE "
                    "application_name = 'victim'");
    assert_int_equal(test_sql_int(db, "SELECT 1"), 1);
}

/* ---- conflicts ------------------------------------------------------------------------------- */

struct crossing {
    pthread_barrier_t *both_locked;
    int64_t first, second; /* rows, locked in this order */
    int attempts;
};

static enum err_code update_row(struct db_session *s, int64_t id, struct err *err)
{
    CLEANUP(db_result_clear) struct db_result *r = NULL;
    const struct db_param params[] = {db_int(id)};
    return db_query(
        s, test_stmt("UPDATE counter SET n = n + 1 WHERE id = $1::int8", 1), params, &r, err);
}

static enum err_code cross(struct db_session *s, void *arg, struct err *err)
{
    struct crossing *c = arg;
    enum err_code code = update_row(s, c->first, err);
    if (code == ERR_OK && c->attempts++ == 0)
        (void)pthread_barrier_wait(c->both_locked);
    return code == ERR_OK ? update_row(s, c->second, err) : code;
}

static void *run_crossing(void *arg)
{
    struct err err = {0};
    struct db_session s = db_session(db, 0);
    enum err_code code = db_in_tx(&s, DB_TX_WRITE, cross, arg, &err);
    return code == ERR_OK ? NULL : arg;
}

static void deadlocked_transactions_are_run_again(void **state)
{
    (void)state;
    (void)test_stmt("UPDATE counter SET n = n + 1 WHERE id = $1::int8", 1);
    test_sql(admin, "UPDATE counter SET n = 0");
    pthread_barrier_t both_locked;
    assert_int_equal(pthread_barrier_init(&both_locked, NULL, 2), 0);
    struct crossing crossings[] = {{&both_locked, 1, 2, 0}, {&both_locked, 2, 1, 0}};
    pthread_t threads[2];
    for (int i = 0; i < 2; i++)
        assert_int_equal(pthread_create(&threads[i], NULL, run_crossing, &crossings[i]), 0);
    for (int i = 0; i < 2; i++) {
        void *failed;
        assert_int_equal(pthread_join(threads[i], &failed), 0);
        assert_null(failed);
    }
    (void)pthread_barrier_destroy(&both_locked);
    /* The second try may cross the other's first once more. */
    assert_true(crossings[0].attempts + crossings[1].attempts >= 3);
    assert_int_equal(test_sql_int(db, "SELECT sum(n)::int8 FROM counter WHERE id < 3"), 4);
}

/* Makes row 9 unless it is there; both of two twins look before either makes it. */
struct twin {
    pthread_barrier_t *both_looked;
    int attempts;
    bool is_found;
    struct err err;
};

static enum err_code make_unless_there(struct db_session *s, void *arg, struct err *err)
{
    struct twin *twin = arg;
    CLEANUP(db_result_clear) struct db_result *found = NULL;
    enum err_code code =
        db_query(s, test_stmt("SELECT id FROM counter WHERE id = 9", 0), NULL, &found, err);
    if (code != ERR_OK)
        return code;
    if (twin->attempts++ == 0)
        (void)pthread_barrier_wait(twin->both_looked);
    twin->is_found = db_rows(found) == 1;
    if (twin->is_found)
        return ERR_OK;
    CLEANUP(db_result_clear) struct db_result *made = NULL;
    return db_query(s, test_stmt("INSERT INTO counter VALUES (9, 0)", 0), NULL, &made, err);
}

static void *run_twin(void *arg)
{
    struct twin *twin = arg;
    struct db_session s = db_session(db, 0);
    return db_in_tx(&s, DB_TX_WRITE, make_unless_there, twin, &twin->err) == ERR_OK ? NULL : arg;
}

static void of_twins_past_the_same_check_the_later_looks_again(void **state)
{
    (void)state;
    (void)test_stmt("SELECT id FROM counter WHERE id = 9", 0);
    (void)test_stmt("INSERT INTO counter VALUES (9, 0)", 0);
    pthread_barrier_t both_looked;
    assert_int_equal(pthread_barrier_init(&both_looked, NULL, 2), 0);
    struct twin twins[] = {{.both_looked = &both_looked}, {.both_looked = &both_looked}};
    pthread_t threads[2];
    for (int i = 0; i < 2; i++)
        assert_int_equal(pthread_create(&threads[i], NULL, run_twin, &twins[i]), 0);
    for (int i = 0; i < 2; i++) {
        void *failed;
        assert_int_equal(pthread_join(threads[i], &failed), 0);
        if (failed)
            fail_msg("%s", twins[i].err.msg);
    }
    (void)pthread_barrier_destroy(&both_looked);
    assert_int_equal(twins[0].attempts + twins[1].attempts, 3);
    assert_true(twins[0].is_found != twins[1].is_found);
}

static enum err_code always_conflict(struct db_session *s, void *arg, struct err *err)
{
    (void)s;
    (*(int *)arg)++;
    return err_raise(err, REASON_TRANSACTION_CONFLICT, "again");
}

static void conflicts_are_retried_a_bounded_number_of_times(void **state)
{
    (void)state;
    int attempts = 0;
    struct err err = {0};
    struct db_session s = db_session(db, 0);
    assert_int_equal(db_in_tx(&s, DB_TX_WRITE, always_conflict, &attempts, &err), ERR_ABORTED);
    assert_int_equal(attempts, 4);
    assert_null(s.tx);
}

static void a_commit_after_a_failed_statement_fails_for_its_reason(void **state)
{
    (void)state;
    struct err err = {0};
    struct db_result *r = NULL;
    struct db_session s = db_session(db, 0);
    assert_ok(db_begin(&s, DB_TX_WRITE, &err), &err);
    assert_int_equal(db_query(&s, test_stmt("SELECT 1 / (n - n) FROM counter", 0), NULL, &r, &err),
        ERR_INTERNAL);
    assert_int_equal(db_commit(&s, &err), ERR_INTERNAL);
    assert_int_equal(test_sql_int(db, "SELECT 1"), 1);
}

static void a_reading_transaction_can_not_write_and_sees_one_moment(void **state)
{
    (void)state;
    struct err err = {0};
    struct db_result *r = NULL;
    struct db_session s = db_session(db, 0);
    assert_ok(db_begin(&s, DB_TX_READ, &err), &err);
    test_sql_in(&s, "SELECT n FROM counter WHERE id = 1", &r);
    int64_t before = db_get_int(r, 0, 0);
    db_result_clear(&r);
    test_sql(admin, "UPDATE counter SET n = n + 1 WHERE id = 1");
    test_sql_in(&s, "SELECT n FROM counter WHERE id = 1", &r);
    assert_int_equal(db_get_int(r, 0, 0), before);
    db_result_clear(&r);
    assert_int_not_equal(
        db_query(&s, test_stmt("UPDATE counter SET n = 0", 0), NULL, &r, &err), ERR_OK);
    db_rollback(&s);
}

/* ---- the pool -------------------------------------------------------------------------------- */

static void a_caller_waits_for_a_connection_until_its_deadline(void **state)
{
    (void)state;
    struct err err = {0};
    struct db_result *r = NULL;
    struct db_session holders[2] = {db_session(db, 0), db_session(db, 0)};
    for (int i = 0; i < 2; i++)
        assert_ok(db_begin(&holders[i], DB_TX_READ, &err), &err);
    struct db_session s = db_session(db, now_us() + 50 * US_PER_MS);
    assert_int_equal(db_query(&s, test_stmt("SELECT 1", 0), NULL, &r, &err), ERR_DEADLINE_EXCEEDED);
    for (int i = 0; i < 2; i++)
        db_rollback(&holders[i]);
    assert_int_equal(test_sql_int(db, "SELECT 1"), 1);
}

static void a_database_that_is_away_is_unavailable_at_once_and_not_stormed(void **state)
{
    (void)state;
    struct err err = {0};
    struct db_config config = {
        .conninfo = "host=/nowhere dbname=kith", .app_name = "lost", .pool_size = 1};
    struct db *lost = NULL;
    int64_t started_us = now_us();
    assert_int_equal(db_open(&lost, &config, 300, &err), ERR_UNAVAILABLE);
    assert_int_equal(err.reason, REASON_DATABASE_UNAVAILABLE);
    assert_in_range(now_us() - started_us, 300 * US_PER_MS, 3000 * US_PER_MS);
    assert_null(lost);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(the_deadline_ends_a_statement),
        cmocka_unit_test(the_server_too_ends_a_transaction_at_its_deadline),
        cmocka_unit_test(a_transaction_past_its_deadline_does_not_commit),
        cmocka_unit_test(a_read_cut_off_is_unavailable),
        cmocka_unit_test(a_write_cut_off_is_in_doubt),
        cmocka_unit_test(a_transaction_cut_off_before_commit_was_not_made),
        cmocka_unit_test(a_commit_cut_off_is_in_doubt),
        cmocka_unit_test(a_commit_the_server_never_answers_is_in_doubt),
        cmocka_unit_test(connections_cut_while_idle_are_not_noticed_by_callers),
        cmocka_unit_test(deadlocked_transactions_are_run_again),
        cmocka_unit_test(of_twins_past_the_same_check_the_later_looks_again),
        cmocka_unit_test(conflicts_are_retried_a_bounded_number_of_times),
        cmocka_unit_test(a_commit_after_a_failed_statement_fails_for_its_reason),
        cmocka_unit_test(a_reading_transaction_can_not_write_and_sees_one_moment),
        cmocka_unit_test(a_caller_waits_for_a_connection_until_its_deadline),
        cmocka_unit_test(a_database_that_is_away_is_unavailable_at_once_and_not_stormed),
    };
    return cmocka_run_group_tests(tests, open_databases, close_databases);
}
