/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Token: the making of secrets. Their text goes into a reply, once, and is stored nowhere; they
 * live in ctx->arena and raise into ctx->err.
 */
#pragma once

#include "rpc/rpc.h"
#include "store_member.h"

/* Sets out->id and out->hash. */
MUST_USE enum err_code token_make(struct rpc_ctx *ctx, struct token *out, char **text);

/*
 * For a call that is repeated since its reply was lost, with the secret in it: another secret for
 * the same token, after which the lost one opens nothing. Ten minutes after the token was made, or
 * when it is revoked, *text stays "" instead: nobody retries a call that long. So it does if the
 * token may do more than `most` says in its scopes and expires_us.
 */
MUST_USE enum err_code token_renew(struct rpc_ctx *ctx, const struct id *member,
    const struct token *most, const char *token_id, char **text);
