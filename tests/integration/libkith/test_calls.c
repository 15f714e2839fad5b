/* SPDX-License-Identifier: Apache-2.0 */
#include "fake.h"
#include "kith.h"
#include "unit_test.h"

#include <poll.h>
#include <pthread.h>
#include <stdlib.h>
#include <string.h>

static struct fake fake;
static struct kith_client *client;

static struct kith_client *new_client(const char *token)
{
    struct kith_settings settings = {.size = sizeof(settings),
        .contact_endpoints = fake.url,
        .recommendation_endpoints = fake.url,
        .notification_endpoints = fake.url,
        .token = token};
    struct kith_client *made = NULL;
    assert_int_equal(kith_client_new(&settings, &made, NULL), KITH_OK);
    return made;
}

static int start(void **state)
{
    (void)state;
    fake_start(&fake);
    client = new_client("member");
    return 0;
}

static int stop(void **state)
{
    (void)state;
    kith_client_free(client);
    fake_stop(&fake);
    return 0;
}

static void an_ask_comes_back_with_whom_and_why(void **state)
{
    (void)state;
    struct kith_result *result = NULL;
    assert_int_equal(kith_ask(client, "Which mask?", NULL, NULL, &result, NULL), KITH_OK);
    const struct kith_ask *ask = kith_result_ask(result, 0);
    assert_string_equal(kith_ask_question(ask), "Which mask?");
    assert_int_equal(kith_ask_state(ask), KITH_ASK_OPEN);
    assert_int_equal(kith_ask_target_count(ask), 1);
    assert_string_equal(kith_target_name(kith_ask_target(ask, 0)), "Ana Costa");
    assert_null(kith_ask_target(ask, 1));
    assert_null(kith_result_ask(result, 1));
    assert_null(kith_result_contact(result, 0));
    kith_result_free(result);
}

static void a_change_carries_a_fresh_key_unless_the_caller_has_one(void **state)
{
    (void)state;
    char first[65];
    assert_int_equal(kith_ask(client, "a", NULL, NULL, NULL, NULL), KITH_OK);
    assert_int_equal(strlen(fake.last_key), 36);
    memcpy(first, fake.last_key, sizeof(first));
    assert_int_equal(kith_ask(client, "a", NULL, NULL, NULL, NULL), KITH_OK);
    assert_string_not_equal(first, fake.last_key);
    struct kith_call_options options = {.size = sizeof(options), .idempotency_key = "mine"};
    assert_int_equal(kith_ask(client, "a", NULL, &options, NULL, NULL), KITH_OK);
    assert_string_equal(fake.last_key, "mine");
}

static void an_error_says_what_why_and_what_next(void **state)
{
    (void)state;
    struct kith_error *error = NULL;
    struct kith_result *result = NULL;
    assert_int_equal(
        kith_ask(client, "nobody", NULL, NULL, &result, &error), KITH_FAILED_PRECONDITION);
    assert_null(result);
    assert_int_equal(kith_error_code(error), KITH_FAILED_PRECONDITION);
    assert_string_equal(kith_error_reason(error), "NOBODY_FITS");
    assert_string_equal(kith_error_message(error), "nobody in your network fits");
    assert_non_null(strstr(kith_error_remedy(error), "kith ask --to"));
    assert_string_equal(kith_error_trace_id(error), fake.trace_id);
    kith_error_free(error);
}

static void a_field_at_fault_is_named(void **state)
{
    (void)state;
    struct kith_error *error = NULL;
    assert_int_equal(kith_get_ask(client, "xyz", NULL, NULL, &error), KITH_INVALID_ARGUMENT);
    assert_string_equal(kith_error_field(error), "ask_id");
    kith_error_free(error);
}

