/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Tap: the last calls of a server with what was asked and answered, for whoever looks (TapService).
 * A debugging aid: off unless configured, and then only on addresses of this machine. Keeps nothing
 * while nobody looks, never Meta with its token, and no field that its .proto calls a secret.
 * Callable from any thread.
 */
#pragma once

#include "rpc/rpc.h"
#include "rpc/schema.h"

struct tap;

struct tap *tap_new(const struct clock *clock);
void tap_free(struct tap *tap);

/* CONFIG_INVALID unless all addresses of `listen` are on this machine. */
MUST_USE enum err_code tap_check_addresses(const char *listen, struct err *err);

/* A call that was answered, or an item that was sent. What it points to is copied. */
struct tap_call {
    const struct schema_method *method;
    const struct rpc_ctx *ctx; /* for its trace and caller */
    const struct err *err;
    int64_t took_us;
    struct db_bytes request, reply;
    uint32_t item; /* which of its stream it is, from 1; 0: none */
};

/* `scratch` is for the time of the call. */
void tap_record(struct tap *tap, const struct tap_call *call, struct arena *scratch);

extern const struct rpc_service tap_service; /* its state is a struct tap */
