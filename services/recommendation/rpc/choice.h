/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Whom to ask of those a routing found: the same decision for Ask, which follows it, and for
 * RouteQuestion, which tells it.
 */
#pragma once

#include "rpc/routing.h"

struct choice {
    const struct store_person *person;
    size_t candidate; /* of the routing's result; if she was named, maybe none of them */
    const char *reason;
};

/*
 * Who fits best; somebody who can be reached in her place only if she fits nearly as well: to
 * bother the wrong person is worse than to say who would know. CONTACT_NOT_REACHABLE, NOBODY_FITS.
 */
MUST_USE enum err_code choice_best(
    struct rpc_ctx *ctx, const struct routing *r, struct choice *out, struct err *err);

/* The named contact. CONTACT_NOT_FOUND, CONTACT_NOT_REACHABLE. */
MUST_USE enum err_code choice_named(struct rpc_ctx *ctx, const struct routing *r,
    const struct id *contact, struct choice *out, struct err *err);
