/* SPDX-License-Identifier: Apache-2.0 */
#include "rpc/stream.h"
#include "unit_test.h"

/* To overdraw makes the server look through all that waits: once for each stream. */
static void a_stream_is_overdrawn_once(void **state)
{
    (void)state;
    struct streams *streams = streams_new();
    struct call call = {.pipe = 1, .frame = {.call_id = 2}};
    assert_true(streams_open(streams, &call, false));
    assert_int_equal(streams_grant(streams, 1, 2, STREAM_MAX_CREDIT - STREAM_CREDIT), GRANT_NOTED);
    assert_int_equal(streams_grant(streams, 1, 2, 1), GRANT_TOO_MUCH);
    streams_doom(streams, 1, 2, REASON_STREAM_OVERDRAWN);
    assert_int_equal(streams_grant(streams, 1, 2, 1), GRANT_NOTED);
    streams_close(streams, call.stream);
    streams_free(streams);
}

/* To wake is to look for what waits: not for every CREDIT anybody sends. */
static void only_a_stream_that_had_no_credit_is_woken_by_some(void **state)
{
    (void)state;
    struct streams *streams = streams_new();
    struct call call = {.pipe = 1, .frame = {.call_id = 2}};
    assert_true(streams_open(streams, &call, false));
    assert_int_equal(streams_grant(streams, 1, 2, 1), GRANT_NOTED);
    atomic_store(&call.stream->credit, -10);
    assert_int_equal(streams_grant(streams, 1, 2, 10), GRANT_NOTED);
    assert_int_equal(streams_grant(streams, 1, 2, 0), GRANT_NOTED);
    assert_int_equal(streams_grant(streams, 1, 2, 1), GRANT_WAKES);
    assert_int_equal(streams_grant(streams, 1, 2, 1), GRANT_NOTED);
    assert_int_equal(streams_grant(streams, 2, 2, 1), GRANT_NOTED); /* another connection */
    assert_int_equal(atomic_load(&call.stream->credit), 2);
    streams_close(streams, call.stream);
    streams_free(streams);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_stream_is_overdrawn_once),
        cmocka_unit_test(only_a_stream_that_had_no_credit_is_woken_by_some),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
