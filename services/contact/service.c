/* SPDX-License-Identifier: Apache-2.0 */
#include "service.h"

#include "boot/boot.h"
#include "contact_migrations.h"
#include "idempotency/idempotency.h"
#include "log/log.h"

#include <kith/v1/contact.pb-c.h>

#include <stdio.h>
#include <unistd.h>

enum { DB_WAIT_MS = 30000, DRAIN_MS = 10000, MAX_MESSAGE = 1 << 20, MAX_MEMORY = 8 << 20 };

static enum err_code open_database(struct contact_service *self, struct arena *arena,
    const struct contact_config *config, struct err *err)
{
    struct db_config db;
    enum err_code code = boot_db_config(arena, &config->service, "kith-contact", &db, err);
    if (code == ERR_OK)
        code = db_open(&self->db, &db, DB_WAIT_MS, err);
    if (code == ERR_OK)
        code = db_schema_check(self->db, &contact_schema, err);
    return code;
}

static enum err_code make_server(
    struct contact_service *self, const struct contact_config *config, struct err *err)
{
    const struct auth_config auth = {
        .service_token = config->service.service_token,
        .operator_token = config->operator_token,
        .clock = clock_system(),
    };
    enum err_code code = auth_new(&self->auth, &auth, err);
    if (code != ERR_OK)
        return code;
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
    const struct rpc_registration services[] = {{&contact_rpc, self}};
    return rpc_server_new(
        &self->server, &server, services, sizeof services / sizeof *services, err);
}

static enum err_code start_relay(
    struct contact_service *self, const struct contact_config *config, struct err *err)
{
    const struct rpc_client_config recommendation = {.endpoints = config->recommendation_endpoints,
        .token = config->service.service_token,
        .tls = boot_tls(&config->service)};
    const struct rpc_client_config notification = {.endpoints = config->notification_endpoints,
        .token = config->service.service_token,
        .tls = boot_tls(&config->service)};
    enum err_code code = rpc_client_new(&self->recommendation, &recommendation, err);
    if (code == ERR_OK)
        code = rpc_client_new(&self->notification, &notification, err);
    if (code != ERR_OK)
        return code;
    char host[64] = "";
    (void)gethostname(host, sizeof host - 1);
    (void)snprintf(self->owner, sizeof self->owner, "%s %s", host, config->service.listen);
    self->subscribers[0] = (struct queue_subscriber){"recommendation", self->recommendation};
    self->subscribers[1] = (struct queue_subscriber){"notification", self->notification};
    const struct queue_relay_config relay = {
        .db = self->db,
        .clock = clock_system(),
        .owner = self->owner,
        .subscribers = self->subscribers,
        .n_subscribers = sizeof self->subscribers / sizeof *self->subscribers,
    };
    return queue_relay_start(&self->relay, &relay, err);
}

enum err_code contact_start(struct contact_service *self, struct arena *arena,
    const struct contact_config *config, struct err *err)
{
    enum err_code code = open_database(self, arena, config, err);
    if (code == ERR_OK)
        code = make_server(self, config, err);
    if (code == ERR_OK)
        code = start_relay(self, config, err);
    if (code == ERR_OK)
        code = rpc_server_listen(self->server, err);
    return code;
}

void contact_stop(struct contact_service *self)
{
    if (self->server && !rpc_server_drain(self->server, DRAIN_MS))
        log_warn("service.drain_timeout", LOG_INT("limit_ms", DRAIN_MS));
    rpc_server_free(self->server);
    queue_relay_stop(self->relay);
    rpc_client_free(self->notification);
    rpc_client_free(self->recommendation);
    auth_free(self->auth);
    db_close(self->db);
}

static const struct rpc_method methods[] = {
    {"CreateMember", rpc_create_member, DB_TX_WRITE, rpc_create_member_again},
    {"CreateToken", rpc_create_token, DB_TX_NONE, rpc_create_token_again},
    {"RevokeToken", rpc_revoke_token, DB_TX_NONE},
    {"GetMember", rpc_get_member, DB_TX_NONE},
    {"UpdateMember", rpc_update_member, DB_TX_WRITE},
    {"ImportFile", rpc_import_file, DB_TX_NONE}, /* chunks commit by themselves */
    {"GetImport", rpc_get_import, DB_TX_NONE},
    {"ListContacts", rpc_list_contacts, DB_TX_NONE},
    {"GetContact", rpc_get_contact, DB_TX_NONE},
    {"AddFact", rpc_add_fact, DB_TX_NONE},
    {"RemoveFact", rpc_remove_fact, DB_TX_NONE},
    {"LinkContact", rpc_link_contact, DB_TX_WRITE},
    {"SendInvitation", rpc_send_invitation, DB_TX_WRITE},
    {"ListInvitations", rpc_list_invitations, DB_TX_NONE},
    {"AcceptInvitation", rpc_accept_invitation, DB_TX_WRITE},
    {"DeclineInvitation", rpc_decline_invitation, DB_TX_WRITE},
};

const struct rpc_service contact_rpc = {
    &kith__v1__contact_service__descriptor, methods, sizeof methods / sizeof *methods};

const struct db_schema contact_schema = {"contact", contact_migrations};
