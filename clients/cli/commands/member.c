/* SPDX-License-Identifier: Apache-2.0 */
/* Members, and what they say of themselves. */
#include "commands.h"
#include "nearest/nearest.h"
#include "view.h"

#include <ctype.h>
#include <stdlib.h>
#include <string.h>

/* ---- facts as people type them --------------------------------------------------------------- */

const char *fact_kind(struct cli *cli, const char *typed)
{
    static const char *const kinds[] = {"employer", "title", "school", "hometown", "city",
        "interest", "allegiance", "expertise", "language", "author-of", "tag"};
    struct nearest near = nearest_to(typed);
    for (size_t i = 0; i < sizeof(kinds) / sizeof(kinds[0]); i++) {
        nearest_consider(&near, kinds[i]);
        if (strcasecmp(typed, kinds[i]) != 0)
            continue;
        char *name = arena_printf(&cli->arena, "FACT_KIND_%s", kinds[i]);
        for (char *c = name; c != NULL && *c != '\0'; c++)
            *c = *c == '-' ? '_' : (char)toupper((unsigned char)*c);
        return name;
    }
    const char *next = near.word == NULL ? "kith help names lists the kinds"
                                         : arena_printf(&cli->arena, "did you mean %s?", near.word);
    (void)cli_refuse(cli, STATUS_USAGE, next, "there is no kind of fact \"%s\"", typed);
    return NULL;
}

json_t *fact_of(struct cli *cli, const char *typed)
{
    size_t len = strcspn(typed, ":=");
    const char *value = typed + len + (typed[len] == '\0' ? 0 : 1);
    value += strspn(value, " ");
    if (*value == '\0') {
        (void)cli_refuse(cli, STATUS_USAGE, "--fact interest:choir",
            "\"%s\" is no fact: it takes a kind, a colon and a value", typed);
        return NULL;
    }
    const char *kind = fact_kind(cli, arena_strndup(&cli->arena, typed, len));
    return kind == NULL ? NULL : json_pack("{s:s,s:s}", "kind", kind, "value", value);
}

json_t *facts_given(struct cli *cli, const char *option)
{
    json_t *facts = json_array();
    for (int i = 0; cli_option_at(cli, option, i) != NULL; i++) {
        json_t *fact = fact_of(cli, cli_option_at(cli, option, i));
        if (fact == NULL) {
            json_decref(facts);
            return NULL;
        }
        (void)json_array_append_new(facts, fact);
    }
    return facts;
}

/* ---- commands -------------------------------------------------------------------------------- */

enum status use_operator_token(struct cli *cli, const char *next, const char *only)
{
    const char *file = getenv("KITH_OPERATOR_TOKEN_FILE");
    struct err err;
    if (cli_has(cli, "token-file"))
        return STATUS_OK;
    cli->profile.token = NULL;
    if (file == NULL || *file == '\0')
        return cli_refuse(cli, STATUS_DENIED, next, "%s", only);
    if (profile_read_secret(file, &cli->profile.token, &cli->arena, &err) != ERR_OK)
        return cli_refuse(cli, STATUS_USAGE, NULL, "%s", err.msg);
    return STATUS_OK;
}

/* The operator's, unless an invitation code speaks for the newcomer. */
static enum status choose_token(struct cli *cli)
{
    if (!cli_has(cli, "token-file") && cli_has(cli, "invitation")) {
        cli->profile.token = NULL;
        return STATUS_OK;
    }
    return use_operator_token(cli,
        "set KITH_OPERATOR_TOKEN_FILE, or give --token-file or --invitation",
        "only the operator adds members without an invitation");
}

static enum status save_token(struct cli *cli, const char *name, const char *token)
{
    struct profile profile = cli->profile;
    struct err err;
    profile.name = name;
    profile.token = token;
    if (profile_save(&profile, &cli->arena, &err) == ERR_OK)
        return STATUS_OK;
    (void)printf("%s\n", token); /* it is shown once and must not be lost */
    return cli_refuse(cli, STATUS_ERROR, "the token is printed above: keep it", "%s", err.msg);
}

