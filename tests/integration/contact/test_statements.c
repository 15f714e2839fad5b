/* SPDX-License-Identifier: Apache-2.0 */
#include "auth_sql.h"
#include "contact_sql.h"
#include "world.h"

static void every_statement_prepares_as_the_service(void **state)
{
    (void)state;
    struct err err = {0};
#define CHECK(stmt) assert_ok(db_check(world.service.db, &(stmt), &err), &err);
    CONTACT_SQL_ALL(CHECK)
#undef CHECK
}

static void the_other_services_may_read_the_views_and_nothing_else(void **state)
{
    (void)state;
    const char *granted =
        "SELECT count(*) FROM information_schema.role_table_grants WHERE table_schema = 'contact' "
        "AND grantee = '%s' AND table_name LIKE 'v1\\_%%' AND privilege_type = 'SELECT'";
    const char *others =
        "SELECT count(*) FROM information_schema.role_table_grants WHERE table_schema = 'contact' "
        "AND grantee = '%s' AND (table_name NOT LIKE 'v1\\_%%' OR privilege_type <> 'SELECT')";
    assert_int_equal(world_count(granted, "recommendation"), 5);
    assert_int_equal(world_count(granted, "notification"), 5);
    assert_int_equal(world_count(others, "recommendation"), 0);
    assert_int_equal(world_count(others, "notification"), 0);
}

static void the_service_owns_nothing(void **state)
{
    (void)state;
    assert_int_equal(
        world_count("SELECT count(*) FROM pg_class WHERE relowner = '%s'::regrole", "contact"), 0);
}

/* ---- plans ----------------------------------------------------------------------------------- */

static void add_members(struct db *db, int first, int last)
{
    char text[1024];
    (void)snprintf(text, sizeof(text),
        "CREATE TEMPORARY TABLE person AS SELECT i, md5(i::text)::uuid AS id "
        "FROM generate_series(%d, %d) AS i",
        first, last);
    test_sql(db, text);
    test_sql(db, "INSERT INTO contact.member (member_id, name, email, is_email_verified, time_zone)"
                 "SELECT id, 'x', i || '@many.example.org', true, 'UTC' FROM person");
    test_sql(db, "INSERT INTO contact.token (member_id, token_id, label, scopes) "
                 "SELECT id, id, 'x', 1 FROM person");
    test_sql(db, "INSERT INTO contact.token_hash (token_hash, member_id, token_id) "
                 "SELECT sha256(id::text::bytea), id, id FROM person");
    test_sql(db, "INSERT INTO contact.member_fact "
                 "(member_id, fact_id, kind, value, value_fold, confidence) "
                 "SELECT id, md5(i || '/' || j)::uuid, j, 'x', 'x', 1 "
                 "FROM person, generate_series(1, 3) AS j");
    test_sql(db, "INSERT INTO contact.contact (member_id, contact_id, name, name_fold) "
                 "SELECT id, md5(i || '/' || j)::uuid, 'x', 'x' "
                 "FROM person, generate_series(1, 3) AS j");
    test_sql(db, "INSERT INTO contact.import (member_id, import_id, state, format, is_dry_run, "
                 "file_name, bytes_received) SELECT id, id, 2, 1, false, 'x', 1 FROM person");
    test_sql(db, "DROP TABLE person");
    test_sql(db, "ANALYZE contact.member, contact.token, contact.token_hash, contact.member_fact, "
                 "contact.contact, contact.import");
}

/* As it is planned once for whatever number of keys. */
static void assert_goes_by_indexes(struct db *db, const struct db_stmt *stmt)
{
    char text[4096];
    test_sql(db, "SET plan_cache_mode = force_generic_plan");
    (void)snprintf(text, sizeof(text), "PREPARE looked_at AS %s", stmt->text);
    test_sql(db, text);
    (void)snprintf(text, sizeof(text), "EXPLAIN EXECUTE looked_at (%.*s)", stmt->n_params * 6 - 2,
        "NULL, NULL, NULL, NULL");
    struct db_session s = db_session(db, 0);
    CLEANUP(db_result_clear) struct db_result *plan = NULL;
    test_sql_in(&s, text, &plan);
    bool is_bad = false;
    for (size_t i = 0; i < db_rows(plan); i++) {
        const char *line = db_get_text(plan, i, 0);
        is_bad |= strstr(line, "Seq Scan") || strstr(line, "Hash") || strstr(line, "Merge");
    }
    for (size_t i = 0; is_bad && i < db_rows(plan); i++)
        print_message("%s\n", db_get_text(plan, i, 0));
    assert_false(is_bad);
    test_sql(db, "DEALLOCATE looked_at");
}

static void assert_keyed_ones_go_by_indexes(struct db *db)
{
    const struct db_stmt *stmts[] = {&AUTH_SQL_FIND_TOKEN,
#define ADDRESS(stmt) &(stmt),
        CONTACT_SQL_ALL(ADDRESS)
#undef ADDRESS
    };
    int n = 0;
    for (size_t i = 0; i < sizeof(stmts) / sizeof(*stmts); i++) {
        if (stmts[i]->is_keyed)
            assert_goes_by_indexes(db, stmts[i]);
        n += stmts[i]->is_keyed;
    }
    assert_true(n >= 2);
}

static void keyed_statements_go_by_indexes_in_tables_of_any_size(void **state)
{
    (void)state;
    struct db *db = test_db_open(NULL, "plans", 1);
    assert_keyed_ones_go_by_indexes(db); /* nothing is known of the tables yet */
    add_members(db, 1, 1000);
    assert_keyed_ones_go_by_indexes(db);
    add_members(db, 1001, 20000);
    assert_keyed_ones_go_by_indexes(db);
    db_close(db);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(every_statement_prepares_as_the_service),
        cmocka_unit_test(the_other_services_may_read_the_views_and_nothing_else),
        cmocka_unit_test(the_service_owns_nothing),
        cmocka_unit_test(keyed_statements_go_by_indexes_in_tables_of_any_size),
    };
    return cmocka_run_group_tests(tests, world_start, world_stop);
}
