/* SPDX-License-Identifier: Apache-2.0 */
/* The services themselves, and what their errors mean. */
#include "commands.h"
#include "nearest/nearest.h"
#include "view.h"

#include <inttypes.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

enum { STATUS_TIMEOUT_MS = 2000, PING_COUNT = 4 };

static const char *const processes[] = {"contact", "recommendation", "notification"};
enum { N_PROCESSES = 3 };

static double now_ms(void)
{
    struct timespec t;
    (void)clock_gettime(CLOCK_MONOTONIC, &t);
    return (double)t.tv_sec * 1e3 + (double)t.tv_nsec / 1e6;
}

static struct kith_call_options options_for(const struct cli *cli, const char *process)
{
    return (struct kith_call_options){.size = sizeof(struct kith_call_options),
        .timeout_ms = cli->timeout_ms > 0 ? cli->timeout_ms : STATUS_TIMEOUT_MS,
        .process = process};
}

static const char *uptime(struct cli *cli, int64_t s)
{
    const char *text = s < 120    ? arena_printf(&cli->arena, "%" PRId64 " s", s)
                       : s < 7200 ? arena_printf(&cli->arena, "%" PRId64 " min", s / 60)
                                  : arena_printf(&cli->arena, "%" PRId64 " h", s / 3600);
    return text == NULL ? "" : text;
}

static void add_parts(struct cli *cli, const json_t *health, struct view_table *table)
{
    const json_t *parts = json_object_get(health, "parts");
    for (size_t i = 0; i < json_array_size(parts); i++) {
        const json_t *part = json_array_get(parts, i);
        const char *name = arena_printf(&cli->arena, "  %s", view_text(cli, part, "name"));
        const char *cells[] = {name == NULL ? "" : name,
            view_enum(cli, part, "status", "HEALTH_STATUS_"), "", "", "",
            view_text(cli, part, "problem")};
        view_row(table, cells);
    }
}

/* True if it serves. */
static bool add_process(struct cli *cli, const char *process, struct view_table *table)
{
    struct kith_call_options options = options_for(cli, process);
    struct kith_error *error = NULL;
    double before = now_ms();
    json_t *health = cli_try(cli, "HealthService/Check", NULL, &options, &error);
    const char *took = arena_printf(&cli->arena, "%.1f ms", now_ms() - before);
    const char *name = arena_printf(&cli->arena, "kith-%s", process);
    if (health == NULL) {
        json_t *down = json_pack("{s:s,s:s,s:s}", "service", name, "status", "UNREACHABLE",
            "problem", kith_error_message(error));
        const char *cells[] = {
            name, "not there", "", "", "", view_clean(cli, kith_error_message(error), false)};
        (void)cli_emit(cli, down);
        view_row(table, cells);
        json_decref(down);
        kith_error_free(error);
        return false;
    }
    (void)cli_emit(cli, health);
    const char *state = view_enum(cli, health, "status", "HEALTH_STATUS_");
    const char *cells[] = {name, state, took, view_text(cli, health, "version"),
        uptime(cli, view_int(health, "uptimeS")), ""};
    view_row(table, cells);
    add_parts(cli, health, table);
    return strcmp(state, "not serving") != 0;
}

enum status run_status(struct cli *cli)
{
    static const struct view_column columns[] = {{"service", VIEW_BOLD, false, false},
        {"state", VIEW_PLAIN, false, false}, {"answered", VIEW_PLAIN, true, false},
        {"version", VIEW_DIM, false, false}, {"up", VIEW_DIM, true, false},
        {"problem", VIEW_PLAIN, false, true}};
    struct view_table table = view_table(cli, columns, 6);
    bool is_well = true;
    if (cli_client(cli) == NULL)
        return cli->status;
    for (int i = 0; i < N_PROCESSES; i++)
        is_well = add_process(cli, processes[i], &table) && is_well;
    view_print(&table);
    if (is_well)
        return STATUS_OK;
    cli_next(cli, "start what is missing; on this machine: deploy/local up");
    return STATUS_UNAVAILABLE;
}

