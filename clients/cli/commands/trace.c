/* SPDX-License-Identifier: Apache-2.0 */
/*
 * One trace as a tree, from the logs of the services: each call and each effect of an event below
 * what caused it, each other line below the span it happened in.
 */
#include "commands.h"
#include "hint.h"
#include "logline.h"
#include "resolve.h"
#include "view.h"

#include <errno.h>
#include <glob.h>
#include <inttypes.h>
#include <stdlib.h>
#include <string.h>

enum { MAX_NODES = 10000, NONE = -1, TRACE_ID = 32 };

struct node {
    const json_t *line;
    bool is_span; /* else something that happened in one */
    int parent;   /* its place, or NONE: what caused it is in no log read */
    int depth;
    int64_t begin_us, end_us;
};

struct tree {
    struct cli *cli;
    const char *wanted; /* the id, or a piece of one */
    const char *id;     /* of the trace; NULL: not found yet */
    bool is_ambiguous;
    struct node *nodes;
    int n, n_calls, n_events;
};

/* ---- reading --------------------------------------------------------------------------------- */

static bool is_event(const json_t *line, const char *name)
{
    return strcmp(view_raw(line, "evt"), name) == 0;
}

static void keep(struct tree *tree, json_t *line)
{
    const char *id = view_raw(line, "trace_id");
    if (!resolve_fits(id, tree->wanted) || tree->n == MAX_NODES)
        return;
    tree->is_ambiguous = tree->is_ambiguous || (tree->id != NULL && strcmp(tree->id, id) != 0);
    tree->id = tree->id == NULL ? id : tree->id;
    struct node *node = &tree->nodes[tree->n++];
    bool is_call = is_event(line, "rpc.call");
    bool is_effect = is_event(line, "queue.effect");
    tree->n_calls += is_call;
    tree->n_events += is_effect;
    node->line = line;
    node->is_span = is_call || is_effect;
    node->end_us = logline_time_us(line);
    node->begin_us = node->end_us - view_int(line, "dur_us");
    (void)json_array_append(tree->cli->kept, line);
}

static void read_log(struct tree *tree, FILE *file)
{
    char *text = NULL;
    size_t size = 0;
    while (getline(&text, &size, file) > 0) {
        json_t *line = strstr(text, tree->wanted) == NULL ? NULL : logline_parse(text);
        if (line != NULL)
            keep(tree, line);
        json_decref(line);
    }
    free(text);
}

static bool read_file(struct tree *tree, const char *path)
{
    bool is_stdin = strcmp(path, "-") == 0;
    FILE *file = is_stdin ? stdin : fopen(path, "re");
    if (file == NULL) {
        (void)cli_refuse(tree->cli, STATUS_USAGE, NULL, "%s: %s", path, strerrordesc_np(errno));
        return false;
    }
    read_log(tree, file);
    if (!is_stdin)
        (void)fclose(file);
    return true;
}

/* The files named, or all of the folder KITH_LOGS, what was rotated away included. */
static bool read_logs(struct tree *tree)
{
    struct cli *cli = tree->cli;
    const char *folder = getenv("KITH_LOGS");
    for (int i = 0; cli_option_at(cli, "log", i) != NULL; i++)
        if (!read_file(tree, cli_option_at(cli, "log", i)))
            return false;
    if (cli_has(cli, "log"))
        return true;
    if (folder == NULL || *folder == '\0') {
        (void)cli_refuse(cli, STATUS_USAGE,
            "eval \"$(deploy/local env)\", or kith trace ID --log FILE for each service",
            "where the services log is not known: KITH_LOGS is not set");
        return false;
    }
    glob_t found = {0};
    bool is_read = true;
    const char *pattern = arena_printf(&cli->arena, "%s/*.log*", folder);
    if (pattern != NULL && glob(pattern, 0, NULL, &found) != 0)
        (void)cli_refuse(cli, STATUS_USAGE, NULL, "there is no log in %s", folder);
    for (size_t i = 0; is_read && i < found.gl_pathc; i++)
        is_read = read_file(tree, found.gl_pathv[i]);
    is_read = is_read && found.gl_pathc > 0;
    globfree(&found);
    return is_read;
}

/* ---- the tree -------------------------------------------------------------------------------- */

static int earlier(const void *a, const void *b)
{
    const struct node *x = a;
    const struct node *y = b;
    if (x->begin_us != y->begin_us)
        return x->begin_us < y->begin_us ? -1 : 1;
    return (int)y->is_span - (int)x->is_span;
}

static int find_span(const struct tree *tree, const char *id)
{
    for (int i = 0; *id != '\0' && i < tree->n; i++)
        if (tree->nodes[i].is_span && strcmp(view_raw(tree->nodes[i].line, "span_id"), id) == 0)
            return i;
    return NONE;
}

static void connect(struct tree *tree)
{
    qsort(tree->nodes, (size_t)tree->n, sizeof(*tree->nodes), earlier);
    for (int i = 0; i < tree->n; i++) {
        struct node *node = &tree->nodes[i];
        const char *cause = view_raw(node->line, node->is_span ? "parent_id" : "span_id");
        node->parent = find_span(tree, cause);
    }
}

