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

enum status run_call(struct cli *cli)
{
    struct kith_call_options options = cli_call_options();
    options.process = cli_option(cli, "process");
    options.use_reflection = true;
    struct kith_result *result = NULL;
    struct kith_error *error = NULL;
    if (cli_client(cli) == NULL)
        return cli->status;
    enum kith_code code =
        kith_call(cli->client, cli_operand(cli, 0), request_text(cli), &options, &result, &error);
    if (code != KITH_OK)
        return cli_fail(cli, error);
    print_reply(cli, kith_result_json(result));
    if (cli->is_verbose)
        (void)fprintf(stderr, "trace: %s\n", kith_result_trace_id(result));
    kith_result_free(result);
    return STATUS_OK;
}
