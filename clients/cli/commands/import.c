/* SPDX-License-Identifier: Apache-2.0 */
#include "commands.h"
#include "progress.h"
#include "resolve.h"
#include "view.h"

#include <errno.h>
#include <inttypes.h>
#include <signal.h>
#include <string.h>
#include <strings.h>
#include <sys/stat.h>
#include <unistd.h>

enum { ROWS_SHOWN = 10, HEAD_SIZE = 4096 };

static const char *base_name(const char *path)
{
    const char *slash = strrchr(path, '/');
    return slash == NULL ? path : slash + 1;
}

static bool is_folder(FILE *file)
{
    struct stat about;
    return fstat(fileno(file), &about) == 0 && S_ISDIR(about.st_mode);
}

/* What else people give, known by how it begins: NULL, or what to do with it. Only of a file, which
 * can be read again from its beginning. */
static const char *not_csv(struct cli *cli, FILE *file, const char *path, const char **what)
{
    char head[HEAD_SIZE];
    size_t len = fread(head, 1, sizeof(head), file);
    if (fseek(file, 0, SEEK_SET) != 0 || len < 4)
        return NULL;
    const char *dot = strrchr(path, '.');
    if (memcmp(head, "PK\3\4", 4) == 0) {
        *what = "a ZIP archive, not a CSV file";
        return dot != NULL && strcasecmp(dot, ".zip") == 0
                   ? arena_printf(&cli->arena,
                         "unzip -p \"%s\" Connections.csv | kith import linkedin -", path)
                   : "save it as CSV in UTF-8";
    }
    if (memcmp(head, "\xFF\xFE", 2) == 0 || memcmp(head, "\xFE\xFF", 2) == 0) {
        *what = "in UTF-16";
        return arena_printf(
            &cli->arena, "iconv -f UTF-16 -t UTF-8 \"%s\" | kith import linkedin -", path);
    }
    return NULL;
}

/* Ctrl-C: the shell would say nothing. Nothing but write() is allowed here. */
static void say_stopped(int signal)
{
    static const char text[] =
        "\nkith import linkedin: stopped; kith imports shows what came of it\n";
    ssize_t ignored = write(STDERR_FILENO, text, sizeof(text) - 1);
    (void)ignored;
    (void)raise(signal);
}

static void show_skips(struct cli *cli, const json_t *report)
{
    const json_t *skips = json_object_get(report, "skips");
    size_t n = json_array_size(skips);
    for (size_t i = 0; i < n && i < ROWS_SHOWN; i++) {
        const json_t *skip = json_array_get(skips, i);
        cli_note(
            cli, "  row %" PRId64 ": %s", view_int(skip, "row"), view_text(cli, skip, "reason"));
    }
    if (view_int(report, "skipped") > ROWS_SHOWN)
        cli_note(cli, "  and %" PRId64 " more", view_int(report, "skipped") - ROWS_SHOWN);
}

/* What was taken without all it says. */
static void show_gaps(struct cli *cli, const json_t *report)
{
    const json_t *gaps = json_object_get(report, "gaps");
    size_t n = json_array_size(gaps);
    cli_note(cli, "%s without what could not be read",
        view_count(cli, view_int(report, "incomplete"), "contact is taken", "contacts are taken"));
    for (size_t i = 0; i < n && i < ROWS_SHOWN; i++) {
        const json_t *gap = json_array_get(gaps, i);
        cli_note(cli, "  row %" PRId64 ", %s: %s", view_int(gap, "row"),
            view_text(cli, gap, "column"), view_text(cli, gap, "reason"));
    }
    if (n > ROWS_SHOWN)
        cli_note(cli, "  and more");
}

static void show_report(struct cli *cli, const json_t *report, const char *file)
{
    bool is_dry = view_is(report, "dryRun");
    int64_t created = view_int(report, "created");
    int64_t updated = view_int(report, "updated");
    int64_t skipped = view_int(report, "skipped");
    int64_t closed = view_int(report, "closedAccounts");
    cli_say(cli, "%s %s%s%s, %" PRId64 " updated, %" PRId64 " unchanged, %" PRId64 " skipped",
        is_dry ? "Would import" : "Imported", cli->bold,
        view_count(cli, created, "new contact", "new contacts"), cli->plain, updated,
        view_int(report, "unchanged"), skipped);
    if (closed > 0)
        cli_note(cli, "%s closed since, with nothing left but a date",
            view_count(cli, closed, "account was", "accounts were"));
    if (view_int(report, "weakIdentities") > 0)
        cli_note(cli, "%s known by name and company only",
            view_count(cli, view_int(report, "weakIdentities"), "contact is", "contacts are"));
    if (skipped > closed)
        show_skips(cli, report);
    if (view_int(report, "incomplete") > 0)
        show_gaps(cli, report);
    if (is_dry)
        cli_next(cli, "kith import linkedin %s", file);
    else if (created + updated > 0)
        cli_next(cli, "kith ask \"…\"");
}

