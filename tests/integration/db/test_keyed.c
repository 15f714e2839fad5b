/* SPDX-License-Identifier: Apache-2.0 */
/* Keyed statements: what several callers ask at the same time is one statement. */
#include "crew.h"

enum { TASKS = 32, MANY = CREW_MAX, SHORT_MS = 300, NAP_S = 100, US_PER_S = 1000000 };

static struct db *db; /* one connection, so that what it has run can be looked up */
static struct db *admin;

#define KEYS "FROM unnest($1::int8[]) WITH ORDINALITY AS k (id, ord) "
#define PLAN "WHERE k.ord BETWEEN 1 AND 64 ORDER BY k.ord"

/* Item n has n % 4 parts. */
static const struct db_stmt get_parts = {"keyed.parts",
    "SELECT p.id, p.part, k.ord " KEYS "JOIN part AS p ON p.id = k.id " PLAN ", p.part DESC", 1,
    true, true};
static const struct db_stmt get_like = {"keyed.like",
    "SELECT p.id, p.part, k.ord "
    "FROM unnest($1::int8[], $2::text[]) WITH ORDINALITY AS k (id, part, ord) "
    "JOIN part AS p ON p.id = k.id AND p.part = k.part " PLAN,
    2, true, true};
static const struct db_stmt divide = {
    "keyed.divide", "SELECT 100 / k.id, k.ord " KEYS PLAN, 1, true, true};
static const struct db_stmt small = {"keyed.small",
    "SELECT k.id, k.ord FROM unnest($1::int2[]) WITH ORDINALITY AS k (id, ord) " PLAN, 1, true,
    true};
/* Number 3 sleeps; for how long, nobody knows before. */
static const struct db_stmt nap = {"keyed.nap",
    "SELECT k.id, k.ord, k.ord " KEYS
    "CROSS JOIN LATERAL (SELECT pg_sleep(CASE WHEN k.id = 3 THEN 100 ELSE 0 END)) AS s " PLAN,
    1, true, true};

static int open_databases(void **state)
{
    (void)state;
    db = test_db_open(NULL, "keyed", 1);
    admin = test_db_open(NULL, "admin", 1);
    test_sql(admin, "CREATE TABLE part (id int8, part text, PRIMARY KEY (id, part))");
    test_sql(admin, "INSERT INTO part SELECT i, 'part ' || j FROM generate_series(0, 199) AS i, "
                    "generate_series(1, i % 4) AS j");
    return 0;
}

static int close_databases(void **state)
{
    (void)state;
    db_close(db);
    db_close(admin);
    return 0;
}

static int new_crew(void **state)
{
    *state = crew_new(db, TASKS, &get_parts);
    return 0;
}

static int new_large_crew(void **state)
{
    *state = crew_new(db, MANY, &get_parts);
    return 0;
}

static int end_crew(void **state)
{
    crew_free(*state);
    return 0;
}

/* How often the connection has run the statement, by plans of this kind. */
static int64_t count_runs(const struct db_stmt *stmt, const char *plans)
{
    char text[512];
    (void)snprintf(text, sizeof(text),
        "SELECT coalesce(sum(%s), 0)::int8 FROM pg_prepared_statements WHERE statement = $$%s$$",
        plans, stmt->text);
    return test_sql_int(db, text);
}

static int64_t count_all_runs(const struct db_stmt *stmt)
{
    return count_runs(stmt, "generic_plans + custom_plans");
}

static void assert_has_parts(const struct db_result *r, int64_t id)
{
    assert_int_equal(db_rows(r), id % 4);
    for (size_t i = 0; i < db_rows(r); i++) {
        char part[16];
        (void)snprintf(part, sizeof(part), "part %d", (int)(db_rows(r) - i));
        assert_int_equal(db_get_int(r, i, 0), id);
        assert_string_equal(db_get_text(r, i, 1), part);
    }
}

static void assert_all_have_their_parts(const struct crew *crew)
{
    for (int i = 0; i < crew->n_tasks; i++) {
        assert_int_equal(crew->tasks[i].code, ERR_OK);
        assert_has_parts(crew->tasks[i].result, crew->tasks[i].params[0].value.num);
    }
}

static void many_callers_are_one_statement_and_everybody_gets_her_own_rows(void **state)
{
    struct crew *crew = *state;
    crew_ask(crew);
    int64_t before = count_all_runs(&get_parts);
    crew_ask(crew);
    assert_int_equal(count_all_runs(&get_parts), before + 1);
    assert_int_equal(crew->n_trips, 1);
    assert_all_have_their_parts(crew);
}