static void a_deadline_is_kept(void **state)
{
    (void)state;
    struct kith_error *error = NULL;
    struct kith_call_options options = {.size = sizeof(options), .timeout_ms = 100};
    assert_int_equal(
        kith_ask(client, "slow", NULL, &options, NULL, &error), KITH_DEADLINE_EXCEEDED);
    assert_string_equal(kith_error_reason(error), "DEADLINE_PASSED");
    kith_error_free(error);
}

static int asks_before;

static void *cancel_when_asked(void *cancel)
{
    while (atomic_load(&fake.asks) == asks_before)
        (void)poll(NULL, 0, 1);
    kith_cancel_calls(client, cancel);
    return NULL;
}

static void another_thread_can_give_a_call_up(void **state)
{
    (void)state;
    struct kith_error *error = NULL;
    struct kith_cancel *cancel = kith_cancel_new();
    struct kith_call_options options = {
        .size = sizeof(options), .timeout_ms = 100000, .cancel = cancel};
    pthread_t thread;
    asks_before = atomic_load(&fake.asks);
    assert_int_equal(pthread_create(&thread, NULL, cancel_when_asked, cancel), 0);
    assert_int_equal(kith_ask(client, "slow", NULL, &options, NULL, &error), KITH_CANCELLED);
    assert_int_equal(pthread_join(thread, NULL), 0);
    assert_string_equal(kith_error_reason(error), "CALL_CANCELLED");
    kith_error_free(error);
    assert_int_equal(kith_ask(client, "a", NULL, &options, NULL, NULL), KITH_CANCELLED);
    assert_int_equal(kith_ask(client, "a", NULL, NULL, NULL, NULL), KITH_OK);
    kith_cancel_free(cancel);
}

static void a_server_that_is_not_there_is_unavailable(void **state)
{
    (void)state;
    struct kith_settings settings = {
        .size = sizeof(settings), .contact_endpoints = "tcp://127.0.0.1:1", .timeout_ms = 8000};
    struct kith_client *lonely = NULL;
    struct kith_error *error = NULL;
    assert_int_equal(kith_client_new(&settings, &lonely, NULL), KITH_OK);
    assert_int_equal(kith_list_contacts(lonely, NULL, NULL, NULL, NULL, &error), KITH_UNAVAILABLE);
    assert_string_equal(kith_error_reason(error), "SERVER_UNREACHABLE");
    kith_error_free(error);
    kith_client_free(lonely);
}

static void lists_come_by_page(void **state)
{
    (void)state;
    struct kith_result *result = NULL;
    assert_int_equal(kith_list_contacts(client, "x", NULL, NULL, &result, NULL), KITH_OK);
    assert_int_equal(kith_result_count(result), 2);
    assert_string_equal(kith_contact_name(kith_result_contact(result, 1)), "Contact 1 of \"x\"");
    assert_true(kith_contact_is_connected(kith_result_contact(result, 1)));
    char page[16];
    (void)snprintf(page, sizeof(page), "%s", kith_result_next_page(result));
    kith_result_free(result);
    assert_int_equal(kith_list_contacts(client, "x", page, NULL, &result, NULL), KITH_OK);
    assert_string_equal(kith_result_next_page(result), "");
    kith_result_free(result);
}

static void any_method_can_be_called_by_json(void **state)
{
    (void)state;
    struct kith_result *result = NULL;
    assert_int_equal(
        kith_call(client, "ListContacts", "{\"query\":\"q\"}", NULL, &result, NULL), KITH_OK);
    assert_string_equal(kith_result_json(result),
        "{\"contacts\":[{\"name\":\"Contact 0 of \\\"q\\\"\"},"
        "{\"name\":\"Contact 1 of \\\"q\\\"\",\"isConnected\":true}],"
        "\"nextPageToken\":\"more\",\"total\":\"7\"}");
    assert_string_equal(kith_result_trace_id(result), fake.trace_id);
    kith_result_free(result);
}

