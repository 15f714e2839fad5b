/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Methods that wait for nothing: what their rows must say, what they may not do, and where they
 * run.
 */
#include "log/log.h"
#include "rpc/desks.h"
#include "rpc/routes.h"
#include "rpc/stats.h"
#include "unit_test.h"

#include <kith/v1/health.pb-c.h>
#include <kith/v1/queue.pb-c.h>

#include <stdlib.h>
#include <string.h>

enum { MAX_MEMORY = 1 << 20, FAR_US = 1000000 };

/* ---- a dispatch of one service, and a clock that the handler turns ---- */

static int64_t time_us, work_us;

static int64_t tell_time(void *self)
{
    (void)self;
    return time_us;
}

static const struct clock by_hand = {tell_time, tell_time, NULL};
static struct schema *schema;
static struct scratch scratch;
static struct rpc_server_config config;
static struct dispatch dispatch;

static int begin(void **state)
{
    (void)state;
    struct err err;
    assert_ok(schema_new(&schema, &err), &err);
    time_us = work_us = 0;
    config = (struct rpc_server_config){.clock = &by_hand};
    dispatch =
        (struct dispatch){&config, schema, calloc(schema_count(schema), sizeof(struct route)),
            stats_new(schema_count(schema), 1), NULL};
    arena_init(&scratch.request, MAX_MEMORY);
    arena_init(&scratch.reply, MAX_MEMORY);
    return 0;
}

static int end(void **state)
{
    (void)state;
    arena_fini(&scratch.request);
    arena_fini(&scratch.reply);
    stats_free(dispatch.stats);
    free(dispatch.routes);
    schema_free(schema);
    return 0;
}

static enum err_code handle(struct rpc_ctx *ctx, const ProtobufCMessage *in, ProtobufCMessage *out)
{
    (void)ctx;
    (void)in;
    (void)out;
    time_us += work_us;
    return ERR_OK;
}

/* Rows of all methods of the service, the first of them as given. */
static enum err_code add(
    const ProtobufCServiceDescriptor *descriptor, const struct rpc_method *first, struct err *err)
{
    static struct rpc_method rows[16];
    assert_in_range(descriptor->n_methods, 1, 16);
    rows[0] = *first;
    for (unsigned i = 1; i < descriptor->n_methods; i++)
        rows[i] = (struct rpc_method){.name = descriptor->methods[i].name, .handler = handle};
    const struct rpc_service service = {descriptor, rows, descriptor->n_methods};
    return routes_add(dispatch.routes, schema, &(struct rpc_registration){&service, NULL}, err);
}

/* HealthService/Check, an instant method, has this handler from now on. */
static void serve(rpc_handler_fn *handler)
{
    struct err err;
    const struct rpc_method check = {"Check", handler, DB_TX_NONE, .is_instant = true};
    assert_ok(add(&kith__v1__health_service__descriptor, &check, &err), &err);
}

static struct outcome run(int64_t deadline_us)
{
    const struct call call = {
        .frame.method = wire_method_hash("/kith.v1.HealthService/Check"),
        .deadline_us = deadline_us,
    };
    struct outcome out;
    dispatch_run(&dispatch, &call, &scratch, &out);
    return out;
}

static bool is_instant(const char *method)
{
    return route_is_instant(dispatch_route(&dispatch, wire_method_hash(method)));
}

/* ---- rows ---- */

static void only_a_method_that_cannot_have_to_wait_may_be_called_instant(void **state)
{
    (void)state;
    struct err err;
    const struct rpc_method ask = {"Deliver", handle, DB_TX_NONE, .is_instant = true};
    assert_int_equal(add(&kith__v1__queue_service__descriptor, &ask, &err), ERR_INTERNAL);
    assert_non_null(strstr(err.msg, "/kith.v1.QueueService/Deliver is called instant"));
    const struct rpc_method in_tx = {"Check", handle, DB_TX_READ, .is_instant = true};
    assert_int_equal(add(&kith__v1__health_service__descriptor, &in_tx, &err), ERR_INTERNAL);
    const struct rpc_method reads = {
        "Check", handle, DB_TX_NONE, .is_reader = true, .is_instant = true};
    assert_int_equal(add(&kith__v1__health_service__descriptor, &reads, &err), ERR_INTERNAL);
    serve(handle);
    assert_true(is_instant("/kith.v1.HealthService/Check"));
    assert_false(is_instant("/kith.v1.HealthService/Ping"));
}

