/* SPDX-License-Identifier: Apache-2.0 */
#include "service.h"

#include "boot/boot.h"
#include "events.h"
#include "notification_migrations.h"
#include "notification_sql.h"

#include <kith/v1/notification.pb-c.h>

enum { MAX_MEMORY = 4 << 20 };

static enum err_code make_server(
    struct notification *self, const struct notification_config *config, struct err *err)
{
    enum err_code code = boot_make_auth(&config->service, &self->auth, err);
    if (code != ERR_OK)
        return code;
    const struct rpc_server_config server =
        boot_server_config(&config->service, self->db, self->auth, MAX_MEMORY);
    self->consumer = (struct queue_consumer){
        .service = self, .handlers = notification_events, .n_handlers = notification_n_events};
    const struct rpc_registration services[] = {
        {&notification_rpc, self},
        {&queue_rpc, &self->consumer},
    };
    return rpc_server_new(
        &self->server, &server, services, sizeof services / sizeof *services, err);
}

/* What may grow old, and how old. */
static enum err_code start_housekeeping(
    struct notification *self, const struct notification_config *config, struct err *err)
{
    self->old_rows[0] = (struct housekeeping_task){
        "read", config->read_days, &NOTIFICATION_SQL_CLEAN_NOTIFICATIONS};
    const struct housekeeping_config housekeeping = {
        .db = self->db,
        .clock = clock_system(),
        .tasks = self->old_rows,
        .n_tasks = sizeof self->old_rows / sizeof *self->old_rows,
        .dead_letter_days = config->service.dead_letter_days,
    };
    return housekeeping_start(&self->housekeeping, &housekeeping, err);
}

enum err_code notification_start(struct notification *self, struct arena *arena,
    const struct notification_config *config, struct err *err)
{
    enum err_code code = boot_open_database(
        arena, &config->service, "kith-notification", &notification_schema, &self->db, err);
    if (code == ERR_OK)
        code = make_server(self, config, err);
    if (code == ERR_OK)
        code = start_housekeeping(self, config, err);
    if (code == ERR_OK)
        code = lookout_new(&self->lookout, self->db, self->server, err);
    if (code == ERR_OK)
        code = rpc_server_listen(self->server, err);
    return code;
}

void notification_stop(struct notification *self)
{
    boot_drain_server(self->server);
    housekeeping_stop(self->housekeeping);
    lookout_free(self->lookout);
    rpc_server_free(self->server);
    auth_free(self->auth);
    db_close(self->db);
}

static const struct rpc_method methods[] = {
    {"ListNotifications", rpc_list_notifications, DB_TX_NONE, .is_reader = true},
    {"WatchNotifications", rpc_watch_notifications, DB_TX_NONE},
    {"MarkRead", rpc_mark_read, DB_TX_NONE},
};

const struct rpc_service notification_rpc = {
    &kith__v1__notification_service__descriptor, methods, sizeof methods / sizeof *methods};

const struct db_schema notification_schema = {"notification", notification_migrations};
