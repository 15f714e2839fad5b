/* SPDX-License-Identifier: Apache-2.0 */
#include "commands.h"

#include <stdlib.h>
#include <string.h>

enum { INPUT_MAX = 4 << 20 };

/* The request: an operand, standard input for "-", {} for none. */
static const char *request_text(struct cli *cli)
{
    const char *given = cli_operand(cli, 1);
    if (given == NULL)
        return "{}";
    if (strcmp(given, "-") != 0)
        return given;
    char *text = arena_alloc(&cli->arena, INPUT_MAX + 1);
    if (text == NULL)
        return "{}";
    text[fread(text, 1, INPUT_MAX, stdin)] = '\0';
    return text;
}

static void print_reply(const struct cli *cli, const char *json)
{
    json_t *reply = cli->is_json ? NULL : json_loads(json, 0, NULL);
    if (reply == NULL)
        (void)puts(json);
    else {
        (void)json_dumpf(
            reply, stdout, JSON_INDENT(2) | JSON_REAL_PRECISION(15) | JSON_PRESERVE_ORDER);
        (void)putchar('\n');
    }
    json_decref(reply);
}

/* One line of JSON for each item. */
static enum status print_stream(struct cli *cli, struct kith_stream *stream)
{
    struct kith_error *error = NULL;
    enum kith_code code = KITH_OK;
    while (code == KITH_OK && !kith_stream_is_over(stream)) {
        struct kith_result *result = NULL;
        code = kith_stream_next(stream, -1, &result, &error);
        if (result != NULL)
            (void)puts(kith_result_json(result));
        (void)fflush(stdout);
        kith_result_free(result);
    }
    kith_stream_close(stream);
    return code == KITH_OK ? STATUS_OK : cli_fail(cli, error);
}

static enum status open_stream(
    struct cli *cli, const char *request, const struct kith_call_options *options)
{
    struct kith_stream *stream = NULL;
    struct kith_error *error = NULL;
    if (kith_stream_open(cli->client, cli_operand(cli, 0), request, options, &stream, &error) ==
        KITH_OK)
        return print_stream(cli, stream);
    return cli_fail(cli, error);
}

static bool is_stream(const struct kith_error *error)
{
    return strcmp(kith_error_reason(error), "METHOD_STREAMS") == 0;
}

enum status run_call(struct cli *cli)
{
    struct kith_call_options options = cli_call_options();
    options.process = cli_option(cli, "process");
    options.use_reflection = true;
    struct kith_result *result = NULL;
    struct kith_error *error = NULL;
    if (cli_client(cli) == NULL)
        return cli->status;
    const char *request = request_text(cli);
    enum kith_code code =
        kith_call(cli->client, cli_operand(cli, 0), request, &options, &result, &error);
    if (code != KITH_OK && is_stream(error)) {
        kith_error_free(error);
        return open_stream(cli, request, &options);
    }
    if (code != KITH_OK)
        return cli_fail(cli, error);
    print_reply(cli, kith_result_json(result));
    if (cli->is_verbose)
        (void)fprintf(stderr, "trace: %s\n", kith_result_trace_id(result));
    kith_result_free(result);
    return STATUS_OK;
}
