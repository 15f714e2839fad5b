/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The relay of a service with the clients it delivers by. Embedded in the service, which may not
 * move once it is started. Main thread only.
 */
#pragma once

#include "config/service_options.h"
#include "queue/queue.h"

enum { BOOT_SUBSCRIBERS = 2 };

/* Begins zeroed. */
struct boot_relay {
    char owner[128]; /* host and address, the same after a restart */
    struct rpc_client *clients[BOOT_SUBSCRIBERS];
    struct queue_subscriber subscribers[BOOT_SUBSCRIBERS];
    size_t n_subscribers;
    struct queue_relay *relay; /* NULL: not started */
};

/* Events for `name` go to these addresses. Both strings are borrowed. */
MUST_USE enum err_code boot_relay_add(struct boot_relay *self, const char *name,
    const char *endpoints, const struct service_options *options, struct err *err);

MUST_USE enum err_code boot_relay_start(
    struct boot_relay *self, const struct service_options *options, struct db *db, struct err *err);

/* The relay ends first and its clients after it. Due after a failure, too. */
void boot_relay_stop(struct boot_relay *self);
