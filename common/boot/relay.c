/* SPDX-License-Identifier: Apache-2.0 */
#include "boot/relay.h"

#include "boot/boot.h"

#include <assert.h>
#include <stdio.h>
#include <unistd.h>

enum err_code boot_relay_add(struct boot_relay *self, const char *name, const char *endpoints,
    const struct service_options *options, struct err *err)
{
    const struct rpc_client_config config = {
        .endpoints = endpoints, .token = options->service_token, .tls = boot_tls(options)};
    assert(self->n_subscribers < BOOT_SUBSCRIBERS);
    struct rpc_client **client = &self->clients[self->n_subscribers];
    enum err_code code = rpc_client_new(client, &config, err);
    if (code == ERR_OK)
        self->subscribers[self->n_subscribers++] = (struct queue_subscriber){name, *client};
    return code;
}

enum err_code boot_relay_start(
    struct boot_relay *self, const struct service_options *options, struct db *db, struct err *err)
{
    char host[64] = "";
    (void)gethostname(host, sizeof host - 1);
    (void)snprintf(self->owner, sizeof self->owner, "%s %s", host, options->listen);
    const struct queue_relay_config config = {
        .db = db,
        .clock = clock_system(),
        .owner = self->owner,
        .subscribers = self->subscribers,
        .n_subscribers = self->n_subscribers,
    };
    return queue_relay_start(&self->relay, &config, err);
}

void boot_relay_stop(struct boot_relay *self)
{
    queue_relay_stop(self->relay);
    self->relay = NULL;
    for (size_t i = 0; i < self->n_subscribers; i++)
        rpc_client_free(self->clients[i]);
    self->n_subscribers = 0;
}
