/* SPDX-License-Identifier: Apache-2.0 */
#include "rpc/admission.h"
#include "unit_test.h"

#include <kith/v1/wire.pb-c.h>

#include <string.h>

enum { SECOND_US = 1000 * 1000, N_CALLERS = 100 };

static struct admission *admission;
static struct err err;

static int drop(void **state)
{
    (void)state;
    admission_free(admission);
    admission = NULL;
    return 0;
}

static void make(int64_t connection_rate, int64_t member_rate, int64_t bad_token_rate)
{
    const struct rpc_limits limits = {.connection_rate = connection_rate,
        .member_rate = member_rate,
        .bad_token_rate = bad_token_rate};
    admission = admission_new(&limits);
    assert_non_null(admission);
}

/* A call over that connection with that token, or none. */
static struct call call_of(uint32_t pipe, const char *token)
{
    static uint8_t meta[16][128];
    static size_t next;
    uint8_t *at = meta[next++ % 16];
    Kith__V1__Meta unpacked = KITH__V1__META__INIT;
    char copy[100] = "", id[] = "r1";
    struct call call = {.pipe = pipe};
    if (!token)
        return call;
    (void)strncpy(copy, token, sizeof(copy) - 1);
    unpacked.authorization = copy;
    unpacked.request_id = id;
    call.frame.meta = at;
    call.frame.meta_len = (uint32_t)kith__v1__meta__pack(&unpacked, at);
    return call;
}

/* The flow it is put into; asserts that it is let in. */
static uint64_t flow_of(uint32_t pipe, const char *token)
{
    struct call call = call_of(pipe, token);
    assert_ok(admission_judge(admission, &call, 0, &err), &err);
    return call.flow;
}

static uint32_t wait_of(uint32_t pipe, const char *token, int64_t now_us)
{
    struct call call = call_of(pipe, token);
    err = (struct err){0};
    if (admission_judge(admission, &call, now_us, &err) == ERR_OK)
        return 0;
    assert_int_equal(err.reason, REASON_RATE_LIMITED);
    assert_int_equal(err.code, ERR_RESOURCE_EXHAUSTED);
    assert_true(err.retry_after_ms > 0);
    return err.retry_after_ms;
}

static void learn(uint32_t pipe, const char *token, uint8_t member)
{
    struct rpc_principal who = {.caller = RPC_CALLER_MEMBER, .member = {{member}}};
    struct call call = call_of(pipe, token);
    call.flow = 0;
    admission_learn(admission, &call, &who, REASON_NONE, 0);
}

static void refuse_token(uint32_t pipe, const char *token, int64_t now_us)
{
    const struct rpc_principal nobody = {0};
    const struct call call = call_of(pipe, token);
    admission_learn(admission, &call, &nobody, REASON_TOKEN_UNKNOWN, now_us);
}

static void a_caller_is_his_connection_until_his_token_was_found_good(void **state)
{
    (void)state;
    make(0, 0, 0);
    assert_true(flow_of(1, "kith_a") == flow_of(1, "kith_b"));
    assert_true(flow_of(1, "kith_a") == flow_of(1, NULL));
    assert_true(flow_of(1, "kith_a") != flow_of(2, "kith_a"));
}

static void a_member_is_one_caller_over_all_connections_and_tokens(void **state)
{
    (void)state;
    make(0, 0, 0);
    learn(1, "kith_a", 7);
    learn(2, "kith_b", 7);
    learn(2, "kith_c", 8);
    assert_true(flow_of(1, "kith_a") == flow_of(5, "kith_a"));
    assert_true(flow_of(1, "kith_a") == flow_of(2, "kith_b"));
    assert_true(flow_of(2, "kith_b") != flow_of(2, "kith_c"));
    assert_true(flow_of(1, "kith_a") != flow_of(1, NULL));
}

static void a_connection_that_named_its_member_once_is_that_member(void **state)
{
    (void)state;
    make(0, 0, 0);
    learn(1, NULL, 7);
    learn(2, "kith_a", 7);
    assert_true(flow_of(1, NULL) == flow_of(2, "kith_a"));
}

static void a_connection_is_limited_and_told_how_long_to_wait(void **state)
{
    (void)state;
    make(100, 0, 0);
    for (size_t i = 0; i < 100; i++)
        assert_int_equal(wait_of(1, NULL, 0), 0);
    assert_int_equal(wait_of(1, NULL, 0), 10);
    assert_int_equal(wait_of(2, NULL, 0), 0);
    assert_int_equal(wait_of(1, NULL, 10 * 1000), 0);
    assert_int_equal(wait_of(1, NULL, 10 * 1000), 10);
    for (size_t i = 0; i < 100; i++)
        assert_int_equal(wait_of(1, NULL, 5 * SECOND_US), 0);
    assert_int_equal(wait_of(1, NULL, 5 * SECOND_US), 10);
}