static void equal_keys_have_equal_rows(void **state)
{
    struct crew *crew = *state;
    for (int i = 0; i < TASKS; i++)
        crew->tasks[i].params[0] = db_int(i % 3 + 1);
    crew_ask(crew);
    assert_all_have_their_parts(crew);
}

static void more_than_a_statement_takes_are_two(void **state)
{
    struct crew *crew = *state;
    int64_t before = count_all_runs(&get_parts);
    crew_ask(crew);
    assert_int_equal(count_all_runs(&get_parts), before + 2);
    assert_int_equal(crew->n_trips, 2);
    assert_all_have_their_parts(crew);
}

static void different_statements_share_the_round_trip_and_nothing_else(void **state)
{
    struct crew *crew = *state;
    for (int i = 0; i < TASKS; i += 2)
        crew->tasks[i].stmt = &divide;
    crew->tasks[0].params[0] = db_int(50);
    crew_ask(crew);
    assert_int_equal(crew->n_trips, 1);
    for (int i = 0; i < TASKS; i++) {
        const struct task *t = &crew->tasks[i];
        assert_int_equal(t->code, ERR_OK);
        if (i % 2 == 1)
            assert_has_parts(t->result, i);
        else
            assert_int_equal(db_get_int(t->result, 0, 0), 100 / t->params[0].value.num);
    }
}

static void a_key_may_be_null_and_have_several_parts(void **state)
{
    struct crew *crew = *state;
    for (int i = 0; i < TASKS; i++) {
        crew->tasks[i].stmt = &get_like;
        crew->tasks[i].params[1] = i % 2 ? db_text("part 1") : db_null(DB_TEXT);
    }
    crew->tasks[5].params[0] = db_null(DB_INT);
    crew_ask(crew);
    for (int i = 0; i < TASKS; i++) {
        bool has_row = i % 2 && i % 4 && i != 5;
        assert_int_equal(crew->tasks[i].code, ERR_OK);
        assert_int_equal(db_rows(crew->tasks[i].result), has_row);
        if (has_row)
            assert_int_equal(db_get_int(crew->tasks[i].result, 0, 0), i);
    }
}

static void an_error_is_only_its_owners(void **state)
{
    struct crew *crew = *state;
    for (int i = 0; i < TASKS; i++)
        crew->tasks[i].stmt = &divide;
    crew_ask(crew);
    assert_int_equal(crew->tasks[0].code, ERR_INTERNAL);
    for (int i = 1; i < TASKS; i++) {
        assert_int_equal(crew->tasks[i].code, ERR_OK);
        assert_int_equal(db_get_int(crew->tasks[i].result, 0, 0), 100 / i);
    }
}

static void a_key_out_of_range_or_of_the_wrong_type_is_only_its_owners(void **state)
{
    struct crew *crew = *state;
    for (int i = 0; i < TASKS; i++)
        crew->tasks[i].stmt = &small;
    crew->tasks[7].params[0] = db_int(1 << 20);
    crew->tasks[9].params[0] = db_text("nine");
    crew_ask(crew);
    for (int i = 0; i < TASKS; i++) {
        bool is_wrong = i == 7 || i == 9;
        assert_int_equal(crew->tasks[i].code, is_wrong ? ERR_INTERNAL : ERR_OK);
        if (!is_wrong)
            assert_int_equal(db_get_int(crew->tasks[i].result, 0, 0), i);
    }
}

static void only_the_key_whose_deadline_passes_ends_by_it(void **state)
{
    struct crew *crew = *state;
    for (int i = 0; i < TASKS; i++)
        crew->tasks[i].stmt = &nap;
    crew->tasks[3].timeout_ms = SHORT_MS;
    int64_t started_us = clock_mono_us(clock_system());
    crew_ask(crew);
    assert_true(clock_mono_us(clock_system()) - started_us < (int64_t)NAP_S * US_PER_S / 2);
    for (int i = 0; i < TASKS; i++) {
        assert_int_equal(crew->tasks[i].code, i == 3 ? ERR_DEADLINE_EXCEEDED : ERR_OK);
        if (i != 3)
            assert_int_equal(db_get_int(crew->tasks[i].result, 0, 0), i);
    }
}

