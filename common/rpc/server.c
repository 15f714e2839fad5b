/* SPDX-License-Identifier: Apache-2.0 */
#include "rpc/server_state.h"

#include <stdlib.h>
#include <string.h>
#include <unistd.h>

enum { N_BUILT_IN = 3 };

/* ---- the table of methods ---- */

static enum err_code build_routes(struct rpc_server *s, const struct rpc_registration *services,
    size_t n_services, struct err *err)
{
    s->routes = calloc(schema_count(s->schema), sizeof(*s->routes));
    s->services = calloc(n_services + N_BUILT_IN + 1, sizeof(*s->services));
    if (!s->routes || !s->services)
        return err_raise(err, REASON_INTERNAL_ERROR, "no memory for the table of methods");
    for (size_t i = 0; i < n_services; i++)
        s->services[i] = services[i];
    s->services[n_services] = (struct rpc_registration){&health_service, s->health};
    s->services[n_services + 1] = (struct rpc_registration){&reflection_service, &s->reflection};
    s->services[n_services + 2] = (struct rpc_registration){&stats_service, s->report};
    s->n_services = n_services + N_BUILT_IN;
    if (s->tap)
        s->services[s->n_services++] = (struct rpc_registration){&tap_service, s->tap};
    s->reflection = (struct reflection){s->services, s->n_services};
    for (size_t i = 0; i < s->n_services; i++) {
        enum err_code code = routes_add(s->routes, s->schema, &s->services[i], err);
        if (code != ERR_OK)
            return code;
    }
    s->dispatch.routes = s->routes;
    return ERR_OK;
}

/* ---- life ---- */

static enum err_code check_config(const struct rpc_server_config *c, struct err *err)
{
    if (c->workers < 1 || c->queue_limit < 1)
        return err_raise(err, REASON_CONFIG_INVALID, "workers and queue-limit must be at least 1");
    if (c->max_message < WIRE_PREAMBLE_SIZE + WIRE_FRAME_SIZE || c->max_memory < 4096)
        return err_raise(
            err, REASON_CONFIG_INVALID, "the limits of message and memory are too low");
    return c->may_be_tapped ? tap_check_addresses(c->listen, err) : ERR_OK;
}

/* One per processor, but two at least: one asks the database as the other answers. */
static size_t max_crews(void)
{
    long n = sysconf(_SC_NPROCESSORS_ONLN);
    return n > 2 ? (size_t)n : 2;
}

static bool is_gone(const void *self, uint32_t pipe)
{
    const struct rpc_server *s = self;
    return !transport_has(s->transport, pipe);
}

static struct call_queue *build_queue(const struct rpc_server *s)
{
    const struct rpc_limits *limits = &s->config.limits;
    const struct fair_queue_config fair = {.limit = (size_t)s->config.queue_limit,
        .target_us = limits->queue_target_ms * 1000,
        .interval_us = limits->queue_interval_ms * 1000,
        .n_spared = (size_t)s->config.workers};
    const struct call_queue_config config = {fair, max_crews(), s->config.clock, is_gone, s};
    return call_queue_new(&config);
}

static enum err_code build_parts(struct rpc_server *s, struct err *err)
{
    s->listen = strdup(s->config.listen);
    s->health = health_new(s->config.clock);
    s->tap = s->config.may_be_tapped ? tap_new(s->config.clock) : NULL;
    s->queue = build_queue(s);
    s->admission = admission_new(&s->config.limits);
    bool has_tap = s->tap || !s->config.may_be_tapped;
    s->streams = streams_new();
    if (!has_tap || !s->listen || !s->health || !s->queue || !s->admission || !s->streams)
        return err_raise(err, REASON_INTERNAL_ERROR, "no memory for the server");
    const struct transport_config config = {
        s->config.max_message, s->config.limits.max_connections, s->config.clock};
    const struct transport_events events = server_events(s);
    enum err_code code = transport_new(&s->transport, &config, &events, err);
    return code == ERR_OK ? schema_new(&s->schema, err) : code;
}

static enum err_code start_workers(struct rpc_server *s, struct err *err)
{
    s->workers = calloc((size_t)s->config.workers, sizeof(*s->workers));
    if (!s->workers)
        return err_raise(err, REASON_INTERNAL_ERROR, "no memory for workers");
    for (; s->n_workers < (size_t)s->config.workers; s->n_workers++) {
        struct worker *w = &s->workers[s->n_workers];
        w->server = s;
        enum err_code code = running_init(&w->running, err);
        if (code != ERR_OK)
            return code;
        seat_init(&w->seat);
    }
    for (size_t i = 0; i < s->n_workers; i++) {
        if (pthread_create(&s->workers[i].thread, NULL, server_work, &s->workers[i]) != 0)
            return err_raise(err, REASON_INTERNAL_ERROR, "cannot start worker threads");
        s->n_started++;
    }
    return ERR_OK;
}

