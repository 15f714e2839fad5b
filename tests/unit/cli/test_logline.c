/* SPDX-License-Identifier: Apache-2.0 */
#include "logline.h"
#include "unit_test.h"

#include <string.h>

static const char *text_of(const json_t *line, const char *key)
{
    const char *text = json_string_value(json_object_get(line, key));
    return text == NULL ? "" : text;
}

static void both_machine_formats_read_alike(void **state)
{
    (void)state;
    json_t *logfmt = logline_parse("v=1 ts=2026-03-01T12:00:00.125801Z level=info svc=contact "
                                   "evt=rpc.call err=\"no \\\"such\\\" thing\\n\" dur_us=42\n");
    json_t *json = logline_parse("{\"v\":1,\"ts\":\"2026-03-01T12:00:00.125801Z\",\"evt\":"
                                 "\"rpc.call\",\"err\":\"no \\\"such\\\" thing\\n\"}");
    assert_string_equal(text_of(logfmt, "svc"), "contact");
    assert_string_equal(text_of(logfmt, "err"), "no \"such\" thing\n");
    assert_string_equal(text_of(logfmt, "dur_us"), "42");
    assert_string_equal(text_of(json, "err"), text_of(logfmt, "err"));
    assert_true(logline_time_us(json) == INT64_C(1772366400125801));
    assert_true(logline_time_us(json) == logline_time_us(logfmt));
    json_decref(logfmt);
    json_decref(json);
}

static void other_lines_are_none(void **state)
{
    (void)state;
    static const char *const others[] = {"", "\n", "{", "{}", "starting up", "v=1 evt=\"rpc.call",
        "2026-03-01 12:00:00.125Z info  rpc.call method=x", "=1 evt=x", "[1]"};
    for (size_t i = 0; i < sizeof(others) / sizeof(others[0]); i++)
        assert_null(logline_parse(others[i]));
}

static void a_line_without_time_has_none(void **state)
{
    (void)state;
    json_t *line = logline_parse("evt=x ts=yesterday");
    assert_true(logline_time_us(line) == 0);
    json_decref(line);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(both_machine_formats_read_alike),
        cmocka_unit_test(other_lines_are_none),
        cmocka_unit_test(a_line_without_time_has_none),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
