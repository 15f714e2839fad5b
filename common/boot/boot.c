/* SPDX-License-Identifier: Apache-2.0 */
#include "boot/boot.h"

#include "boot/certificate.h"
#include "idempotency/idempotency.h"
#include "log/log.h"
#include "proc/proc.h"

#include <inttypes.h>
#include <stdio.h>
#include <string.h>

enum {
    HEALTH_INTERVAL_MS = 2000,
    STATS_INTERVAL_US = 60 * 1000 * 1000,
    DB_PING_TIMEOUT_MS = 1000,
    DB_WAIT_MS = 30000,
    DRAIN_MS = 10000,
    MAX_MESSAGE = 1 << 20,
};

int boot_failed(const char *program, const struct err *err)
{
    const struct err_reason_info *info = err_reason_info(err->reason);
    (void)fprintf(stderr, "%s: %s\n", program, err->msg);
    if (err->detail[0] != '\0')
        (void)fprintf(stderr, "  (%s)\n", err->detail);
    if (info->remedy[0] != '\0')
        (void)fprintf(stderr, "  → %s\n", info->remedy);
    return 1;
}

int boot_unknown_command(const struct config_spec *spec, const char *command)
{
    enum { EXIT_USAGE = 2 };
    (void)fprintf(stderr, "%s: there is no command \"%s\"\n  → %s; --help tells more\n",
        spec->program, command, spec->usage);
    return EXIT_USAGE;
}

enum err_code boot_open_log(
    const char *service, const struct service_options *options, struct err *err)
{
    enum log_level level;
    enum log_format format;
    enum err_code code = log_parse_level(options->log_level, &level, err);
    if (code == ERR_OK)
        code = log_parse_format(options->log_format, &format, err);
    if (code == ERR_OK)
        log_open(service, NULL, format, level);
    return code;
}

/* A value of a libpq connection string, in quotes: '…' with \' and \\ inside. */
static char *quote(struct arena *arena, const char *value)
{
    char *out = arena_alloc(arena, 2 * strlen(value) + 3);
    if (!out)
        return NULL;
    char *w = out;
    *w++ = '\'';
    for (const char *r = value; *r; r++) {
        if (*r == '\'' || *r == '\\')
            *w++ = '\\';
        *w++ = *r;
    }
    *w = '\'';
    return out;
}

static const char *conninfo(
    struct arena *arena, const struct service_options *options, const char *user)
{
    const char *host = quote(arena, options->database_host);
    const char *name = quote(arena, options->database_name);
    const char *role = quote(arena, user);
    if (!host || !name || !role)
        return NULL;
    return arena_printf(arena, "host=%s port=%" PRId64 " dbname=%s user=%s", host,
        options->database_port, name, role);
}

static const char *null_if_empty(const char *s)
{
    return s && s[0] != '\0' ? s : NULL;
}

enum err_code boot_db_config(struct arena *arena, const struct service_options *options,
    const char *app_name, struct db_config *out, struct err *err)
{
    const char *info = conninfo(arena, options, options->database_user);
    if (!info)
        return err_raise(err, REASON_CONFIG_INVALID, "the settings of the database are too long");
    *out = (struct db_config){
        .conninfo = info,
        .password = null_if_empty(options->database_password),
        .app_name = app_name,
        .pool_size = options->database_pool,
        .allow_unsafe = options->allow_unsafe_database,
    };
    return ERR_OK;
}

static struct rpc_limits limits(const struct service_options *options)
{
    return (struct rpc_limits){
        .queue_target_ms = options->queue_target_ms,
        .queue_interval_ms = options->queue_interval_ms,
        .connection_rate = options->connection_rate,
        .max_connections = options->max_connections,
        .member_rate = options->member_rate,
        .bad_token_rate = options->bad_token_rate,
    };
}

enum err_code boot_open_database(struct arena *arena, const struct service_options *options,
    const char *app_name, const struct db_schema *schema, struct db **out, struct err *err)
{
    struct db_config config;
    enum err_code code = boot_db_config(arena, options, app_name, &config, err);
    if (code == ERR_OK)
        code = db_open(out, &config, DB_WAIT_MS, err);
    if (code == ERR_OK)
        code = db_schema_check(*out, schema, err);
    return code;
}

