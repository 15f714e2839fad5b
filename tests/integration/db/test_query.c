/* SPDX-License-Identifier: Apache-2.0 */
#include "db_test.h"

static const struct id ID_A = {{0xaa, 1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12, 13, 14, 15}};
static const struct id ID_B = {{0xbb, 1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12, 13, 14, 15}};
enum { MANY = 10000 };

static struct db *db;
static struct db_session session;

static int open_database(void **state)
{
    (void)state;
    db = test_db_open(NULL, "test query", 2);
    session = db_session(db, 0);
    return 0;
}

static int close_database(void **state)
{
    (void)state;
    db_close(db);
    return 0;
}

static struct db_result *query(const char *text, int n, const struct db_param *params)
{
    struct err err = {0};
    struct db_result *r = NULL;
    assert_ok(db_query(&session, test_stmt(text, n), params, &r, &err), &err);
    return r;
}

static struct err refused(const char *text, int n, const struct db_param *params)
{
    struct err err = {0};
    struct db_result *r = NULL;
    assert_int_not_equal(db_query(&session, test_stmt(text, n), params, &r, &err), ERR_OK);
    assert_null(r);
    return err;
}

static void every_type_comes_back_as_it_went(void **state)
{
    (void)state;
    const struct db_param params[] = {db_text("snörkel"), db_bytes("\0\xff", 2), db_id(&ID_A),
        db_int(INT64_MIN), db_float(-0.1), db_bool(true), db_time(INT64_C(1700000000123456))};
    CLEANUP(db_result_clear)
    struct db_result *r =
        query("SELECT $1::text, $2::bytea, $3::uuid, $4::int8, $5::float8, $6::bool, "
              "$7::timestamptz",
            7, params);
    assert_int_equal(db_rows(r), 1);
    assert_string_equal(db_get_text(r, 0, 0), "snörkel");
    struct db_bytes bytes = db_get_bytes(r, 0, 1);
    assert_int_equal(bytes.len, 2);
    assert_memory_equal(bytes.data, "\0\xff", 2);
    struct id id = db_get_id(r, 0, 2);
    assert_true(id_equal(&id, &ID_A));
    assert_true(db_get_int(r, 0, 3) == INT64_MIN);
    assert_true(db_get_float(r, 0, 4) == -0.1);
    assert_true(db_get_bool(r, 0, 5));
    assert_true(db_get_time(r, 0, 6) == INT64_C(1700000000123456));
}

static void postgresql_sees_the_values_we_mean(void **state)
{
    (void)state;
    const struct db_param params[] = {db_id(&ID_A), db_time(0), db_float(2.5), db_bytes("k\0", 2)};
    CLEANUP(db_result_clear)
    struct db_result *r =
        query("SELECT $1::uuid = 'aa010203-0405-0607-0809-0a0b0c0d0e0f', "
              "$2::timestamptz = '1970-01-01Z', $3::float8 = 2.5, $4::bytea = '\\x6b00'",
            4, params);
    for (int col = 0; col < 4; col++)
        assert_true(db_get_bool(r, 0, col));
}

static void null_is_null_in_both_directions(void **state)
{
    (void)state;
    const struct db_param params[] = {db_text(NULL), db_bytes(NULL, 0), db_id(NULL),
        db_null(DB_INT), db_null(DB_FLOAT), db_null(DB_BOOL), db_null(DB_TIME)};
    CLEANUP(db_result_clear)
    struct db_result *r =
        query("SELECT $1::text, $2::bytea, $3::uuid, $4::int8, $5::float8, $6::bool, "
              "$7::timestamptz",
            7, params);
    for (int col = 0; col < 7; col++)
        assert_true(db_is_null(r, 0, col));
    struct id id = db_get_id(r, 0, 2);
    assert_string_equal(db_get_text(r, 0, 0), "");
    assert_null(db_get_bytes(r, 0, 1).data);
    assert_true(id_is_zero(&id));
    assert_int_equal(db_get_int(r, 0, 3), 0);
    assert_false(db_get_bool(r, 0, 5));
}

