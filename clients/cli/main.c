/* SPDX-License-Identifier: Apache-2.0 */
/*
 * kith: the command line client. What each file is for:
 *
 *     args      a command line → command, options, operands      commands.c   the table of commands
 *     cli       calls, errors, exit codes, output modes           commands/    one file per group
 *     profile   tokens kept on this machine                       view, table  how things look
 *     resolve   names and pieces of ids → ids                     help         every help page
 *     hint      what a failure means to a person                  logline      the log, read back
 */
#include "args.h"
#include "help.h"

#include <errno.h>
#include <locale.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>
#include <unistd.h>

enum { MEMORY = 256 << 20 };

/* https://no-color.org, and what terminals without it are called. */
static bool wants_color(bool is_terminal)
{
    const char *forced = getenv("FORCE_COLOR");
    const char *refused = getenv("NO_COLOR");
    const char *term = getenv("TERM");
    if (refused != NULL && *refused != '\0')
        return false;
    if (forced != NULL && *forced != '\0')
        return true;
    return is_terminal && term != NULL && strcmp(term, "dumb") != 0;
}

static void set_up_output(struct cli *cli)
{
    struct winsize size = {0};
    cli->is_terminal = isatty(STDOUT_FILENO) != 0;
    if (cli->is_terminal && ioctl(STDOUT_FILENO, TIOCGWINSZ, &size) == 0)
        cli->columns = size.ws_col;
    bool is_colored = wants_color(cli->is_terminal);
    cli->bold = is_colored ? "\x1b[1m" : "";
    cli->dim = is_colored ? "\x1b[2m" : "";
    cli->plain = is_colored ? "\x1b[0m" : "";
}

static enum status apply_options(struct cli *cli)
{
    cli->is_json = cli_has(cli, "json");
    cli->is_quiet = cli_has(cli, "quiet");
    cli->is_verbose = cli_has(cli, "verbose");
    cli->may_ask = !cli_has(cli, "no-input") && isatty(STDIN_FILENO) != 0;
    return cli_time(cli, "timeout", &cli->timeout_ms) ? STATUS_OK : cli->status;
}

static const char *variable(const char *name)
{
    const char *value = getenv(name);
    return value == NULL || *value == '\0' ? NULL : value;
}

/* A file named on the command line, by a path that is right from everywhere: a profile may keep it.
 */
static enum status take_file(struct cli *cli, const char *option, const char **out)
{
    const char *given = cli_option(cli, option);
    if (given == NULL)
        return STATUS_OK;
    char *path = realpath(given, NULL);
    if (path == NULL)
        return cli_refuse(cli, STATUS_USAGE, NULL, "--%s: there is no file \"%s\"", option, given);
    *out = arena_strdup(&cli->arena, path);
    free(path);
    return STATUS_OK;
}

static void take_text(const struct cli *cli, const char *option, const char **out)
{
    if (cli_has(cli, option))
        *out = cli_option(cli, option);
}

static enum status take_settings(struct cli *cli)
{
    take_text(cli, "contact-endpoints", &cli->profile.contact_endpoints);
    take_text(cli, "recommendation-endpoints", &cli->profile.recommendation_endpoints);
    take_text(cli, "notification-endpoints", &cli->profile.notification_endpoints);
    enum status status = take_file(cli, "ca", &cli->profile.tls_ca);
    if (status == STATUS_OK)
        status = take_file(cli, "cert", &cli->profile.tls_certificate);
    if (status == STATUS_OK)
        status = take_file(cli, "key", &cli->profile.tls_key);
    return status;
}

/* Whom to act as: what is said on the command line wins over the environment, that over the
 * profile "default". */
static enum status choose_profile(struct cli *cli)
{
    const char *name = cli_option(cli, "as");
    const char *file = cli_option(cli, "token-file");
    if (name == NULL)
        name = variable("KITH_PROFILE");
    bool is_named = name != NULL;
    if (!is_named)
        name = "default";
    if (!profile_is_name(name))
        return cli_refuse(cli, STATUS_USAGE, NULL, "\"%s\" is no name of a profile", name);
    struct err err;
    if (profile_load(&cli->profile, name, &cli->arena, &err) != ERR_OK)
        return cli_refuse(cli, STATUS_ERROR, "correct or remove the file", "%s", err.msg);
    cli->profile.is_default = !is_named;
    if (file == NULL && !is_named)
        file = variable("KITH_TOKEN_FILE");
    if (file == NULL && !is_named && variable("KITH_TOKEN") != NULL)
        cli->profile.token = variable("KITH_TOKEN");
    if (file != NULL && profile_read_secret(file, &cli->profile.token, &cli->arena, &err) != ERR_OK)
        return cli_refuse(cli, STATUS_USAGE, NULL, "%s", err.msg);
    return take_settings(cli);
}

static enum status run(struct cli *cli, int argc, char *const *argv)
{
    enum status status = args_parse(cli, argc, argv);
    if (status == STATUS_OK)
        status = apply_options(cli);
    if (status != STATUS_OK)
        return status;
    if (cli_has(cli, "version")) {
        json_t *version = json_pack("{s:s}", "version", kith_version());
        if (!cli_emit(cli, version))
            (void)printf("kith %s\n", kith_version());
        json_decref(version);
        return STATUS_OK;
    }
    if (cli->command == NULL)
        return help_overview(cli);
    if (cli_has(cli, "help"))
        return help_command(cli, cli->command);
    status = choose_profile(cli);
    return status == STATUS_OK ? cli->command->run(cli) : status;
}

int main(int argc, char **argv)
{
    struct cli cli = {.kept = json_array()};
    (void)setlocale(LC_TIME, "");
    arena_init(&cli.arena, MEMORY);
    set_up_output(&cli);
    enum status status = run(&cli, argc, argv);
    if ((fflush(stdout) != 0 || ferror(stdout) != 0) && status == STATUS_OK)
        status =
            cli_refuse(&cli, STATUS_ERROR, NULL, "standard output: %s", strerrordesc_np(errno));
    kith_client_free(cli.client);
    json_decref(cli.kept);
    arena_fini(&cli.arena);
    return (int)status;
}
