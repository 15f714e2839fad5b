/* SPDX-License-Identifier: Apache-2.0 */
#include "commands.h"
#include "resolve.h"
#include "view.h"

#include <string.h>

enum { ANSWER_MAX = 8000 };

/* The answer on the command line, or else standard input to its end. */
static const char *answer_text(struct cli *cli)
{
    if (cli->n_operands > 1)
        return cli_operands_from(cli, 1);
    if (cli->may_ask)
        (void)fputs("Your answer, ended by Ctrl-D:\n", stderr);
    char *text = arena_alloc(&cli->arena, ANSWER_MAX + 2);
    if (text == NULL)
        return "";
    size_t len = fread(text, 1, ANSWER_MAX + 1, stdin);
    while (len > 0 && strchr(" \t\r\n", text[len - 1]) != NULL)
        len--;
    text[len] = '\0';
    return text;
}

enum status run_answer(struct cli *cli)
{
    const char *id = resolve_ask(cli, cli_operand(cli, 0), RESOLVE_ASK_TO_ME);
    if (id == NULL)
        return cli->status;
    const char *text = answer_text(cli);
    if (*text == '\0')
        return cli_refuse(
            cli, STATUS_USAGE, "kith answer ASK \"what you know\"", "the answer is empty");
    const json_t *reply = cli_call(
        cli, "RecommendationService/Answer", json_pack("{s:s,s:s}", "askId", id, "text", text));
    if (reply == NULL)
        return cli->status;
    if (!cli_emit(cli, json_object_get(reply, "answer")))
        cli_say(cli, "Answered; who asked is told");
    return STATUS_OK;
}

enum status run_pass(struct cli *cli)
{
    const char *id = resolve_ask(cli, cli_operand(cli, 0), RESOLVE_ASK_TO_ME);
    if (id == NULL)
        return cli->status;
    const json_t *reply =
        cli_call(cli, "RecommendationService/Pass", json_pack("{s:s}", "askId", id));
    if (reply == NULL)
        return cli->status;
    if (!cli_emit(cli, reply))
        cli_say(cli, "Passed");
    return STATUS_OK;
}
