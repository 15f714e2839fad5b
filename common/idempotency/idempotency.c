/* SPDX-License-Identifier: Apache-2.0 */
#include "idempotency/idempotency.h"

#include "idempotency_sql.h"

#include <sodium.h>
#include <string.h>

enum { HASH_SIZE = crypto_hash_sha256_BYTES };

/*
 * Whose key it is. Callers without a token can not be told apart, but their calls can: the key and
 * every byte of the request are the owner, so who knows both made the call, and two strangers who
 * chose the same key do not meet.
 */
static struct id owner_of(const struct rpc_ctx *ctx, const struct rpc_keyed_call *call)
{
    struct id owner = {{0}};
    uint8_t hash[HASH_SIZE];
    crypto_hash_sha256_state state;
    switch (ctx->principal.caller) {
    case RPC_CALLER_MEMBER:
        return ctx->principal.member;
    case RPC_CALLER_OPERATOR:
        break;
    case RPC_CALLER_SERVICE:
        memset(&owner, 0xff, sizeof(owner));
        break;
    case RPC_CALLER_ANYBODY:
        (void)crypto_hash_sha256_init(&state);
        (void)crypto_hash_sha256_update(
            &state, (const void *)ctx->idempotency_key, strlen(ctx->idempotency_key) + 1);
        (void)crypto_hash_sha256_update(&state, call->request.data, call->request.len);
        (void)crypto_hash_sha256_final(&state, hash);
        memcpy(&owner, hash, sizeof(owner));
        break;
    }
    return owner;
}

static void hash_request(const struct rpc_keyed_call *call, uint8_t out[HASH_SIZE])
{
    (void)crypto_hash_sha256(out, call->request.data, call->request.len);
}

/* The key was used before: with this very request? */
static enum err_code recall(
    struct rpc_ctx *ctx, const struct db_result *found, struct db_bytes *reply, struct err *err)
{
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

/* Takes the key, so that a twin under way has to wait; only for who has shown a token. */
static enum err_code take(struct rpc_ctx *ctx, const struct id *owner,
    const struct rpc_keyed_call *call, bool *is_new, struct err *err)
{
    uint8_t hash[HASH_SIZE];
    hash_request(call, hash);
    CLEANUP(db_result_clear) struct db_result *taken = NULL;
    enum err_code code = idempotency_sql_begin(ctx->db, &taken, err, db_id(owner),
        db_text(ctx->idempotency_key), db_int(call->method), db_bytes(hash, HASH_SIZE));
    if (code == ERR_OK)
        *is_new = db_rows(taken) == 1;
    return code;
}

static enum err_code begin(
    struct rpc_ctx *ctx, const struct rpc_keyed_call *call, struct db_bytes *reply, struct err *err)
{
    if (!ctx->idempotency_key)
        return ERR_OK;
    const struct id owner = owner_of(ctx, call);
    bool is_nobody = ctx->principal.caller == RPC_CALLER_ANYBODY;
    bool is_new = false;
    enum err_code code = is_nobody ? ERR_OK : take(ctx, &owner, call, &is_new, err);
    if (code != ERR_OK || is_new)
        return code;
    uint8_t hash[HASH_SIZE];
    hash_request(call, hash);
    CLEANUP(db_result_clear) struct db_result *found = NULL;
    code = idempotency_sql_find(ctx->db, &found, err, db_id(&owner), db_text(ctx->idempotency_key),
        db_int(call->method), db_bytes(hash, HASH_SIZE));
    if (code != ERR_OK)
        return code;
    if (db_rows(found) == 1)
        return recall(ctx, found, reply, err);
    if (is_nobody)
        return ERR_OK;
    /* The twin that held it was rolled back after all. */
    return err_raise(err, REASON_TRANSACTION_CONFLICT, "the same call was just given up");
}

/* The reply of a caller who did not hold her key while she worked. */
static enum err_code keep(struct rpc_ctx *ctx, const struct id *owner,
    const struct rpc_keyed_call *call, const struct db_bytes *reply, struct err *err)
{
    uint8_t hash[HASH_SIZE];
    hash_request(call, hash);
    CLEANUP(db_result_clear) struct db_result *kept = NULL;
    enum err_code code = idempotency_sql_keep(ctx->db, &kept, err, db_id(owner),
        db_text(ctx->idempotency_key), db_int(call->method), db_bytes(hash, HASH_SIZE),
        db_bytes(reply->data ? reply->data : "", reply->len));
    if (code == ERR_OK && db_rows(kept) == 0)
        return err_raise(err, REASON_TRANSACTION_CONFLICT, "the same call was quicker");
    return code;
}

static enum err_code finish(struct rpc_ctx *ctx, const struct rpc_keyed_call *call,
    const struct db_bytes *reply, struct err *err)
{
    if (!ctx->idempotency_key)
        return ERR_OK;
    const struct id owner = owner_of(ctx, call);
    if (ctx->principal.caller == RPC_CALLER_ANYBODY)
        return keep(ctx, &owner, call, reply, err);
    CLEANUP(db_result_clear) struct db_result *kept = NULL;
    return idempotency_sql_finish(ctx->db, &kept, err, db_id(&owner), db_text(ctx->idempotency_key),
        db_bytes(reply->data ? reply->data : "", reply->len));
}

const struct rpc_idempotency idempotency_store = {begin, finish};