enum status run_import_linkedin(struct cli *cli)
{
    const char *path = cli_operand(cli, 0);
    bool is_stdin = strcmp(path, "-") == 0;
    FILE *file = is_stdin ? stdin : fopen(path, "re");
    if (file == NULL)
        return cli_refuse(cli, STATUS_USAGE, "give the Connections.csv of your LinkedIn export",
            "%s: %s", path, strerrordesc_np(errno));
    if (is_folder(file)) {
        (void)fclose(file);
        return cli_refuse(cli, STATUS_USAGE,
            arena_printf(&cli->arena, "kith import linkedin %s/Connections.csv", path),
            "%s is a folder, not a file", path);
    }
    const char *what = "";
    const char *instead = is_stdin ? NULL : not_csv(cli, file, path, &what);
    if (instead != NULL) {
        (void)fclose(file);
        return cli_refuse(cli, STATUS_USAGE, instead, "%s is %s", path, what);
    }
    const struct sigaction stopped = {.sa_handler = say_stopped, .sa_flags = (int)SA_RESETHAND};
    (void)sigaction(SIGINT, &stopped, NULL);
    struct kith_import_options import = {
        .size = sizeof(import),
        .dry_run = cli_has(cli, "dry-run"),
        .file_name = is_stdin ? NULL : base_name(path),
        .progress = progress_bytes,
        .progress_arg = cli,
    };
    const struct kith_call_options options = cli_call_options();
    struct kith_result *result = NULL;
    struct kith_error *error = NULL;
    enum kith_code code = KITH_UNKNOWN;
    if (cli_client(cli) != NULL)
        code = kith_import_linkedin(cli->client, file, &import, &options, &result, &error);
    if (!is_stdin)
        (void)fclose(file);
    if (code != KITH_OK)
        return error == NULL ? cli->status : cli_fail(cli, error);
    json_t *reply = json_loads(kith_result_json(result), 0, NULL);
    const json_t *report = json_object_get(reply, "import");
    if (cli->is_verbose)
        (void)fprintf(stderr, "trace: %s\n", kith_result_trace_id(result));
    if (!cli_emit(cli, report))
        show_report(cli, report, path);
    bool is_partial = view_int(report, "skipped") > view_int(report, "closedAccounts") ||
                      view_int(report, "incomplete") > 0;
    kith_result_free(result);
    json_decref(reply);
    return is_partial ? STATUS_PARTIAL : STATUS_OK;
}

/* ---- what became of them --------------------------------------------------------------------- */

/* True if it is not finished. */
static bool add_import(struct cli *cli, json_t *import, struct view_table *table)
{
    bool is_uploading = strcmp(view_raw(import, "state"), "IMPORT_STATE_UPLOADING") == 0;
    bool is_tried = view_is(import, "dryRun") && !is_uploading;
    if (cli_emit(cli, import))
        return is_uploading;
    const char *what =
        is_uploading
            ? arena_printf(
                  &cli->arena, "%" PRId64 " KB came", view_int(import, "bytesReceived") / 1024)
            : arena_printf(&cli->arena, "%" PRId64 " new, %" PRId64 " updated, %" PRId64 " skipped",
                  view_int(import, "created"), view_int(import, "updated"),
                  view_int(import, "skipped"));
    const char *failure = view_text(cli, import, "failureMessage");
    const char *cells[] = {view_id(cli, view_raw(import, "id")),
        view_ago(cli, view_int(import, "startedUs")), view_text(cli, import, "fileName"),
        is_tried ? "only tried" : view_enum(cli, import, "state", "IMPORT_STATE_"),
        *failure != '\0' ? failure : (what == NULL ? "" : what)};
    view_row(table, cells);
    return is_uploading;
}

enum status run_imports(struct cli *cli)
{
    static const struct view_column columns[] = {{"id", VIEW_DIM, false, false},
        {"begun", VIEW_PLAIN, false, false}, {"file", VIEW_BOLD, false, true},
        {"", VIEW_PLAIN, false, false}, {"", VIEW_PLAIN, false, true}};
    struct view_table table = view_table(cli, columns, 5);
    const json_t *reply = cli_call(cli, "ContactService/ListImports", NULL);
    if (reply == NULL)
        return cli->status;
    const json_t *imports = json_object_get(reply, "imports");
    const char *unfinished = NULL;
    for (size_t i = 0; i < json_array_size(imports); i++) {
        json_t *import = json_array_get(imports, i);
        if (add_import(cli, import, &table))
            unfinished = view_raw(import, "id");
    }
    view_print(&table);
    if (json_array_size(imports) == 0)
        cli_note(cli, "no imports yet");
    if (unfinished != NULL)
        cli_next(cli, "an upload that will not go on: kith import cancel %s", unfinished);
    return STATUS_OK;
}

enum status run_import_cancel(struct cli *cli)
{
    const char *id = resolve_import(cli, cli_operand(cli, 0));
    if (id == NULL)
        return cli->status;
    json_t *in = json_pack("{s:s}", "importId", id);
    const json_t *reply = cli_call(cli, "ContactService/CancelImport", in);
    if (reply == NULL)
        return cli->status;
    if (!cli_emit(cli, reply))
        cli_say(cli, "Given up; what was sent of the file is deleted");
    return STATUS_OK;
}