static void empty_values_are_not_null(void **state)
{
    (void)state;
    const struct db_param params[] = {db_text(""), db_bytes("", 0), db_text_array(NULL, 0)};
    CLEANUP(db_result_clear)
    struct db_result *r =
        query("SELECT $1::text = '', $2::bytea = ''::bytea, $3::text[] = '{}'", 3, params);
    for (int col = 0; col < 3; col++)
        assert_true(db_get_bool(r, 0, col));
}

static void infinity_is_the_end_of_time(void **state)
{
    (void)state;
    const struct db_param params[] = {db_time(INT64_MAX), db_time(INT64_MIN)};
    CLEANUP(db_result_clear)
    struct db_result *r =
        query("SELECT $1::timestamptz = 'infinity' AND $2::timestamptz = '-infinity', "
              "'infinity'::timestamptz, '-infinity'::timestamptz",
            2, params);
    assert_true(db_get_bool(r, 0, 0));
    assert_true(db_get_time(r, 0, 1) == INT64_MAX);
    assert_true(db_get_time(r, 0, 2) == INT64_MIN);
}

static void arrays_arrive_with_their_nulls(void **state)
{
    (void)state;
    static const char *const texts[] = {"a", NULL, "{\"c,"};
    static const int64_t times[] = {0, DB_TIME_NULL};
    static const struct db_bytes bytes[] = {{"x\0", 2}, {NULL, 0}};
    const struct id ids[] = {ID_A, ID_B};
    const int64_t numbers[] = {1, -2};
    const double reals[] = {0.5};
    const struct db_param params[] = {db_text_array(texts, 3), db_time_array(times, 2),
        db_bytes_array(bytes, 2), db_id_array(ids, 2), db_int_array(numbers, 2),
        db_float_array(reals, 1)};
    CLEANUP(db_result_clear)
    struct db_result *r =
        query("SELECT $1::text[] = ARRAY['a', NULL, '{\"c,'], "
              "$2::timestamptz[] = ARRAY['1970-01-01Z'::timestamptz, NULL], "
              "$3::bytea[] = ARRAY['\\x7800'::bytea, NULL], "
              "($4::uuid[])[2]::text LIKE 'bb01%' AND cardinality($4::uuid[]) = 2, "
              "$5::int8[] = ARRAY[1, -2]::int8[], $6::float8[] = ARRAY[0.5]::float8[]",
            6, params);
    for (int col = 0; col < 6; col++)
        assert_true(db_get_bool(r, 0, col));
}

static void a_large_array_unnests_to_as_many_rows(void **state)
{
    (void)state;
    static int64_t numbers[MANY];
    for (int i = 0; i < MANY; i++)
        numbers[i] = i;
    const struct db_param params[] = {db_int_array(numbers, MANY)};
    CLEANUP(db_result_clear)
    struct db_result *r = query("SELECT n FROM unnest($1::int8[]) AS n ORDER BY n", 1, params);
    assert_int_equal(db_rows(r), MANY);
    assert_int_equal(db_get_int(r, MANY - 1, 0), MANY - 1);
}

static void integers_fit_the_narrower_types(void **state)
{
    (void)state;
    const int64_t numbers[] = {-1, 7};
    const struct db_param params[] = {db_int(-5), db_int(INT16_MAX), db_int_array(numbers, 2)};
    CLEANUP(db_result_clear)
    struct db_result *r =
        query("SELECT $1::int4, $2::int2, ($3::int4[])[1], 1.5::float4", 3, params);
    assert_int_equal(db_get_int(r, 0, 0), -5);
    assert_int_equal(db_get_int(r, 0, 1), INT16_MAX);
    assert_int_equal(db_get_int(r, 0, 2), -1);
    assert_true(db_get_float(r, 0, 3) == 1.5);
}

static void a_number_too_big_for_its_type_is_refused(void **state)
{
    (void)state;
    const struct db_param params[] = {db_int(INT64_C(1) << 40)};
    struct err err = refused("SELECT $1::int4", 1, params);
    assert_int_equal(err.reason, REASON_INTERNAL_ERROR);
    assert_non_null(strstr(err.msg, "$1"));
}

