/* SPDX-License-Identifier: Apache-2.0 */
/*
 * What the services do: two readings of their counters, and the difference. The first one shows
 * what there was since the start.
 */
#include "commands.h"
#include "view.h"

#include <inttypes.h>
#include <poll.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

static const char *const processes[] = {"contact", "recommendation", "notification"};
enum { N_PROCESSES = 3, INTERVAL_MS = 2000, MAX_BUCKETS = 512, FRAME_MEMORY = 4 << 20 };

/* How often something took how long: as the services count it, in buckets. */
struct durations {
    int64_t from_us[MAX_BUCKETS];
    int64_t counts[MAX_BUCKETS];
    size_t n_buckets;
    int64_t n;
};

/* One process; `last` NULL: there is no reading before this one. */
struct reading {
    const json_t *now, *last;
    double seconds; /* between them */
};

struct line {
    const char *name;
    double rate, failed_rate;
    int64_t p50_us, p99_us;
};

/* ---- counters -------------------------------------------------------------------------------- */

/* 64 bits come as text. */
static int64_t number(const json_t *value)
{
    return json_is_string(value) ? strtoll(json_string_value(value), NULL, 10)
                                 : (int64_t)json_integer_value(value);
}

static int64_t since(const struct reading *r, const char *part, const char *field)
{
    return view_int(json_object_get(r->now, part), field) -
           view_int(json_object_get(r->last, part), field);
}

static int64_t count_before(const json_t *from, const json_t *counts, int64_t from_us)
{
    for (size_t i = 0; i < json_array_size(from); i++)
        if (number(json_array_get(from, i)) == from_us)
            return number(json_array_get(counts, i));
    return 0;
}

static void read_durations(const json_t *now, const json_t *last, struct durations *out)
{
    const json_t *from = json_object_get(now, "fromUs");
    const json_t *counts = json_object_get(now, "counts");
    const json_t *from_before = json_object_get(last, "fromUs");
    const json_t *counts_before = json_object_get(last, "counts");
    out->n_buckets = 0;
    out->n = 0;
    for (size_t i = 0; i < json_array_size(from) && i < MAX_BUCKETS; i++) {
        int64_t from_us = number(json_array_get(from, i));
        int64_t n =
            number(json_array_get(counts, i)) - count_before(from_before, counts_before, from_us);
        out->from_us[out->n_buckets] = from_us;
        out->counts[out->n_buckets++] = n;
        out->n += n;
    }
}

/* The end of the bucket, a sixteenth beyond its beginning. */
static int64_t percentile_us(const struct durations *d, double share)
{
    double seen = 0;
    for (size_t i = 0; i < d->n_buckets; i++) {
        seen += (double)d->counts[i];
        if (d->counts[i] > 0 && seen >= (double)d->n * share)
            return d->from_us[i] + d->from_us[i] / 16;
    }
    return 0;
}

static int64_t count_failed(const json_t *method)
{
    const json_t *statuses = json_object_get(method, "statuses");
    int64_t n = 0;
    for (size_t i = 0; i < json_array_size(statuses); i++)
        if (strcmp(view_raw(json_array_get(statuses, i), "status"), "OK") != 0)
            n += view_int(json_array_get(statuses, i), "count");
    return n;
}

static const json_t *find_method(const json_t *stats, const char *name)
{
    const json_t *methods = json_object_get(stats, "methods");
    for (size_t i = 0; i < json_array_size(methods); i++)
        if (strcmp(view_raw(json_array_get(methods, i), "method"), name) == 0)
            return json_array_get(methods, i);
    return NULL;
}

static struct line line_of(const struct reading *r, const json_t *method)
{
    struct durations took;
    const char *name = view_raw(method, "method");
    const json_t *last = find_method(r->last, name);
    const char *slash = strrchr(name, '/');
    read_durations(json_object_get(method, "took"), json_object_get(last, "took"), &took);
    return (struct line){
        .name = slash == NULL ? name : slash + 1,
        .rate = (double)took.n / r->seconds,
        .failed_rate = (double)(count_failed(method) - count_failed(last)) / r->seconds,
        .p50_us = percentile_us(&took, 0.50),
        .p99_us = percentile_us(&took, 0.99),
    };
}

