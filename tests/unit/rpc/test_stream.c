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
    assert_true(streams_grant(streams, 1, 2, STREAM_MAX_CREDIT - STREAM_CREDIT));
    assert_false(streams_grant(streams, 1, 2, 1));
    streams_doom(streams, 1, 2, REASON_STREAM_OVERDRAWN);
    assert_true(streams_grant(streams, 1, 2, 1));
    streams_close(streams, call.stream);
    streams_free(streams);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_stream_is_overdrawn_once),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
