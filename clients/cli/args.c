/* SPDX-License-Identifier: Apache-2.0 */
#include "args.h"

#include "hint.h"
#include "nearest/nearest.h"
#include "view.h"

#include <stdlib.h>
#include <string.h>

const struct option_row global_options[] = {
    {"as", 0, "PROFILE", "act as the member this profile is logged in as (KITH_PROFILE)"},
    {"token-file", 0, "FILE", "act with the token in this file, - for standard input"},
    {"ca", 0, "FILE", "trust these authorities, where services are called by tls+tcp://"},
    {"cert", 0, "FILE", "and show them this certificate"},
    {"key", 0, "FILE", "the certificate's key"},
    {"contact-endpoints", 0, "URLS", "addresses of the contact service, comma separated"},
    {"recommendation-endpoints", 0, "URLS", "of the recommendation service"},
    {"notification-endpoints", 0, "URLS", "of the notification service"},
    {"json", 0, NULL, "print JSON, one object a line; errors too, on standard error"},
    {"timeout", 0, "TIME", "give up after this long: 500ms, 3s, 2m"},
    {"quiet", 'q', NULL, "only what was asked for: no hints, no progress"},
    {"verbose", 'v', NULL, "also trace ids, for the log of the services"},
    {"no-input", 0, NULL, "never ask for anything"},
    {"help", 'h', NULL, "explain the command"},
    {"version", 0, NULL, "which version of kith this is"},
    {NULL, 0, NULL, NULL},
};

/* Where in the command line we are. */
struct args {
    struct cli *cli;
    int argc;
    char *const *argv;
    int at;
};

const struct command *args_find_command(const char *name)
{
    for (const struct command *c = commands; c->name != NULL; c++)
        if (strcmp(c->name, name) == 0)
            return c;
    return NULL;
}

/* ---- options --------------------------------------------------------------------------------- */

static const struct option_row *find_in(
    const struct option_row *table, const char *name, size_t len, char letter)
{
    for (const struct option_row *o = table; o != NULL && o->name != NULL; o++) {
        bool is_name = name != NULL && strlen(o->name) == len && memcmp(o->name, name, len) == 0;
        if (is_name || (letter != 0 && o->letter == letter))
            return o;
    }
    return NULL;
}

static const struct option_row *find_option(
    const struct cli *cli, const char *name, size_t len, char letter)
{
    const struct option_row *own = cli->command == NULL ? NULL : cli->command->options;
    const struct option_row *found = find_in(own, name, len, letter);
    return found == NULL ? find_in(global_options, name, len, letter) : found;
}

static enum status unknown_option(struct cli *cli, const char *word)
{
    char typed[64];
    (void)snprintf(typed, sizeof(typed), "%.*s", (int)strcspn(word, "="), word);
    struct nearest near = nearest_to(typed);
    const struct option_row *own = cli->command == NULL ? NULL : cli->command->options;
    const struct option_row *const tables[] = {own, global_options};
    for (size_t t = 0; t < 2; t++)
        for (const struct option_row *o = tables[t]; o != NULL && o->name != NULL; o++)
            nearest_consider(&near, arena_printf(&cli->arena, "--%s", o->name));
    const char *command = cli->command == NULL ? "" : cli->command->name;
    const char *next = near.word != NULL ? arena_printf(&cli->arena, "did you mean %s?", near.word)
                                         : arena_printf(&cli->arena, "kith help%s%s",
                                               *command == '\0' ? "" : " ", command);
    return cli_refuse(cli, STATUS_USAGE, next, "there is no option %s", typed);
}

/* Everything but the name of a file goes into messages, which take nothing but UTF-8. */
static bool may_be(const char *what, const char *value)
{
    return strcmp(what, "FILE") == 0 || strcmp(what, "[FILE]") == 0 || view_is_utf8(value);
}

static enum status give(struct cli *cli, const struct option_row *option, const char *value)
{
    if (option->value != NULL && !may_be(option->value, value))
        return cli_refuse(cli, STATUS_USAGE, "set your terminal to UTF-8",
            "--%s: \"%s\" is not text in UTF-8", option->name, view_clean(cli, value, false));
    if (cli->n_given == MAX_GIVEN)
        return cli_refuse(cli, STATUS_USAGE, NULL, "too many options");
    cli->given[cli->n_given++] = (struct given){option, value};
    return STATUS_OK;
}

/* The option at hand, its value behind '=' or in the next word. */
static enum status take_option(
    struct args *args, const struct option_row *option, const char *word, const char *value)
{
    if (option == NULL)
        return unknown_option(args->cli, word);
    if (option->value == NULL && value != NULL)
        return cli_refuse(args->cli, STATUS_USAGE, NULL, "--%s takes no value", option->name);
    if (option->value != NULL && value == NULL) {
        if (args->at == args->argc)
            return cli_refuse(
                args->cli, STATUS_USAGE, NULL, "--%s needs a %s", option->name, option->value);
        value = args->argv[args->at++];
    }
    return give(args->cli, option, value == NULL ? "" : value);
}

static enum status take_long(struct args *args, const char *word)
{
    const char *name = word + 2;
    size_t len = strcspn(name, "=");
    const char *value = name[len] == '=' ? name + len + 1 : NULL;
    return take_option(args, find_option(args->cli, name, len, 0), word, value);
}