static void a_member_is_limited_over_all_connections(void **state)
{
    (void)state;
    make(0, 10, 0);
    learn(1, "kith_a", 7);
    for (uint32_t i = 0; i < 10; i++)
        assert_int_equal(wait_of(100 + i, "kith_a", 0), 0);
    assert_int_equal(wait_of(50, "kith_a", 0), 100);
    learn(2, "kith_b", 8); /* perhaps in the place of the other, which may be forgotten now */
    assert_int_equal(wait_of(50, "kith_b", 0), 0);
    assert_int_equal(wait_of(50, "kith_a", 100 * 1000), 0);
}

static void who_tries_tokens_that_are_not_valid_is_refused_others_at_once(void **state)
{
    (void)state;
    make(0, 0, 2);
    learn(1, "kith_good", 7);
    refuse_token(1, "kith_x", 0);
    assert_int_equal(wait_of(1, "kith_y", 0), 0);
    refuse_token(1, "kith_y", 0);
    assert_int_equal(wait_of(1, "kith_z", 0), 500);
    assert_int_equal(wait_of(1, "kith_good", 0), 0);
    assert_int_equal(wait_of(1, NULL, 0), 0);
    assert_int_equal(wait_of(2, "kith_z", 0), 0);
    assert_int_equal(wait_of(1, "kith_z", 500 * 1000), 0);
}

static void many_callers_have_a_limit_each(void **state)
{
    (void)state;
    make(5, 0, 0);
    for (size_t i = 0; i < 5; i++)
        for (uint32_t pipe = 1; pipe <= N_CALLERS; pipe++)
            assert_int_equal(wait_of(pipe, NULL, 0), 0);
    for (uint32_t pipe = 1; pipe <= N_CALLERS; pipe++)
        assert_true(wait_of(pipe, NULL, 0) > 0);
}

static void a_meta_that_is_cut_or_odd_is_no_token(void **state)
{
    (void)state;
    make(0, 0, 0);
    static const uint8_t odd[][4] = {{0x0A, 4, 'a', 'b'}, {0x0A, 0, 0, 0}, {0x12, 2, 'a', 'b'},
        {0x0A, 0x82, 0, 'a'}, {0x0A, 0xFF, 0xFF, 0xFF}};
    for (size_t i = 0; i < sizeof(odd) / sizeof(odd[0]); i++)
        for (uint32_t len = 0; len <= 4; len++) {
            struct call call = {.pipe = 1, .frame = {.meta = odd[i], .meta_len = len}};
            assert_ok(admission_judge(admission, &call, 0, &err), &err);
            assert_true(call.flow == flow_of(1, NULL));
        }
}

#define TEST(name) cmocka_unit_test_teardown(name, drop)

static void frames_about_calls_count_like_calls_and_too_many_end_the_connection(void **state)
{
    (void)state;
    make(100, 0, 0);
    assert_true(admission_charge(admission, 1, 100, 0));
    assert_true(wait_of(1, NULL, 0) > 0);
    assert_int_equal(wait_of(2, NULL, 0), 0);
    assert_true(admission_charge(admission, 1, 400, 0));
    assert_false(admission_charge(admission, 1, 200, 0));
    assert_int_equal(wait_of(1, NULL, 10 * SECOND_US), 0);
}

/* There are fewer buckets than connections that owe: the rest share. */
static void what_others_owe_ends_no_connection(void **state)
{
    (void)state;
    enum { N_OWNERS = 100, FIRST_OTHER = 1000, N_OTHERS = 40000, N_NEW = 500 };
    make(100, 0, 0);
    for (uint32_t pipe = 1; pipe <= N_OWNERS; pipe++)
        assert_true(admission_charge(admission, pipe, 350, 0));
    for (uint32_t pipe = FIRST_OTHER; pipe < FIRST_OTHER + N_OTHERS; pipe++)
        (void)!admission_charge(admission, pipe, 590, 0);
    for (uint32_t i = 0; i < N_NEW; i++)
        assert_true(admission_charge(admission, FIRST_OTHER + N_OTHERS + i, 50, 0));
    for (uint32_t pipe = 1; pipe <= N_OWNERS; pipe++)
        assert_true(admission_charge(admission, pipe, 200, 0));
    assert_false(admission_charge(admission, 1, 200, 0));
}

static void without_a_rate_frames_about_calls_are_not_counted(void **state)
{
    (void)state;
    make(0, 0, 0);
    for (size_t i = 0; i < 1000; i++)
        assert_true(admission_charge(admission, 1, 4096, 0));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        TEST(a_caller_is_his_connection_until_his_token_was_found_good),
        TEST(frames_about_calls_count_like_calls_and_too_many_end_the_connection),
        TEST(what_others_owe_ends_no_connection),
        TEST(without_a_rate_frames_about_calls_are_not_counted),
        TEST(a_member_is_one_caller_over_all_connections_and_tokens),
        TEST(a_connection_that_named_its_member_once_is_that_member),
        TEST(a_connection_is_limited_and_told_how_long_to_wait),
        TEST(a_member_is_limited_over_all_connections),
        TEST(who_tries_tokens_that_are_not_valid_is_refused_others_at_once),
        TEST(many_callers_have_a_limit_each),
        TEST(a_meta_that_is_cut_or_odd_is_no_token),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
