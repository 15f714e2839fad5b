/* SPDX-License-Identifier: Apache-2.0 */
#include "cli.h"

#include "hint.h"
#include "view.h"

#include <poll.h>
#include <stdarg.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

/* ---- what was given -------------------------------------------------------------------------- */

const char *cli_option_at(const struct cli *cli, const char *name, int n)
{
    for (int i = 0; i < cli->n_given; i++)
        if (strcmp(cli->given[i].option->name, name) == 0 && n-- == 0)
            return cli->given[i].value;
    return NULL;
}

const char *cli_option(const struct cli *cli, const char *name)
{
    return cli_option_at(cli, name, 0);
}

bool cli_has(const struct cli *cli, const char *name)
{
    return cli_option(cli, name) != NULL;
}

bool cli_limit(struct cli *cli, int64_t fallback, int64_t *limit)
{
    const char *text = cli_option(cli, "limit");
    char *end = NULL;
    *limit = text == NULL ? fallback : strtoll(text, &end, 10);
    if (text == NULL || (*end == '\0' && *text != '\0' && *limit >= 0))
        return true;
    (void)cli_refuse(
        cli, STATUS_USAGE, "--limit 0 shows all", "--limit: 0 or more, not \"%s\"", text);
    return false;
}

/* "500ms", "3s", "2m"; a bare number is seconds. */
static bool parse_time(const char *text, int64_t *ms)
{
    static const struct {
        const char *unit;
        int64_t ms;
    } units[] = {{"ms", 1}, {"s", 1000}, {"", 1000}, {"m", 60000}, {"min", 60000}};
    char *end;
    long n = strtol(text, &end, 10);
    if (end == text || n <= 0 || n > 1000000)
        return false;
    for (size_t i = 0; i < sizeof(units) / sizeof(units[0]); i++)
        if (strcmp(end, units[i].unit) == 0) {
            *ms = n * units[i].ms;
            return true;
        }
    return false;
}

bool cli_time(struct cli *cli, const char *option, int64_t *ms)
{
    const char *text = cli_option(cli, option);
    if (text == NULL || parse_time(text, ms))
        return true;
    (void)cli_refuse(cli, STATUS_USAGE, arena_printf(&cli->arena, "--%s 3s", option),
        "--%s: \"%s\" is no time such as 500ms, 3s or 2m", option, text);
    return false;
}

const char *cli_operand(const struct cli *cli, int n)
{
    return n < cli->n_operands ? cli->operands[n] : NULL;
}

const char *cli_operands_from(struct cli *cli, int n)
{
    const char *text = n < cli->n_operands ? cli->operands[n] : "";
    for (int i = n + 1; i < cli->n_operands && text != NULL; i++)
        text = arena_printf(&cli->arena, "%s %s", text, cli->operands[i]);
    return text == NULL ? "" : text;
}

/* ---- talking to the person ------------------------------------------------------------------- */

static void print_error(struct cli *cli, const char *what, const char *next)
{
    const char *name = cli->command == NULL ? "" : cli->command->name;
    (void)fflush(stdout);
    (void)fprintf(
        stderr, "kith%s%s: %s\n", *name == '\0' ? "" : " ", name, view_clean(cli, what, false));
    if (next != NULL && *next != '\0' && !cli->is_quiet)
        (void)fprintf(stderr, "next: %s\n", next);
}

enum status cli_refuse(struct cli *cli, enum status status, const char *next, const char *fmt, ...)
{
    char what[512];
    va_list args;
    va_start(args, fmt);
    (void)vsnprintf(what, sizeof(what), fmt, args);
    va_end(args);
    cli->status = status;
    if (cli_has(cli, "json")) {
        json_t *error = json_pack("{s:{s:s,s:s*}}", "error", "message", what, "remedy", next);
        (void)json_dumpf(error, stderr, JSON_COMPACT);
        (void)fputc('\n', stderr);
        json_decref(error);
    } else {
        print_error(cli, what, next);
    }
    return status;
}

