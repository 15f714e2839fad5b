/* SPDX-License-Identifier: Apache-2.0 */
#include "log/log.h"
#include "unit_test.h"

#include <errno.h>
#include <fcntl.h>
#include <jansson.h>
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

/* Standard output becomes one end of a datagram-like pipe: a read returns what one write wrote. */
static int log_end;
static int real_stdout;

static int capture(void **state)
{
    (void)state;
    int fds[2];
    (void)fflush(stdout);
    real_stdout = dup(STDOUT_FILENO);
    if (pipe2(fds, O_DIRECT | O_NONBLOCK) != 0 || dup2(fds[1], STDOUT_FILENO) < 0)
        return -1;
    log_end = fds[0];
    return close(fds[1]);
}

static int release(void **state)
{
    (void)state;
    return dup2(real_stdout, STDOUT_FILENO) < 0 || close(real_stdout) || close(log_end);
}

/* The line one event made, in one write; "" if there was none. Static. */
static const char *line(void)
{
    static char text[32 * 1024];
    ssize_t n = read(log_end, text, sizeof(text) - 1);
    text[n > 0 ? n : 0] = '\0';
    return text;
}

/* The line as a JSON object; to be freed. */
static json_t *object(void)
{
    const char *text = line();
    json_t *parsed = json_loads(text, JSON_REJECT_DUPLICATES, NULL);
    if (!parsed)
        fail_msg("no JSON: %s", text);
    assert_int_equal(text[strlen(text) - 1], '\n');
    return parsed;
}

static const char *str(const json_t *parsed, const char *key)
{
    const char *value = json_string_value(json_object_get(parsed, key));
    return value ? value : "(absent)";
}

static void json_has_the_documented_fields_and_types(void **state)
{
    (void)state;
    log_open("contact", "i7", LOG_FORMAT_JSON, LOG_INFO);
    log_info("rpc.call", LOG_STR("method", "GetMember"), LOG_INT("dur_us", -12),
        LOG_FLOAT("score", 0.25), LOG_BOOL("ok", true), LOG_STR("absent", NULL),
        LOG_FLOAT("nothing", NAN));
    json_t *parsed = object();
    assert_int_equal(json_integer_value(json_object_get(parsed, "v")), 1);
    assert_int_equal(strlen(str(parsed, "ts")), sizeof("2026-03-01T12:00:00.000000Z") - 1);
    assert_string_equal(str(parsed, "level"), "info");
    assert_string_equal(str(parsed, "svc"), "contact");
    assert_string_equal(str(parsed, "inst"), "i7");
    assert_string_equal(str(parsed, "evt"), "rpc.call");
    assert_string_equal(str(parsed, "method"), "GetMember");
    assert_int_equal(json_integer_value(json_object_get(parsed, "dur_us")), -12);
    assert_true(json_real_value(json_object_get(parsed, "score")) == 0.25);
    assert_true(json_is_true(json_object_get(parsed, "ok")));
    assert_true(json_is_null(json_object_get(parsed, "nothing")));
    assert_null(json_object_get(parsed, "absent"));
    json_decref(parsed);
}

static void hostile_text_can_not_forge_a_line_or_move_a_cursor(void **state)
{
    (void)state;
    log_open("contact", "i7", LOG_FORMAT_JSON, LOG_INFO);
    log_info("x", LOG_STR("a", "1\n{\"evt\":\"forged\"}\r\t\x1b[2J\x7f\xc2\x9b\xe2\x80\xae\\"));
    const char *text = line();
    assert_ptr_equal(strchr(text, '\n'), text + strlen(text) - 1);
    for (const char *c = text; c[1]; c++)
        assert_true((unsigned char)*c >= 0x20 && (unsigned char)*c < 0x7f);
    json_t *parsed = json_loads(text, 0, NULL);
    assert_string_equal(
        str(parsed, "a"), "1\n{\"evt\":\"forged\"}\r\t\x1b[2J\x7f\xc2\x9b\xe2\x80\xae\\");
    json_decref(parsed);
}

static void bytes_that_are_no_utf_8_are_replaced(void **state)
{
    (void)state;
    static const struct {
        const char *in, *out;
    } rows[] = {
        {"Zo\xc3\xab \xe2\x82\xac \xf0\x9f\xa4\xbf", "Zo\xc3\xab \xe2\x82\xac \xf0\x9f\xa4\xbf"},
        {"a\xff", "a\xef\xbf\xbd"},
        {"\xc0\xaf", "\xef\xbf\xbd\xef\xbf\xbd"},                 /* overlong */
        {"\xed\xa0\x80", "\xef\xbf\xbd\xef\xbf\xbd\xef\xbf\xbd"}, /* a surrogate */
        {"\xf0\x9f\xa4", "\xef\xbf\xbd"},                         /* cut at the end */
        {"\xe2\x82x", "\xef\xbf\xbdx"},                           /* cut in the middle */
        {"\xf4\x90\x80\x80", "\xef\xbf\xbd\xef\xbf\xbd\xef\xbf\xbd\xef\xbf\xbd"},
    };
    log_open("contact", "i7", LOG_FORMAT_JSON, LOG_INFO);
    for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
        log_info("x", LOG_STR("a", rows[i].in));
        json_t *parsed = object();
        assert_string_equal(str(parsed, "a"), rows[i].out);
        json_decref(parsed);
    }
}

