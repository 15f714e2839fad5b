/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Auth: opaque tokens and who holds them.
 *
 * A token is "kith_" + 43 base62 digits of 256 random bits + 6 base62 digits of a CRC-32 that
 * catches typing errors before any look-up. Only its SHA-256 is stored. Members' tokens are rows of
 * the view contact.v1_token; the service and operator tokens are settings of the process.
 */
#pragma once

#include "rpc/server.h"

enum { AUTH_TOKEN_SIZE = 5 + 43 + 6 + 1, AUTH_HASH_SIZE = 32 };

/* A new token of libsodium's randomness. */
void auth_token_new(char out[AUTH_TOKEN_SIZE]);

/* TOKEN_MALFORMED unless prefix, alphabet, length and checksum are right. */
MUST_USE enum err_code auth_token_check(const char *token, struct err *err);

/* SHA-256 of the token's text. */
void auth_token_hash(const char *token, uint8_t out[AUTH_HASH_SIZE]);

struct auth_config {
    const char *service_token;  /* NULL or "": no caller is a service */
    const char *operator_token; /* NULL or "": no caller is the operator */
    const struct clock *clock;
};

struct auth;

/* Keeps hashes of the tokens in `config`, not the texts. CONFIG_INVALID for what is no token. */
MUST_USE enum err_code auth_new(
    struct auth **out, const struct auth_config *config, struct err *err);
void auth_free(struct auth *auth);

/*
 * rpc_authenticate_fn with self = struct auth. Compares in constant time; keeps an answer for at
 * most one second, so a revoked token is refused everywhere within that.
 */
MUST_USE enum err_code auth_authenticate(void *self, struct db_session *db, const char *token,
    struct rpc_principal *out, struct err *err);
