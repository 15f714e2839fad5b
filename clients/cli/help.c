/* SPDX-License-Identifier: Apache-2.0 */
#include "help.h"

#include "args.h"
#include "nearest/nearest.h"
#include "view.h"

#include <string.h>

static const char exit_codes[] =
    "0  done\n"
    "1  something else went wrong\n"
    "2  wrong usage, or input that cannot be right\n"
    "3  not found\n"
    "4  not allowed: no token, a wrong one, or one without the scope\n"
    "5  does not fit the state of things: exists already, closed, nobody fits\n"
    "6  a service is not there or too busy; trying again may help\n"
    "7  the deadline passed\n"
    "8  done in part: rows of an import were left out, or something they say\n";

static const char environment[] =
    "KITH_PROFILE                    as --as PROFILE\n"
    "KITH_TOKEN_FILE                 file with the token to use where no profile is named\n"
    "KITH_TOKEN                      the token itself, likewise\n"
    "KITH_OPERATOR_TOKEN_FILE        file with the operator's token: member add, top, "
    "dead-letters\n"
    "KITH_CONTACT_ENDPOINTS          addresses of the services, comma separated;\n"
    "KITH_RECOMMENDATION_ENDPOINTS   tcp://127.0.0.1:7101, :7102 and :7103 where neither these\n"
    "KITH_NOTIFICATION_ENDPOINTS     nor the profile's file say otherwise\n"
    "KITH_TLS_CA                     files as --ca, --cert and --key name them; likewise\n"
    "KITH_TLS_CERTIFICATE, KITH_TLS_KEY\n"
    "KITH_LOGS                       folder of the services' logs, for trace\n"
    "TRACEPARENT                     W3C trace context the calls belong to, as the log shows it\n"
    "KITH_PROFILES                   folder of the profiles; else the folder kith in\n"
    "XDG_CONFIG_HOME                 ~/.config by default\n"
    "NO_COLOR, FORCE_COLOR           never, always colour the output\n";

static const char names[] =
    "A CONTACT is a name or a part of one, if only one contact has it; or an id, or 8 or more\n"
    "digits of its beginning or end, as lists show them.\n"
    "An ASK is an id, 8 or more digits of its beginning or end, or last for the newest one;\n"
    "to answer and pass, last is the newest that waits for you.\n"
    "An INVITATION is a code, or the id or sender of one you received.\n"
    "A KIND of fact is employer, title, school, hometown, city, interest, allegiance, expertise,\n"
    "language, author-of or tag.\n";

static const struct topic {
    const char *name;
    const char *title;
    const char *text;
} topics[] = {
    {"names", "How to name contacts and asks", names},
    {"exit-codes", "Exit codes", exit_codes},
    {"environment", "Environment", environment},
};

enum { N_TOPICS = sizeof(topics) / sizeof(topics[0]) };

/* ---- on a terminal --------------------------------------------------------------------------- */

enum status help_overview(struct cli *cli)
{
    printf("%skith%s asks the people you know the questions they know the answer to.\n\n"
           "  kith import linkedin Connections.csv      bring your address book\n"
           "  kith ask \"Which snorkeling mask suits a beginner?\"\n"
           "                                            your network finds who knows\n"
           "  kith inbox --follow                       see answers and questions come in\n"
           "  kith answer last \"Take a low-volume one.\"\n\n",
        cli->bold, cli->plain);
    const char *group = "";
    for (const struct command *c = commands; c->name != NULL; c++) {
        bool is_new = strcmp(group, c->group) != 0;
        if (is_new)
            printf("%s%s%-10s%s", *group == '\0' ? "" : "\n", cli->bold, c->group, cli->plain);
        printf("%s%s", is_new ? " " : ", ", c->name);
        group = c->group;
    }
    printf("\n\nkith help COMMAND explains one; kith help names | exit-codes | environment the "
           "rest.\n");
    return STATUS_OK;
}

static void print_indented(const char *text)
{
    for (const char *line = text; *line != '\0';) {
        size_t len = strcspn(line, "\n");
        printf("  %.*s\n", (int)len, line);
        line += len + (line[len] == '\n' ? 1 : 0);
    }
}

static void print_options(const struct cli *cli, const struct option_row *options)
{
    size_t width = 0;
    for (const struct option_row *o = options; o != NULL && o->name != NULL; o++) {
        size_t len = strlen(o->name) + (o->value == NULL ? 0 : strlen(o->value) + 1);
        width = len > width ? len : width;
    }
    for (const struct option_row *o = options; o != NULL && o->name != NULL; o++) {
        char flag[64];
        (void)snprintf(flag, sizeof(flag), "%s%s%s", o->name, o->value == NULL ? "" : " ",
            o->value == NULL ? "" : o->value);
        const char letter[] = {'-', o->letter, ',', '\0'};
        printf("  %3s --%-*s  %s%s%s\n", o->letter == 0 ? "" : letter, (int)width, flag, cli->dim,
            o->help, cli->plain);
    }
}

