/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Boot: the steps that the mains of the services have in common, as plain functions. Which steps,
 * and in which order, stays each main's own to tell. Main thread only.
 */
#pragma once

#include "arena/arena.h"
#include "auth/auth.h"
#include "config/config.h"
#include "config/service_options.h"
#include "db/db.h"
#include "queue/queue.h"
#include "rpc/server.h"

/* Says on standard error what went wrong and what to do next. Returns 1, for exit(). */
int boot_failed(const char *program, const struct err *err);

/* Says on standard error that the program has no such command, and which it has. Returns 2. */
int boot_unknown_command(const struct config_spec *spec, const char *command);

/* The log of this process, named `service` in every line. */
MUST_USE enum err_code boot_open_log(
    const char *service, const struct service_options *options, struct err *err);

/* How to reach the database as the service; strings in `arena`. */
MUST_USE enum err_code boot_db_config(struct arena *arena, const struct service_options *options,
    const char *app_name, struct db_config *out, struct err *err);

/* Connect, waiting for a database that is still starting, and check that the schema is ours. */
MUST_USE enum err_code boot_open_database(struct arena *arena,
    const struct service_options *options, const char *app_name, const struct db_schema *schema,
    struct db **out, struct err *err);

/* Who knows the tokens of all callers. */
MUST_USE enum err_code boot_make_auth(
    const struct service_options *options, struct auth **out, struct err *err);

/* A server as every service has it; a call may use up to `max_memory` bytes. */
struct rpc_server_config boot_server_config(
    const struct service_options *options, struct db *db, struct auth *auth, int64_t max_memory);

/* Finish the calls under way, for at most ten seconds. NULL is fine. */
void boot_drain_server(struct rpc_server *server);

/* The command `migrate`: bring the schema up to this program, as the migrator. */
MUST_USE enum err_code boot_migrate(struct arena *arena, const struct service_options *options,
    const struct db_schema *schema, struct err *err);

/* The files of TLS, for the server and for clients of other services; borrowed from `options`. */
struct rpc_tls boot_tls(const struct service_options *options);
bool boot_is_open_to_strangers(const struct service_options *options);

/*
 * The command `healthcheck`: ask the process with these options how it is, at an address of
 * loopback if it has one. Prints one line, and returns 0 if it serves, 1 if not: what container
 * engines and deploy/local call.
 */
int boot_healthcheck(const char *program, const struct service_options *options);

/* The command `new-token`: prints a new secret, for the settings service-token and operator-token.
 */
int boot_new_token(void);

/*
 * Tell who started us that we are ready; look after the health of database, certificate and events
 * until told to stop. SIGHUP: take up a new certificate. `relay` may be NULL.
 */
void boot_run_until_stopped(
    struct rpc_server *server, struct db *db, const struct queue_relay *relay);
