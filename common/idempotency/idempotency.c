/* SPDX-License-Identifier: Apache-2.0 */
#include "idempotency/idempotency.h"

#include "idempotency_sql.h"

#include <sodium.h>
#include <string.h>

enum { HASH_SIZE = crypto_hash_sha256_BYTES };

/* False: this caller's keys mean nothing. */
static bool key_owner(const struct rpc_principal *caller, struct id *out)
{
    switch (caller->caller) {
    case RPC_CALLER_MEMBER:
        *out = caller->member;
        return true;
    case RPC_CALLER_OPERATOR:
        memset(out, 0, sizeof(*out));
        return true;
    case RPC_CALLER_SERVICE:
        memset(out, 0xff, sizeof(*out));
        return true;
    case RPC_CALLER_ANYBODY:
        break;
    }
    return false;
}

/* The key was used before: with this very request? */
static enum err_code recall(
    struct rpc_ctx *ctx, const struct db_result *found, struct db_bytes *reply, struct err *err)
{
    if (db_rows(found) == 0) /* the twin that held it was rolled back after all */
        return err_raise(err, REASON_TRANSACTION_CONFLICT, "the same call was just given up");
    if (!db_get_bool(found, 0, 1))
        return err_raise(err, REASON_IDEMPOTENCY_KEY_REUSED,
            "the idempotency key was used before with another request; take a new one");
    struct db_bytes kept = db_get_bytes(found, 0, 0);
    void *copy = arena_alloc(ctx->arena, kept.len + 1);
    if (!copy)
        return err_raise(err, REASON_REPLY_TOO_LARGE, "the kept reply does not fit into memory");
    if (kept.len > 0)
        memcpy(copy, kept.data, kept.len);
    *reply = (struct db_bytes){copy, kept.len};
    return ERR_OK;
}

static enum err_code begin(struct rpc_ctx *ctx, uint32_t method, const struct db_bytes *request,
    struct db_bytes *reply, struct err *err)
{
    struct id owner;
    if (!ctx->idempotency_key || !key_owner(&ctx->principal, &owner))
        return ERR_OK;
    uint8_t hash[HASH_SIZE];
    (void)crypto_hash_sha256(hash, request->data, request->len);

    CLEANUP(db_result_clear) struct db_result *is_new = NULL;
    enum err_code code = idempotency_sql_begin(ctx->db, &is_new, err, db_id(&owner),
        db_text(ctx->idempotency_key), db_int(method), db_bytes(hash, HASH_SIZE));
    if (code != ERR_OK || db_rows(is_new) == 1)
        return code;
    CLEANUP(db_result_clear) struct db_result *found = NULL;
    code = idempotency_sql_find(ctx->db, &found, err, db_id(&owner), db_text(ctx->idempotency_key),
        db_int(method), db_bytes(hash, HASH_SIZE));
    if (code != ERR_OK)
        return code;
    return recall(ctx, found, reply, err);
}

static enum err_code finish(struct rpc_ctx *ctx, const struct db_bytes *reply, struct err *err)
{
    struct id owner;
    if (!ctx->idempotency_key || !key_owner(&ctx->principal, &owner))
        return ERR_OK;
    CLEANUP(db_result_clear) struct db_result *kept = NULL;
    return idempotency_sql_finish(ctx->db, &kept, err, db_id(&owner), db_text(ctx->idempotency_key),
        db_bytes(reply->data ? reply->data : "", reply->len));
}

const struct rpc_idempotency idempotency_store = {begin, finish};