static void reflection_gives_the_same_answer(void **state)
{
    (void)state;
    struct kith_result *built_in = NULL;
    struct kith_result *reflected = NULL;
    struct kith_call_options options = {.size = sizeof(options), .use_reflection = true};
    assert_int_equal(
        kith_call(client, "GetAsk", "{\"askId\":\"0193a2b4-0000-7000-8000-000000000001\"}", NULL,
            &built_in, NULL),
        KITH_OK);
    assert_int_equal(
        kith_call(client, "GetAsk", "{\"askId\":\"0193a2b4-0000-7000-8000-000000000001\"}",
            &options, &reflected, NULL),
        KITH_OK);
    assert_string_equal(kith_result_json(built_in), kith_result_json(reflected));
    kith_result_free(built_in);
    kith_result_free(reflected);
}

static void a_mistyped_method_or_field_names_the_nearest(void **state)
{
    (void)state;
    struct kith_error *error = NULL;
    assert_int_equal(
        kith_call(client, "ListContcats", "{}", NULL, NULL, &error), KITH_UNIMPLEMENTED);
    assert_string_equal(kith_error_message(error),
        "there is no method \"ListContcats\"; did you mean ListContacts?");
    kith_error_free(error);
    assert_int_equal(kith_call(client, "ListContacts", "{\"qurey\":1}", NULL, NULL, &error),
        KITH_INVALID_ARGUMENT);
    assert_non_null(strstr(kith_error_message(error), "did you mean \"query\"?"));
    kith_error_free(error);
}

static void what_every_process_serves_needs_its_name(void **state)
{
    (void)state;
    struct kith_error *error = NULL;
    assert_int_equal(
        kith_call(client, "HealthService/Check", "{}", NULL, NULL, &error), KITH_INVALID_ARGUMENT);
    assert_string_equal(kith_error_field(error), "process");
    kith_error_free(error);
    struct kith_call_options options = {.size = sizeof(options), .process = "notification"};
    assert_int_equal(kith_call(client, "HealthService/Check", "{}", &options, NULL, NULL), KITH_OK);
}

static void note_progress(void *arg, uint64_t sent, uint64_t total)
{
    uint64_t *last = arg;
    assert_true(sent > *last);
    assert_int_equal(total, 1000000);
    *last = sent;
}

static void a_file_arrives_in_chunks_and_in_order(void **state)
{
    (void)state;
    FILE *file = tmpfile();
    for (int i = 0; i < 1000000; i++)
        (void)putc((i * 7) & 0xFF, file);
    rewind(file);
    uint64_t sent = 0;
    struct kith_import_options import = {.size = sizeof(import),
        .dry_run = true,
        .file_name = "Connections.csv",
        .progress = note_progress,
        .progress_arg = &sent};
    struct kith_result *result = NULL;
    struct kith_call_options options = {.size = sizeof(options), .idempotency_key = "ignored"};
    assert_int_equal(kith_import_linkedin(client, file, &import, &options, &result, NULL), KITH_OK);
    assert_int_equal(sent, 1000000);
    assert_int_equal(fake.file_len, 1000000);
    assert_int_equal(fake.chunks, 4);
    for (int i = 0; i < 1000000; i++)
        if ((fake.file[i] & 0xFF) != ((i * 7) & 0xFF))
            fail_msg("byte %d", i);
    const struct kith_import *report = kith_result_import(result);
    assert_int_equal(kith_import_created(report), 3);
    assert_int_equal(kith_import_skip_row(report, 0), 12);
    assert_string_equal(kith_import_skip_reason(report, 0), "Connections.csv");
    assert_string_equal(kith_import_skip_reason(report, 1), "");
    assert_int_equal(kith_import_incomplete(report), 1);
    assert_int_equal(kith_import_gap_count(report), 1);
    assert_int_equal(kith_import_gap_row(report, 0), 13);
    assert_string_equal(kith_import_gap_column(report, 0), "Connections.csv");
    assert_string_equal(kith_import_gap_reason(report, 0), "Connections.csv");
    assert_string_equal(kith_import_gap_reason(report, 1), "");
    kith_result_free(result);
    (void)fclose(file);
}

