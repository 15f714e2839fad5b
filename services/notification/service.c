/* SPDX-License-Identifier: Apache-2.0 */
#include "service.h"

#include "boot/boot.h"
#include "events.h"
#include "idempotency/idempotency.h"
#include "log/log.h"
#include "notification_migrations.h"

#include <kith/v1/notification.pb-c.h>

enum { DB_WAIT_MS = 30000, DRAIN_MS = 10000, MAX_MESSAGE = 1 << 20, MAX_MEMORY = 4 << 20 };

static enum err_code open_database(struct notification *self, struct arena *arena,
    const struct notification_config *config, struct err *err)
{
    struct db_config db;
    enum err_code code = boot_db_config(arena, &config->service, "kith-notification", &db, err);
    if (code == ERR_OK)
        code = db_open(&self->db, &db, DB_WAIT_MS, err);
    if (code == ERR_OK)
        code = db_schema_check(self->db, &notification_schema, err);
    return code;
}

static enum err_code make_server(
    struct notification *self, const struct notification_config *config, struct err *err)
{
    const struct rpc_server_config server = {
        .listen = config->service.listen,
        .tls = boot_tls(&config->service),
        .is_open_to_strangers = boot_is_open_to_strangers(&config->service),
        .may_be_plain = config->service.allow_plain_tcp,
        .workers = config->service.workers,
        .queue_limit = config->service.queue_limit,
        .max_message = MAX_MESSAGE,
        .max_memory = MAX_MEMORY,
        .db = self->db,
        .clock = clock_system(),
        .authenticate = auth_authenticate,
        .authenticator = self->auth,
        .idempotency = &idempotency_store,
        .limits = boot_limits(&config->service),
    };
    const struct rpc_registration services[] = {
        {&notification_rpc, self},
        {&queue_rpc, &self->consumer},
    };
    return rpc_server_new(
        &self->server, &server, services, sizeof services / sizeof *services, err);
}

enum err_code notification_start(struct notification *self, struct arena *arena,
    const struct notification_config *config, struct err *err)
{
    const struct auth_config auth = {
        .service_token = config->service.service_token, .clock = clock_system()};
    enum err_code code = open_database(self, arena, config, err);
    if (code == ERR_OK)
        code = auth_new(&self->auth, &auth, err);
    if (code != ERR_OK)
        return code;
    self->consumer = (struct queue_consumer){
        .service = self, .handlers = notification_events, .n_handlers = notification_n_events};
    code = make_server(self, config, err);
    if (code == ERR_OK)
        code = rpc_server_listen(self->server, err);
    return code;
}

void notification_stop(struct notification *self)
{
    if (self->server && !rpc_server_drain(self->server, DRAIN_MS))
        log_warn("service.drain_timeout", LOG_INT("limit_ms", DRAIN_MS));
    rpc_server_free(self->server);
    auth_free(self->auth);
    db_close(self->db);
}

static const struct rpc_method methods[] = {
    {"ListNotifications", rpc_list_notifications, DB_TX_NONE},
    {"WatchNotifications", rpc_watch_notifications, DB_TX_NONE},
    {"MarkRead", rpc_mark_read, DB_TX_NONE},
};

const struct rpc_service notification_rpc = {
    &kith__v1__notification_service__descriptor, methods, sizeof methods / sizeof *methods};

const struct db_schema notification_schema = {"notification", notification_migrations};