static int by_rate(const void *a, const void *b)
{
    const struct line *x = a;
    const struct line *y = b;
    return x->rate < y->rate ? 1 : x->rate > y->rate ? -1 : strcmp(x->name, y->name);
}

/* Those called meanwhile, the busiest first. */
static struct line *lines_of(struct cli *cli, const struct reading *r, size_t *n)
{
    const json_t *methods = json_object_get(r->now, "methods");
    struct line *lines = arena_calloc(&cli->arena, json_array_size(methods) + 1, sizeof(*lines));
    *n = 0;
    for (size_t i = 0; lines != NULL && i < json_array_size(methods); i++) {
        struct line line = line_of(r, json_array_get(methods, i));
        if (line.rate > 0)
            lines[(*n)++] = line;
    }
    if (*n > 0)
        qsort(lines, *n, sizeof(*lines), by_rate);
    return lines;
}

static int64_t wait_p99_us(const struct reading *r)
{
    struct durations waited;
    read_durations(json_object_get(json_object_get(r->now, "queue"), "waited"),
        json_object_get(json_object_get(r->last, "queue"), "waited"), &waited);
    return percentile_us(&waited, 0.99);
}

static double refused_rate(const struct reading *r)
{
    return (double)(since(r, "queue", "refusedFull") + since(r, "queue", "refusedLate") +
                    since(r, "queue", "refusedRate") + since(r, "queue", "refusedOther")) /
           r->seconds;
}

/* ---- showing --------------------------------------------------------------------------------- */

static void add_row(struct cli *cli, const struct line *line, struct view_table *table)
{
    const char *name = arena_printf(&cli->arena, "  %s", view_clean(cli, line->name, false));
    const char *rate = arena_printf(&cli->arena, "%.1f", line->rate);
    const char *p50 = arena_printf(&cli->arena, "%.2f ms", (double)line->p50_us / 1e3);
    const char *p99 = arena_printf(&cli->arena, "%.2f ms", (double)line->p99_us / 1e3);
    const char *failed =
        line->failed_rate > 0 ? arena_printf(&cli->arena, "%.1f", line->failed_rate) : "";
    if (name == NULL || rate == NULL || p50 == NULL || p99 == NULL || failed == NULL)
        return;
    const char *cells[] = {name, rate, failed, p50, p99};
    view_row(table, cells);
}

static void say_process(struct cli *cli, const char *process, const struct reading *r)
{
    const json_t *queue = json_object_get(r->now, "queue");
    const json_t *pool = json_object_get(r->now, "pool");
    cli_say(cli, "%s%s%s  %s", cli->bold, process, cli->plain,
        r->last == NULL ? "since its start" : "");
    cli_say(cli,
        "  %s%" PRId64 " waiting (p99 %.2f ms), %" PRId64 " set aside, %.1f/s refused; "
        "%" PRId64 " connections; database %" PRId64 " of %" PRId64 " busy%s",
        cli->dim, view_int(queue, "waiting"), (double)wait_p99_us(r) / 1e3,
        view_int(queue, "parked"), refused_rate(r),
        view_int(json_object_get(r->now, "connections"), "open"),
        view_int(pool, "open") - view_int(pool, "idle"), view_int(pool, "size"), cli->plain);
}

static json_t *as_json(struct cli *cli, const char *process, const struct reading *r)
{
    size_t n;
    const struct line *lines = lines_of(cli, r, &n);
    const json_t *queue = json_object_get(r->now, "queue");
    json_t *methods = json_array();
    for (size_t i = 0; i < n; i++)
        (void)json_array_append_new(
            methods, json_pack("{s:s,s:f,s:f,s:I,s:I}", "method", lines[i].name, "ratePerS",
                         lines[i].rate, "failedPerS", lines[i].failed_rate, "p50Us",
                         (json_int_t)lines[i].p50_us, "p99Us", (json_int_t)lines[i].p99_us));
    return json_pack("{s:s,s:f,s:I,s:I,s:I,s:f,s:I,s:o}", "process", process, "seconds", r->seconds,
        "waiting", (json_int_t)view_int(queue, "waiting"), "waitP99Us", (json_int_t)wait_p99_us(r),
        "parked", (json_int_t)view_int(queue, "parked"), "refusedPerS", refused_rate(r),
        "connections", (json_int_t)view_int(json_object_get(r->now, "connections"), "open"),
        "methods", methods);
}

