/* SPDX-License-Identifier: Apache-2.0 */
/*
 * A small load generator on any method: so many callers, each one call at a time through one client
 * of libkith, as fast as they can or at a rate. At a rate a call's time counts from when it was
 * due: one that had to wait for a slow one before it shows that wait, as its caller would feel it.
 */
#include "commands.h"
#include "view.h"

#include <inttypes.h>
#include <poll.h>
#include <pthread.h>
#include <stdatomic.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

enum { CALLERS = 16, MAX_CALLERS = 1024, DURATION_MS = 5000, MAX_RATE = 1000000, REASONS = 8 };

struct load {
    struct kith_client *client;
    const char *method, *request;
    struct kith_call_options options;
    int64_t rate; /* calls a second of all callers; 0: as fast as they can */
    int64_t begin_us, end_us;
    _Atomic int64_t n_begun;
};

/* What one caller saw. */
struct caller {
    struct load *load;
    pthread_t thread;
    uint32_t *times_us; /* of what succeeded */
    size_t n, max;
    struct failures {
        char reason[64];
        int64_t n;
    } failures[REASONS]; /* those seen first */
    int64_t n_failed;
    int64_t last_us;
};

struct result {
    const uint32_t *times_us; /* in order */
    size_t n;
    int64_t n_failed;
    double seconds;
    struct failures failures[REASONS];
};

static int64_t now_us(void)
{
    struct timespec t;
    (void)clock_gettime(CLOCK_MONOTONIC, &t);
    return (int64_t)t.tv_sec * 1000000 + t.tv_nsec / 1000;
}

/* ---- a caller -------------------------------------------------------------------------------- */

static void note_failure(struct failures *all, const char *reason, int64_t n)
{
    for (int i = 0; i < REASONS; i++)
        if (all[i].n == 0 || strcmp(all[i].reason, reason) == 0) {
            (void)snprintf(all[i].reason, sizeof(all[i].reason), "%s", reason);
            all[i].n += n;
            return;
        }
}

static void note_time(struct caller *c, int64_t us)
{
    if (c->n == c->max) {
        size_t wanted = c->max == 0 ? 1024 : c->max * 2;
        uint32_t *more = reallocarray(c->times_us, wanted, sizeof(*more));
        if (more == NULL)
            return;
        c->times_us = more;
        c->max = wanted;
    }
    c->times_us[c->n++] = us > UINT32_MAX ? UINT32_MAX : (uint32_t)us;
}

/* When the next call is due; at once without a rate. */
static int64_t take_turn(struct load *load)
{
    int64_t turn = atomic_fetch_add(&load->n_begun, 1);
    return load->rate == 0 ? now_us() : load->begin_us + turn * 1000000 / load->rate;
}

static void wait_until(int64_t at_us)
{
    int64_t left = at_us - now_us();
    if (left <= 0)
        return;
    const struct timespec time = {left / 1000000, left % 1000000 * 1000};
    (void)ppoll(NULL, 0, &time, NULL);
}

static void *run_caller(void *arg)
{
    struct caller *c = arg;
    struct load *load = c->load;
    for (;;) {
        int64_t due_us = take_turn(load);
        if (due_us >= load->end_us)
            return NULL;
        wait_until(due_us);
        struct kith_result *result = NULL;
        struct kith_error *error = NULL;
        enum kith_code code =
            kith_call(load->client, load->method, load->request, &load->options, &result, &error);
        c->last_us = now_us();
        if (code == KITH_OK)
            note_time(c, c->last_us - due_us);
        else
            note_failure(c->failures, kith_error_reason(error), 1);
        c->n_failed += code == KITH_OK ? 0 : 1;
        kith_result_free(result);
        kith_error_free(error);
    }
}

/* ---- all of them ----------------------------------------------------------------------------- */

static int by_time(const void *a, const void *b)
{
    uint32_t x = *(const uint32_t *)a;
    uint32_t y = *(const uint32_t *)b;
    return x < y ? -1 : x > y;
}

static void add_up(struct cli *cli, struct caller *callers, int64_t n, struct result *out)
{
    size_t total = 0;
    int64_t last_us = 0;
    for (int64_t i = 0; i < n; i++)
        total += callers[i].n;
    uint32_t *all = arena_calloc(&cli->arena, total + 1, sizeof(*all));
    for (int64_t i = 0; i < n; i++) {
        struct caller *c = &callers[i];
        if (all != NULL && c->n > 0)
            memcpy(all + out->n, c->times_us, c->n * sizeof(*all));
        out->n += all == NULL ? 0 : c->n;
        out->n_failed += c->n_failed;
        last_us = c->last_us > last_us ? c->last_us : last_us;
        for (int k = 0; k < REASONS && c->failures[k].n > 0; k++)
            note_failure(out->failures, c->failures[k].reason, c->failures[k].n);
        free(c->times_us);
    }
    if (all != NULL)
        qsort(all, out->n, sizeof(*all), by_time);
    out->times_us = all;
    out->seconds = (double)(last_us - callers->load->begin_us) / 1e6;
}

