/* SPDX-License-Identifier: Apache-2.0 */
#include "db_test.h"
#include "loop.h"

#include <kith/v1/notification.pb-c.h>

/* What the handler put off looks at the database through a connection of its own. */
struct witness {
    struct db *db;
    int runs;
    int64_t rows_seen;
};

static struct witness witness;
static struct loop loop;

static void look(void *arg)
{
    struct witness *w = arg;
    w->runs++;
    w->rows_seen = test_sql_int(w->db, "SELECT count(*) FROM effect");
}

static void insert_and_look_later(struct rpc_ctx *ctx, void *arg)
{
    struct db_result *r = NULL;
    test_sql_in(ctx->db, "INSERT INTO effect VALUES (1)", &r);
    db_result_clear(&r);
    rpc_after_commit(ctx, look, arg);
}

/* Another transaction got in the way, once: all is done again. */
static void insert_after_a_conflict(struct rpc_ctx *ctx, void *arg)
{
    struct witness *w = arg;
    struct db_result *r = NULL;
    struct err err;
    test_sql_in(ctx->db, "INSERT INTO effect VALUES (2)", &r);
    db_result_clear(&r);
    if (w->runs++ == 0) {
        const struct db_stmt *conflict = test_stmt("DO $$ BEGIN RAISE SQLSTATE '40001'; END $$", 0);
        assert_int_equal(db_query(ctx->db, conflict, NULL, &r, &err), ERR_ABORTED);
    }
}

static int start(void **state)
{
    (void)state;
    witness.db = test_db_open(NULL, "witness", 1);
    test_sql(witness.db, "CREATE TABLE effect (n int4)");
    struct db *db = test_db_open(NULL, "server", 2);
    loop_start(&loop, &(struct loop_config){.token = "member", .db = db});
    loop.on_mark = insert_and_look_later;
    loop.on_mark_arg = &witness;
    *state = db;
    return 0;
}

static int stop(void **state)
{
    loop_stop(&loop);
    db_close(*state);
    db_close(witness.db);
    return 0;
}

static enum err_code mark(void)
{
    Kith__V1__MarkReadRequest in = KITH__V1__MARK_READ_REQUEST__INIT;
    ProtobufCMessage *out = NULL;
    return rpc_client_call(loop.client, "/kith.v1.NotificationService/MarkRead", NULL, &in.base,
        &loop.arena, &out, &loop.err);
}

static void what_was_put_off_sees_the_change_committed(void **state)
{
    (void)state;
    assert_ok(mark(), &loop.err);
    assert_int_equal(witness.runs, 1);
    assert_int_equal(witness.rows_seen, 1);
}

static void what_was_put_off_by_a_failed_call_never_runs(void **state)
{
    (void)state;
    atomic_store(&loop.mark_failures, 1);
    assert_int_equal(mark(), ERR_NOT_FOUND);
    assert_int_equal(witness.runs, 1);
    assert_int_equal(test_sql_int(witness.db, "SELECT count(*) FROM effect"), 1);
}

static void a_change_made_at_the_second_try_is_told_as_made(void **state)
{
    (void)state;
    loop.on_mark = insert_after_a_conflict;
    witness.runs = 0;
    atomic_store(&loop.mark_failures, 0);
    enum err_code code = mark();
    assert_int_equal(witness.runs, 2);
    assert_int_equal(test_sql_int(witness.db, "SELECT count(*) FROM effect WHERE n = 2"), 1);
    assert_ok(code, &loop.err);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(what_was_put_off_sees_the_change_committed),
        cmocka_unit_test(what_was_put_off_by_a_failed_call_never_runs),
        cmocka_unit_test(a_change_made_at_the_second_try_is_told_as_made),
    };
    return cmocka_run_group_tests(tests, start, stop);
}