static void show(struct cli *cli, const char *process, const struct reading *r)
{
    static const struct view_column columns[] = {{"  method", VIEW_PLAIN, false, true},
        {"calls/s", VIEW_BOLD, true, false}, {"failed/s", VIEW_PLAIN, true, false},
        {"p50", VIEW_PLAIN, true, false}, {"p99", VIEW_PLAIN, true, false}};
    json_t *json = as_json(cli, process, r);
    bool is_told = cli_emit(cli, json);
    json_decref(json);
    if (is_told)
        return;
    size_t n;
    const struct line *lines = lines_of(cli, r, &n);
    struct view_table table = view_table(cli, columns, 5);
    say_process(cli, process, r);
    for (size_t i = 0; i < n; i++)
        add_row(cli, &lines[i], &table);
    view_print(&table);
}

/* ---- asking ---------------------------------------------------------------------------------- */

/* NULL after saying why. The caller frees it. */
static json_t *ask(struct cli *cli, const char *process)
{
    struct kith_call_options options = cli_call_options();
    struct kith_result *result = NULL;
    struct kith_error *error = NULL;
    options.process = process;
    options.timeout_ms = cli->timeout_ms;
    if (kith_call(cli->client, "StatsService/GetStats", "{}", &options, &result, &error) !=
        KITH_OK) {
        (void)cli_fail(cli, error);
        return NULL;
    }
    json_t *stats = json_loads(kith_result_json(result), 0, NULL);
    kith_result_free(result);
    return stats;
}

enum manner { SILENT, PRINT, REDRAW };

/* One reading of all; what was read before is in `last`, which it replaces. */
static enum status refresh(struct cli *cli, json_t *last[N_PROCESSES], enum manner manner)
{
    struct cli frame = *cli; /* what is shown lives until the next */
    enum status status = STATUS_OK;
    arena_init(&frame.arena, FRAME_MEMORY);
    if (manner == REDRAW)
        (void)fputs("\033[H\033[J", stdout);
    for (int i = 0; i < N_PROCESSES; i++) {
        json_t *now = ask(&frame, processes[i]);
        if (now == NULL) {
            status = frame.status;
            continue;
        }
        struct reading reading = {.now = now, .last = last[i]};
        int64_t us = view_int(now, "uptimeUs") - view_int(last[i], "uptimeUs");
        if (us <= 0) { /* it was started again */
            reading.last = NULL;
            us = view_int(now, "uptimeUs");
        }
        reading.seconds = us > 0 ? (double)us / 1e6 : 1;
        if (manner != SILENT)
            show(&frame, processes[i], &reading);
        json_decref(last[i]);
        last[i] = now;
    }
    (void)fflush(stdout);
    arena_fini(&frame.arena);
    return status;
}

enum status run_top(struct cli *cli)
{
    json_t *last[N_PROCESSES] = {NULL};
    int64_t interval_ms = INTERVAL_MS;
    bool is_live = cli->is_terminal && !cli->is_json && !cli_has(cli, "once");
    if (!cli_time(cli, "interval", &interval_ms) ||
        use_operator_token(cli, "set KITH_OPERATOR_TOKEN_FILE, or give --token-file",
            "only the operator sees what the services do") != STATUS_OK ||
        cli_client(cli) == NULL)
        return cli->status;
    bool is_difference = is_live || cli_has(cli, "interval");
    enum status status = refresh(cli, last, is_live ? REDRAW : is_difference ? SILENT : PRINT);
    while (is_difference) {
        (void)poll(NULL, 0, (int)interval_ms);
        status = refresh(cli, last, is_live ? REDRAW : PRINT);
        is_difference = is_live;
    }
    for (int i = 0; i < N_PROCESSES; i++)
        json_decref(last[i]);
    return status;
}
