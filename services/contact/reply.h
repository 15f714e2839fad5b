/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Reply: what the store found turned into messages, in ctx->arena. All raise REPLY_TOO_LARGE into
 * ctx->err when that is full.
 */
#pragma once

#include "rpc/rpc.h"
#include "store_contact.h"
#include "store_import.h"
#include "store_invitation.h"
#include "store_member.h"

#include <kith/v1/contact.pb-c.h>

MUST_USE enum err_code reply_id(struct rpc_ctx *ctx, const struct id *id, char **out);

/* `shows_email`: to the member herself and the operator only. */
MUST_USE enum err_code reply_member(
    struct rpc_ctx *ctx, const struct member *member, bool shows_email, Kith__V1__Member **out);

MUST_USE enum err_code reply_contact(
    struct rpc_ctx *ctx, const struct contact *contact, Kith__V1__Contact **out);

MUST_USE enum err_code reply_fact(
    struct rpc_ctx *ctx, const struct fact *fact, Kith__V1__Fact **out);

MUST_USE enum err_code reply_invitation(
    struct rpc_ctx *ctx, const struct invitation *invitation, Kith__V1__Invitation **out);

MUST_USE enum err_code reply_token(
    struct rpc_ctx *ctx, const struct token_entry *token, Kith__V1__Token **out);

/* `remarks` may be NULL. */
MUST_USE enum err_code reply_import(struct rpc_ctx *ctx, const struct import_status *status,
    const struct import_remarks *remarks, Kith__V1__Import **out);

/* The import as it is stored. IMPORT_NOT_FOUND. */
MUST_USE enum err_code reply_stored_import(
    struct rpc_ctx *ctx, const struct import_key *key, Kith__V1__Import **out);
