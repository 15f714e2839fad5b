/* SPDX-License-Identifier: Apache-2.0 */
#include "db_test.h"

#include <pthread.h>

static const struct db_migration first_two[] = {
    {1, "0001_item",
        "CREATE TABLE item (member_id uuid, id uuid, PRIMARY KEY (member_id, id));"
        "CREATE TABLE kind (name text PRIMARY KEY); INSERT INTO kind VALUES ('a');"},
    {2, "0002_view", "CREATE VIEW shop.v1_item AS SELECT member_id, id FROM shop.item;"},
    {0, NULL, NULL},
};
static const struct db_migration first_only[] = {
    {1, "0001_item",
        "CREATE TABLE item (member_id uuid, id uuid, PRIMARY KEY (member_id, id));"
        "CREATE TABLE kind (name text PRIMARY KEY); INSERT INTO kind VALUES ('a');"},
    {0, NULL, NULL},
};
static const struct db_migration edited[] = {
    {1, "0001_item", "CREATE TABLE item (id uuid);"},
    {0, NULL, NULL},
};
static const struct db_migration failing[] = {
    {1, "0001_half", "CREATE TABLE half (id uuid); SELECT 1 / 0;"},
    {0, NULL, NULL},
};

static const struct db_schema shop = {"shop", first_two};
static struct db *admin;

static int open_database(void **state)
{
    (void)state;
    admin = test_db_open(NULL, "test migrate", 2);
    return 0;
}

static int close_database(void **state)
{
    (void)state;
    db_close(admin);
    return 0;
}

static enum err_code migrate(const struct db_schema *schema, struct err *err)
{
    struct db_config config = test_db_config(NULL, "migrator", 1);
    return db_migrate(&config, schema, "a password", err);
}

static void migrations_are_applied_once(void **state)
{
    (void)state;
    struct err err = {0};
    assert_ok(migrate(&shop, &err), &err);
    assert_ok(migrate(&shop, &err), &err);
    assert_int_equal(test_sql_int(admin, "SELECT count(*) FROM shop.schema_migration"), 2);
    assert_int_equal(test_sql_int(admin, "SELECT count(*) FROM shop.kind"), 1);
}

static void the_roles_of_all_services_exist_and_own_nothing(void **state)
{
    (void)state;
    assert_int_equal(
        test_sql_int(admin, "SELECT count(*) FROM pg_roles WHERE rolcanlogin AND NOT rolsuper AND "
                            "rolname IN ('contact', 'recommendation', 'notification', 'shop')"),
        4);
    assert_int_equal(test_sql_int(admin, "SELECT count(*) FROM pg_class WHERE relnamespace = "
                                         "'shop'::regnamespace AND relowner = 'shop'::regrole"),
        0);
}

static void the_role_can_use_its_tables_by_their_bare_names(void **state)
{
    (void)state;
    struct db *service = test_db_open("shop", "test shop", 1);
    test_sql(service, "INSERT INTO kind VALUES ('b')");
    test_sql(service, "UPDATE kind SET name = 'c' WHERE name = 'b'");
    test_sql(service, "DELETE FROM shop.kind WHERE name = 'c'");
    assert_int_equal(test_sql_int(service, "SELECT count(*) FROM v1_item"), 0);
    db_close(service);
}

/* Runs `text` as `user`; the SQLSTATE is "42501", insufficient_privilege. */
static void assert_forbidden(const char *user, const char *text)
{
    struct db *service = test_db_open(user, "test grants", 1);
    struct db_session s = db_session(service, 0);
    struct err err = {0};
    struct db_result *r = NULL;
    assert_int_not_equal(db_query(&s, test_stmt(text, 0), NULL, &r, &err), ERR_OK);
    if (!strstr(err.detail, "SQLSTATE 42501"))
        fail_msg("%s as %s: %s", text, user, err.detail);
    db_close(service);
}

static void the_role_can_do_nothing_else(void **state)
{
    (void)state;
    assert_forbidden("shop", "TRUNCATE shop.kind");
    assert_forbidden("shop", "DROP TABLE shop.kind");
    assert_forbidden("shop", "CREATE TABLE shop.mine (id int)");
    assert_forbidden("shop", "CREATE TABLE public.mine (id int)");
    assert_forbidden("shop", "CREATE TEMP TABLE mine (id int)");
    assert_forbidden("shop", "UPDATE shop.schema_migration SET number = 9");
    assert_forbidden("shop", "SELECT rolpassword FROM pg_authid");
}

