/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Service: what kith-contact is made of, and what its handlers share.
 */
#pragma once

#include "auth/auth.h"
#include "boot/relay.h"
#include "config.h"
#include "db/db.h"
#include "housekeeping/housekeeping.h"
#include "rpc/server.h"
#include "time_zones.h"

/* Begins zeroed. The parts know one another: it may not move once it is started. */
struct contact_service {
    struct db *db;
    struct time_zones zones; /* in the arena it was started with */
    struct auth *auth;
    struct boot_relay events; /* what it tells the others */
    struct rpc_server *server;
    struct housekeeping_task old_rows[2];
    struct housekeeping *housekeeping;
};

extern const struct rpc_service contact_rpc; /* kith.v1.ContactService */
extern const struct db_schema contact_schema;

/*
 * Connects, checks the schema and listens. After a failure, too, contact_stop() is due. What it
 * keeps is in `arena` until then.
 */
MUST_USE enum err_code contact_start(struct contact_service *self, struct arena *arena,
    const struct contact_config *config, struct err *err);

/* Finishes the calls under way, for at most ten seconds, and gives everything back. */
void contact_stop(struct contact_service *self);

rpc_handler_fn rpc_create_member;
rpc_handler_fn rpc_create_member_again;
rpc_handler_fn rpc_create_token;
rpc_handler_fn rpc_create_token_again;
rpc_handler_fn rpc_list_tokens;
rpc_handler_fn rpc_revoke_token;
rpc_handler_fn rpc_get_member;
rpc_handler_fn rpc_update_member;
rpc_handler_fn rpc_import_file;
rpc_handler_fn rpc_get_import;
rpc_handler_fn rpc_list_imports;
rpc_handler_fn rpc_cancel_import;
rpc_handler_fn rpc_list_contacts;
rpc_handler_fn rpc_export_contacts;
rpc_handler_fn rpc_get_contact;
rpc_handler_fn rpc_add_fact;
rpc_handler_fn rpc_remove_fact;
rpc_handler_fn rpc_link_contact;
rpc_handler_fn rpc_send_invitation;
rpc_handler_fn rpc_list_invitations;
rpc_handler_fn rpc_accept_invitation;
rpc_handler_fn rpc_decline_invitation;