enum status run_member_add(struct cli *cli)
{
    const char *profile = cli_option(cli, "save-as");
    if (profile != NULL && !profile_is_name(profile))
        return cli_refuse(cli, STATUS_USAGE, NULL, "\"%s\" is no name of a profile", profile);
    json_t *facts = facts_given(cli, "fact");
    if (facts == NULL || choose_token(cli) != STATUS_OK) {
        json_decref(facts);
        return cli->status;
    }
    json_t *in = json_pack("{s:s,s:s,s:s*,s:s*,s:o}", "name", cli_operand(cli, 0), "email",
        cli_operand(cli, 1), "timeZone", cli_option(cli, "time-zone"), "invitationCode",
        cli_option(cli, "invitation"), "facts", facts);
    json_t *reply = cli_call(cli, "ContactService/CreateMember", in);
    if (reply == NULL)
        return cli->status;
    const char *token = view_raw(reply, "token");
    const char *name = view_text(cli, json_object_get(reply, "member"), "name");
    if (*token == '\0')
        return cli_refuse(cli, STATUS_UNAVAILABLE, "the operator makes another: CreateToken",
            "%s is a member now, but her token was lost with the connection", name);
    if (profile != NULL && save_token(cli, profile, token) != STATUS_OK)
        return cli->status;
    if (profile != NULL)
        (void)json_object_del(reply, "token");
    if (cli_emit(cli, reply))
        return STATUS_OK;
    if (profile == NULL) {
        (void)printf("%s\n", token);
        cli_note(cli, "the token of %s, shown once; to use it: kith login", name);
        return STATUS_OK;
    }
    cli_say(cli, "%s%s%s is a member now (profile %s)", cli->bold, name, cli->plain, profile);
    cli_next(cli, "kith --as %s import linkedin Connections.csv", profile);
    return STATUS_OK;
}

static void show_member(struct cli *cli, const json_t *member)
{
    static const struct view_column columns[] = {
        {"", VIEW_DIM, false, false}, {"", VIEW_PLAIN, false, true}};
    struct view_table table = view_table(cli, columns, 2);
    const json_t *facts = json_object_get(member, "facts");
    cli_say(cli, "%s%s%s  %s%s", cli->bold, view_text(cli, member, "name"), cli->plain,
        view_text(cli, member, "email"), view_is(member, "emailVerified") ? "" : " (unverified)");
    cli_note(cli, "%s  %s  member since %s", view_raw(member, "id"),
        view_text(cli, member, "timeZone"), view_ago(cli, view_int(member, "createdUs")));
    for (size_t i = 0; i < json_array_size(facts); i++) {
        const json_t *fact = json_array_get(facts, i);
        const char *cells[] = {
            view_enum(cli, fact, "kind", "FACT_KIND_"), view_text(cli, fact, "value")};
        view_row(&table, cells);
    }
    view_print(&table);
}

enum status run_whoami(struct cli *cli)
{
    const json_t *reply = cli_call(cli, "ContactService/GetMember", NULL);
    const json_t *member = json_object_get(reply, "member");
    if (reply == NULL)
        return cli->status;
    if (!cli_emit(cli, member))
        show_member(cli, member);
    return STATUS_OK;
}

enum status run_member_update(struct cli *cli)
{
    json_t *facts = facts_given(cli, "fact");
    if (facts == NULL)
        return cli->status;
    json_t *removed = json_array();
    for (int i = 0; cli_option_at(cli, "remove-fact", i) != NULL; i++)
        (void)json_array_append_new(removed, json_string(cli_option_at(cli, "remove-fact", i)));
    json_t *in = json_pack("{s:s*,s:s*,s:o,s:o}", "name", cli_option(cli, "name"), "timeZone",
        cli_option(cli, "time-zone"), "addFacts", facts, "removeFactIds", removed);
    const json_t *reply = cli_call(cli, "ContactService/UpdateMember", in);
    if (reply == NULL)
        return cli->status;
    if (!cli_emit(cli, json_object_get(reply, "member")))
        show_member(cli, json_object_get(reply, "member"));
    return STATUS_OK;
}
