/* SPDX-License-Identifier: Apache-2.0 */
#include "clock/clock.h"
#include "db_test.h"

#include <pthread.h>
#include <sched.h>
#include <stdatomic.h>

enum { PATIENCE_US = 60 * 1000 * 1000 };

static struct db *admin;

static int open_database(void **state)
{
    (void)state;
    admin = test_db_open(NULL, "admin", 2);
    test_sql(admin, "CREATE TABLE item (id int8)");
    return 0;
}

static int close_database(void **state)
{
    (void)state;
    db_close(admin);
    return 0;
}

static void set(const char *command)
{
    test_sql(admin, command);
    test_sql(admin, "SELECT pg_reload_conf()");
}

static void await(const char *text)
{
    while (test_sql_int(admin, text) == 0)
        sched_yield();
}

static void assert_refused_because_of(const char *setting)
{
    struct db_config config = test_db_config(NULL, "strict", 1);
    config.allow_unsafe = false;
    struct db *db = NULL;
    struct err err = {0};
    assert_int_equal(db_open(&db, &config, 0, &err), ERR_FAILED_PRECONDITION);
    assert_int_equal(err.reason, REASON_DATABASE_UNSAFE);
    assert_non_null(strstr(err.msg, setting));

    config.allow_unsafe = true;
    assert_ok(db_open(&db, &config, 0, &err), &err);
    db_close(db);
}

static void safe_settings_are_accepted(void **state)
{
    (void)state;
    struct db_config config = test_db_config(NULL, "strict", 1);
    config.allow_unsafe = false;
    struct db *db = NULL;
    struct err err = {0};
    assert_ok(db_open(&db, &config, 0, &err), &err);
    db_close(db);
}

static void each_unsafe_setting_is_refused_by_name(void **state)
{
    (void)state;
    set("ALTER SYSTEM SET fsync = off");
    await("SELECT count(*) FROM pg_settings WHERE name = 'fsync' AND setting = 'off'");
    assert_refused_because_of("fsync");
    set("ALTER SYSTEM RESET fsync");
    set("ALTER SYSTEM SET full_page_writes = off");
    await("SELECT count(*) FROM pg_settings WHERE name = 'full_page_writes' AND setting = 'off'");
    assert_refused_because_of("full_page_writes");
    set("ALTER SYSTEM RESET full_page_writes");
    test_sql(admin, "ALTER ROLE postgres SET synchronous_commit = off"); /* also for one role */
    assert_refused_because_of("synchronous_commit");
    test_sql(admin, "ALTER ROLE postgres RESET synchronous_commit");
}

static void *cancel_wait_for_replica(void *arg)
{
    const atomic_bool *is_over = arg;
    while (!atomic_load(is_over) &&
           test_sql_int(admin, "SELECT count(pg_cancel_backend(pid)) FROM pg_stat_activity WHERE "
                               "application_name = 'writer' AND wait_event = 'SyncRep'") == 0)
        sched_yield();
    return NULL;
}

/* Both ways to commit: a statement by itself, and COMMIT. */
static enum err_code commit(struct db *writer, bool in_tx, struct err *err)
{
    struct db_result *r = NULL;
    struct db_session s = db_session(writer, 0);
    const struct db_stmt *insert = test_stmt("INSERT INTO item VALUES (1)", 0);
    if (in_tx)
        assert_ok(db_begin(&s, DB_TX_WRITE, err), err);
    enum err_code code = db_query(&s, insert, NULL, &r, err);
    if (in_tx)
        assert_ok(code, err);
    assert_true(code == ERR_OK || !r);
    db_result_clear(&r);
    return in_tx ? db_commit(&s, err) : code;
}

static enum err_code try_to_wait(struct db *writer, bool in_tx, struct err *err)
{
    atomic_bool is_over = false;
    pthread_t canceller;
    assert_int_equal(pthread_create(&canceller, NULL, cancel_wait_for_replica, &is_over), 0);
    enum err_code code = commit(writer, in_tx, err);
    atomic_store(&is_over, true);
    assert_int_equal(pthread_join(canceller, NULL), 0);
    return code;
}

/* No commit waits before PostgreSQL's checkpointer has read the setting, later than we have. */
static struct err commit_while_the_wait_is_cancelled(struct db *writer, bool in_tx)
{
    struct err err = {0};
    enum err_code code;
    int64_t until_us = clock_mono_us(clock_system()) + PATIENCE_US;
    do
        code = try_to_wait(writer, in_tx, &err);
    while (code == ERR_OK && clock_mono_us(clock_system()) < until_us);
    assert_int_equal(code, ERR_UNAVAILABLE);
    return err;
}

static void a_commit_the_replica_did_not_confirm_is_in_doubt(void **state)
{
    (void)state;
    struct db *writer = test_db_open(NULL, "writer", 1);
    set("ALTER SYSTEM SET synchronous_standby_names = 'nobody'");
    await("SELECT count(*) FROM pg_settings WHERE name = 'synchronous_standby_names' AND "
          "setting = 'nobody'");
    struct err err = commit_while_the_wait_is_cancelled(writer, true);
    assert_int_equal(err.reason, REASON_COMMIT_IN_DOUBT);
    err = commit_while_the_wait_is_cancelled(writer, false);
    assert_int_equal(err.reason, REASON_COMMIT_IN_DOUBT);
    set("ALTER SYSTEM RESET synchronous_standby_names");
    db_close(writer);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(safe_settings_are_accepted),
        cmocka_unit_test(each_unsafe_setting_is_refused_by_name),
        cmocka_unit_test(a_commit_the_replica_did_not_confirm_is_in_doubt),
    };
    return cmocka_run_group_tests(tests, open_database, close_database);
}
