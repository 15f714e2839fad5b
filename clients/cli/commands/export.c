/* SPDX-License-Identifier: Apache-2.0 */
/* All contacts into a file, one a line, each beginning with its id: so a file cut short says where
 * to go on. */
#include "commands.h"
#include "progress.h"
#include "view.h"

#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <time.h>
#include <unistd.h>

enum { ID_LENGTH = 36, CURSOR_SIZE = ID_LENGTH + 1, REDRAW_EVERY = 100 };

static const char CSV_HEAD[] = "id,name,email,company,position,profile,connected on,facts\r\n";
static const char JSON_ID[] = "{\"id\":\"";

struct export
{
    struct cli *cli;
    FILE *out;
    const char *path; /* NULL: standard output */
    bool is_csv;
    char cursor[CURSOR_SIZE];
    uint64_t n, total;
};

/* ---- CSV, after RFC 4180 --------------------------------------------------------------------- */

/* Line breaks would be legal in quotes, but then a line is no contact. */
static void put_text(FILE *out, const char *text)
{
    for (; *text != '\0'; text++) {
        if (*text == '"')
            (void)fputc('"', out);
        (void)fputc(*text == '\n' || *text == '\r' ? ' ' : *text, out);
    }
}

/* What a spreadsheet would take for a formula and run, when somebody else wrote the text (OWASP,
 * CSV injection). With apostrophes in front too, so that taking one away always gives the text
 * back. */
static bool is_formula(const char *text)
{
    static const char *const signs[] = {"=", "+", "-", "@", "\t", "\r", "\xEF\xBC\x9D" /* ＝ */,
        "\xEF\xBC\x8B" /* ＋ */, "\xEF\xBC\x8D" /* － */, "\xEF\xBC\xA0" /* ＠ */};
    text += strspn(text, "'");
    for (size_t i = 0; i < sizeof(signs) / sizeof(signs[0]); i++)
        if (strncmp(text, signs[i], strlen(signs[i])) == 0)
            return true;
    return false;
}

static void put_cell(FILE *out, const char *text)
{
    (void)fputs(is_formula(text) ? ",\"'" : ",\"", out);
    put_text(out, text);
    (void)fputc('"', out);
}

static void put_date(FILE *out, int64_t us)
{
    char text[16] = "";
    time_t seconds = (time_t)(us / 1000000);
    struct tm day;
    if (us != 0 && gmtime_r(&seconds, &day) != NULL)
        (void)strftime(text, sizeof(text), "%Y-%m-%d", &day);
    put_cell(out, text);
}

/* "interest: swimming; tag: coach" */
static void put_facts(FILE *out, const json_t *facts)
{
    const size_t skip = strlen("FACT_KIND_");
    size_t i;
    const json_t *fact;
    (void)fputs(",\"", out);
    json_array_foreach(facts, i, fact)
    {
        const char *kind = view_raw(fact, "kind");
        if (i > 0)
            (void)fputs("; ", out);
        for (kind += strlen(kind) > skip ? skip : 0; *kind != '\0'; kind++)
            (void)fputc(*kind == '_'                   ? ' '
                        : *kind >= 'A' && *kind <= 'Z' ? *kind + 32
                                                       : *kind,
                out);
        (void)fputs(": ", out);
        put_text(out, view_raw(fact, "value"));
    }
    (void)fputs("\"\r\n", out);
}

static void put_csv(FILE *out, const json_t *contact)
{
    static const char *const columns[] = {"name", "email", "company", "position", "profileUrl"};
    (void)fputs(view_raw(contact, "id"), out);
    for (size_t i = 0; i < sizeof(columns) / sizeof(columns[0]); i++)
        put_cell(out, view_raw(contact, columns[i]));
    put_date(out, view_int(contact, "connectedUs"));
    put_facts(out, json_object_get(contact, "facts"));
}

/* ---- the file -------------------------------------------------------------------------------- */

/* The id a line begins with; false: it does not. */
static bool read_id(const struct export *e, const char *line, char *id)
{
    size_t skip = strlen(JSON_ID);
    if (!e->is_csv && strncmp(line, JSON_ID, skip) != 0)
        return false;
    line += e->is_csv ? 0 : skip;
    if (strlen(line) <= ID_LENGTH || line[8] != '-' || line[ID_LENGTH] != (e->is_csv ? ',' : '"'))
        return false;
    memcpy(id, line, ID_LENGTH);
    id[ID_LENGTH] = '\0';
    return true;
}

/* Where a file cut short goes on: behind its last whole line, whose contact is the cursor. */
static enum status find_end(struct export *e)
{
    char *line = NULL;
    size_t size = 0;
    ssize_t len;
    off_t end = 0;
    bool is_head = e->is_csv;
    bool is_ours = true;
    while (is_ours && (len = getline(&line, &size, e->out)) > 0 && line[len - 1] == '\n') {
        is_ours = is_head ? strcmp(line, CSV_HEAD) == 0 : read_id(e, line, e->cursor);
        e->n += !is_head;
        is_head = false;
        end += len;
    }
    free(line);
    if (!is_ours)
        return cli_refuse(e->cli, STATUS_USAGE, "give the --format it was begun with",
            "%s was not written by this export", e->path);
    if (ftruncate(fileno(e->out), end) != 0 || fseeko(e->out, end, SEEK_SET) != 0)
        return cli_refuse(e->cli, STATUS_ERROR, NULL, "%s: %s", e->path, strerrordesc_np(errno));
    return STATUS_OK;
}

