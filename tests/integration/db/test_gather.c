/* SPDX-License-Identifier: Apache-2.0 */
/* Reads of several fibers of one thread that share a round trip. */
#include "db_test.h"
#include "fiber/fiber.h"

enum { TASKS = 32, ROUNDS = 50, US_PER_MS = 1000, SHORT_MS = 300, NAP_S = 100 };

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

struct crew;

/* A task asks once per round, and remembers how that ended and when. */
struct task {
    struct crew *crew;
    struct fiber *fiber;
    const struct db_stmt *stmt;
    int64_t id;
    int64_t timeout_ms; /* 0: the default */
    enum err_code code;
    int n_rows;
    int64_t got;
    int done_as; /* which of the crew was it to be done: the first, … */
};

struct crew {
    struct db_gather *gather;
    struct task tasks[TASKS];
    struct task *running;
    int n_done;
    int n_trips;
};

static void ask(struct task *t)
{
    struct err err = {0};
    int64_t deadline_us =
        t->timeout_ms == 0 ? 0 : clock_mono_us(clock_system()) + t->timeout_ms * US_PER_MS;
    struct db_session s = db_session(db, deadline_us);
    s.gather = t->crew->gather;
    const struct db_param params[] = {db_int(t->id)};
    CLEANUP(db_result_clear) struct db_result *r = NULL;
    t->code = db_query(&s, t->stmt, params, &r, &err);
    t->n_rows = t->code == ERR_OK ? (int)db_rows(r) : 0;
    t->got = t->n_rows > 0 ? db_get_int(r, 0, 0) : -1;
}

static void work(void *arg)
{
    struct task *t = arg;
    for (;;) {
        ask(t);
        t->done_as = ++t->crew->n_done;
        fiber_pause(t->fiber);
    }
}

static void wait_for_others(void *arg)
{
    struct crew *crew = arg;
    fiber_pause(crew->running->fiber);
}

static void resume(struct crew *crew, struct task *t)
{
    crew->running = t;
    fiber_resume(t->fiber);
}

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
    struct crew *crew = calloc(1, sizeof(*crew));
    assert_non_null(crew);
    crew->gather = db_gather_new(db, wait_for_others, crew);
    assert_non_null(crew->gather);
    for (int i = 0; i < TASKS; i++) {
        struct task *t = &crew->tasks[i];
        *t = (struct task){.crew = crew, .stmt = &get_item, .id = i};
        t->fiber = fiber_new(work, t);
        assert_non_null(t->fiber);
    }
    *state = crew;
    return 0;
}

static int free_crew(void **state)
{
    struct crew *crew = *state;
    for (int i = 0; i < TASKS; i++)
        fiber_free(crew->tasks[i].fiber);
    db_gather_free(crew->gather);
    free(crew);
    return 0;
}

/* Everybody asks once. */
static void run_round(struct crew *crew)
{
    crew->n_done = crew->n_trips = 0;
    for (int i = 0; i < TASKS; i++) {
        crew->tasks[i].done_as = 0;
        resume(crew, &crew->tasks[i]);
    }
    for (; crew->n_done < TASKS; crew->n_trips++) {
        db_gather_run(crew->gather);
        for (int i = 0; i < TASKS; i++)
            if (crew->tasks[i].done_as == 0)
                resume(crew, &crew->tasks[i]);
    }
}

static void assert_has_its_row(const struct task *t)
{
    assert_int_equal(t->code, ERR_OK);
    assert_int_equal(t->n_rows, 1);
    assert_int_equal(t->got, t->id);
}

static void everybody_gets_the_own_row_in_one_round_trip(void **state)
{
    struct crew *crew = *state;
    for (int round = 0; round < ROUNDS; round++) {
        for (int i = 0; i < TASKS; i++)
            crew->tasks[i].id = (round * 7 + i * 31) % 1000;
        run_round(crew);
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
        run_round(crew);
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
        run_round(crew);
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
    run_round(crew);
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
    run_round(crew);
    assert_int_equal(crew->tasks[9].code, ERR_DEADLINE_EXCEEDED);
    for (int i = 0; i < TASKS; i++)
        if (i != 9)
            assert_has_its_row(&crew->tasks[i]);
}

static void a_cut_connection_is_not_noticed(void **state)
{
    struct crew *crew = *state;
    run_round(crew);
    test_sql(admin, "SELECT pg_terminate_backend(pid, 5000) FROM pg_stat_activity WHERE "
                    "application_name = 'gathered'");
    run_round(crew);
    for (int i = 0; i < TASKS; i++)
        assert_has_its_row(&crew->tasks[i]);
}

static void a_row_needs_one_connection(void **state)
{
    struct crew *crew = *state;
    test_sql(admin, "SELECT pg_terminate_backend(pid, 5000) FROM pg_stat_activity WHERE "
                    "application_name = 'gathered'");
    crew->tasks[1].stmt = &count_backends;
    crew->tasks[1].id = 0;
    run_round(crew);
    assert_int_equal(crew->tasks[1].got, 1);
}

#define GATHER_TEST(f) cmocka_unit_test_setup_teardown(f, new_crew, free_crew)

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