static void logfmt_quotes_only_where_it_must(void **state)
{
    (void)state;
    log_open("contact", NULL, LOG_FORMAT_LOGFMT, LOG_INFO);
    log_warn("x", LOG_STR("bare", "a/b:1"), LOG_STR("empty", ""), LOG_STR("space", "a b"),
        LOG_STR("sign", "a=b"), LOG_STR("quote", "a\"b"), LOG_INT("n", 3));
    const char *text = line();
    assert_non_null(strstr(text, "v=1 ts="));
    assert_non_null(strstr(text,
        " level=warn svc=contact evt=x bare=a/b:1 empty=\"\" space=\"a b\" sign=\"a=b\" "
        "quote=\"a\\\"b\" n=3\n"));
}

static void text_off_a_terminal_has_no_colour(void **state)
{
    (void)state;
    log_open("contact", "i7", LOG_FORMAT_TEXT, LOG_INFO);
    log_info("service.ready", LOG_NONE);
    const char *text = line();
    assert_non_null(strstr(text, "Z info  service.ready\n"));
    assert_null(strchr(text, '\x1b'));
}

static void auto_is_json_off_a_terminal(void **state)
{
    (void)state;
    log_open("contact", "i7", LOG_FORMAT_AUTO, LOG_INFO);
    log_info("service.ready", LOG_NONE);
    json_decref(object());
}

static void levels_below_the_lowest_are_silent_until_it_is_lowered(void **state)
{
    (void)state;
    log_open("contact", "i7", LOG_FORMAT_JSON, LOG_WARN);
    log_info("x", LOG_NONE);
    assert_string_equal(line(), "");
    assert_false(log_enabled(LOG_INFO));
    log_set_level(LOG_DEBUG);
    log_debug("x", LOG_NONE);
    json_decref(object());
}

static void an_error_is_logged_with_code_reason_and_detail(void **state)
{
    (void)state;
    struct err err = {0};
    assert_int_equal(
        err_raise(&err, REASON_DATABASE_UNAVAILABLE, "the database is away"), ERR_UNAVAILABLE);
    log_open("contact", "i7", LOG_FORMAT_JSON, LOG_INFO);
    log_error("rpc.failed", LOG_ERR(&err));
    json_t *parsed = object();
    assert_string_equal(str(parsed, "code"), "UNAVAILABLE");
    assert_string_equal(str(parsed, "reason"), "DATABASE_UNAVAILABLE");
    assert_string_equal(str(parsed, "err"), "the database is away");
    assert_string_equal(str(parsed, "detail"), "(absent)");
    assert_string_equal(str(parsed, "origin"), __func__);
    json_decref(parsed);
}

static void a_line_too_long_stays_valid_and_says_so(void **state)
{
    (void)state;
    char *huge = malloc(20000);
    assert_non_null(huge);
    memset(huge, '\x01', 20000);
    huge[19999] = '\0';
    log_open("contact", "i7", LOG_FORMAT_JSON, LOG_INFO);
    log_info("x", LOG_INT("before", 1), LOG_STR("huge", huge));
    free(huge);
    json_t *parsed = object();
    assert_int_equal(json_integer_value(json_object_get(parsed, "before")), 1);
    assert_true(json_is_true(json_object_get(parsed, "truncated")));
    assert_null(json_object_get(parsed, "huge"));
    json_decref(parsed);
}

static void a_line_full_to_the_brim_still_ends(void **state)
{
    (void)state;
    static struct log_field fields[5000];
    for (size_t i = 0; i < 4999; i++)
        fields[i] =
            LOG_INT("k", 1); /* so short that what is left of the line is less than its end */
    fields[4999] = LOG_NONE;
    log_open("contact", "i7", LOG_FORMAT_LOGFMT, LOG_INFO);
    log_write(LOG_INFO, "x", fields);
    char got[32 * 1024];
    size_t len = 0;
    for (ssize_t n = 1; n > 0; len += (size_t)(n > 0 ? n : 0))
        n = read(log_end, got + len, sizeof(got) - 1 - len);
    got[len] = '\0';
    static const char end[] = " truncated=true\n";
    assert_true(len > 15000);
    assert_string_equal(got + len - (sizeof(end) - 1), end);
}

static void logging_leaves_errno_alone_and_survives_a_full_pipe(void **state)
{
    (void)state;
    log_open("contact", "i7", LOG_FORMAT_JSON, LOG_INFO);
    errno = ENOENT;
    for (int i = 0; i < 1000; i++)
        log_info("x", LOG_INT("i", i));
    assert_int_equal(errno, ENOENT);
}

