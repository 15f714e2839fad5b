/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Whatever a client says of itself, the log has one line for each of its calls, and in it nothing
 * but that line's own fields.
 */
#include "log/log.h"
#include "loop.h"
#include "raw.h"
#include "unit_test.h"

#include <kith/v1/wire.pb-c.h>

#include <ctype.h>
#include <fcntl.h>
#include <jansson.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

enum { BUFFER_SIZE = 1 << 20, MAX_KEYS = 64 };

static struct loop loop;
static uint8_t buffer[BUFFER_SIZE];
static char log_text[BUFFER_SIZE];

static const char *const attacks[] = {
    "harmless",
    "a\nevt=forged code=OK",
    "a\n{\"v\":1,\"evt\":\"forged\"}",
    "a\r\n2026-01-01 00:00:00.000Z info  forged",
    "a\",\"evt\":\"forged",
    "a\" evt=\"forged",
    "a evt=forged",
    "a\\",
    "a\\\" evt=forged",
    "\x1b[2J\x1b]0;forged\x07",
    "\xc2\x9b"
    "2J",
    "\xe2\x80\xae"
    "degrof",
    "\xd8\x9c"
    "degrof",
    "\xe2\x80\xa8"
    "evt=forged",
    "\xff\xfe evt=forged",
    "\xc0\x8a"
    "evt=forged",
    "\xed\xa0\x80",
    "%s%n%99999d",
    "=",
    "",
};
enum { N_ATTACKS = sizeof(attacks) / sizeof(attacks[0]) };

/* ---- the log, in a file ---- */

static int log_file = -1, real_stdout = -1;

static void capture(enum log_format format)
{
    char name[] = "/tmp/kith-log-XXXXXX";
    log_file = mkstemp(name);
    assert_true(log_file >= 0);
    assert_int_equal(unlink(name), 0);
    (void)fflush(stdout);
    real_stdout = dup(STDOUT_FILENO);
    assert_true(dup2(log_file, STDOUT_FILENO) >= 0);
    log_open("contact", "i7", format, LOG_TRACE);
}

/* Restores standard output; what was written meanwhile is in log_text. */
static void release(void)
{
    log_open("test", "log_attacks", LOG_FORMAT_JSON, LOG_FATAL);
    assert_true(dup2(real_stdout, STDOUT_FILENO) >= 0);
    ssize_t n = pread(log_file, log_text, sizeof(log_text) - 1, 0);
    assert_in_range(n, 1, sizeof(log_text) - 2);
    log_text[n] = '\0';
    (void)close(real_stdout);
    (void)close(log_file);
}

/* ---- calls ---- */

static size_t put_call(uint8_t *out, const Kith__V1__Meta *meta, const char *request)
{
    uint8_t packed[1024];
    const struct wire_frame frame = {.type = WIRE_CALL,
        .call_id = 1,
        .method = wire_method_hash("/kith.v1.NotificationService/ListNotifications"),
        .value = 60 * 1000,
        .meta = packed,
        .meta_len = (uint32_t)kith__v1__meta__pack(meta, packed),
        .payload = (const uint8_t *)request,
        .payload_len = (uint32_t)strlen(request)};
    return raw_put_frame(out, &frame);
}

static void call(int fd, const Kith__V1__Meta *meta, const char *request)
{
    uint32_t id;
    size_t len = put_call(buffer, meta, request);
    assert_true(raw_send_frames(fd, 1, 0, 1, buffer, len));
    assert_true(raw_receive(fd, &id, buffer, sizeof(buffer)) != SIZE_MAX);
}

/* Each attack in each string of a client; returns how many calls that were. */
static size_t attack_everywhere(void)
{
    size_t n = 0;
    int fd = raw_connect(loop.url);
    raw_greet(fd);
    for (size_t i = 0; i < N_ATTACKS; i++) {
        char *attack = (char *)(uintptr_t)attacks[i];
        Kith__V1__Meta none = KITH__V1__META__INIT;
        none.authorization = (char[]){"member"};
        Kith__V1__Meta metas[] = {none, none, none, none, none};
        char request[128] = "\x1a"; /* the page_token */
        metas[0].authorization = attack;
        metas[1].idempotency_key = attack;
        metas[2].traceparent = attack;
        metas[3].request_id = attack;
        (void)snprintf(request + 1, sizeof(request) - 1, "%c%s", (char)strlen(attack), attack);
        for (size_t j = 0; j < 5; j++, n++)
            call(fd, &metas[j], j == 4 ? request : "");
    }
    (void)close(fd);
    return n;
}

