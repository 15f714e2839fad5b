/* SPDX-License-Identifier: Apache-2.0 */
#include "db_test.h"
#include "housekeeping/housekeeping.h"
#include "housekeeping_sql.h"
#include "test_housekeeping_migrations.h"

#include <poll.h>

static struct db *admin;
static struct db *db;
static struct err err;

static const struct db_stmt clean_notes = {"test.clean_notes",
    "WITH gone AS (DELETE FROM note WHERE member_id IN (SELECT member_id FROM note "
    "WHERE written_at < $1::timestamptz LIMIT $2::int8) RETURNING member_id) "
    "SELECT count(*) FROM gone",
    2, false};

static int open_database(void **state)
{
    (void)state;
    const struct db_schema schema = {"shop", test_housekeeping_migrations};
    const struct db_config migrator = test_db_config(NULL, "migrator", 1);
    assert_ok(db_migrate(&migrator, &schema, NULL, &err), &err);
    admin = test_db_open(NULL, "admin", 1);
    db = test_db_open("shop", "shop", 2);
    return 0;
}

static int close_database(void **state)
{
    (void)state;
    db_close(db);
    db_close(admin);
    return 0;
}

/* One row for each of the ages 0, 4, 8 … days in every table that is cleaned. */
static int fill(void **state)
{
    (void)state;
    test_sql(admin, "TRUNCATE shop.inbox, shop.idempotency, shop.dead_letter, shop.note, "
                    "shop.housekeeping");
    test_sql(admin, "INSERT INTO shop.inbox SELECT gen_random_uuid(), gen_random_uuid(), 0, "
                    "now() - n * interval '4 days' FROM generate_series(0, 3) AS n");
    test_sql(admin, "INSERT INTO shop.idempotency (member_id, key, method, request_hash, "
                    "created_at) SELECT gen_random_uuid(), 'k', 1, '', now() - n * interval "
                    "'4 days' FROM generate_series(0, 3) AS n");
    test_sql(admin, "INSERT INTO shop.dead_letter SELECT gen_random_uuid(), gen_random_uuid(), "
                    "'till', 0, 'k', '', '', now(), 1, 'r', 'm', now() - n * interval '4 days' "
                    "FROM generate_series(0, 3) AS n");
    test_sql(admin, "INSERT INTO shop.note SELECT gen_random_uuid(), now() - n * interval '4 days' "
                    "FROM generate_series(0, 3) AS n");
    return 0;
}

static int64_t count(const char *table)
{
    char text[64];
    (void)snprintf(text, sizeof(text), "SELECT count(*) FROM shop.%s", table);
    return test_sql_int(admin, text);
}

static const struct housekeeping_task notes_5_days = {"notes", 5, &clean_notes};
static const struct housekeeping_task notes_for_ever = {"notes", 0, &clean_notes};

static struct housekeeping_config config_with(const struct housekeeping_task *task)
{
    return (struct housekeeping_config){.db = db,
        .clock = clock_system(),
        .tasks = task,
        .n_tasks = 1,
        .dead_letter_days = 10,
        .interval_ms = 40,
        .batch = 1};
}

static void old_rows_go_and_young_ones_stay(void **state)
{
    (void)state;
    const struct housekeeping_config config = config_with(&notes_5_days);
    assert_ok(housekeeping_run(&config, &err), &err);
    assert_int_equal(count("inbox"), 2);
    assert_int_equal(count("idempotency"), 2);
    assert_int_equal(count("dead_letter"), 3);
    assert_int_equal(count("note"), 2);
    assert_int_equal(test_sql_int(admin, "SELECT count(*) FROM shop.note "
                                         "WHERE written_at < now() - interval '5 days'"),
        0);
}

static void what_is_kept_for_ever_stays(void **state)
{
    (void)state;
    struct housekeeping_config config = config_with(&notes_for_ever);
    config.dead_letter_days = 0;
    assert_ok(housekeeping_run(&config, &err), &err);
    assert_int_equal(count("dead_letter"), 4);
    assert_int_equal(count("note"), 4);
}

static void a_transaction_deletes_no_more_than_a_batch(void **state)
{
    (void)state;
    static const char *const tables[] = {"inbox", "idempotency", "dead_letter"};
    static const struct db_stmt *const statements[] = {&HOUSEKEEPING_SQL_CLEAN_INBOX,
        &HOUSEKEEPING_SQL_CLEAN_IDEMPOTENCY, &HOUSEKEEPING_SQL_CLEAN_DEAD_LETTERS};
    for (size_t i = 0; i < 3; i++) {
        const struct db_param params[] = {
            db_time(clock_wall_us(clock_system()) - INT64_C(86400000000)), db_int(2)};
        struct db_session s = db_session(db, 0);
        CLEANUP(db_result_clear) struct db_result *r = NULL;
        assert_ok(db_query(&s, statements[i], params, &r, &err), &err);
        assert_int_equal(db_get_int(r, 0, 0), 2);
        assert_int_equal(count(tables[i]), 2);
    }
}

static void await_count(const char *table, int64_t n)
{
    for (int tries = 0; count(table) != n; tries++) {
        assert_true(tries < 5000);
        (void)poll(NULL, 0, 2);
    }
}

static void the_thread_cleans_in_its_turn(void **state)
{
    (void)state;
    const struct housekeeping_config config = config_with(&notes_5_days);
    struct housekeeping *h = NULL;
    assert_ok(housekeeping_start(&h, &config, &err), &err);
    await_count("note", 2);
    await_count("inbox", 2);
    /* What becomes old later goes later. */
    test_sql(admin, "UPDATE shop.note SET written_at = now() - interval '6 days'");
    await_count("note", 0);
    housekeeping_stop(h);
}

static void a_task_whose_turn_another_instance_took_is_left_alone(void **state)
{
    (void)state;
    test_sql(admin, "INSERT INTO shop.housekeeping VALUES ('inbox', now() + interval '1 hour')");
    const struct housekeeping_config config = config_with(&notes_5_days);
    struct housekeeping *h = NULL;
    assert_ok(housekeeping_start(&h, &config, &err), &err);
    await_count("note", 2); /* the last task of a round */
    assert_int_equal(count("inbox"), 4);
    test_sql(admin, "UPDATE shop.housekeeping SET due_at = now()");
    await_count("inbox", 2);
    housekeeping_stop(h);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup(old_rows_go_and_young_ones_stay, fill),
        cmocka_unit_test_setup(what_is_kept_for_ever_stays, fill),
        cmocka_unit_test_setup(a_transaction_deletes_no_more_than_a_batch, fill),
        cmocka_unit_test_setup(the_thread_cleans_in_its_turn, fill),
        cmocka_unit_test_setup(a_task_whose_turn_another_instance_took_is_left_alone, fill),
    };
    return cmocka_run_group_tests(tests, open_database, close_database);
}
