/* SPDX-License-Identifier: Apache-2.0 */
/* Events that no receiver takes: what the operator sees of them, and does about them. */
#include "commands.h"
#include "view.h"

#include <inttypes.h>
#include <string.h>

/* Who emits events, and so keeps those that nobody takes. */
static const char *const senders[] = {"contact", "recommendation"};
enum { N_SENDERS = 2, MOST = 1000 };

static struct kith_call_options options_for(const char *process)
{
    struct kith_call_options options = cli_call_options();
    options.process = process;
    return options;
}

static enum status act_as_operator(struct cli *cli)
{
    return use_operator_token(cli, "set KITH_OPERATOR_TOKEN_FILE, or give --token-file",
        "only the operator sees dead letters");
}

/* "AskReceived" of "kith.v1.AskReceived" */
static const char *short_kind(struct cli *cli, const json_t *letter)
{
    const char *kind = view_text(cli, letter, "kind");
    const char *dot = strrchr(kind, '.');
    return dot == NULL ? kind : dot + 1;
}

static void show_letter(
    struct cli *cli, const char *sender, json_t *letter, struct view_table *table)
{
    (void)json_object_set_new(letter, "sender", json_string(sender));
    if (cli_emit(cli, letter))
        return;
    const char *way = arena_printf(
        &cli->arena, "%s \xE2\x86\x92 %s", sender, view_text(cli, letter, "subscriber"));
    const char *tries = arena_printf(&cli->arena, "%" PRId64, view_int(letter, "attempts"));
    const char *cells[] = {view_raw(letter, "id"), short_kind(cli, letter), way == NULL ? "" : way,
        view_ago(cli, view_int(letter, "diedUs")), tries == NULL ? "" : tries,
        view_text(cli, letter, "reason"), view_text(cli, letter, "message")};
    view_row(table, cells);
}

enum status run_dead_letters(struct cli *cli)
{
    static const struct view_column columns[] = {{"id", VIEW_DIM, false, false},
        {"event", VIEW_BOLD, false, false}, {"way", VIEW_PLAIN, false, false},
        {"given up", VIEW_PLAIN, false, false}, {"tries", VIEW_PLAIN, true, false},
        {"reason", VIEW_PLAIN, false, false}, {"", VIEW_DIM, false, true}};
    struct view_table table = view_table(cli, columns, 7);
    if (act_as_operator(cli) != STATUS_OK)
        return cli->status;
    int64_t n = 0;
    for (int i = 0; i < N_SENDERS; i++) {
        struct kith_call_options options = options_for(senders[i]);
        const json_t *reply = cli_call_with(cli, "DeadLetterService/ListDeadLetters",
            json_pack("{s:i}", "pageSize", MOST), &options);
        if (reply == NULL)
            return cli->status;
        const json_t *letters = json_object_get(reply, "deadLetters");
        for (size_t k = 0; k < json_array_size(letters); k++, n++)
            show_letter(cli, senders[i], json_array_get(letters, k), &table);
    }
    view_print(&table);
    cli_note(cli, "%s", view_count(cli, n, "dead letter", "dead letters"));
    if (n > 0)
        cli_next(cli, "once the cause is gone: kith dead-letters redrive");
    return STATUS_OK;
}

/* One named letter is at one of the senders: that the other does not know it is no failure. */
static bool redrive_at(struct cli *cli, const char *sender, const char *id, int64_t *n)
{
    struct kith_call_options options = options_for(sender);
    struct kith_error *error = NULL;
    const json_t *reply = cli_try(cli, "DeadLetterService/RedriveDeadLetters",
        json_pack("{s:s*}", "id", id), &options, &error);
    if (reply != NULL) {
        *n += view_int(reply, "redriven");
        return true;
    }
    if (id != NULL && strcmp(kith_error_reason(error), "DEAD_LETTER_NOT_FOUND") == 0) {
        kith_error_free(error);
        return true;
    }
    (void)cli_fail(cli, error);
    return false;
}

enum status run_dead_letters_redrive(struct cli *cli)
{
    const char *id = cli_operand(cli, 0);
    int64_t n = 0;
    if (act_as_operator(cli) != STATUS_OK || cli_client(cli) == NULL)
        return cli->status;
    for (int i = 0; i < N_SENDERS; i++)
        if (!redrive_at(cli, senders[i], id, &n))
            return cli->status;
    if (id != NULL && n == 0)
        return cli_refuse(
            cli, STATUS_NOT_FOUND, "kith dead-letters", "there is no dead letter %s", id);
    json_t *json = json_pack("{s:I}", "redriven", (json_int_t)n);
    if (!cli_emit(cli, json))
        cli_say(cli, "%s on the way again", view_count(cli, n, "event is", "events are"));
    json_decref(json);
    return STATUS_OK;
}