/* ---- what it may look like ---- */

static void assert_harmless_bytes(void)
{
    assert_int_equal(log_text[strlen(log_text) - 1], '\n');
    for (const unsigned char *c = (const unsigned char *)log_text; *c; c++)
        assert_true(*c == '\n' || (*c >= 0x20 && *c != 0x7f));
    assert_null(strstr(log_text, "\xc2\x9b"));
    assert_null(strstr(log_text, "\xe2\x80\xae"));
    assert_null(strstr(log_text, "\xe2\x80\xa8"));
    assert_null(strstr(log_text, "\xd8\x9c"));
}

static bool is_call_of_json(const char *line)
{
    json_t *parsed = json_loads(line, JSON_REJECT_DUPLICATES, NULL);
    if (!parsed)
        fail_msg("no JSON: %s", line);
    const char *event = json_string_value(json_object_get(parsed, "evt"));
    assert_non_null(event);
    assert_string_not_equal(event, "forged");
    bool is_call = strcmp(event, "rpc.call") == 0;
    json_decref(parsed);
    return is_call;
}

/* Behind one pair, key=word or key="text"; `key` gets its key. */
static const char *skip_pair(const char *at, char key[32])
{
    size_t n = strspn(at, "abcdefghijklmnopqrstuvwxyz_0123456789");
    assert_in_range(n, 1, 31);
    memcpy(key, at, n);
    key[n] = '\0';
    assert_int_equal(at[n], '=');
    at += n + 1;
    if (*at != '"')
        return at + strcspn(at, " \"=");
    for (at++; *at != '"'; at += *at == '\\' ? 2 : 1)
        assert_int_not_equal(*at, '\0');
    return at + 1;
}

/* Pairs with a space between them, no key twice, and no event that was none. */
static void assert_pairs(const char *at)
{
    char keys[MAX_KEYS][32];
    for (size_t n = 0; *at; n++) {
        assert_true(n < MAX_KEYS);
        assert_int_not_equal(strncmp(at, "evt=forged", 10), 0);
        at = skip_pair(at, keys[n]);
        for (size_t i = 0; i < n; i++)
            assert_string_not_equal(keys[i], keys[n]);
        assert_true(*at == '\0' || *at == ' ');
        at += *at == ' ';
    }
}

static bool is_call_of_logfmt(const char *line)
{
    assert_int_equal(strncmp(line, "v=1 ts=", 7), 0);
    assert_pairs(line);
    return strstr(line, " evt=rpc.call ") != NULL;
}

static bool is_call_of_text(const char *line)
{
    enum { AT_EVENT = sizeof("2026-01-01 00:00:00.000Z info  ") - 1 };
    assert_true(strlen(line) > AT_EVENT && isdigit((unsigned char)line[0]));
    const char *event = line + AT_EVENT;
    assert_int_not_equal(strncmp(event, "forged", 6), 0);
    const char *pairs = strchr(event, ' ');
    assert_non_null(pairs);
    assert_pairs(pairs + 1);
    return strncmp(event, "rpc.call ", 9) == 0;
}

static void attack(enum log_format format, bool (*is_call)(const char *line))
{
    loop_start(&loop, &(struct loop_config){0});
    capture(format);
    size_t n_calls = attack_everywhere();
    loop_stop(&loop); /* all is logged then */
    release();
    assert_harmless_bytes();
    size_t n_logged = 0;
    for (char *end, *line = log_text; (end = strchr(line, '\n')); line = end + 1) {
        *end = '\0';
        n_logged += is_call(line);
    }
    assert_int_equal(n_logged, n_calls);
}

static void json_has_one_object_for_each_call(void **state)
{
    (void)state;
    attack(LOG_FORMAT_JSON, is_call_of_json);
}

static void logfmt_has_one_line_of_pairs_for_each_call(void **state)
{
    (void)state;
    attack(LOG_FORMAT_LOGFMT, is_call_of_logfmt);
}

static void text_has_one_line_for_each_call(void **state)
{
    (void)state;
    attack(LOG_FORMAT_TEXT, is_call_of_text);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(json_has_one_object_for_each_call),
        cmocka_unit_test(logfmt_has_one_line_of_pairs_for_each_call),
        cmocka_unit_test(text_has_one_line_for_each_call),
    };
    log_open("test", "log_attacks", LOG_FORMAT_JSON, LOG_FATAL);
    return cmocka_run_group_tests(tests, NULL, NULL);
}