static void a_cut_connection_is_not_noticed(void **state)
{
    struct crew *crew = *state;
    crew_ask(crew);
    test_sql(admin, "SELECT pg_terminate_backend(pid, 5000) FROM pg_stat_activity WHERE "
                    "application_name = 'keyed'");
    crew_ask(crew);
    assert_all_have_their_parts(crew);
}

static void rows_stay_until_the_last_of_those_who_share_them_is_done(void **state)
{
    struct crew *crew = *state;
    crew_ask(crew);
    for (int i = 0; i < TASKS; i++)
        if (i != 7)
            db_result_clear(&crew->tasks[i].result);
    assert_has_parts(crew->tasks[7].result, 7);
}

static enum err_code ask_alone(struct db_session *s, int64_t id, struct db_result **out)
{
    struct err err = {0};
    const struct db_param params[] = {db_int(id)};
    return db_query(s, &get_parts, params, out, &err);
}

static void a_lone_caller_gets_the_same_rows_also_in_a_transaction(void **state)
{
    (void)state;
    for (int64_t id = 0; id < 4; id++) {
        struct err err = {0};
        struct db_session s = db_session(db, 0);
        CLEANUP(db_result_clear) struct db_result *plain = NULL;
        assert_int_equal(ask_alone(&s, id, &plain), ERR_OK);
        assert_has_parts(plain, id);
        assert_ok(db_begin(&s, DB_TX_READ, &err), &err);
        CLEANUP(db_result_clear) struct db_result *in_tx = NULL;
        assert_int_equal(ask_alone(&s, id, &in_tx), ERR_OK);
        assert_ok(db_commit(&s, &err), &err);
        assert_has_parts(in_tx, id);
    }
}

/* However few ask at first: planning again for each number of keys costs more than it runs. */
static void it_is_planned_once_for_any_number_of_keys(void **state)
{
    (void)state;
    test_sql(admin, "SELECT pg_terminate_backend(pid, 5000) FROM pg_stat_activity WHERE "
                    "application_name = 'keyed'");
    for (int i = 0; i < 20; i++) {
        struct db_session s = db_session(db, 0);
        CLEANUP(db_result_clear) struct db_result *r = NULL;
        assert_int_equal(ask_alone(&s, i, &r), ERR_OK);
    }
    assert_int_equal(count_runs(&get_parts, "custom_plans"), 5); /* PostgreSQL tries that many */
    assert_int_equal(count_runs(&get_parts, "generic_plans"), 15);
}

static void assert_is_no_keyed_statement(const char *text)
{
    struct err err = {0};
    const struct db_stmt wrong = {text, text, 1, true, true};
    assert_int_equal(db_check(db, &wrong, &err), ERR_INTERNAL);
}

static void what_looks_otherwise_is_refused(void **state)
{
    (void)state;
    assert_is_no_keyed_statement("SELECT k.ord, k.id " KEYS PLAN);
    assert_is_no_keyed_statement("SELECT 1::int8 AS ord FROM part AS p WHERE p.id = $1::int8");
}

#define KEYED_TEST(f) cmocka_unit_test_setup_teardown(f, new_crew, end_crew)

int main(void)
{
    const struct CMUnitTest tests[] = {
        KEYED_TEST(many_callers_are_one_statement_and_everybody_gets_her_own_rows),
        KEYED_TEST(equal_keys_have_equal_rows),
        cmocka_unit_test_setup_teardown(
            more_than_a_statement_takes_are_two, new_large_crew, end_crew),
        KEYED_TEST(different_statements_share_the_round_trip_and_nothing_else),
        KEYED_TEST(a_key_may_be_null_and_have_several_parts),
        KEYED_TEST(an_error_is_only_its_owners),
        KEYED_TEST(a_key_out_of_range_or_of_the_wrong_type_is_only_its_owners),
        KEYED_TEST(only_the_key_whose_deadline_passes_ends_by_it),
        KEYED_TEST(a_cut_connection_is_not_noticed),
        KEYED_TEST(rows_stay_until_the_last_of_those_who_share_them_is_done),
        cmocka_unit_test(a_lone_caller_gets_the_same_rows_also_in_a_transaction),
        cmocka_unit_test(it_is_planned_once_for_any_number_of_keys),
        cmocka_unit_test(what_looks_otherwise_is_refused),
    };
    return cmocka_run_group_tests(tests, open_databases, close_databases);
}