static enum status open_file(struct export *e, bool is_resumed)
{
    if (e->path == NULL) {
        e->out = stdout;
        return STATUS_OK;
    }
    /* What people know of others is for the owner's eyes. */
    int fd = open(e->path, O_RDWR | O_CREAT | O_CLOEXEC | (is_resumed ? 0 : O_EXCL), 0600);
    if (fd < 0 && errno == EEXIST)
        return cli_refuse(e->cli, STATUS_CONFLICT, "give another name, or --resume to finish it",
            "%s is there already", e->path);
    if (fd < 0)
        return cli_refuse(e->cli, STATUS_USAGE, NULL, "%s: %s", e->path, strerrordesc_np(errno));
    e->out = fdopen(fd, "r+e");
    if (e->out == NULL) {
        (void)close(fd);
        return cli_refuse(e->cli, STATUS_ERROR, NULL, "%s: %s", e->path, strerrordesc_np(errno));
    }
    return is_resumed ? find_end(e) : STATUS_OK;
}

static enum status close_file(struct export *e, enum status status)
{
    bool is_bad = ferror(e->out) != 0;
    int rv = e->path == NULL ? fflush(e->out) : fclose(e->out);
    if (status == STATUS_OK && (is_bad || rv != 0))
        return cli_refuse(e->cli, STATUS_ERROR, NULL, "%s: the contacts could not be written: %s",
            e->path == NULL ? "standard output" : e->path, strerrordesc_np(errno));
    return status;
}

/* ---- the contacts ---------------------------------------------------------------------------- */

static void put_contact(struct export *e, struct kith_result *result)
{
    json_t *item = json_loads(kith_result_json(result), 0, NULL);
    const json_t *contact = json_object_get(item, "contact");
    if (e->is_csv)
        put_csv(e->out, contact);
    else {
        (void)json_dumpf(
            contact, e->out, JSON_COMPACT | JSON_REAL_PRECISION(15) | JSON_PRESERVE_ORDER);
        (void)fputc('\n', e->out);
    }
    json_decref(item);
}

static enum status failed(struct export *e, struct kith_error *error)
{
    enum status status = cli_fail(e->cli, error);
    if (e->path != NULL)
        cli_next(e->cli, "kith export --resume %s", e->path);
    return status;
}

static enum status copy(struct export *e, struct kith_stream *stream)
{
    struct kith_error *error = NULL;
    while (!kith_stream_is_over(stream) && ferror(e->out) == 0) {
        struct kith_result *result = NULL;
        if (kith_stream_next(stream, -1, &result, &error) != KITH_OK)
            return failed(e, error);
        if (result == NULL)
            continue;
        put_contact(e, result);
        kith_result_free(result);
        if (++e->n % REDRAW_EVERY == 0 && e->n < e->total)
            progress_show(e->cli, e->n, e->total, "contacts");
    }
    if (e->n >= REDRAW_EVERY)
        progress_show(e->cli, e->n, e->n, "contacts");
    return STATUS_OK;
}

static enum status export_all(struct export *e)
{
    const struct kith_call_options options = cli_call_options();
    struct kith_stream *stream = NULL;
    struct kith_error *error = NULL;
    const json_t *first =
        cli_call(e->cli, "ContactService/ListContacts", json_pack("{s:i}", "pageSize", 1));
    if (first == NULL)
        return e->cli->status;
    e->total = (uint64_t)view_int(first, "total");
    bool has_head = e->path != NULL && ftello(e->out) > 0;
    if (e->is_csv && !has_head)
        (void)fputs(CSV_HEAD, e->out);
    if (kith_stream_contacts(e->cli->client, e->cursor, &options, &stream, &error) != KITH_OK)
        return failed(e, error);
    enum status status = copy(e, stream);
    kith_stream_close(stream);
    return status;
}

enum status run_export(struct cli *cli)
{
    const char *format = cli_option(cli, "format");
    struct export e = {.cli = cli, .path = cli_operand(cli, 0)};
    if (e.path != NULL && strcmp(e.path, "-") == 0)
        e.path = NULL;
    e.is_csv = format == NULL ? !cli->is_json : strcmp(format, "csv") == 0;
    if (format != NULL && !e.is_csv && strcmp(format, "json") != 0)
        return cli_refuse(cli, STATUS_USAGE, "kith export --format json",
            "there is no format \"%s\"; there are csv and json", format);
    if (cli_has(cli, "resume") && e.path == NULL)
        return cli_refuse(cli, STATUS_USAGE, "name the file", "only a file can be finished later");
    if (cli_client(cli) == NULL)
        return cli->status;
    enum status status = open_file(&e, cli_has(cli, "resume"));
    if (e.out == NULL)
        return status;
    if (status == STATUS_OK)
        status = export_all(&e);
    status = close_file(&e, status);
    if (status == STATUS_OK && e.path != NULL)
        cli_say(cli, "%s in %s", view_count(cli, (int64_t)e.n, "contact", "contacts"), e.path);
    return status;
}