enum status help_command(struct cli *cli, const struct command *c)
{
    printf("%skith %s%s %s\n\n%s\n", cli->bold, c->name, cli->plain, c->operands, c->summary);
    if (c->details != NULL)
        printf("\n%s\n", c->details);
    if (c->examples != NULL) {
        printf("\n%sExamples%s\n", cli->bold, cli->plain);
        print_indented(c->examples);
    }
    if (c->options != NULL) {
        printf("\n%sOptions%s\n", cli->bold, cli->plain);
        print_options(cli, c->options);
    }
    printf("\n%sOptions of every command%s\n", cli->bold, cli->plain);
    print_options(cli, global_options);
    return STATUS_OK;
}

/* ---- docs/cli.md ----------------------------------------------------------------------------- */

static void markdown_options(const struct option_row *options)
{
    printf("\n| option | |\n|---|---|\n");
    for (const struct option_row *o = options; o->name != NULL; o++) {
        printf(
            "| `--%s%s%s`", o->name, o->value == NULL ? "" : " ", o->value == NULL ? "" : o->value);
        if (o->letter != 0)
            printf(", `-%c`", o->letter);
        printf(" | %s |\n", o->help);
    }
}

static void markdown_command(const struct command *c)
{
    printf("\n### kith %s\n\n```\nkith %s%s%s\n```\n\n%s\n", c->name, c->name,
        *c->operands == '\0' ? "" : " ", c->operands, c->summary);
    if (c->details != NULL)
        printf("\n%s\n", c->details);
    if (c->examples != NULL)
        printf("\n```\n%s\n```\n", c->examples);
    if (c->options != NULL)
        markdown_options(c->options);
}

static void print_markdown(void)
{
    printf(
        "# The `kith` command\n\n"
        "Made by `kith help --markdown` from the table the program itself runs on; do not edit.\n\n"
        "With `--json` every command prints one JSON object a line, in the proto3 mapping of the\n"
        "messages in `proto/kith/v1`; fields may be added, none is renamed or taken away.\n\n"
        "## Options of every command\n");
    markdown_options(global_options);
    for (int i = 0; i < N_TOPICS; i++)
        printf("\n## %s\n\n```\n%s```\n", topics[i].title, topics[i].text);
    const char *group = "";
    for (const struct command *c = commands; c->name != NULL; c++) {
        if (strcmp(group, c->group) != 0)
            printf("\n## %s\n", c->group);
        group = c->group;
        markdown_command(c);
    }
}

/* ---- for the shell's completion -------------------------------------------------------------- */

/* All commands; or of one, its options. */
static void print_names(const char *of)
{
    const struct command *command = *of == '\0' ? NULL : args_find_command(of);
    for (const struct command *c = commands; *of == '\0' && c->name != NULL; c++)
        printf("%s\n", c->name);
    if (*of == '\0')
        return;
    const struct option_row *own = command == NULL ? NULL : command->options;
    const struct option_row *const tables[] = {own, global_options};
    for (size_t t = 0; t < 2; t++)
        for (const struct option_row *o = tables[t]; o != NULL && o->name != NULL; o++)
            printf("--%s\n", o->name);
}

/* ---- the command ----------------------------------------------------------------------------- */

/* "fact" is no command, but the beginning of two. */
static bool list_beginning(const struct cli *cli, const char *word)
{
    bool is_any = false;
    for (const struct command *c = commands; c->name != NULL; c++) {
        size_t len = strlen(word);
        if (strncmp(c->name, word, len) != 0 || c->name[len] != ' ')
            continue;
        printf("%skith %s%s %s\n  %s\n", cli->bold, c->name, cli->plain, c->operands, c->summary);
        is_any = true;
    }
    return is_any;
}

enum status help_run(struct cli *cli)
{
    const char *about = cli_operands_from(cli, 0);
    if (cli_has(cli, "markdown")) {
        print_markdown();
        return STATUS_OK;
    }
    if (cli_has(cli, "names")) {
        print_names(about);
        return STATUS_OK;
    }
    if (*about == '\0')
        return help_overview(cli);
    const struct command *command = args_find_command(about);
    if (command != NULL)
        return help_command(cli, command);
    for (int i = 0; i < N_TOPICS; i++)
        if (strcmp(topics[i].name, about) == 0) {
            printf("%s%s%s\n", cli->bold, topics[i].title, cli->plain);
            print_indented(topics[i].text);
            return STATUS_OK;
        }
    if (list_beginning(cli, about))
        return STATUS_OK;
    struct nearest near = nearest_to(about);
    for (const struct command *c = commands; c->name != NULL; c++)
        nearest_consider(&near, c->name);
    const char *next =
        near.word == NULL ? "kith help" : arena_printf(&cli->arena, "kith help %s", near.word);
    return cli_refuse(cli, STATUS_USAGE, next, "there is no help about \"%s\"", about);
}
