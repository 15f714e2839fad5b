/* SPDX-License-Identifier: Apache-2.0 */
#include "auth/auth.h"

#include "auth_sql.h"

#include <pthread.h>
#include <sodium.h>
#include <stdlib.h>
#include <string.h>

enum { CACHE_SIZE = 1024, CACHE_FOR_US = 1000000 };

/*
 * By what a token is found again while it is remembered: SipHash of 128 bits, by a key that only
 * this process knows. Takes a tenth of the time of a SHA-256.
 */
struct tag {
    uint8_t bytes[crypto_shorthash_siphashx24_BYTES];
};

/* A member's token that was good a moment ago. Direct-mapped by the tag, which nobody can aim. */
struct known {
    struct tag tag;
    struct rpc_principal principal;
    int64_t until_us; /* monotonic; 0: empty */
};

/* A token of the settings; without one, nothing compares equal. */
struct secret {
    bool is_set;
    uint8_t hash[AUTH_HASH_SIZE];
};

struct auth {
    const struct clock *clock;
    struct secret service;
    struct secret operator;
    uint8_t tag_key[crypto_shorthash_siphashx24_KEYBYTES];
    pthread_mutex_t lock; /* of the cache */
    struct known known[CACHE_SIZE];
};

static enum err_code load_secret(
    struct secret *out, const char *setting, const char *token, struct err *err)
{
    if (!token || !*token)
        return ERR_OK;
    struct err cause;
    if (auth_token_check(token, &cause) != ERR_OK)
        return err_raise(err, REASON_CONFIG_INVALID, "%s: %s (`kith-contact new-token` makes one)",
            setting, cause.msg);
    auth_token_hash(token, out->hash);
    out->is_set = true;
    return ERR_OK;
}

enum err_code auth_new(struct auth **out, const struct auth_config *config, struct err *err)
{
    struct auth *auth = calloc(1, sizeof(*auth));
    if (!auth)
        return err_raise(err, REASON_INTERNAL_ERROR, "out of memory");
    auth->clock = config->clock;
    (void)pthread_mutex_init(&auth->lock, NULL);
    randombytes_buf(auth->tag_key, sizeof(auth->tag_key));
    enum err_code code = load_secret(&auth->service, "service-token", config->service_token, err);
    if (code == ERR_OK)
        code = load_secret(&auth->operator, "operator-token", config->operator_token, err);
    if (code != ERR_OK) {
        auth_free(auth);
        return code;
    }
    *out = auth;
    return ERR_OK;
}

void auth_free(struct auth *auth)
{
    if (!auth)
        return;
    (void)pthread_mutex_destroy(&auth->lock);
    sodium_memzero(auth, sizeof(*auth));
    free(auth);
}

static bool is_secret(const struct secret *secret, const uint8_t hash[AUTH_HASH_SIZE])
{
    return secret->is_set && sodium_memcmp(secret->hash, hash, AUTH_HASH_SIZE) == 0;
}

/* ---- the cache ------------------------------------------------------------------------------- */

static struct tag tag_of(const struct auth *auth, const char *token)
{
    struct tag tag;
    (void)crypto_shorthash_siphashx24(
        tag.bytes, (const unsigned char *)token, strlen(token), auth->tag_key);
    return tag;
}

static struct known *slot_of(struct auth *auth, const struct tag *tag)
{
    uint32_t n;
    memcpy(&n, tag->bytes, sizeof(n));
    return &auth->known[n % CACHE_SIZE];
}

static bool recall(
    struct auth *auth, const struct tag *tag, int64_t now_us, struct rpc_principal *out)
{
    (void)pthread_mutex_lock(&auth->lock);
    const struct known *known = slot_of(auth, tag);
    bool is_hit =
        now_us < known->until_us && sodium_memcmp(&known->tag, tag, sizeof(known->tag)) == 0;
    if (is_hit)
        *out = known->principal;
    (void)pthread_mutex_unlock(&auth->lock);
    return is_hit;
}

static void remember(struct auth *auth, const struct tag *tag, int64_t until_us,
    const struct rpc_principal *principal)
{
    (void)pthread_mutex_lock(&auth->lock);
    struct known *known = slot_of(auth, tag);
    known->tag = *tag;
    known->principal = *principal;
    known->until_us = until_us;
    (void)pthread_mutex_unlock(&auth->lock);
}

/* ---- members --------------------------------------------------------------------------------- */

static enum err_code find_member(struct auth *auth, struct db_session *db, const struct tag *tag,
    const uint8_t hash[AUTH_HASH_SIZE], struct rpc_principal *out, struct err *err)
{
    /* From before the look-up on, so that an answer never outlives a revocation by more. */
    int64_t asked_us = clock_mono_us(auth->clock);
    CLEANUP(db_result_clear) struct db_result *row = NULL;
    enum err_code code = auth_sql_find_token(db, &row, err, db_bytes(hash, AUTH_HASH_SIZE));
    if (code != ERR_OK)
        return code;
    int64_t wall_us = clock_wall_us(auth->clock);
    if (db_rows(row) == 0 || (!db_is_null(row, 0, 3) && db_get_time(row, 0, 3) <= wall_us))
        return err_raise(err, REASON_TOKEN_UNKNOWN, "the token is unknown, expired or revoked");
    *out = (struct rpc_principal){.caller = RPC_CALLER_MEMBER,
        .member = db_get_id(row, 0, 0),
        .token = db_get_id(row, 0, 1),
        .scopes = (unsigned)db_get_int(row, 0, 2),
        .expires_us = db_is_null(row, 0, 3) ? 0 : db_get_time(row, 0, 3)};
    int64_t left_us = db_is_null(row, 0, 3) ? CACHE_FOR_US : db_get_time(row, 0, 3) - wall_us;
    remember(auth, tag, asked_us + (left_us < CACHE_FOR_US ? left_us : CACHE_FOR_US), out);
    return ERR_OK;
}

enum err_code auth_authenticate(void *self, struct db_session *db, const char *token,
    struct rpc_principal *out, struct err *err)
{
    struct auth *auth = self;
    if (!token || !*token)
        return err_raise(err, REASON_TOKEN_MISSING, "this call needs a token");
    struct tag tag = tag_of(auth, token);
    if (recall(auth, &tag, clock_mono_us(auth->clock), out))
        return ERR_OK;
    enum err_code code = auth_token_check(token, err);
    if (code != ERR_OK)
        return code;
    uint8_t hash[AUTH_HASH_SIZE];
    auth_token_hash(token, hash);
    if (is_secret(&auth->service, hash))
        *out = (struct rpc_principal){.caller = RPC_CALLER_SERVICE};
    else if (is_secret(&auth->operator, hash))
        *out = (struct rpc_principal){.caller = RPC_CALLER_OPERATOR};
    else
        return find_member(auth, db, &tag, hash, out, err);
    return ERR_OK;
}
