/* SPDX-License-Identifier: Apache-2.0 */
/* Reads of several fibers of one thread that share a round trip. */
#include "crew.h"

enum { TASKS = 32, ROUNDS = 50, SHORT_MS = 300, NAP_S = 100 };

static struct db *db;
static struct db *admin;

static const struct db_stmt get_item = {
    "gather.get", "SELECT id, text FROM item WHERE id = $1::int8", 1, true};
static const struct db_stmt divide = {
    "gather.divide", "SELECT 1 / (id - id) FROM item WHERE id = $1::int8", 1, true};
static const struct db_stmt wrong = {"gather.wrong", "SELECT $1::int8 FROM no_such_table", 1, true};
static const struct db_stmt nap = {"gather.nap", "SELECT $1::int8 FROM pg_sleep(100)", 1, true};
static const struct db_stmt doze = {"gather.doze", "SELECT $1::int8 FROM pg_sleep(0.6)", 1, true};
static const struct db_stmt count_backends = {"gather.backends",
    "SELECT count(*) + 0 * $1::int8 FROM pg_stat_activity WHERE application_name = 'gathered'", 1,
    true};

static int open_databases(void **state)
{
    (void)state;
    db = test_db_open(NULL, "gathered", 3);
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

static int new_crew(void **state)
{
    *state = crew_new(db, TASKS, &get_item);
    return 0;
}

static int end_crew(void **state)
{
    crew_free(*state);
    return 0;
}

static void assert_has_its_row(const struct task *t)
{
    assert_int_equal(t->code, ERR_OK);
    assert_int_equal(db_rows(t->result), 1);
    assert_int_equal(db_get_int(t->result, 0, 0), t->params[0].value.num);
}

static void everybody_gets_the_own_row_in_one_round_trip(void **state)
{
    struct crew *crew = *state;
    for (int round = 0; round < ROUNDS; round++) {
        for (int i = 0; i < TASKS; i++)
            crew->tasks[i].params[0] = db_int((round * 7 + i * 31) % 1000);
        crew_ask(crew);
        assert_int_equal(crew->n_trips, 1);
        for (int i = 0; i < TASKS; i++)
            assert_has_its_row(&crew->tasks[i]);
    }
}

static void an_error_is_only_its_owners(void **state)
{
    struct crew *crew = *state;
    crew->tasks[5].stmt = &divide;
    crew->tasks[6].stmt = &wrong;
    crew->tasks[20].stmt = &divide;
    for (int round = 0; round < 3; round++) {
        crew_ask(crew);
        for (int i = 0; i < TASKS; i++) {
            if (crew->tasks[i].stmt == &get_item)
                assert_has_its_row(&crew->tasks[i]);
            else
                assert_int_equal(crew->tasks[i].code, ERR_INTERNAL);
        }
    }
}

/* The first time nobody knows that it is slow; then it is the last to run, and alone. */
static void a_slow_read_is_done_last(void **state)
{
    struct crew *crew = *state;
    crew->tasks[0].stmt = &doze;
    for (int round = 0; round < 2; round++) {
        crew_ask(crew);
        for (int i = 0; i < TASKS; i++)
            assert_has_its_row(&crew->tasks[i]);
        assert_int_equal(crew->tasks[0].done_as, TASKS);
    }
}

static void only_the_read_whose_deadline_passes_ends_by_it(void **state)
{
    struct crew *crew = *state;
    crew->tasks[3].stmt = &nap;
    crew->tasks[3].timeout_ms = SHORT_MS;
    int64_t started_us = clock_mono_us(clock_system());
    crew_ask(crew);
    assert_true(clock_mono_us(clock_system()) - started_us < NAP_S * 1000000LL / 2);
    for (int i = 0; i < TASKS; i++)
        if (i != 3)
            assert_has_its_row(&crew->tasks[i]);
    assert_int_equal(crew->tasks[3].code, ERR_DEADLINE_EXCEEDED);
}

static void an_expired_read_ends_alone(void **state)
{
    struct crew *crew = *state;
    crew->tasks[9].timeout_ms = -1;
    crew_ask(crew);
    assert_int_equal(crew->tasks[9].code, ERR_DEADLINE_EXCEEDED);
    for (int i = 0; i < TASKS; i++)
        if (i != 9)
            assert_has_its_row(&crew->tasks[i]);
}

static void a_cut_connection_is_not_noticed(void **state)
{
    struct crew *crew = *state;
    crew_ask(crew);
    test_sql(admin, "SELECT pg_terminate_backend(pid, 5000) FROM pg_stat_activity WHERE "
                    "application_name = 'gathered'");
    crew_ask(crew);
    for (int i = 0; i < TASKS; i++)
        assert_has_its_row(&crew->tasks[i]);
}

static void a_row_needs_one_connection(void **state)
{
    struct crew *crew = *state;
    test_sql(admin, "SELECT pg_terminate_backend(pid, 5000) FROM pg_stat_activity WHERE "
                    "application_name = 'gathered'");
    crew->tasks[1].stmt = &count_backends;
    crew->tasks[1].params[0] = db_int(0);
    crew_ask(crew);
    assert_int_equal(db_get_int(crew->tasks[1].result, 0, 0), 1);
}

#define GATHER_TEST(f) cmocka_unit_test_setup_teardown(f, new_crew, end_crew)

int main(void)
{
    const struct CMUnitTest tests[] = {
        GATHER_TEST(everybody_gets_the_own_row_in_one_round_trip),
        GATHER_TEST(an_error_is_only_its_owners),
        GATHER_TEST(a_slow_read_is_done_last),
        GATHER_TEST(only_the_read_whose_deadline_passes_ends_by_it),
        GATHER_TEST(an_expired_read_ends_alone),
        GATHER_TEST(a_cut_connection_is_not_noticed),
        GATHER_TEST(a_row_needs_one_connection),
    };
    return cmocka_run_group_tests(tests, open_databases, close_databases);
}