/* ---- showing --------------------------------------------------------------------------------- */

/* "/kith.v1.ContactService/ImportFile", "kith.v1.AskReceived" */
static const char *short_name(const char *name)
{
    size_t skip = 0;
    for (size_t i = 0; name[i] != '\0'; i++)
        skip = name[i] == '.' || name[i] == '/' ? i + 1 : skip;
    return name + skip;
}

static const char *name_of(struct cli *cli, const struct node *node)
{
    const json_t *line = node->line;
    const char *service = view_text(cli, line, "svc");
    const char *text = NULL;
    if (is_event(line, "rpc.call"))
        text = arena_printf(
            &cli->arena, "%s  %s", service, short_name(view_text(cli, line, "method")));
    else if (is_event(line, "queue.effect"))
        text = arena_printf(
            &cli->arena, "%s  \xE2\x87\x90 %s", service, short_name(view_text(cli, line, "kind")));
    else
        text = arena_printf(&cli->arena, "%s  %s", service, view_text(cli, line, "evt"));
    return text == NULL ? "" : text;
}

static const char *milliseconds(struct cli *cli, int64_t us)
{
    const char *text = arena_printf(&cli->arena, "%.1f ms", (double)us / 1e3);
    return text == NULL ? "" : text;
}

static const char *outcome_of(struct cli *cli, const struct node *node)
{
    const json_t *line = node->line;
    const char *reason = view_text(cli, line, "reason");
    const char *text = "";
    if (is_event(line, "queue.effect"))
        text = arena_printf(
            &cli->arena, "%s after it was written", milliseconds(cli, view_int(line, "age_us")));
    else if (is_event(line, "inbox.notified"))
        text = arena_printf(&cli->arena, "%s, %s", short_name(view_text(cli, line, "kind")),
            view_text(cli, line, "channel"));
    else
        text = arena_printf(&cli->arena, "%s%s%s", view_text(cli, line, "code"),
            *reason == '\0' ? "" : " ", reason);
    return text == NULL ? "" : text;
}

static void show_node(struct tree *tree, struct view_table *table, int at)
{
    struct cli *cli = tree->cli;
    struct node *node = &tree->nodes[at];
    int64_t since_us = node->begin_us - tree->nodes[0].begin_us;
    node->depth = node->parent == NONE ? 0 : tree->nodes[node->parent].depth + 1;
    json_t *json = json_deep_copy(node->line);
    (void)json_object_set_new(json, "depth", json_integer(node->depth));
    (void)json_object_set_new(json, "at_us", json_integer(since_us));
    (void)cli_emit(cli, json);
    json_decref(json);
    const char *name = arena_printf(&cli->arena, "%*s%s%s", 2 * node->depth, "",
        node->depth > 0 ? "\xE2\x94\x94 " : "", name_of(cli, node));
    const char *cells[] = {milliseconds(cli, since_us),
        node->is_span ? milliseconds(cli, node->end_us - node->begin_us) : "",
        name == NULL ? "" : name, outcome_of(cli, node)};
    view_row(table, cells);
}

/* In order of time, each followed by what it caused. */
static void show_below(struct tree *tree, struct view_table *table, int parent)
{
    for (int i = 0; i < tree->n; i++)
        if (tree->nodes[i].parent == parent) {
            show_node(tree, table, i);
            show_below(tree, table, i);
        }
}

static enum status show(struct tree *tree)
{
    static const struct view_column columns[] = {{"at", VIEW_DIM, true, false},
        {"took", VIEW_PLAIN, true, false}, {"", VIEW_BOLD, false, true},
        {"", VIEW_PLAIN, false, true}};
    struct cli *cli = tree->cli;
    struct view_table table = view_table(cli, columns, 4);
    if (tree->n == 0)
        return cli_refuse(cli, STATUS_NOT_FOUND,
            "kith --verbose COMMAND shows the trace id of what it does",
            "no line of the logs is of a trace \"%s\"", view_clean(cli, tree->wanted, false));
    if (tree->is_ambiguous)
        return cli_refuse(cli, STATUS_USAGE, "give more of the id", "several traces have \"%s\"",
            view_clean(cli, tree->wanted, false));
    connect(tree);
    cli_note(cli, "trace %s: %s, %s", tree->id, view_count(cli, tree->n_calls, "call", "calls"),
        view_count(cli, tree->n_events, "event", "events"));
    show_below(tree, &table, NONE);
    view_print(&table);
    return STATUS_OK;
}

enum status run_trace(struct cli *cli)
{
    struct tree tree = {.cli = cli, .wanted = cli_operand(cli, 0)};
    if (strlen(tree.wanted) != TRACE_ID && !resolve_is_piece(tree.wanted))
        return cli_refuse(cli, STATUS_USAGE, hint_usage(cli),
            "\"%s\" is no trace id of 32 hex digits, nor 8 or more of its ends",
            view_clean(cli, tree.wanted, false));
    tree.nodes = arena_calloc(&cli->arena, MAX_NODES, sizeof(*tree.nodes));
    return tree.nodes != NULL && read_logs(&tree) ? show(&tree) : cli->status;
}