static enum err_code build_report(struct rpc_server *s, struct err *err)
{
    s->dispatch = (struct dispatch){
        .config = &s->config,
        .schema = s->schema,
        .tap = s->tap,
        .stats = stats_new(schema_count(s->schema), (size_t)s->config.workers + s->desks.n),
    };
    const struct report_sources sources = {&s->dispatch, s->queue, s->transport};
    s->report = report_new(&sources);
    if (!s->dispatch.stats || !s->report)
        return err_raise(err, REASON_INTERNAL_ERROR, "no memory for counters");
    return ERR_OK;
}

static enum err_code build(struct rpc_server *s, const struct rpc_registration *services,
    size_t n_services, struct err *err)
{
    enum err_code code = build_parts(s, err);
    if (code == ERR_OK)
        code = build_report(s, err);
    if (code == ERR_OK)
        code = build_routes(s, services, n_services, err);
    return code == ERR_OK ? start_workers(s, err) : code;
}

enum err_code rpc_server_new(struct rpc_server **out, const struct rpc_server_config *config,
    const struct rpc_registration *services, size_t n_services, struct err *err)
{
    enum err_code code = check_config(config, err);
    if (code != ERR_OK)
        return code;
    struct rpc_server *s = calloc(1, sizeof(*s));
    if (!s)
        return err_raise(err, REASON_INTERNAL_ERROR, "no memory for the server");
    s->config = *config;
    if (!config->has_no_desks)
        desks_init(&s->desks, (size_t)config->max_memory, (size_t)config->workers);
    code = build(s, services, n_services, err);
    if (code != ERR_OK) {
        rpc_server_free(s);
        return code; /* NOLINT(clang-analyzer-unix.Malloc): not freed is what NNG may still use */
    }
    *out = s;
    return ERR_OK;
}

enum err_code rpc_server_listen(struct rpc_server *s, struct err *err)
{
    const struct listen_config listen = {
        .urls = s->listen,
        .tls = s->config.tls,
        .is_open_to_strangers = s->config.is_open_to_strangers,
        .may_be_plain = s->config.may_be_plain,
    };
    return transport_listen(s->transport, &listen, err);
}

enum err_code rpc_server_renew_certificate(struct rpc_server *s, struct err *err)
{
    return listeners_renew(transport_listeners(s->transport), err);
}

int64_t rpc_server_certificate_expires_s(const struct rpc_server *s)
{
    return listeners_expire_s(transport_listeners(s->transport));
}

void rpc_server_wake(struct rpc_server *s, const struct id *key)
{
    call_queue_wake(s->queue, key);
}

void rpc_server_log_stats(struct rpc_server *s)
{
    report_log(s->report);
}

size_t rpc_server_list_parked(struct rpc_server *s, struct id *out, size_t max)
{
    return call_queue_list_parked(s->queue, out, max);
}

void rpc_server_set_health(
    struct rpc_server *s, const char *part, bool is_required, const char *problem)
{
    if (health_set(s->health, part, is_required, problem))
        call_queue_wake(s->queue, health_key(s->health));
}

bool rpc_server_drain(struct rpc_server *s, int64_t timeout_ms)
{
    health_drain(s->health);
    atomic_store(&s->is_draining, true);
    call_queue_unpark_all(s->queue);
    return transport_drain(s->transport, timeout_ms);
}

void rpc_server_free(struct rpc_server *s)
{
    if (!s)
        return;
    atomic_store(&s->is_draining, true);
    if (s->queue)
        call_queue_stop(s->queue);
    for (size_t i = 0; i < s->n_started; i++)
        (void)pthread_join(s->workers[i].thread, NULL);
    if (!transport_free(s->transport))
        return; /* better to keep the memory than to have it used */
    desks_fini(&s->desks);
    call_queue_free(s->queue);
    admission_free(s->admission);
    report_free(s->report);
    stats_free(s->dispatch.stats);
    streams_free(s->streams);
    health_free(s->health);
    tap_free(s->tap);
    schema_free(s->schema);
    free(s->routes);
    free(s->services);
    for (size_t i = 0; i < s->n_workers; i++) {
        running_fini(&s->workers[i].running);
        seat_fini(&s->workers[i].seat);
    }
    free(s->workers);
    free(s->listen);
    free(s);
}