/* What a script must tell apart. */
static enum status status_of(enum kith_code code)
{
    switch (code) {
    case KITH_OK:
        return STATUS_OK;
    case KITH_INVALID_ARGUMENT:
    case KITH_OUT_OF_RANGE:
    case KITH_UNIMPLEMENTED:
        return STATUS_USAGE;
    case KITH_NOT_FOUND:
        return STATUS_NOT_FOUND;
    case KITH_PERMISSION_DENIED:
    case KITH_UNAUTHENTICATED:
        return STATUS_DENIED;
    case KITH_ALREADY_EXISTS:
    case KITH_FAILED_PRECONDITION:
    case KITH_ABORTED:
        return STATUS_CONFLICT;
    case KITH_UNAVAILABLE:
    case KITH_RESOURCE_EXHAUSTED:
        return STATUS_UNAVAILABLE;
    case KITH_DEADLINE_EXCEEDED:
        return STATUS_TIMEOUT;
    case KITH_CANCELLED:
    case KITH_UNKNOWN:
    case KITH_INTERNAL:
    case KITH_DATA_LOSS:
        break;
    }
    return STATUS_ERROR;
}

/* On the wire what is too much has one code, whether trying again may help or not. */
static enum status status_of_error(const struct kith_error *error)
{
    static const char *const too_large[] = {
        "IMPORT_TOO_LARGE", "REQUEST_TOO_LARGE", "REPLY_TOO_LARGE"};
    const char *reason = kith_error_reason(error);
    for (size_t i = 0; i < sizeof(too_large) / sizeof(too_large[0]); i++)
        if (strcmp(reason, too_large[i]) == 0)
            return STATUS_USAGE;
    return strcmp(reason, "IMPORT_TOO_MANY") == 0 ? STATUS_CONFLICT
                                                  : status_of(kith_error_code(error));
}

enum status cli_fail(struct cli *cli, struct kith_error *error)
{
    cli->status = status_of_error(error);
    const char *trace_id = kith_error_trace_id(error);
    const struct hint hint = hint_of(cli, error);
    if (cli->is_json) {
        json_t *json = json_pack("{s:{s:i,s:s,s:s,s:s,s:s,s:s,s:i}}", "error", "code",
            (int)kith_error_code(error), "reason", kith_error_reason(error), "message", hint.what,
            "remedy", hint.next, "field", kith_error_field(error), "traceId", trace_id,
            "retryAfterMs", (int)kith_error_retry_after_ms(error));
        (void)json_dumpf(json, stderr, JSON_COMPACT);
        (void)fputc('\n', stderr);
        json_decref(json);
    } else {
        print_error(cli, hint.what, hint.next);
        if (cli->is_verbose)
            (void)fprintf(stderr, "why:  %s\ntrace: %s\n", kith_error_reason(error), trace_id);
    }
    kith_error_free(error);
    return cli->status;
}

void cli_say(const struct cli *cli, const char *fmt, ...)
{
    if (cli->is_json)
        return;
    va_list args;
    va_start(args, fmt);
    (void)vprintf(fmt, args);
    va_end(args);
    (void)putchar('\n');
}

void cli_note(const struct cli *cli, const char *fmt, ...)
{
    if (cli->is_json || cli->is_quiet)
        return;
    va_list args;
    va_start(args, fmt);
    (void)fputs(cli->dim, stdout);
    (void)vprintf(fmt, args);
    (void)fputs(cli->plain, stdout);
    va_end(args);
    (void)putchar('\n');
}

enum { NEXT_SIZE = 4096 }; /* a question of 2000 bytes may be part of it */

void cli_next(const struct cli *cli, const char *fmt, ...)
{
    if (cli->is_json || cli->is_quiet)
        return;
    /* To be copied and run: by the member this call was made as. */
    static const char kith[] = "kith ";
    const char *as = cli_option(cli, "as");
    char text[NEXT_SIZE];
    va_list args;
    va_start(args, fmt);
    (void)vsnprintf(text, sizeof(text), fmt, args);
    va_end(args);
    bool is_for_profile = as != NULL && strncmp(text, kith, strlen(kith)) == 0 &&
                          strncmp(text, "kith --as ", strlen("kith --as ")) != 0;
    (void)fflush(stdout); /* in order where both go to one place */
    if (is_for_profile)
        (void)fprintf(stderr, "next: kith --as %s %s\n", as, text + strlen(kith));
    else
        (void)fprintf(stderr, "next: %s\n", text);
}

bool cli_is_unread(void)
{
    struct pollfd out = {.fd = STDOUT_FILENO};
    return poll(&out, 1, 0) > 0 && (out.revents & (POLLERR | POLLHUP)) != 0;
}

bool cli_emit(const struct cli *cli, const json_t *value)
{
    if (!cli->is_json)
        return false;
    (void)json_dumpf(value, stdout, JSON_COMPACT | JSON_REAL_PRECISION(15) | JSON_PRESERVE_ORDER);
    (void)putchar('\n');
    return true;
}