static void another_role_sees_nothing_until_it_is_granted(void **state)
{
    (void)state;
    test_sql(admin, "DO 'BEGIN EXECUTE format(''GRANT CONNECT ON DATABASE %I TO contact'', "
                    "current_database()); END'");
    assert_forbidden("contact", "SELECT name FROM shop.kind");
    test_sql(admin, "GRANT USAGE ON SCHEMA shop TO contact");
    test_sql(admin, "GRANT SELECT ON shop.v1_item TO contact");
    assert_forbidden("contact", "SELECT name FROM shop.kind");
    struct db *contact = test_db_open("contact", "test grants", 1);
    assert_int_equal(test_sql_int(contact, "SELECT count(*) FROM shop.v1_item"), 0);
    db_close(contact);
}

static void the_password_is_stored_as_scram(void **state)
{
    (void)state;
    assert_int_equal(test_sql_int(admin, "SELECT count(*) FROM pg_authid WHERE rolname = 'shop' "
                                         "AND rolpassword LIKE 'SCRAM-SHA-256$%'"),
        1);
}

static void a_service_checks_that_its_schema_fits(void **state)
{
    (void)state;
    struct err err = {0};
    struct db *service = test_db_open("shop", "test shop", 1);
    assert_ok(db_schema_check(service, &shop, &err), &err);

    const struct db_schema older = {"shop", first_only};
    assert_int_equal(db_schema_check(service, &older, &err), ERR_FAILED_PRECONDITION);
    assert_int_equal(err.reason, REASON_MIGRATION_MISMATCH);
    assert_non_null(strstr(err.msg, "0002_view"));

    const struct db_schema absent = {"absent", first_two};
    assert_int_equal(db_schema_check(service, &absent, &err), ERR_FAILED_PRECONDITION);
    assert_int_equal(err.reason, REASON_MIGRATION_MISMATCH);
    assert_non_null(strstr(err.msg, "migrate"));
    db_close(service);
}

static void an_edited_migration_is_refused(void **state)
{
    (void)state;
    struct err err = {0};
    const struct db_schema other = {"shop", edited};
    assert_int_equal(migrate(&other, &err), ERR_FAILED_PRECONDITION);
    assert_int_equal(err.reason, REASON_MIGRATION_MISMATCH);
    assert_non_null(strstr(err.msg, "0001_item"));
}

static void a_failing_migration_leaves_nothing_behind(void **state)
{
    (void)state;
    struct err err = {0};
    const struct db_schema half = {"half", failing};
    assert_int_equal(migrate(&half, &err), ERR_INTERNAL);
    assert_non_null(strstr(err.detail, "0001_half"));
    assert_int_equal(test_sql_int(admin, "SELECT count(*) FROM half.schema_migration"), 0);
    assert_int_equal(
        test_sql_int(admin, "SELECT count(*) FROM pg_tables WHERE tablename = 'half'"), 0);
}

static void *migrate_thread(void *arg)
{
    struct err err = {0};
    const struct db_schema schema = {"crowd", first_only};
    if (migrate(&schema, &err) != ERR_OK)
        *(struct err *)arg = err;
    return NULL;
}

static void migrators_at_the_same_time_share_the_work(void **state)
{
    (void)state;
    enum { N = 6 };
    pthread_t threads[N];
    struct err errors[N] = {{0}};
    for (int i = 0; i < N; i++)
        assert_int_equal(pthread_create(&threads[i], NULL, migrate_thread, &errors[i]), 0);
    for (int i = 0; i < N; i++)
        assert_int_equal(pthread_join(threads[i], NULL), 0);
    for (int i = 0; i < N; i++)
        if (errors[i].code != ERR_OK)
            fail_msg("%s: %s", errors[i].msg, errors[i].detail);
    assert_int_equal(test_sql_int(admin, "SELECT count(*) FROM crowd.schema_migration"), 1);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(migrations_are_applied_once),
        cmocka_unit_test(the_roles_of_all_services_exist_and_own_nothing),
        cmocka_unit_test(the_role_can_use_its_tables_by_their_bare_names),
        cmocka_unit_test(the_role_can_do_nothing_else),
        cmocka_unit_test(another_role_sees_nothing_until_it_is_granted),
        cmocka_unit_test(the_password_is_stored_as_scram),
        cmocka_unit_test(a_service_checks_that_its_schema_fits),
        cmocka_unit_test(an_edited_migration_is_refused),
        cmocka_unit_test(a_failing_migration_leaves_nothing_behind),
        cmocka_unit_test(migrators_at_the_same_time_share_the_work),
    };
    return cmocka_run_group_tests(tests, open_database, close_database);
}
