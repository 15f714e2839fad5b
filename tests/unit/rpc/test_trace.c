/* SPDX-License-Identifier: Apache-2.0 */
#include "rpc/rpc.h"
#include "unit_test.h"

#include <string.h>

static const char example[] = "00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01";

static void a_traceparent_is_formatted_as_it_was_parsed(void **state)
{
    (void)state;
    struct rpc_trace trace;
    char text[RPC_TRACEPARENT_SIZE], id[RPC_TRACE_ID_SIZE];
    assert_true(rpc_trace_parse(example, &trace));
    rpc_trace_format(&trace, text);
    assert_string_equal(text, example);
    rpc_trace_id_format(&trace, id);
    assert_string_equal(id, "0af7651916cd43dd8448eb211c80319c");
}

static void what_is_no_traceparent_is_refused(void **state)
{
    (void)state;
    static const char *const bad[] = {
        "",
        "00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-0",
        "00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-012",
        "01-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01",
        "00-0AF7651916CD43DD8448EB211C80319C-b7ad6b7169203331-01",
        "00-00000000000000000000000000000000-b7ad6b7169203331-01",
        "00-0af7651916cd43dd8448eb211c80319c-0000000000000000-01",
        "00_0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01",
        "00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331x01",
        "00-0af7651916cd43dd8448eb211c80319g-b7ad6b7169203331-01",
    };
    struct rpc_trace trace;
    for (size_t i = 0; i < sizeof(bad) / sizeof(bad[0]); i++)
        assert_false(rpc_trace_parse(bad[i], &trace));
}

static void a_child_keeps_the_trace_and_has_a_span_of_its_own(void **state)
{
    (void)state;
    struct rpc_trace parent = rpc_trace_new();
    struct rpc_trace child = rpc_trace_child(&parent);
    assert_memory_equal(child.trace_id, parent.trace_id, sizeof(parent.trace_id));
    assert_memory_equal(child.parent_id, parent.span_id, sizeof(parent.span_id));
    assert_string_equal(rpc_trace_text(&parent).parent_id, "");
    assert_string_equal(rpc_trace_text(&child).parent_id, rpc_trace_text(&parent).span_id);
    assert_memory_not_equal(child.span_id, parent.span_id, sizeof(parent.span_id));
    assert_int_equal(child.flags, parent.flags);
}

static void new_traces_differ_and_can_be_parsed(void **state)
{
    (void)state;
    char text[RPC_TRACEPARENT_SIZE];
    struct rpc_trace a = rpc_trace_new(), b = rpc_trace_new(), parsed;
    assert_memory_not_equal(a.trace_id, b.trace_id, sizeof(a.trace_id));
    rpc_trace_format(&a, text);
    assert_true(rpc_trace_parse(text, &parsed));
    assert_memory_equal(&a, &parsed, sizeof(a));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_traceparent_is_formatted_as_it_was_parsed),
        cmocka_unit_test(what_is_no_traceparent_is_refused),
        cmocka_unit_test(a_child_keeps_the_trace_and_has_a_span_of_its_own),
        cmocka_unit_test(new_traces_differ_and_can_be_parsed),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