enum err_code boot_make_auth(
    const struct service_options *options, struct auth **out, struct err *err)
{
    const struct auth_config config = {
        .service_token = options->service_token,
        .operator_token = options->operator_token,
        .clock = clock_system(),
    };
    return auth_new(out, &config, err);
}

struct rpc_server_config boot_server_config(
    const struct service_options *options, struct db *db, struct auth *auth, int64_t max_memory)
{
    return (struct rpc_server_config){
        .listen = options->listen,
        .tls = boot_tls(options),
        .is_open_to_strangers = boot_is_open_to_strangers(options),
        .may_be_plain = options->allow_plain_tcp,
        .workers = options->workers,
        .queue_limit = options->queue_limit,
        .max_message = MAX_MESSAGE,
        .max_memory = max_memory,
        .db = db,
        .clock = clock_system(),
        .authenticate = auth_authenticate,
        .authenticator = auth,
        .idempotency = &idempotency_store,
        .limits = limits(options),
        .may_be_tapped = options->tap,
    };
}

void boot_drain_server(struct rpc_server *server)
{
    if (server && !rpc_server_drain(server, DRAIN_MS))
        log_warn("service.drain_timeout", LOG_INT("limit_ms", DRAIN_MS));
}

enum err_code boot_migrate(struct arena *arena, const struct service_options *options,
    const struct db_schema *schema, struct err *err)
{
    const char *info = conninfo(arena, options, options->migrator_user);
    if (!info)
        return err_raise(err, REASON_CONFIG_INVALID, "the settings of the database are too long");
    const struct db_config migrator = {
        .conninfo = info,
        .password = null_if_empty(options->migrator_password),
        .app_name = "kith-migrate",
        .pool_size = 1,
        .allow_unsafe = options->allow_unsafe_database,
    };
    return db_migrate(&migrator, schema, null_if_empty(options->database_password), err);
}

struct rpc_tls boot_tls(const struct service_options *options)
{
    return (struct rpc_tls){
        .certificate = options->tls_certificate,
        .key = options->tls_key,
        .ca = options->tls_ca,
    };
}

bool boot_is_open_to_strangers(const struct service_options *options)
{
    return options->tls_client_auth && strcmp(options->tls_client_auth, "none") == 0;
}

int boot_new_token(void)
{
    char token[AUTH_TOKEN_SIZE];
    auth_token_new(token);
    return puts(token) < 0 || fflush(stdout) != 0 ? 1 : 0;
}

static void check_database(struct rpc_server *server, struct db *db)
{
    struct err err = {0};
    enum err_code code = db_ping(db, DB_PING_TIMEOUT_MS, &err);
    rpc_server_set_health(server, "database", true, code == ERR_OK ? NULL : err.msg);
}

static void check_events(struct rpc_server *server, const struct queue_relay *relay)
{
    int64_t n = queue_relay_dead_letters(relay);
    char problem[128];
    (void)snprintf(problem, sizeof problem,
        "%" PRId64 " could not be delivered and were given up; kith dead-letters lists them", n);
    rpc_server_set_health(server, "events", false, n > 0 ? problem : NULL);
}

static void check(struct rpc_server *server, struct db *db, const struct queue_relay *relay)
{
    check_database(server, db);
    if (relay)
        check_events(server, relay);
}

static void log_stats(struct rpc_server *server, int64_t *due_us)
{
    int64_t now_us = clock_mono_us(clock_system());
    if (now_us < *due_us)
        return;
    rpc_server_log_stats(server);
    *due_us = now_us + STATS_INTERVAL_US;
}

void boot_run_until_stopped(
    struct rpc_server *server, struct db *db, const struct queue_relay *relay)
{
    struct certificate_watch watch = {0};
    int64_t stats_due_us = clock_mono_us(clock_system()) + STATS_INTERVAL_US;
    check(server, db, relay);
    certificate_check(&watch, server);
    proc_notify("READY=1");
    log_info("service.ready", LOG_NONE);
    for (;;) {
        enum proc_event event = proc_wait(HEALTH_INTERVAL_MS);
        if (event == PROC_STOP)
            break;
        if (event == PROC_RELOAD)
            certificate_renew(&watch, server);
        check(server, db, relay);
        certificate_check(&watch, server);
        log_stats(server, &stats_due_us);
    }
    rpc_server_log_stats(server);
    proc_notify("STOPPING=1");
    log_info("service.stopping", LOG_NONE);
}
