/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Members and their tokens in the database.
 */
#pragma once

#include "auth/auth.h"
#include "queue/queue.h"
#include "store.h"
#include "time_zones.h"

struct member {
    struct id id;
    const char *name;
    const char *email;
    bool is_email_verified;
    const char *time_zone;
    int64_t created_us;
    struct facts facts;
};

/* A token to store: the hash, never the text. */
struct token {
    struct id id;
    uint8_t hash[AUTH_HASH_SIZE];
    const char *label;
    int64_t scopes;
    int64_t expires_us; /* 0: never */
};

/* EMAIL_TAKEN when the address is to count as verified and another member proved it hers. */
MUST_USE enum err_code store_create_member(struct db_session *db, const struct member *member,
    const struct token *token, const struct queue_outgoing *event, struct err *err);

/*
 * Until the transaction ends, changes that touch one of the two wait; called before rows of either
 * are locked, it keeps such changes from waiting for each other.
 */
MUST_USE enum err_code store_lock_two_members(
    struct db_session *db, const struct id *one, const struct id *other, struct err *err);

/* With her facts. MEMBER_NOT_FOUND. */
MUST_USE enum err_code store_get_member(struct db_session *db, struct arena *arena,
    const struct id *id, struct member *out, struct err *err);

/* What to change of a member; NULL texts stay. */
struct member_change {
    const char *name;
    const char *time_zone;
    const struct id *remove_facts;
    size_t n_remove_facts;
    struct facts add_facts;
};

/* Two statements where facts are added: in a transaction. Facts to remove that are not hers are
 * passed over. */
MUST_USE enum err_code store_update_member(struct db_session *db, struct arena *arena,
    const struct id *id, const struct member_change *change, const struct queue_outgoing *event,
    struct err *err);

/* Facts she has already are left alone. */
MUST_USE enum err_code store_add_member_facts(struct db_session *db, struct arena *arena,
    const struct id *member, const struct facts *facts, struct err *err);

/* Every IANA name the database knows; in `arena`. */
MUST_USE enum err_code store_list_time_zones(
    struct db_session *db, struct arena *arena, struct time_zones *out, struct err *err);

/* Which tokens to list. */
struct token_query {
    struct id member;
    bool include_ended;     /* also those that are revoked or expired */
    const struct id *after; /* behind this one; NULL: from the newest */
    int64_t limit;
};

/* A token as it is listed. */
struct token_entry {
    struct id id;
    const char *label;
    int64_t scopes;
    int64_t created_us;
    int64_t expires_us; /* 0: never */
    int64_t revoked_us; /* 0: it is not */
};

struct tokens {
    struct token_entry *items;
    size_t n;
};

/* Newest first. */
MUST_USE enum err_code store_list_tokens(struct db_session *db, struct arena *arena,
    const struct token_query *query, struct tokens *out, struct err *err);

/* MEMBER_NOT_FOUND. */
MUST_USE enum err_code store_create_token(
    struct db_session *db, const struct id *member, const struct token *token, struct err *err);

/*
 * Another secret for a token made within the last ten minutes, instead of the first one. False: it
 * is too old, or revoked, or may do more than `token->scopes`, or lives longer than it.
 */
MUST_USE enum err_code store_renew_token(struct db_session *db, const struct id *member,
    const struct token *token, bool *is_renewed, struct err *err);

/* One revoked before stays so. TOKEN_NOT_FOUND. */
MUST_USE enum err_code store_revoke_token(
    struct db_session *db, const struct id *member, const struct id *token, struct err *err);
