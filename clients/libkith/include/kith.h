/* SPDX-License-Identifier: Apache-2.0 */
/*
 * libkith: the C client library of Kith.
 *
 *     struct kith_client *client = NULL;
 *     struct kith_result *result = NULL;
 *     struct kith_error *error = NULL;
 *     if (kith_client_new(NULL, &client, &error) == KITH_OK &&
 *         kith_ask(client, "Which snorkeling mask?", NULL, NULL, &result, &error) == KITH_OK)
 *         puts(kith_target_name(kith_ask_target(kith_result_ask(result, 0), 0)));
 *
 * Threads: a client may be used from any number of threads at once; results and errors from one at
 * a time. Never fork after the first call. If your program uses NNG itself: while a client is open
 * most of NNG's threads rest, and callbacks run on one for every four processors (at least one), or
 * on more once they wait for each other; and nng_fini() is for when all clients are freed.
 *
 * Ownership: what comes out of a `struct kith_x **` is yours until kith_x_free(). All else you get
 * is borrowed from the result or error you asked, and lives as long as that. Strings are UTF-8 and
 * never NULL unless it says so; free functions take NULL; accessors take NULL and answer "" or 0.
 *
 * Errors: what can fail returns KITH_OK or a code, and then, unless you passed NULL for it, sets
 * `*error`. Out-parameters are written only on success. Calls that change something carry an
 * idempotency key and are retried while the deadline allows; calling twice never does it twice.
 */
#ifndef KITH_H
#define KITH_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>