/* "-qv", "-nFILE" */
static enum status take_letters(struct args *args, const char *word)
{
    for (const char *c = word + 1; *c != '\0'; c++) {
        const struct option_row *option = find_option(args->cli, NULL, 0, *c);
        bool takes_rest = option != NULL && option->value != NULL && c[1] != '\0';
        enum status status = take_option(args, option, word, takes_rest ? c + 1 : NULL);
        if (status != STATUS_OK || takes_rest)
            return status;
    }
    return STATUS_OK;
}

/* ---- commands -------------------------------------------------------------------------------- */

/* "fact" is the first word of these: "kith fact add CONTACT KIND VALUE, kith fact remove …".
 * NULL: of none. */
static const char *commands_beginning(struct cli *cli, const char *first)
{
    const char *text = NULL;
    size_t len = strlen(first);
    for (const struct command *c = commands; c->name != NULL; c++)
        if (strncmp(c->name, first, len) == 0 && c->name[len] == ' ')
            text = arena_printf(&cli->arena, "%s%skith %s %s", text == NULL ? "" : text,
                text == NULL ? "" : ", ", c->name, c->operands);
    return text;
}

static enum status unknown_command(
    struct cli *cli, const char *first, const char *second, const char *both)
{
    struct nearest near = nearest_to(both);
    struct nearest shorter = nearest_to(first);
    for (const struct command *c = commands; c->name != NULL; c++) {
        nearest_consider(&near, c->name);
        nearest_consider(&shorter, c->name);
    }
    const char *found = near.word != NULL ? near.word : shorter.word;
    const char *whole = commands_beginning(cli, first);
    if (whole != NULL && *second == '\0')
        return cli_refuse(cli, STATUS_USAGE, whole, "\"%s\" needs another word", first);
    if (whole != NULL)
        return cli_refuse(cli, STATUS_USAGE, whole, "there is no command \"%s\"", both);
    const char *next =
        found == NULL ? "kith help" : arena_printf(&cli->arena, "did you mean kith %s?", found);
    return cli_refuse(cli, STATUS_USAGE, next, "there is no command \"%s\"", first);
}

/* "fact add" before "fact". */
static enum status take_command(struct args *args, const char *first)
{
    struct cli *cli = args->cli;
    const char *second = args->at < args->argc ? args->argv[args->at] : "";
    const char *both = arena_printf(&cli->arena, "%s %s", first, second);
    cli->command = both == NULL ? NULL : args_find_command(both);
    if (cli->command != NULL) {
        args->at++;
        return STATUS_OK;
    }
    cli->command = args_find_command(first);
    return cli->command == NULL ? unknown_command(cli, first, second, both) : STATUS_OK;
}

/* The n-th word of "CONTACT KIND VALUE". */
static const char *operand_name(struct cli *cli, const char *operands, int n)
{
    const char *at = operands;
    for (int i = 0; i < n; i++)
        at += strcspn(at, " ") + strspn(at + strcspn(at, " "), " ");
    const char *name = arena_strndup(&cli->arena, at, strcspn(at, " "));
    return name == NULL ? "" : name;
}

static enum status check_operands(struct cli *cli)
{
    const struct command *c = cli->command;
    if (c == NULL || cli_has(cli, "help") || cli_has(cli, "version"))
        return STATUS_OK;
    const char *more = hint_usage(cli);
    if (cli->n_operands < c->min_operands)
        return cli_refuse(cli, STATUS_USAGE, more, "%s is missing",
            operand_name(cli, c->operands, cli->n_operands));
    if (c->max_operands >= 0 && cli->n_operands > c->max_operands)
        return cli_refuse(
            cli, STATUS_USAGE, more, "\"%s\" is one too many", cli->operands[c->max_operands]);
    for (int i = 0; i < cli->n_operands; i++)
        if (!may_be(operand_name(cli, c->operands, i), cli->operands[i]))
            return cli_refuse(cli, STATUS_USAGE, "set your terminal to UTF-8",
                "\"%s\" is not text in UTF-8", view_clean(cli, cli->operands[i], false));
    return STATUS_OK;
}

static enum status take_word(struct args *args, const char *word, bool *is_over)
{
    struct cli *cli = args->cli;
    if (!*is_over && strcmp(word, "--") == 0) {
        *is_over = true;
        return STATUS_OK;
    }
    if (!*is_over && word[0] == '-' && word[1] == '-')
        return take_long(args, word);
    if (!*is_over && word[0] == '-' && word[1] != '\0')
        return take_letters(args, word);
    if (cli->command == NULL)
        return take_command(args, word);
    cli->operands[cli->n_operands++] = word;
    return STATUS_OK;
}

enum status args_parse(struct cli *cli, int argc, char *const *argv)
{
    struct args args = {cli, argc, argv, 1};
    bool is_over = false;
    cli->operands = arena_calloc(&cli->arena, (size_t)argc + 1, sizeof(char *));
    while (args.at < argc) {
        const char *word = argv[args.at++];
        enum status status = take_word(&args, word, &is_over);
        if (status != STATUS_OK)
            return status;
    }
    return check_operands(cli);
}