/* ---- talking to the services ----------------------------------------------------------------- */

/* What is said on the command line wins over the environment, that over what the profile keeps. */
static const char *setting(
    const struct cli *cli, const char *option, const char *variable, const char *kept)
{
    const char *value = getenv(variable);
    return value == NULL || *value == '\0' || cli_has(cli, option) ? kept : value;
}

struct kith_client *cli_client(struct cli *cli)
{
    if (cli->client != NULL)
        return cli->client;
    const struct profile *p = &cli->profile;
    struct kith_settings settings = {
        .size = sizeof(settings),
        .contact_endpoints =
            setting(cli, "contact-endpoints", "KITH_CONTACT_ENDPOINTS", p->contact_endpoints),
        .recommendation_endpoints = setting(cli, "recommendation-endpoints",
            "KITH_RECOMMENDATION_ENDPOINTS", p->recommendation_endpoints),
        .notification_endpoints = setting(cli, "notification-endpoints",
            "KITH_NOTIFICATION_ENDPOINTS", p->notification_endpoints),
        .token = p->token,
        .timeout_ms = cli->timeout_ms,
        .tls_ca = setting(cli, "ca", "KITH_TLS_CA", p->tls_ca),
        .tls_certificate = setting(cli, "cert", "KITH_TLS_CERTIFICATE", p->tls_certificate),
        .tls_key = setting(cli, "key", "KITH_TLS_KEY", p->tls_key),
    };
    struct kith_error *error = NULL;
    if (kith_client_new(&settings, &cli->client, &error) != KITH_OK)
        (void)cli_fail(cli, error);
    return cli->client;
}

struct kith_call_options cli_call_options(void)
{
    return (struct kith_call_options){
        .size = sizeof(struct kith_call_options), .traceparent = getenv("TRACEPARENT")};
}

json_t *cli_try(struct cli *cli, const char *method, json_t *in,
    const struct kith_call_options *options, struct kith_error **error)
{
    char *request = in == NULL ? strdup("{}") : json_dumps(in, JSON_COMPACT);
    json_decref(in);
    struct kith_result *result = NULL;
    json_t *reply = NULL;
    const struct kith_call_options usual = cli_call_options();
    if (request != NULL && kith_call(cli->client, method, request,
                               options == NULL ? &usual : options, &result, error) == KITH_OK) {
        reply = json_loads(kith_result_json(result), 0, NULL);
        if (cli->is_verbose)
            (void)fprintf(stderr, "trace: %s\n", kith_result_trace_id(result));
        (void)json_array_append_new(cli->kept, reply);
    }
    kith_result_free(result);
    free(request);
    return reply;
}

json_t *cli_call_with(
    struct cli *cli, const char *method, json_t *in, const struct kith_call_options *options)
{
    struct kith_error *error = NULL;
    if (cli_client(cli) == NULL) {
        json_decref(in);
        return NULL;
    }
    json_t *reply = cli_try(cli, method, in, options, &error);
    if (reply == NULL)
        (void)cli_fail(cli, error);
    return reply;
}

json_t *cli_call(struct cli *cli, const char *method, json_t *in)
{
    return cli_call_with(cli, method, in, NULL);
}

/* One page. 0: the caller has seen enough. */
static int each_of_page(
    struct cli *cli, const json_t *reply, const char *list, int64_t *left, each_fn *each, void *arg)
{
    size_t i;
    json_t *element;
    json_array_foreach(json_object_get(reply, list), i, element)
    {
        if (*left == 0 || !each(cli, element, arg))
            return 0;
        (*left)--;
    }
    return *left != 0;
}

bool cli_each(struct cli *cli, const char *method, json_t *in, const char *list, int64_t limit,
    each_fn *each, void *arg)
{
    enum { PAGE = 1000 }; /* the most a service gives at once */
    int64_t left = limit <= 0 ? -1 : limit;
    json_t *request = in == NULL ? json_object() : in;
    (void)json_object_set_new(
        request, "pageSize", json_integer(left > 0 && left < PAGE ? left : PAGE));
    bool is_done = false;
    for (;;) {
        json_t *reply = cli_call(cli, method, json_deep_copy(request));
        if (reply == NULL)
            break;
        const char *page = json_string_value(json_object_get(reply, "nextPageToken"));
        is_done = each_of_page(cli, reply, list, &left, each, arg) == 0 || page == NULL;
        if (is_done)
            break;
        (void)json_object_set_new(request, "pageToken", json_string(page));
    }
    json_decref(request);
    return is_done;
}