static void text_like_types_are_read_as_text(void **state)
{
    (void)state;
    test_sql(db, "CREATE TYPE mood AS ENUM ('fine', 'blue')");
    const struct db_param params[] = {db_text("{\"a\": 1}"), db_text("v")};
    CLEANUP(db_result_clear)
    struct db_result *r =
        query("SELECT $1::json, $2::varchar(9), 'blue'::mood, 'n'::name, 'c'::char(1)", 2, params);
    const char *expected[] = {"{\"a\": 1}", "v", "blue", "n", "c"};
    for (int col = 0; col < 5; col++)
        assert_string_equal(db_get_text(r, 0, col), expected[col]);
}

static void a_wrong_type_names_statement_and_parameter(void **state)
{
    (void)state;
    const struct db_param params[] = {db_int(1), db_text("x")};
    struct err err = refused("SELECT $1::int8, $2::uuid", 2, params);
    assert_int_equal(err.reason, REASON_INTERNAL_ERROR);
    assert_non_null(strstr(err.msg, "test."));
    assert_non_null(strstr(err.msg, "$2"));
    assert_non_null(strstr(err.msg, "db_text"));
}

static void types_nobody_can_bind_or_read_are_named(void **state)
{
    (void)state;
    const struct db_param params[] = {db_int(1)};
    struct err err = refused("SELECT 1 WHERE $1::numeric > 0", 1, params);
    assert_non_null(strstr(err.msg, "$1"));
    err = refused("SELECT sum(n) AS total FROM unnest('{1}'::int8[]) AS n", 0, NULL);
    assert_non_null(strstr(err.msg, "total"));
}

static void a_wrong_parameter_count_is_refused(void **state)
{
    (void)state;
    struct err err = refused("SELECT $1::int8 + 0", 0, NULL);
    assert_int_equal(err.reason, REASON_INTERNAL_ERROR);
}

static void the_detail_of_an_error_quotes_no_values(void **state)
{
    (void)state;
    const struct db_param params[] = {db_text("secret")};
    struct err err = refused("SELECT $1::text::int8", 1, params);
    assert_int_equal(err.reason, REASON_INTERNAL_ERROR);
    assert_non_null(strstr(err.detail, "22P02"));
    assert_null(strstr(err.detail, "secret"));
    assert_null(strstr(err.msg, "secret"));
}

static void check_finds_a_broken_statement_without_running_it(void **state)
{
    (void)state;
    struct err err = {0};
    assert_int_equal(db_check(db, test_stmt("SELECT nothing FROM nowhere", 0), &err), ERR_INTERNAL);
    assert_non_null(strstr(err.detail, "42P01"));
    assert_ok(db_check(db, test_stmt("SELECT 1", 0), &err), &err);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(every_type_comes_back_as_it_went),
        cmocka_unit_test(postgresql_sees_the_values_we_mean),
        cmocka_unit_test(null_is_null_in_both_directions),
        cmocka_unit_test(empty_values_are_not_null),
        cmocka_unit_test(infinity_is_the_end_of_time),
        cmocka_unit_test(arrays_arrive_with_their_nulls),
        cmocka_unit_test(a_large_array_unnests_to_as_many_rows),
        cmocka_unit_test(integers_fit_the_narrower_types),
        cmocka_unit_test(a_number_too_big_for_its_type_is_refused),
        cmocka_unit_test(text_like_types_are_read_as_text),
        cmocka_unit_test(a_wrong_type_names_statement_and_parameter),
        cmocka_unit_test(types_nobody_can_bind_or_read_are_named),
        cmocka_unit_test(a_wrong_parameter_count_is_refused),
        cmocka_unit_test(the_detail_of_an_error_quotes_no_values),
        cmocka_unit_test(check_finds_a_broken_statement_without_running_it),
    };
    return cmocka_run_group_tests(tests, open_database, close_database);
}
