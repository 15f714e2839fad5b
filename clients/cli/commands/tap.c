/* SPDX-License-Identifier: Apache-2.0 */
/* What a service is asked and answers, as it happens, in JSON instead of bytes. */
#include "commands.h"
#include "pbjson/pbjson.h"
#include "pbjson/schema.h"
#include "view.h"

#include <inttypes.h>
#include <kith/v1/services.h>
#include <poll.h>
#include <sodium.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

enum { LOOK_EVERY_MS = 250, BODY_MEMORY = 16 << 20 };

struct tap {
    struct cli *cli;
    struct pbjson_schema *schema;
    struct kith_call_options options;
    const char *only;   /* a method; NULL: all */
    struct arena arena; /* of one body */
};

/* A body of bytes in base64 as a JSON object; NULL: there is none. */
static json_t *decode(
    struct tap *tap, const ProtobufCMessageDescriptor *type, const json_t *call, const char *key)
{
    const char *text = view_raw(call, key);
    size_t max = strlen(text);
    size_t len = 0;
    struct err err;
    ProtobufCMessage *message = NULL;
    arena_reset(&tap->arena);
    unsigned char *bytes = arena_alloc(&tap->arena, max + 1);
    if (bytes == NULL || sodium_base642bin(bytes, max + 1, text, max, NULL, &len, NULL,
                             sodium_base64_VARIANT_ORIGINAL) != 0)
        return NULL;
    if (pbjson_unpack(type, bytes, len, &tap->arena, &message, &err) != ERR_OK)
        return NULL;
    char *json = pbjson_format(message);
    json_t *decoded = json == NULL ? NULL : json_loads(json, 0, NULL);
    free(json);
    return decoded;
}

static const char *clock_time(struct cli *cli, int64_t us)
{
    time_t seconds = (time_t)(us / 1000000);
    struct tm tm;
    char text[16] = "";
    if (localtime_r(&seconds, &tm) != NULL)
        (void)strftime(text, sizeof(text), "%H:%M:%S", &tm);
    const char *whole = arena_printf(&cli->arena, "%s.%03d", text, (int)(us / 1000 % 1000));
    return whole == NULL ? "" : whole;
}

static void show_body(struct cli *cli, const char *arrow, const json_t *body)
{
    char *text =
        body == NULL ? NULL : json_dumps(body, JSON_REAL_PRECISION(15) | JSON_PRESERVE_ORDER);
    if (text != NULL)
        cli_say(cli, "  %s %s", arrow, view_clean(cli, text, false));
    free(text);
}

/* Who called and how it went, then what was asked and what answered. */
static void show_call(struct cli *cli, const json_t *call, const json_t *in, const json_t *out)
{
    const char *reason = view_text(cli, call, "reason");
    const char *member = view_raw(call, "memberId");
    int64_t item = view_int(call, "item");
    const char *which = item == 0 ? "" : arena_printf(&cli->arena, " item %" PRId64, item);
    cli_say(cli, "%s%s%s %s%s%s%s  %s%s%s  %.1f ms  %s%s%s  %strace %s%s", cli->dim,
        clock_time(cli, view_int(call, "answeredUs")), cli->plain, cli->bold,
        view_text(cli, call, "method") + strlen("/kith.v1."), cli->plain,
        which == NULL ? "" : which, view_text(cli, call, "code"), *reason == '\0' ? "" : " ",
        reason, (double)view_int(call, "tookUs") / 1e3, view_enum(cli, call, "caller", "CALLER_"),
        *member == '\0' ? "" : " ", *member == '\0' ? "" : view_id(cli, member), cli->dim,
        view_raw(call, "traceId"), cli->plain);
    show_body(cli, "\xE2\x86\x92", in);
    show_body(cli, "\xE2\x86\x90", out);
    if (*view_raw(call, "message") != '\0')
        cli_say(cli, "  \xE2\x86\x90 %s", view_text(cli, call, "message"));
    if (view_is(call, "isCut"))
        cli_note(cli, "  too large to be shown whole");
}

static void take_call(struct tap *tap, json_t *call)
{
    const struct pbjson_method *method =
        pbjson_schema_method(tap->schema, view_raw(call, "method"));
    if (method == NULL || (tap->only != NULL && strcmp(method->path, tap->only) != 0))
        return;
    bool is_ok = strcmp(view_raw(call, "code"), "OK") == 0;
    json_t *in = decode(tap, method->in, call, "request");
    json_t *out = is_ok ? decode(tap, method->out, call, "reply") : NULL;
    show_call(tap->cli, call, in, out);
    (void)json_object_set_new(call, "request", in == NULL ? json_null() : in);
    (void)json_object_set_new(call, "reply", out == NULL ? json_null() : out);
    (void)cli_emit(tap->cli, call);
}

/* Until interrupted, or nobody reads on. */
static enum status watch(struct tap *tap)
{
    struct cli *cli = tap->cli;
    int64_t after = 0;
    while (!cli_is_unread()) {
        const json_t *reply = cli_call_with(cli, "TapService/ReadTap",
            json_pack("{s:I}", "after", (json_int_t)after), &tap->options);
        if (reply == NULL)
            return cli->status;
        if (after == 0 && !cli->is_quiet)
            (void)fprintf(stderr, "kith tap: looking at kith-%s\n", tap->options.process);
        const json_t *calls = json_object_get(reply, "calls");
        for (size_t i = 0; i < json_array_size(calls); i++)
            take_call(tap, json_array_get(calls, i));
        if (view_int(reply, "missed") > 0 && !cli->is_quiet)
            (void)fprintf(stderr, "kith tap: %" PRId64 " calls came too quickly to be kept\n",
                view_int(reply, "missed"));
        after = view_int(reply, "next");
        (void)fflush(stdout);
        (void)json_array_clear(cli->kept);
        if (json_array_size(calls) == 0)
            (void)poll(NULL, 0, LOOK_EVERY_MS);
    }
    return STATUS_OK;
}

static enum status choose_method(struct tap *tap, const char *typed)
{
    const struct pbjson_method *method =
        typed == NULL ? NULL : pbjson_schema_method(tap->schema, typed);
    if (typed != NULL && method == NULL)
        return cli_refuse(
            tap->cli, STATUS_NOT_FOUND, "kith list", "there is no method \"%s\"", typed);
    tap->only = method == NULL ? NULL : method->path;
    return STATUS_OK;
}

enum status run_tap(struct cli *cli)
{
    const char *process = cli_operand(cli, 0);
    struct tap tap = {.cli = cli, .options = cli_call_options()};
    struct err err;
    tap.options.process = process == NULL ? "contact" : process;
    if (use_operator_token(cli, "set KITH_OPERATOR_TOKEN_FILE, or give --token-file",
            "only the operator sees what others call") != STATUS_OK)
        return cli->status;
    size_t len = (size_t)(kith_v1_descriptor_set_end - kith_v1_descriptor_set);
    if (pbjson_schema_load(&tap.schema, kith_v1_descriptor_set, len, &err) != ERR_OK)
        return cli_refuse(cli, STATUS_ERROR, NULL, "%s", err.msg);
    arena_init(&tap.arena, BODY_MEMORY);
    enum status status = choose_method(&tap, cli_option(cli, "method"));
    if (status == STATUS_OK)
        status = watch(&tap);
    arena_fini(&tap.arena);
    pbjson_schema_free(tap.schema);
    return status;
}