static void a_line_may_have_to_wait_where_the_pipe_is_full(void **state)
{
    (void)state;
    log_open("contact", "i7", LOG_FORMAT_JSON, LOG_INFO);
    assert_false(log_may_wait(LOG_INFO));
    for (int i = 0; i < 1000; i++)
        log_info("x", LOG_INT("i", i));
    assert_true(log_may_wait(LOG_INFO));
    assert_false(log_may_wait(LOG_DEBUG)); /* none would be written */
    (void)line();
    assert_false(log_may_wait(LOG_INFO));
}

static void lines_wait_in_a_buffer_until_it_is_flushed(void **state)
{
    (void)state;
    static struct log_buffer buffer;
    log_open("contact", NULL, LOG_FORMAT_LOGFMT, LOG_INFO);
    log_use_buffer(&buffer);
    log_info("first", LOG_NONE);
    log_info("second", LOG_NONE);
    assert_string_equal(line(), "");
    log_flush(&buffer);
    const char *both = line();
    const char *newline = strchr(both, '\n');
    assert_non_null(newline);
    assert_non_null(strstr(both, "evt=first"));
    assert_non_null(strstr(newline, "evt=second"));
    assert_string_equal(line(), "");

    log_info("third", LOG_NONE);
    log_use_buffer(NULL);
    log_info("fourth", LOG_NONE);
    assert_non_null(strstr(line(), "evt=fourth"));
    log_flush(&buffer);
    assert_non_null(strstr(line(), "evt=third"));
}

static void a_warning_does_not_wait_and_takes_what_was_before_it_along(void **state)
{
    (void)state;
    static struct log_buffer buffer;
    log_open("contact", NULL, LOG_FORMAT_LOGFMT, LOG_INFO);
    log_use_buffer(&buffer);
    log_info("first", LOG_NONE);
    log_warn("second", LOG_NONE);
    assert_non_null(strstr(line(), "evt=first"));
    assert_non_null(strstr(line(), "evt=second"));
    log_use_buffer(NULL);
}

/* More than a pipe takes in one piece comes in several, and no line is torn. */
static void a_flush_tears_no_line(void **state)
{
    (void)state;
    static struct log_buffer buffer;
    char filler[200];
    (void)memset(filler, 'x', sizeof(filler) - 1);
    filler[sizeof(filler) - 1] = '\0';
    log_open("contact", NULL, LOG_FORMAT_LOGFMT, LOG_INFO);
    log_use_buffer(&buffer);
    for (int i = 0; i < 100; i++)
        log_info("row", LOG_INT("i", i), LOG_STR("filler", filler));
    log_use_buffer(NULL);
    log_flush(&buffer);
    int n = 0;
    for (const char *text = line(); *text; text = line()) {
        assert_true(strlen(text) <= 4096);
        for (const char *at = text; *at; at = strchr(at, '\n') + 1, n++) {
            char wanted[32];
            (void)snprintf(wanted, sizeof(wanted), " i=%d ", n);
            const char *found = strstr(at, wanted);
            assert_true(found && found < strchr(at, '\n'));
        }
    }
    assert_int_equal(n, 100);
}

static void names_of_levels_and_formats_are_parsed(void **state)
{
    (void)state;
    struct err err = {0};
    enum log_level level = LOG_INFO;
    enum log_format format = LOG_FORMAT_AUTO;
    assert_ok(log_parse_level("warn", &level, &err), &err);
    assert_int_equal(level, LOG_WARN);
    assert_ok(log_parse_format("logfmt", &format, &err), &err);
    assert_int_equal(format, LOG_FORMAT_LOGFMT);
    assert_int_equal(log_parse_level("loud", &level, &err), ERR_INVALID_ARGUMENT);
    assert_non_null(strstr(err.msg, "loud"));
    assert_int_equal(log_parse_format("xml", &format, &err), ERR_INVALID_ARGUMENT);
    assert_int_equal(level, LOG_WARN);
}

#define captured(test) cmocka_unit_test_setup_teardown(test, capture, release)

int main(void)
{
    const struct CMUnitTest tests[] = {
        captured(json_has_the_documented_fields_and_types),
        captured(hostile_text_can_not_forge_a_line_or_move_a_cursor),
        captured(bytes_that_are_no_utf_8_are_replaced),
        captured(logfmt_quotes_only_where_it_must),
        captured(text_off_a_terminal_has_no_colour),
        captured(auto_is_json_off_a_terminal),
        captured(levels_below_the_lowest_are_silent_until_it_is_lowered),
        captured(an_error_is_logged_with_code_reason_and_detail),
        captured(a_line_too_long_stays_valid_and_says_so),
        captured(a_line_full_to_the_brim_still_ends),
        captured(logging_leaves_errno_alone_and_survives_a_full_pipe),
        captured(a_line_may_have_to_wait_where_the_pipe_is_full),
        captured(lines_wait_in_a_buffer_until_it_is_flushed),
        captured(a_warning_does_not_wait_and_takes_what_was_before_it_along),
        captured(a_flush_tears_no_line),
        cmocka_unit_test(names_of_levels_and_formats_are_parsed),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