static enum status ping_process(struct cli *cli, const char *process, long count)
{
    struct kith_call_options options = options_for(cli, process);
    double best = 0;
    double worst = 0;
    double sum = 0;
    for (long i = 0; i < count; i++) {
        double before = now_ms();
        if (cli_call_with(cli, "HealthService/Ping", NULL, &options) == NULL)
            return cli->status;
        double took = now_ms() - before;
        best = i == 0 || took < best ? took : best;
        worst = took > worst ? took : worst;
        sum += took;
    }
    json_t *json = json_pack("{s:s,s:I,s:f,s:f,s:f}", "process", process, "count",
        (json_int_t)count, "bestMs", best, "meanMs", sum / (double)count, "worstMs", worst);
    if (!cli_emit(cli, json))
        cli_say(cli, "%-15s %s%.2f ms%s on average of %ld, best %.2f, worst %.2f", process,
            cli->bold, sum / (double)count, cli->plain, count, best, worst);
    json_decref(json);
    return STATUS_OK;
}

enum status run_ping(struct cli *cli)
{
    const char *text = cli_option(cli, "count");
    const char *only = cli_operand(cli, 0);
    char *end = NULL;
    long count = text == NULL ? PING_COUNT : strtol(text, &end, 10);
    if (text != NULL && (*end != '\0' || count < 1 || count > 100000))
        return cli_refuse(cli, STATUS_USAGE, NULL, "--count: 1 to 100000, not \"%s\"", text);
    enum status status = STATUS_OK;
    bool is_known = only == NULL;
    for (int i = 0; i < N_PROCESSES; i++) {
        if (only != NULL && strcmp(only, processes[i]) != 0)
            continue;
        is_known = true;
        enum status one = ping_process(cli, processes[i], count);
        status = one == STATUS_OK ? status : one;
    }
    if (!is_known)
        return cli_refuse(cli, STATUS_USAGE, "kith ping contact|recommendation|notification",
            "there is no process \"%s\"", only);
    return status;
}

/* ---- explain --------------------------------------------------------------------------------- */

static void explain(struct cli *cli, const char *reason)
{
    const char *meaning = "";
    const char *remedy = "";
    if (!kith_explain(reason, &meaning, &remedy))
        return;
    json_t *json =
        json_pack("{s:s,s:s,s:s}", "reason", reason, "meaning", meaning, "remedy", remedy);
    if (!cli_emit(cli, json)) {
        cli_say(cli, "%s%s%s\n  %s", cli->bold, reason, cli->plain, meaning);
        cli_say(cli, "  %s", remedy);
    }
    json_decref(json);
}

/* "TOKEN" of "TOKEN_MISSING": the reasons about one thing begin alike. */
static bool is_about(const char *reason, const char *typed)
{
    size_t len = strcspn(reason, "_");
    return len == strcspn(typed, "_") && strncasecmp(reason, typed, len) == 0;
}

/* A slip of the hand, or else those about the same thing. */
static const char *suggest_reason(struct cli *cli, const char *typed, const char *near)
{
    const char *alike = NULL;
    const char *reason = kith_reason_at(0);
    for (size_t i = 0; reason != NULL; reason = kith_reason_at(++i))
        if (is_about(reason, typed))
            alike = arena_printf(&cli->arena, "%s%s%s", alike == NULL ? "" : alike,
                alike == NULL ? "" : ", ", reason);
    if (near != NULL && (alike == NULL || is_about(near, typed)))
        return arena_printf(&cli->arena, "did you mean kith explain %s?", near);
    if (alike != NULL)
        return arena_printf(&cli->arena, "kith explain REASON, one of: %s", alike);
    return "kith explain lists all";
}

enum status run_explain(struct cli *cli)
{
    const char *typed = cli_operand(cli, 0);
    struct nearest near = nearest_to(typed == NULL ? "" : typed);
    const char *reason = kith_reason_at(0);
    for (size_t i = 0; reason != NULL; reason = kith_reason_at(++i)) {
        nearest_consider(&near, reason);
        if (typed == NULL || strcasecmp(typed, reason) == 0)
            explain(cli, reason);
        if (typed != NULL && strcasecmp(typed, reason) == 0)
            return STATUS_OK;
    }
    if (typed == NULL)
        return STATUS_OK;
    return cli_refuse(cli, STATUS_NOT_FOUND, suggest_reason(cli, typed, near.word),
        "there is no reason \"%s\"", typed);
}
