/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Service: what kith-recommendation is made of, and what its handlers share.
 */
#pragma once

#include "auth/auth.h"
#include "boot/relay.h"
#include "config.h"
#include "db/db.h"
#include "domain/route.h"
#include "encoder_file.h"
#include "engine.h"
#include "housekeeping/housekeeping.h"
#include "meanings.h"
#include "rpc/server.h"
#include "wordnet_map.h"

/* Begins zeroed. The parts know one another: it may not move once it is started. */
struct recommendation {
    struct db *db;
    struct auth *auth;
    struct wordnet_map wordnet;
    struct encoder_file encoder;
    struct encoder_bank_file bank;
    struct meanings *meanings; /* NULL: no encoder */
    struct router router;
    struct engine *engine;
    struct boot_relay events; /* what it tells the others */
    struct queue_consumer consumer;
    struct rpc_server *server;
    struct housekeeping_task old_rows[2];
    struct housekeeping *housekeeping;
};

extern const struct rpc_service recommendation_rpc; /* kith.v1.RecommendationService */
extern const struct db_schema recommendation_schema;

/* Connects, checks the schema and listens. After a failure, too, recommendation_stop() is due. */
MUST_USE enum err_code recommendation_start(struct recommendation *self, struct arena *arena,
    const struct recommendation_config *config, struct err *err);

/* Finishes the calls under way, for at most ten seconds, and gives everything back. */
void recommendation_stop(struct recommendation *self);

rpc_handler_fn rpc_route_question;
rpc_handler_fn rpc_ask;
rpc_handler_fn rpc_get_ask;
rpc_handler_fn rpc_list_asks;
rpc_handler_fn rpc_answer;
rpc_handler_fn rpc_pass;
rpc_handler_fn rpc_explain_decision;
