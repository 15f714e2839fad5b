/* SPDX-License-Identifier: Apache-2.0 */
#include "hint.h"

#include <string.h>

#define LINKEDIN_EXPORT "Settings \xE2\x86\x92 Data privacy \xE2\x86\x92 Get a copy of your data"

static const struct {
    const char *reason;
    const char *next; /* NULL: how the command is used */
} table[] = {
    {"FIELD_INVALID", NULL},
    {"IMPORT_FORMAT_UNKNOWN", "give the Connections.csv of your LinkedIn export: " LINKEDIN_EXPORT},
    {"IMPORT_EMPTY",
        "ask LinkedIn for the export again, with Connections ticked: " LINKEDIN_EXPORT},
    {"INVITATION_NOT_FOUND",
        "check the letters of the code; kith invitations lists what needs none"},
    {"INVITATION_CLOSED", ""},
    {"TOKEN_MALFORMED", "kith login < FILE-WITH-THE-TOKEN"},
    {"IMPORT_TOO_LARGE", ""},
    {"IMPORT_TOO_MANY", "kith imports lists them, kith import cancel ID gives one up"},
};

const char *hint_usage(struct cli *cli)
{
    const struct command *c = cli->command;
    if (c == NULL)
        return "kith help";
    const char *usage = arena_printf(&cli->arena, "kith %s %s   (more: kith help %s)", c->name,
        *c->operands == '\0' ? "[OPTION\xE2\x80\xA6]" : c->operands, c->name);
    return usage == NULL ? "" : usage;
}

/* The path of a method says nothing to who only has no profile. */
static struct hint without_token(struct cli *cli)
{
    const struct profile *p = &cli->profile;
    const char *others = profile_names(&cli->arena);
    const char *login = arena_printf(&cli->arena, "kith login%s%s < FILE-WITH-THE-TOKEN",
        p->is_default ? "" : " --save-as ", p->is_default ? "" : p->name);
    struct hint hint = {.next = login};
    if (p->is_default)
        hint.what = "nobody is logged in here";
    else if (p->is_kept)
        hint.what = arena_printf(&cli->arena, "the profile %s holds no token", p->name);
    else
        hint.what = arena_printf(&cli->arena, "there is no profile %s", p->name);
    if (*others != '\0')
        hint.next = arena_printf(&cli->arena, "%s one of: %s; or log in: %s",
            p->is_default ? "kith --as PROFILE," : "--as", others, login);
    return hint;
}

static bool is_command(const struct cli *cli, const char *name)
{
    return cli->command != NULL && strcmp(cli->command->name, name) == 0;
}

struct hint hint_of(struct cli *cli, const struct kith_error *error)
{
    struct hint hint = {kith_error_message(error), kith_error_remedy(error)};
    const char *reason = kith_error_reason(error);
    if (strcmp(reason, "TOKEN_MISSING") == 0 && cli->profile.token == NULL)
        return without_token(cli);
    if (strcmp(reason, "METHOD_UNKNOWN") == 0 && is_command(cli, "tap"))
        return (struct hint){"this service does not let what it is asked be seen",
            "start it with the option tap: deploy/local down && KITH_TAP=yes deploy/local up"};
    if (strcmp(kith_error_field(error), "member_id") == 0 &&
        (is_command(cli, "whoami") || is_command(cli, "login")))
        return (struct hint){"this is the operator's token, and the operator is no member",
            "kith member add NAME EMAIL --save-as PROFILE"};
    for (size_t i = 0; i < sizeof(table) / sizeof(table[0]); i++)
        if (strcmp(table[i].reason, reason) == 0)
            hint.next = table[i].next == NULL ? hint_usage(cli) : table[i].next;
    return hint;
}