#ifdef __cplusplus
extern "C" {
#endif

#define KITH_API __attribute__((visibility("default")))

/* Of the library in use, "0.1.0". */
KITH_API const char *kith_version(void);

/* ---- errors ---------------------------------------------------------------------------------- */

/* Names and numbers are gRPC's. */
enum kith_code {
    KITH_OK = 0,
    KITH_CANCELLED = 1,
    KITH_UNKNOWN = 2,
    KITH_INVALID_ARGUMENT = 3,
    KITH_DEADLINE_EXCEEDED = 4,
    KITH_NOT_FOUND = 5,
    KITH_ALREADY_EXISTS = 6,
    KITH_PERMISSION_DENIED = 7,
    KITH_RESOURCE_EXHAUSTED = 8,
    KITH_FAILED_PRECONDITION = 9,
    KITH_ABORTED = 10,
    KITH_OUT_OF_RANGE = 11,
    KITH_UNIMPLEMENTED = 12,
    KITH_INTERNAL = 13,
    KITH_UNAVAILABLE = 14,
    KITH_DATA_LOSS = 15,
    KITH_UNAUTHENTICATED = 16
};

struct kith_error;

KITH_API enum kith_code kith_error_code(const struct kith_error *error);
KITH_API const char *kith_error_reason(const struct kith_error *error);  /* "NOBODY_FITS" */
KITH_API const char *kith_error_message(const struct kith_error *error); /* what happened */
KITH_API const char *kith_error_remedy(const struct kith_error *error);  /* what to do next */
KITH_API const char *kith_error_field(const struct kith_error *error);   /* of the request, or "" */
KITH_API const char *kith_error_trace_id(const struct kith_error *error); /* to find it in logs */
KITH_API uint32_t kith_error_retry_after_ms(const struct kith_error *error); /* 0: no advice */
KITH_API void kith_error_free(struct kith_error *error);

/* What the constant of a reason means and what to do about it. False: there is no such reason. */
KITH_API bool kith_explain(const char *reason, const char **meaning, const char **remedy);

/* The i-th reason there is, NULL after the last. */
KITH_API const char *kith_reason_at(size_t i);

/* ---- client ---------------------------------------------------------------------------------- */

struct kith_client;

/* Set `size` to sizeof(struct kith_settings); zeroes and NULLs mean the default. */
struct kith_settings {
    size_t size;
    /* NNG addresses, comma separated. Default: the environment's KITH_CONTACT_ENDPOINTS and so on,
     * else tcp://127.0.0.1:7101, :7102 and :7103. */
    const char *contact_endpoints;
    const char *recommendation_endpoints;
    const char *notification_endpoints;
    const char *token;  /* "kith_…"; NULL: calls carry none */
    int64_t timeout_ms; /* of a call that names none; 0: what the method declares */
    /* PEM files for addresses that begin with tls+tcp://: whose certificates to trust, and one to
     * show with its key. Default: the environment's KITH_TLS_CA, KITH_TLS_CERTIFICATE and
     * KITH_TLS_KEY. Read again when they were replaced. */
    const char *tls_ca;
    const char *tls_certificate;
    const char *tls_key;
};

/* `settings` may be NULL. Connects when first used. */
KITH_API enum kith_code kith_client_new(
    const struct kith_settings *settings, struct kith_client **client, struct kith_error **error);
/* No call may be under way, no stream open. */
KITH_API void kith_client_free(struct kith_client *client);
/* Calls from now on carry this token; NULL: none. */
KITH_API void kith_client_set_token(struct kith_client *client, const char *token);

/* ---- calls ----------------------------------------------------------------------------------- */

struct kith_result;

/*
 * How another thread, or a signal's, gives calls up: name one of these in their options, any number
 * of them, and they end with KITH_CANCELLED, now and from now on, once it is cancelled. The
 * services are told and stop the work where they can; what was done by then stays done. NULL: no
 * memory.
 */
struct kith_cancel;
KITH_API struct kith_cancel *kith_cancel_new(void);
KITH_API void kith_cancel_calls(struct kith_client *client, struct kith_cancel *cancel);
/* No call with it may be under way. */
KITH_API void kith_cancel_free(struct kith_cancel *cancel);

/* What a call may say beside its request. Set `size` to sizeof(struct kith_call_options); pass NULL
 * instead where the defaults do. */
struct kith_call_options {
    size_t size;
    int64_t timeout_ms;          /* 0: the client's, else the method's */
    const char *idempotency_key; /* NULL: a fresh one where the method needs it */
    const char *traceparent;     /* W3C trace context to continue; NULL: a new trace */
    const char *process;         /* "contact", "recommendation", "notification": whom to call.
                                    NULL: who serves the method. Health and reflection need it. */
    bool use_reflection;         /* learn the messages from the server, not from this library */
    struct kith_cancel *cancel;  /* NULL: only its deadline ends the call early */
};

/* Any method, by JSON (proto3 mapping): "kith.v1.ContactService/GetMember", or a tail of it that
 * fits one method only. Read the reply by kith_result_json(). */
KITH_API enum kith_code kith_call(struct kith_client *client, const char *method, const char *json,
    const struct kith_call_options *options, struct kith_result **result,
    struct kith_error **error);

KITH_API void kith_result_free(struct kith_result *result);
KITH_API const char *kith_result_json(struct kith_result *result); /* of the whole reply */
KITH_API const char *kith_result_trace_id(const struct kith_result *result);

/* Lists come by page: pass this to the next call; "" after the last page. */
KITH_API const char *kith_result_next_page(const struct kith_result *result);
/* How many rows the list in the result has. */
KITH_API size_t kith_result_count(const struct kith_result *result);

/* What a result of the calls below holds. NULL: nothing of that kind, or fewer than i + 1. */
KITH_API const struct kith_contact *kith_result_contact(const struct kith_result *result, size_t i);
KITH_API const struct kith_candidate *kith_result_candidate(
    const struct kith_result *result, size_t i);
KITH_API const struct kith_ask *kith_result_ask(const struct kith_result *result, size_t i);
KITH_API const struct kith_notification *kith_result_notification(
    const struct kith_result *result, size_t i);
KITH_API const struct kith_import *kith_result_import(const struct kith_result *result);

/* ---- streams --------------------------------------------------------------------------------- */

/*
 * What a method that returns a stream sends, one result per item. A stream that breaks goes on by
 * itself after the last item: none is lost, none comes twice. What is not read waits at the server.
 *
 * A stream is used by one thread at a time, but for kith_stream_stop(); several streams of a client
 * by as many threads.
 */
struct kith_stream;

/* Any method that returns a stream, by JSON as in kith_call(). Returns before anything was sent.
 * timeout_ms is the time of the whole stream; 0: no end. */
KITH_API enum kith_code kith_stream_open(struct kith_client *client, const char *method,
    const char *json, const struct kith_call_options *options, struct kith_stream **stream,
    struct kith_error **error);

/* The next item, waited for at most wait_ms (below 0: as long as it takes). `*result` is NULL when
 * none came in that time, or none will: ask kith_stream_is_over(). After an error it is over. */
KITH_API enum kith_code kith_stream_next(struct kith_stream *stream, int64_t wait_ms,
    struct kith_result **result, struct kith_error **error);
KITH_API bool kith_stream_is_over(const struct kith_stream *stream);

/* Why it was cut off, while it tries to go on; "" otherwise. Only for people: nothing is to be
 * done. Borrowed until the next call about this stream. */
KITH_API const char *kith_stream_trouble(struct kith_stream *stream);

/* From any thread: whoever waits for an item, now or later, gets KITH_CANCELLED. */
KITH_API void kith_stream_stop(struct kith_stream *stream);

/* To be done before kith_client_free(). */
KITH_API void kith_stream_close(struct kith_stream *stream);

/* ---- address book ---------------------------------------------------------------------------- */

/* Told after each part that arrived. `total` is 0 where the size is not known. */
typedef void kith_progress_fn(void *arg, uint64_t sent, uint64_t total);

struct kith_import_options {
    size_t size;
    bool dry_run;               /* report only */
    const char *file_name;      /* for the report; NULL: none */
    kith_progress_fn *progress; /* NULL: none; runs on the calling thread */
    void *progress_arg;
};

/* Import the Connections.csv of a LinkedIn export, read from `file` to its end. All or nothing. */
KITH_API enum kith_code kith_import_linkedin(struct kith_client *client, FILE *file,
    const struct kith_import_options *import, const struct kith_call_options *options,
    struct kith_result **result, struct kith_error **error);

/* Contacts in order of name whose name, company or position contains `query` (NULL: all). */
KITH_API enum kith_code kith_list_contacts(struct kith_client *client, const char *query,
    const char *page, const struct kith_call_options *options, struct kith_result **result,
    struct kith_error **error);

/* Every contact with all its facts (kith_result_contact(result, 0)), one an item. Cursor NULL: all;
 * else those after the item it is from. */
KITH_API enum kith_code kith_stream_contacts(struct kith_client *client, const char *cursor,
    const struct kith_call_options *options, struct kith_stream **stream,
    struct kith_error **error);

struct kith_contact;
KITH_API const char *kith_contact_id(const struct kith_contact *contact);
KITH_API const char *kith_contact_name(const struct kith_contact *contact);
KITH_API const char *kith_contact_email(const struct kith_contact *contact);
KITH_API const char *kith_contact_company(const struct kith_contact *contact);
KITH_API const char *kith_contact_position(const struct kith_contact *contact);
KITH_API const char *kith_contact_member_id(
    const struct kith_contact *contact); /* "": not linked */
KITH_API bool kith_contact_is_connected(const struct kith_contact *contact);

struct kith_import;
KITH_API uint32_t kith_import_rows(const struct kith_import *import);
KITH_API uint32_t kith_import_created(const struct kith_import *import);
KITH_API uint32_t kith_import_updated(const struct kith_import *import);
KITH_API uint32_t kith_import_unchanged(const struct kith_import *import);
KITH_API uint32_t kith_import_skipped(const struct kith_import *import);
KITH_API size_t kith_import_skip_count(const struct kith_import *import); /* those explained */
KITH_API uint32_t kith_import_skip_row(const struct kith_import *import, size_t i);
KITH_API const char *kith_import_skip_reason(const struct kith_import *import, size_t i);
/* Rows taken without something they say that can not be read; and which fields, up to a hundred. */
KITH_API uint32_t kith_import_incomplete(const struct kith_import *import);
KITH_API size_t kith_import_gap_count(const struct kith_import *import);
KITH_API uint32_t kith_import_gap_row(const struct kith_import *import, size_t i);
KITH_API const char *kith_import_gap_column(const struct kith_import *import, size_t i);
KITH_API const char *kith_import_gap_reason(const struct kith_import *import, size_t i);

/* ---- questions ------------------------------------------------------------------------------- */

/* Who would be asked, and why; nothing is sent. */
KITH_API enum kith_code kith_route(struct kith_client *client, const char *question,
    const struct kith_call_options *options, struct kith_result **result,
    struct kith_error **error);

/* Ask the contact with this id; NULL: who fits best. */
KITH_API enum kith_code kith_ask(struct kith_client *client, const char *question,
    const char *contact_id, const struct kith_call_options *options, struct kith_result **result,
    struct kith_error **error);

/* Asks of the caller, or those sent to her, newest first, without their answers. */
KITH_API enum kith_code kith_list_asks(struct kith_client *client, bool to_me, const char *page,
    const struct kith_call_options *options, struct kith_result **result,
    struct kith_error **error);

/* One ask with its answers. */
KITH_API enum kith_code kith_get_ask(struct kith_client *client, const char *ask_id,
    const struct kith_call_options *options, struct kith_result **result,
    struct kith_error **error);

KITH_API enum kith_code kith_answer(struct kith_client *client, const char *ask_id,
    const char *text, const struct kith_call_options *options, struct kith_result **result,
    struct kith_error **error);

KITH_API enum kith_code kith_pass(struct kith_client *client, const char *ask_id,
    const struct kith_call_options *options, struct kith_result **result,
    struct kith_error **error);

struct kith_candidate;
KITH_API const char *kith_candidate_contact_id(const struct kith_candidate *candidate);
KITH_API const char *kith_candidate_name(const struct kith_candidate *candidate);
KITH_API const char *kith_candidate_headline(const struct kith_candidate *candidate);
KITH_API const char *kith_candidate_reason(const struct kith_candidate *candidate);
KITH_API bool kith_candidate_is_reachable(const struct kith_candidate *candidate);
KITH_API double kith_candidate_score(const struct kith_candidate *candidate);

enum kith_ask_state { KITH_ASK_OPEN = 1, KITH_ASK_ANSWERED = 2, KITH_ASK_PASSED = 3 };

struct kith_ask;
KITH_API const char *kith_ask_id(const struct kith_ask *ask);
KITH_API const char *kith_ask_question(const struct kith_ask *ask);
KITH_API enum kith_ask_state kith_ask_state(const struct kith_ask *ask);
KITH_API bool kith_ask_is_mine(const struct kith_ask *ask);
KITH_API const char *kith_ask_asker_name(const struct kith_ask *ask);
KITH_API int64_t kith_ask_asked_us(const struct kith_ask *ask); /* since 1970 */
KITH_API size_t kith_ask_target_count(const struct kith_ask *ask);
KITH_API const struct kith_target *kith_ask_target(const struct kith_ask *ask, size_t i);
KITH_API size_t kith_ask_answer_count(const struct kith_ask *ask);
KITH_API const struct kith_answer_entry *kith_ask_answer(const struct kith_ask *ask, size_t i);

struct kith_target;
KITH_API const char *kith_target_contact_id(const struct kith_target *target);
KITH_API const char *kith_target_name(const struct kith_target *target);
KITH_API const char *kith_target_reason(const struct kith_target *target); /* why her */

struct kith_answer_entry;
KITH_API const char *kith_answer_entry_name(const struct kith_answer_entry *answer);
KITH_API const char *kith_answer_entry_text(const struct kith_answer_entry *answer);
KITH_API int64_t kith_answer_entry_answered_us(const struct kith_answer_entry *answer);

/* ---- inbox ----------------------------------------------------------------------------------- */

/* Newest first. */
KITH_API enum kith_code kith_list_notifications(struct kith_client *client, bool only_unread,
    const char *page, const struct kith_call_options *options, struct kith_result **result,
    struct kith_error **error);

/* What comes after the cursor, oldest first, and then each as it comes. Cursor NULL: from now on;
 * the first item then has no notification, only a cursor. */
KITH_API enum kith_code kith_stream_notifications(struct kith_client *client, const char *cursor,
    const struct kith_call_options *options, struct kith_stream **stream,
    struct kith_error **error);

/* The same as one call: wait until something comes after the cursor (NULL: do not wait, only say
 * where "now" is). An empty list when nothing came in time: call again with the new cursor. */
KITH_API enum kith_code kith_watch_notifications(struct kith_client *client, const char *cursor,
    const struct kith_call_options *options, struct kith_result **result,
    struct kith_error **error);

/* Of a list or an item of a stream: where a stream goes on after it. */
KITH_API const char *kith_result_cursor(const struct kith_result *result);

enum kith_notification_kind {
    KITH_ASK_RECEIVED = 1,
    KITH_ASK_WAS_ANSWERED = 2,
    KITH_ASK_WAS_PASSED = 3,
    KITH_INVITATION_RECEIVED = 4,
    KITH_INVITATION_ACCEPTED = 5
};

struct kith_notification;
KITH_API const char *kith_notification_id(const struct kith_notification *notification);
KITH_API enum kith_notification_kind kith_notification_kind(
    const struct kith_notification *notification);
KITH_API const char *kith_notification_subject_id(const struct kith_notification *notification);
KITH_API const char *kith_notification_title(const struct kith_notification *notification);
KITH_API int64_t kith_notification_created_us(const struct kith_notification *notification);
KITH_API bool kith_notification_is_read(const struct kith_notification *notification);

#ifdef __cplusplus
}
#endif

#endif