static struct kith_result *next_of(struct kith_stream *stream)
{
    struct kith_result *result = NULL;
    assert_int_equal(kith_stream_next(stream, 30000, &result, NULL), KITH_OK);
    assert_non_null(result);
    return result;
}

static void a_watch_sends_what_comes_and_goes_on_at_a_cursor(void **state)
{
    (void)state;
    char cursor[16];
    struct kith_stream *stream = NULL;
    struct kith_result *result;
    assert_int_equal(kith_stream_notifications(client, NULL, NULL, &stream, NULL), KITH_OK);
    result = next_of(stream);
    assert_null(kith_result_notification(result, 0));
    kith_result_free(result);
    result = next_of(stream);
    const struct kith_notification *n = kith_result_notification(result, 0);
    assert_int_equal(kith_notification_kind(n), KITH_ASK_WAS_ANSWERED);
    assert_false(kith_notification_is_read(n));
    assert_int_equal(strlen(kith_result_trace_id(result)), 32);
    (void)snprintf(cursor, sizeof(cursor), "%s", kith_result_cursor(result));
    kith_result_free(result);
    kith_stream_close(stream);
    assert_int_equal(kith_stream_notifications(client, cursor, NULL, &stream, NULL), KITH_OK);
    result = next_of(stream);
    assert_string_equal(kith_result_cursor(result), "3");
    kith_result_free(result);
    assert_int_equal(kith_stream_next(stream, 0, &result, NULL), KITH_OK);
    assert_null(result);
    assert_false(kith_stream_is_over(stream));
    kith_stream_close(stream);
}

static void a_watch_as_one_call_goes_on_at_its_cursor(void **state)
{
    (void)state;
    struct kith_result *result = NULL;
    const struct kith_call_options options = {.size = sizeof(options), .timeout_ms = 100};
    assert_int_equal(kith_watch_notifications(client, NULL, NULL, &result, NULL), KITH_OK);
    assert_string_not_equal(kith_result_cursor(result), "");
    kith_result_free(result);
    assert_int_equal(kith_watch_notifications(client, "1", NULL, &result, NULL), KITH_OK);
    assert_in_range(kith_result_count(result), 1, 2);
    const struct kith_notification *n = kith_result_notification(result, 0);
    assert_int_equal(kith_notification_kind(n), KITH_ASK_WAS_ANSWERED);
    kith_result_free(result);
    assert_int_equal(kith_watch_notifications(client, "3", &options, &result, NULL), KITH_OK);
    assert_int_equal(kith_result_count(result), 0);
    assert_string_equal(kith_result_cursor(result), "3");
    kith_result_free(result);
}

static void *stop_stream(void *stream)
{
    kith_stream_stop(stream);
    return NULL;
}

static void a_stream_by_json_is_stopped_from_another_thread(void **state)
{
    (void)state;
    struct kith_stream *stream = NULL;
    struct kith_result *result = NULL;
    struct kith_error *error = NULL;
    pthread_t thread;
    assert_int_equal(kith_stream_open(client, "WatchNotifications", "{\"cursor\": \"2\"}", NULL,
                         &stream, &error),
        KITH_OK);
    result = next_of(stream);
    assert_non_null(strstr(kith_result_json(result), "\"cursor\":\"3\""));
    kith_result_free(result);
    assert_int_equal(pthread_create(&thread, NULL, stop_stream, stream), 0);
    assert_int_equal(kith_stream_next(stream, -1, &result, &error), KITH_CANCELLED);
    (void)pthread_join(thread, NULL);
    assert_true(kith_stream_is_over(stream));
    kith_error_free(error);
    kith_stream_close(stream);
    error = NULL;
    assert_int_equal(
        kith_stream_open(client, "GetMember", "{}", NULL, &stream, &error), KITH_UNIMPLEMENTED);
    kith_error_free(error);
}

