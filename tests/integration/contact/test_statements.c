/* SPDX-License-Identifier: Apache-2.0 */
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

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(every_statement_prepares_as_the_service),
        cmocka_unit_test(the_other_services_may_read_the_views_and_nothing_else),
        cmocka_unit_test(the_service_owns_nothing),
    };
    return cmocka_run_group_tests(tests, world_start, world_stop);
}
