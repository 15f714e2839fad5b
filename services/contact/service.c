/* SPDX-License-Identifier: Apache-2.0 */
#include "service.h"

#include "boot/boot.h"
#include "contact_migrations.h"
#include "contact_sql.h"
#include "store_member.h"

#include <kith/v1/contact.pb-c.h>

enum { MAX_MEMORY = 8 << 20 };

static enum err_code make_server(
    struct contact_service *self, const struct contact_config *config, struct err *err)
{
    enum err_code code = boot_make_auth(&config->service, &self->auth, err);
    if (code != ERR_OK)
        return code;
    const struct rpc_server_config server =
        boot_server_config(&config->service, self->db, self->auth, MAX_MEMORY);
    const struct rpc_registration services[] = {
        {&contact_rpc, self},
        {&dead_letter_rpc, &self->events.relay},
    };
    return rpc_server_new(
        &self->server, &server, services, sizeof services / sizeof *services, err);
}

static enum err_code start_relay(
    struct contact_service *self, const struct contact_config *config, struct err *err)
{
    const struct service_options *options = &config->service;
    enum err_code code = boot_relay_add(
        &self->events, "recommendation", config->recommendation_endpoints, options, err);
    if (code == ERR_OK)
        code = boot_relay_add(
            &self->events, "notification", config->notification_endpoints, options, err);
    if (code == ERR_OK)
        code = boot_relay_start(&self->events, options, self->db, err);
    return code;
}

/* What may grow old, and how old. */
static enum err_code start_housekeeping(
    struct contact_service *self, const struct contact_config *config, struct err *err)
{
    self->old_rows[0] =
        (struct housekeeping_task){"tokens", config->token_days, &CONTACT_SQL_CLEAN_TOKENS};
    self->old_rows[1] =
        (struct housekeeping_task){"uploads", config->upload_days, &CONTACT_SQL_CLEAN_UPLOADS};
    const struct housekeeping_config housekeeping = {
        .db = self->db,
        .clock = clock_system(),
        .tasks = self->old_rows,
        .n_tasks = sizeof self->old_rows / sizeof *self->old_rows,
        .dead_letter_days = config->service.dead_letter_days,
    };
    return housekeeping_start(&self->housekeeping, &housekeeping, err);
}

static enum err_code load_time_zones(
    struct contact_service *self, struct arena *arena, struct err *err)
{
    struct db_session session = db_session(self->db, 0);
    return store_list_time_zones(&session, arena, &self->zones, err);
}

enum err_code contact_start(struct contact_service *self, struct arena *arena,
    const struct contact_config *config, struct err *err)
{
    enum err_code code = boot_open_database(
        arena, &config->service, "kith-contact", &contact_schema, &self->db, err);
    if (code == ERR_OK)
        code = load_time_zones(self, arena, err);
    if (code == ERR_OK)
        code = make_server(self, config, err);
    if (code == ERR_OK)
        code = start_relay(self, config, err);
    if (code == ERR_OK)
        code = start_housekeeping(self, config, err);
    if (code == ERR_OK)
        code = rpc_server_listen(self->server, err);
    return code;
}

void contact_stop(struct contact_service *self)
{
    boot_drain_server(self->server);
    housekeeping_stop(self->housekeeping);
    rpc_server_free(self->server);
    boot_relay_stop(&self->events);
    auth_free(self->auth);
    db_close(self->db);
}

static const struct rpc_method methods[] = {
    {"CreateMember", rpc_create_member, DB_TX_WRITE, rpc_create_member_again},
    {"CreateToken", rpc_create_token, DB_TX_NONE, rpc_create_token_again},
    {"ListTokens", rpc_list_tokens, DB_TX_NONE, .is_reader = true},
    {"RevokeToken", rpc_revoke_token, DB_TX_NONE},
    {"GetMember", rpc_get_member, DB_TX_NONE, .is_reader = true},
    {"UpdateMember", rpc_update_member, DB_TX_WRITE},
    {"ImportFile", rpc_import_file, DB_TX_NONE}, /* chunks commit by themselves */
    {"GetImport", rpc_get_import, DB_TX_NONE, .is_reader = true},
    {"ListImports", rpc_list_imports, DB_TX_NONE, .is_reader = true},
    {"CancelImport", rpc_cancel_import, DB_TX_NONE},
    {"ListContacts", rpc_list_contacts, DB_TX_NONE, .is_reader = true},
    {"ExportContacts", rpc_export_contacts, DB_TX_NONE},
    {"GetContact", rpc_get_contact, DB_TX_NONE, .is_reader = true},
    {"AddFact", rpc_add_fact, DB_TX_NONE},
    {"RemoveFact", rpc_remove_fact, DB_TX_NONE},
    {"LinkContact", rpc_link_contact, DB_TX_WRITE},
    {"SendInvitation", rpc_send_invitation, DB_TX_WRITE},
    {"ListInvitations", rpc_list_invitations, DB_TX_NONE, .is_reader = true},
    {"AcceptInvitation", rpc_accept_invitation, DB_TX_WRITE},
    {"DeclineInvitation", rpc_decline_invitation, DB_TX_WRITE},
};

const struct rpc_service contact_rpc = {
    &kith__v1__contact_service__descriptor, methods, sizeof methods / sizeof *methods};

const struct db_schema contact_schema = {"contact", contact_migrations};
