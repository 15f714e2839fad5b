/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Service: what kith-notification is made of, and what its handlers share.
 */
#pragma once

#include "auth/auth.h"
#include "config.h"
#include "db/db.h"
#include "housekeeping/housekeeping.h"
#include "lookout.h"
#include "queue/queue.h"
#include "rpc/server.h"

/* Begins zeroed. The parts know one another: it may not move once it is started. */
struct notification {
    struct db *db;
    struct auth *auth;
    struct queue_consumer consumer;
    struct rpc_server *server; /* whose parked watchers are woken */
    struct housekeeping_task old_rows[1];
    struct housekeeping *housekeeping;
    struct lookout *lookout; /* for what other instances store */
};

extern const struct rpc_service notification_rpc; /* kith.v1.NotificationService */
extern const struct db_schema notification_schema;

/* Connects, checks the schema and listens. After a failure, too, notification_stop() is due. */
MUST_USE enum err_code notification_start(struct notification *self, struct arena *arena,
    const struct notification_config *config, struct err *err);

/* Finishes the calls under way, for at most ten seconds, and gives everything back. */
void notification_stop(struct notification *self);

rpc_handler_fn rpc_list_notifications;
rpc_handler_fn rpc_watch_notifications;
rpc_handler_fn rpc_mark_read;
