/* SPDX-License-Identifier: Apache-2.0 */
#include "commands.h"
#include "resolve.h"
#include "view.h"

#include <string.h>

enum { ANSWER_MAX = 8000 };

/* What is answered, so that "last" can not be mistaken. NULL after saying why not. */
static const json_t *named_ask(struct cli *cli)
{
    const char *id = resolve_ask(cli, cli_operand(cli, 0), RESOLVE_ASK_TO_ME);
    if (id == NULL)
        return NULL;
    const json_t *reply =
        cli_call(cli, "RecommendationService/GetAsk", json_pack("{s:s}", "askId", id));
    return json_object_get(reply, "ask");
}

/* The answer on the command line, or else standard input to its end. */
static const char *answer_text(struct cli *cli, const json_t *ask)
{
    if (cli->n_operands > 1)
        return cli_operands_from(cli, 1);
    if (cli->may_ask)
        (void)fprintf(stderr, "%s asks: %s\nYour answer, ended by Ctrl-D:\n",
            view_text(cli, ask, "askerName"), view_lines(cli, ask, "question"));
    char *text = arena_alloc(&cli->arena, ANSWER_MAX + 2);
    if (text == NULL)
        return "";
    size_t len = fread(text, 1, ANSWER_MAX + 1, stdin);
    while (len > 0 && strchr(" \t\r\n", text[len - 1]) != NULL)
        len--;
    text[len] = '\0';
    return text;
}

/* Whose question it was, and which. */
static void show_done(struct cli *cli, const char *done, const json_t *ask)
{
    cli_say(cli, "%s %s%s%s: %s", done, cli->bold, view_text(cli, ask, "askerName"), cli->plain,
        view_text(cli, ask, "question"));
}

enum status run_answer(struct cli *cli)
{
    const json_t *ask = named_ask(cli);
    if (ask == NULL)
        return cli->status;
    const char *id = view_raw(ask, "id");
    const char *text = answer_text(cli, ask);
    if (*text == '\0')
        return cli_refuse(
            cli, STATUS_USAGE, "kith answer ASK \"what you know\"", "the answer is empty");
    const json_t *reply = cli_call(
        cli, "RecommendationService/Answer", json_pack("{s:s,s:s}", "askId", id, "text", text));
    if (reply == NULL)
        return cli->status;
    inbox_mark_subject(cli, id);
    if (!cli_emit(cli, json_object_get(reply, "answer")))
        show_done(cli, "Answered", ask);
    return STATUS_OK;
}

enum status run_pass(struct cli *cli)
{
    const json_t *ask = named_ask(cli);
    if (ask == NULL)
        return cli->status;
    const char *id = view_raw(ask, "id");
    const json_t *reply =
        cli_call(cli, "RecommendationService/Pass", json_pack("{s:s}", "askId", id));
    if (reply == NULL)
        return cli->status;
    inbox_mark_subject(cli, id);
    if (!cli_emit(cli, reply))
        show_done(cli, "Passed on the question of", ask);
    return STATUS_OK;
}