static enum status run_load(
    struct cli *cli, struct load *load, int64_t n, int64_t duration_ms, struct result *out)
{
    struct caller *callers = arena_calloc(&cli->arena, (size_t)n, sizeof(*callers));
    if (callers == NULL)
        return cli_refuse(cli, STATUS_ERROR, NULL, "out of memory");
    int64_t started = 0;
    load->begin_us = now_us();
    load->end_us = load->begin_us + duration_ms * 1000;
    for (; started < n; started++) {
        callers[started].load = load;
        if (pthread_create(&callers[started].thread, NULL, run_caller, &callers[started]) != 0)
            break;
    }
    for (int64_t i = 0; i < started; i++)
        (void)pthread_join(callers[i].thread, NULL);
    if (started == 0)
        return cli_refuse(cli, STATUS_ERROR, NULL, "no thread could be started");
    add_up(cli, callers, started, out);
    return STATUS_OK;
}

/* ---- showing --------------------------------------------------------------------------------- */

static double percentile_ms(const struct result *r, double share)
{
    if (r->n == 0)
        return 0;
    size_t at = (size_t)((double)r->n * share);
    return (double)r->times_us[at < r->n ? at : r->n - 1] / 1e3;
}

static void show(struct cli *cli, const struct load *load, int64_t callers, const struct result *r)
{
    json_t *failures = json_object();
    for (int i = 0; i < REASONS && r->failures[i].n > 0; i++)
        (void)json_object_set_new(failures, r->failures[i].reason, json_integer(r->failures[i].n));
    double rate = r->seconds > 0 ? (double)r->n / r->seconds : 0;
    json_t *json = json_pack("{s:s,s:I,s:f,s:I,s:I,s:f,s:f,s:f,s:f,s:f,s:o}", "method",
        load->method, "callers", (json_int_t)callers, "seconds", r->seconds, "succeeded",
        (json_int_t)r->n, "failed", (json_int_t)r->n_failed, "ratePerS", rate, "p50Ms",
        percentile_ms(r, 0.50), "p90Ms", percentile_ms(r, 0.90), "p99Ms", percentile_ms(r, 0.99),
        "maxMs", percentile_ms(r, 1), "failures", failures);
    if (!cli_emit(cli, json)) {
        cli_say(cli, "%s  %s%.0f calls a second%s, %" PRId64 " callers, %.1f s", load->method,
            cli->bold, rate, cli->plain, callers, r->seconds);
        cli_say(cli, "  p50 %.2f ms   p90 %.2f ms   p99 %.2f ms   max %.2f ms",
            percentile_ms(r, 0.50), percentile_ms(r, 0.90), percentile_ms(r, 0.99),
            percentile_ms(r, 1));
        cli_say(cli, "  %zu succeeded, %" PRId64 " failed", r->n, r->n_failed);
        for (int i = 0; i < REASONS && r->failures[i].n > 0; i++)
            cli_say(cli, "    %s %" PRId64, r->failures[i].reason, r->failures[i].n);
    }
    json_decref(json);
}

/* A number of an option, from 1 to `max`; `fallback` where it is not given, -1 after saying no. */
static int64_t number(struct cli *cli, const char *option, int64_t fallback, int64_t max)
{
    const char *text = cli_option(cli, option);
    char *end = NULL;
    int64_t n = text == NULL ? fallback : strtoll(text, &end, 10);
    if (text == NULL || (end != text && *end == '\0' && n >= 1 && n <= max))
        return n;
    (void)cli_refuse(
        cli, STATUS_USAGE, NULL, "--%s: 1 to %" PRId64 ", not \"%s\"", option, max, text);
    return -1;
}

enum status run_bench(struct cli *cli)
{
    const char *method = cli_operand(cli, 0);
    const char *request = cli_operand(cli, 1);
    const char *process = cli_option(cli, "process");
    int64_t duration_ms = DURATION_MS;
    int64_t callers = number(cli, "callers", CALLERS, MAX_CALLERS);
    int64_t rate = callers < 0 ? -1 : number(cli, "rate", 0, MAX_RATE);
    if (rate < 0 || !cli_time(cli, "duration", &duration_ms) || cli_client(cli) == NULL)
        return cli->status;
    struct load load = {.client = cli->client,
        .method = method == NULL ? "HealthService/Ping" : method,
        .request = request == NULL ? "{}" : request,
        .options = cli_call_options(),
        .rate = rate};
    load.options.timeout_ms = cli->timeout_ms;
    load.options.process = process == NULL && method == NULL ? "contact" : process;
    /* One call to connect, and to learn whether it can succeed at all. */
    struct kith_result *first = NULL;
    struct kith_error *error = NULL;
    if (kith_call(load.client, load.method, load.request, &load.options, &first, &error) != KITH_OK)
        return cli_fail(cli, error);
    kith_result_free(first);
    struct result result = {0};
    if (run_load(cli, &load, callers, duration_ms, &result) != STATUS_OK)
        return cli->status;
    show(cli, &load, callers, &result);
    return result.n_failed > 0 ? STATUS_PARTIAL : STATUS_OK;
}