static void a_token_can_change_while_running(void **state)
{
    (void)state;
    struct kith_client *reader = new_client("reader");
    assert_int_equal(kith_ask(reader, "a", NULL, NULL, NULL, NULL), KITH_PERMISSION_DENIED);
    kith_client_set_token(reader, "member");
    assert_int_equal(kith_ask(reader, "a", NULL, NULL, NULL, NULL), KITH_OK);
    kith_client_set_token(reader, NULL);
    assert_int_equal(kith_ask(reader, "a", NULL, NULL, NULL, NULL), KITH_UNAUTHENTICATED);
    kith_client_free(reader);
}

static void *ask_many(void *arg)
{
    int *ok = arg;
    for (int i = 0; i < 50; i++)
        *ok += kith_ask(client, "many", NULL, NULL, NULL, NULL) == KITH_OK;
    return NULL;
}

static void threads_share_a_client(void **state)
{
    (void)state;
    pthread_t threads[4];
    int ok[4] = {0};
    int before = atomic_load(&fake.asks);
    for (int i = 0; i < 4; i++)
        assert_int_equal(pthread_create(&threads[i], NULL, ask_many, &ok[i]), 0);
    for (int i = 0; i < 4; i++) {
        assert_int_equal(pthread_join(threads[i], NULL), 0);
        assert_int_equal(ok[i], 50);
    }
    assert_int_equal(atomic_load(&fake.asks) - before, 200);
}

static void accessors_take_null(void **state)
{
    (void)state;
    assert_string_equal(kith_error_message(NULL), "");
    assert_string_equal(kith_result_json(NULL), "");
    assert_int_equal(kith_result_count(NULL), 0);
    assert_string_equal(kith_ask_question(NULL), "");
    assert_string_equal(kith_target_name(kith_ask_target(NULL, 0)), "");
    kith_result_free(NULL);
    kith_error_free(NULL);
    kith_client_free(NULL);
}

static void every_reason_is_explained(void **state)
{
    (void)state;
    size_t n = 0;
    for (; kith_reason_at(n) != NULL; n++) {
        const char *meaning = NULL;
        const char *remedy = NULL;
        assert_true(kith_explain(kith_reason_at(n), &meaning, &remedy));
        assert_true(*meaning != '\0' && *remedy != '\0');
    }
    assert_in_range(n, 30, 900);
    assert_string_equal(kith_version(), KITH_VERSION);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(an_ask_comes_back_with_whom_and_why),
        cmocka_unit_test(a_change_carries_a_fresh_key_unless_the_caller_has_one),
        cmocka_unit_test(an_error_says_what_why_and_what_next),
        cmocka_unit_test(a_field_at_fault_is_named),
        cmocka_unit_test(a_deadline_is_kept),
        cmocka_unit_test(another_thread_can_give_a_call_up),
        cmocka_unit_test(a_server_that_is_not_there_is_unavailable),
        cmocka_unit_test(lists_come_by_page),
        cmocka_unit_test(any_method_can_be_called_by_json),
        cmocka_unit_test(reflection_gives_the_same_answer),
        cmocka_unit_test(a_mistyped_method_or_field_names_the_nearest),
        cmocka_unit_test(what_every_process_serves_needs_its_name),
        cmocka_unit_test(a_file_arrives_in_chunks_and_in_order),
        cmocka_unit_test(a_watch_sends_what_comes_and_goes_on_at_a_cursor),
        cmocka_unit_test(a_watch_as_one_call_goes_on_at_its_cursor),
        cmocka_unit_test(a_stream_by_json_is_stopped_from_another_thread),
        cmocka_unit_test(a_token_can_change_while_running),
        cmocka_unit_test(threads_share_a_client),
        cmocka_unit_test(accessors_take_null),
        cmocka_unit_test(every_reason_is_explained),
    };
    return cmocka_run_group_tests(tests, start, stop);
}
