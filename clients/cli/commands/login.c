/* SPDX-License-Identifier: Apache-2.0 */
/* Tokens: kept on this machine, made, made useless. */
#include "clock/clock.h"
#include "commands.h"
#include "resolve.h"
#include "view.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <termios.h>
#include <unistd.h>

enum { SECONDS_PER_DAY = 86400, MAX_DAYS = 3650 };

/* A token typed at the terminal is not shown. */
static enum err_code ask_for_token(struct cli *cli, const char **token, struct err *err)
{
    struct termios before;
    bool is_hidden = cli->may_ask && tcgetattr(STDIN_FILENO, &before) == 0;
    if (is_hidden) {
        struct termios hidden = before;
        hidden.c_lflag &= ~(tcflag_t)ECHO;
        (void)fputs("Token: ", stderr);
        (void)tcsetattr(STDIN_FILENO, TCSAFLUSH, &hidden);
    }
    enum err_code code = profile_read_secret("-", token, &cli->arena, err);
    if (is_hidden) {
        (void)tcsetattr(STDIN_FILENO, TCSAFLUSH, &before);
        (void)fputc('\n', stderr);
    }
    return code;
}

enum status run_login(struct cli *cli)
{
    struct err err;
    if (!cli_has(cli, "token-file") && isatty(STDIN_FILENO) != 0 && !cli->may_ask)
        return cli_refuse(
            cli, STATUS_USAGE, "kith login --token-file FILE", "there is no token to read");
    if (!cli_has(cli, "token-file") && ask_for_token(cli, &cli->profile.token, &err) != ERR_OK)
        return cli_refuse(cli, STATUS_USAGE, "kith login < FILE-WITH-THE-TOKEN", "%s", err.msg);
    if (cli_has(cli, "save-as"))
        cli->profile.name = cli_option(cli, "save-as");
    if (!profile_is_name(cli->profile.name))
        return cli_refuse(
            cli, STATUS_USAGE, NULL, "\"%s\" is no name of a profile", cli->profile.name);
    json_t *reply = cli_call(cli, "ContactService/GetMember", NULL);
    if (reply == NULL)
        return cli->status;
    if (profile_save(&cli->profile, &cli->arena, &err) != ERR_OK)
        return cli_refuse(cli, STATUS_ERROR, NULL, "%s", err.msg);
    const json_t *member = json_object_get(reply, "member");
    if (!cli_emit(cli, member))
        cli_say(cli, "Logged in as %s%s%s (profile %s)", cli->bold, view_text(cli, member, "name"),
            cli->plain, cli->profile.name);
    return STATUS_OK;
}

enum status run_logout(struct cli *cli)
{
    if (!profile_remove(cli->profile.name, &cli->arena)) {
        const char *others = profile_names(&cli->arena);
        return cli_refuse(cli, STATUS_NOT_FOUND,
            *others == '\0' ? NULL : arena_printf(&cli->arena, "--as one of: %s", others),
            "the profile %s holds no token", cli->profile.name);
    }
    json_t *gone = json_pack("{s:s}", "profile", cli->profile.name);
    (void)cli_emit(cli, gone);
    json_decref(gone);
    cli_say(cli, "Forgot the token of profile %s; it is still valid", cli->profile.name);
    cli_next(cli, "kith token revoke makes a token useless; do that before logging out");
    return STATUS_OK;
}

enum status run_token_new(struct cli *cli)
{
    json_t *in = json_object();
    if (cli_has(cli, "label"))
        (void)json_object_set_new(in, "label", json_string(cli_option(cli, "label")));
    if (cli_has(cli, "read-only"))
        (void)json_object_set_new(in, "scopes", json_pack("[s]", "SCOPE_READ"));
    const char *days = cli_option(cli, "expires");
    char *end = NULL;
    long n = days == NULL ? 0 : strtol(days, &end, 10);
    if (days != NULL && (*end != '\0' || n < 1 || n > MAX_DAYS)) {
        json_decref(in);
        return cli_refuse(
            cli, STATUS_USAGE, NULL, "--expires: 1 to %d days, not \"%s\"", MAX_DAYS, days);
    }
    (void)json_object_set_new(in, "expiresInS", json_integer(n * SECONDS_PER_DAY));
    const json_t *reply = cli_call(cli, "ContactService/CreateToken", in);
    if (reply == NULL)
        return cli->status;
    if (*view_raw(reply, "token") == '\0')
        return cli_refuse(cli, STATUS_UNAVAILABLE, "kith token new",
            "a token was made, but its text was lost with the connection");
    if (cli_emit(cli, reply))
        return STATUS_OK;
    (void)printf("%s\n", view_raw(reply, "token"));
    cli_note(cli, "shown once; to revoke it: kith token revoke %s", view_raw(reply, "tokenId"));
    return STATUS_OK;
}

static const char *state_of(struct cli *cli, const json_t *token)
{
    int64_t revoked_us = view_int(token, "revokedUs");
    int64_t expires_us = view_int(token, "expiresUs");
    if (revoked_us != 0)
        return arena_printf(&cli->arena, "revoked %s", view_ago(cli, revoked_us));
    if (expires_us == 0)
        return "never expires";
    return expires_us > clock_wall_us(clock_system())
               ? arena_printf(&cli->arena, "expires %s", view_until(cli, expires_us))
               : arena_printf(&cli->arena, "expired %s", view_ago(cli, expires_us));
}

static bool add_token(struct cli *cli, json_t *token, void *arg)
{
    if (cli_emit(cli, token))
        return true;
    const json_t *scopes = json_object_get(token, "scopes");
    bool may_write = false;
    for (size_t i = 0; i < json_array_size(scopes); i++)
        may_write =
            may_write || strcmp(json_string_value(json_array_get(scopes, i)), "SCOPE_WRITE") == 0;
    const char *state = state_of(cli, token);
    const char *cells[] = {view_id(cli, view_raw(token, "id")), view_text(cli, token, "label"),
        may_write ? "all" : "read only", view_ago(cli, view_int(token, "createdUs")),
        state == NULL ? "" : state, view_is(token, "isCurrent") ? "in use here" : ""};
    view_row(arg, cells);
    return true;
}

enum status run_token_list(struct cli *cli)
{
    static const struct view_column columns[] = {{"id", VIEW_DIM, false, false},
        {"label", VIEW_BOLD, false, true}, {"may", VIEW_PLAIN, false, false},
        {"made", VIEW_PLAIN, false, false}, {"", VIEW_PLAIN, false, false},
        {"", VIEW_PLAIN, false, false}};
    struct view_table table = view_table(cli, columns, 6);
    json_t *in = json_pack("{s:b}", "includeEnded", cli_has(cli, "all"));
    if (!cli_each(cli, "ContactService/ListTokens", in, "tokens", 0, add_token, &table))
        return cli->status;
    view_print(&table);
    cli_next(cli, "kith token revoke ID");
    return STATUS_OK;
}

enum status run_token_revoke(struct cli *cli)
{
    const char *typed = cli_operand(cli, 0);
    const char *id = typed == NULL ? NULL : resolve_token(cli, typed);
    if (typed != NULL && id == NULL)
        return cli->status;
    json_t *in = id == NULL ? json_pack("{s:b}", "current", 1) : json_pack("{s:s}", "tokenId", id);
    const json_t *reply = cli_call(cli, "ContactService/RevokeToken", in);
    if (reply == NULL)
        return cli->status;
    if (!cli_emit(cli, reply))
        cli_say(cli, "Revoked %s", id == NULL ? "the token in use" : id);
    if (id == NULL)
        cli_next(cli, "kith logout forgets it on this machine too");
    return STATUS_OK;
}