static void one_that_takes_long_goes_to_workers_until_it_does_no_more(void **state)
{
    (void)state;
    serve(handle);
    work_us = 2000;
    for (size_t i = 0; i < 100; i++)
        (void)run(INT64_MAX);
    assert_false(is_instant("/kith.v1.HealthService/Check"));
    work_us = 5;
    for (size_t i = 0; i < 200; i++)
        (void)run(INT64_MAX);
    assert_true(is_instant("/kith.v1.HealthService/Check"));
}

/* ---- what its handler may not do ---- */

static enum err_code ask_the_database(
    struct rpc_ctx *ctx, const ProtobufCMessage *in, ProtobufCMessage *out)
{
    static const struct db_stmt stmt = {"test.one", "SELECT 1", 0, true};
    struct db_result *result = NULL;
    (void)in;
    (void)out;
    return db_query(ctx->db, &stmt, NULL, &result, &ctx->err);
}

static enum err_code begin_a_transaction(
    struct rpc_ctx *ctx, const ProtobufCMessage *in, ProtobufCMessage *out)
{
    (void)in;
    (void)out;
    return db_begin(ctx->db, DB_TX_WRITE, &ctx->err);
}

static enum err_code park(struct rpc_ctx *ctx, const ProtobufCMessage *in, ProtobufCMessage *out)
{
    static const struct id key = {{1}};
    (void)in;
    (void)out;
    return rpc_park(ctx, &key);
}

static void who_asks_the_database_all_the_same_is_told_that_he_may_not(void **state)
{
    (void)state;
    static rpc_handler_fn *const handlers[] = {ask_the_database, begin_a_transaction};
    config.db = (struct db *)&config; /* nobody looks at it */
    for (size_t i = 0; i < 2; i++) {
        serve(handlers[i]);
        struct outcome out = run(FAR_US);
        assert_int_equal(out.err.code, ERR_INTERNAL);
        assert_non_null(strstr(out.err.msg, "the database may not be asked here"));
    }
}

static void who_would_be_parked_is_told_that_he_may_not(void **state)
{
    (void)state;
    serve(park);
    struct outcome out = run(FAR_US);
    assert_false(out.is_parked);
    assert_int_equal(out.err.code, ERR_INTERNAL);
    assert_non_null(strstr(out.err.msg, "a method that is instant"));
}

static void past_its_deadline_it_does_not_run(void **state)
{
    (void)state;
    serve(handle);
    time_us = FAR_US;
    assert_int_equal(run(FAR_US).err.reason, REASON_DEADLINE_PASSED);
    assert_int_equal(run(FAR_US + 1).err.code, ERR_OK);
}

/* ---- where it runs ---- */

static void desks_are_few_and_each_is_one_s_at_a_time(void **state)
{
    (void)state;
    static struct desks desks;
    struct desk *taken[MAX_DESKS + 1];
    size_t n = 0;
    desks_init(&desks, MAX_MEMORY, 3);
    for (; (taken[n] = desk_take(&desks)) != NULL; n++)
        assert_int_equal(taken[n]->scratch.shard, 3 + n);
    assert_in_range(n, 1, MAX_DESKS);
    desk_leave(taken[0]);
    assert_ptr_equal(desk_take(&desks), taken[0]);
    assert_null(desk_take(&desks));
    desks_fini(&desks);
}

int main(void)
{
#define TEST(name) cmocka_unit_test_setup_teardown(name, begin, end)
    const struct CMUnitTest tests[] = {
        TEST(only_a_method_that_cannot_have_to_wait_may_be_called_instant),
        TEST(one_that_takes_long_goes_to_workers_until_it_does_no_more),
        TEST(who_asks_the_database_all_the_same_is_told_that_he_may_not),
        TEST(who_would_be_parked_is_told_that_he_may_not),
        TEST(past_its_deadline_it_does_not_run),
        TEST(desks_are_few_and_each_is_one_s_at_a_time),
    };
    log_open("test", NULL, LOG_FORMAT_LOGFMT, LOG_FATAL);
    return cmocka_run_group_tests(tests, NULL, NULL);
}
