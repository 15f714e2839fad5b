/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Health and Reflection: the services every server answers about itself. Private to common/rpc.
 */
#pragma once

#include "rpc/server.h"

struct health;

struct health *health_new(const struct clock *clock); /* NULL without memory */
void health_free(struct health *h);

/* `problem` NULL: fine. See rpc_server_set_health(). True: something changed, wake health_key(). */
MUST_USE bool health_set(struct health *h, const char *name, bool is_required, const char *problem);

/* From now on not ready. Wake health_key(). */
void health_drain(struct health *h);

/* What calls of Watch wait for. */
const struct id *health_key(const struct health *h);

/* kith.v1.HealthService; its state is the struct health. */
extern const struct rpc_service health_service;

/* kith.v1.ReflectionService; its state is this. */
struct reflection {
    const struct rpc_registration *services;
    size_t n_services;
};
extern const struct rpc_service reflection_service;
