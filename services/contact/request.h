/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Request: fields of messages turned into what the rest of the service works with. What they make
 * lives in ctx->arena; all raise FIELD_INVALID into ctx->err, naming the field.
 */
#pragma once

#include "domain/invitation_code.h"
#include "rpc/rpc.h"
#include "store.h"

#include <kith/v1/contact.pb-c.h>

/* Tidied: no white space at the ends, single spaces inside. */
MUST_USE enum err_code request_text(struct rpc_ctx *ctx, const char *text, const char **out);

/* The same, and not empty. */
MUST_USE enum err_code request_name(
    struct rpc_ctx *ctx, const char *field, const char *text, const char **out);

/* Without case and accents, for searching; NULL for "". */
MUST_USE enum err_code request_fold(struct rpc_ctx *ctx, const char *text, const char **out);

MUST_USE enum err_code request_email(struct rpc_ctx *ctx, const char *text, const char **out);

/* An IANA name that the database knew when the service started; "" is UTC. */
MUST_USE enum err_code request_time_zone(struct rpc_ctx *ctx, const char *text, const char **out);

/* New facts with new ids. `field` names them in messages. */
MUST_USE enum err_code request_facts(struct rpc_ctx *ctx, const char *field,
    Kith__V1__Fact *const *facts, size_t n, struct facts *out);

/* How many entries a page has: 0 is 50, and 1000 the most. */
MUST_USE enum err_code request_page_size(struct rpc_ctx *ctx, uint32_t asked, int64_t *out);

/* INVITATION_NOT_FOUND for what can not be a code: mistyped ones are simply nobody's. */
MUST_USE enum err_code request_code(
    struct rpc_ctx *ctx, const char *text, char out[INVITATION_CODE_SIZE]);

/* The memory of the call is used up. */
MUST_USE static inline enum err_code request_too_large(struct rpc_ctx *ctx)
{
    return err_raise(&ctx->err, REASON_REQUEST_TOO_LARGE, "the request needs too much memory");
}
