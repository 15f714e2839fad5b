/* SPDX-License-Identifier: Apache-2.0 */
#include "store_member.h"

#include "contact_sql.h"
#include "events.h"

enum err_code store_create_member(struct db_session *db, const struct member *member,
    const struct token *token, const struct queue_outgoing *event, struct err *err)
{
    CLEANUP(db_result_clear) struct db_result *created = NULL;
    enum err_code code = contact_sql_create_member(db, &created, err, db_id(&member->id),
        db_text(member->name), db_text(member->email), db_bool(member->is_email_verified),
        db_text(member->time_zone), db_id(&token->id), db_bytes(token->hash, sizeof token->hash),
        db_int(token->scopes), EVENT_PARAMS(event));
    if (code != ERR_OK)
        return code;
    if (db_rows(created) == 0)
        return err_raise(err, REASON_EMAIL_TAKEN, "a member with this e-mail address exists");
    return ERR_OK;
}

enum err_code store_lock_two_members(
    struct db_session *db, const struct id *one, const struct id *other, struct err *err)
{
    const struct id members[] = {*one, *other};
    CLEANUP(db_result_clear) struct db_result *r = NULL;
    return contact_sql_lock_members(db, &r, err, db_id_array(members, 2));
}

/* Columns of get_member. */
enum { COL_NAME, COL_EMAIL, COL_VERIFIED, COL_ZONE, COL_CREATED, COL_FACT };

enum err_code store_get_member(struct db_session *db, struct arena *arena, const struct id *id,
    struct member *out, struct err *err)
{
    CLEANUP(db_result_clear) struct db_result *r = NULL;
    enum err_code code = contact_sql_get_member(db, &r, err, db_id(id));
    if (code != ERR_OK)
        return code;
    if (db_rows(r) == 0)
        return err_raise(err, REASON_MEMBER_NOT_FOUND, "there is no such member");
    struct member member = {
        .id = *id,
        .name = store_text(arena, r, 0, COL_NAME),
        .email = store_text(arena, r, 0, COL_EMAIL),
        .is_email_verified = db_get_bool(r, 0, COL_VERIFIED),
        .time_zone = store_text(arena, r, 0, COL_ZONE),
        .created_us = db_get_time(r, 0, COL_CREATED),
    };
    if (!member.name || !member.email || !member.time_zone)
        return store_too_large(err);
    code = store_facts(arena, r, COL_FACT, &member.facts, err);
    if (code == ERR_OK)
        *out = member;
    return code;
}

/* The facts as columns, for unnest. */
struct fact_columns {
    struct id *ids;
    int64_t *kinds;
    const char **values, **folds;
    double *confidences;
};

static bool split(struct arena *arena, const struct facts *facts, struct fact_columns *out)
{
    struct fact_columns columns = {
        .ids = arena_calloc(arena, facts->n, sizeof *columns.ids),
        .kinds = arena_calloc(arena, facts->n, sizeof *columns.kinds),
        .values = arena_calloc(arena, facts->n, sizeof *columns.values),
        .folds = arena_calloc(arena, facts->n, sizeof *columns.folds),
        .confidences = arena_calloc(arena, facts->n, sizeof *columns.confidences),
    };
    if (!columns.ids || !columns.kinds || !columns.values || !columns.folds || !columns.confidences)
        return false;
    for (size_t i = 0; i < facts->n; i++) {
        columns.ids[i] = facts->items[i].id;
        columns.kinds[i] = facts->items[i].kind;
        columns.values[i] = facts->items[i].value;
        columns.folds[i] = facts->items[i].value_fold;
        columns.confidences[i] = facts->items[i].confidence;
    }
    *out = columns;
    return true;
}

enum err_code store_add_member_facts(struct db_session *db, struct arena *arena,
    const struct id *member, const struct facts *facts, struct err *err)
{
    struct fact_columns columns;
    if (facts->n == 0)
        return ERR_OK;
    if (!split(arena, facts, &columns))
        return err_raise(err, REASON_REQUEST_TOO_LARGE, "the facts do not fit into one call");
    CLEANUP(db_result_clear) struct db_result *r = NULL;
    return contact_sql_add_member_facts(db, &r, err, db_id(member),
        db_id_array(columns.ids, facts->n), db_int_array(columns.kinds, facts->n),
        db_text_array(columns.values, facts->n), db_text_array(columns.folds, facts->n),
        db_float_array(columns.confidences, facts->n));
}

enum err_code store_update_member(struct db_session *db, struct arena *arena, const struct id *id,
    const struct member_change *change, const struct queue_outgoing *event, struct err *err)
{
    CLEANUP(db_result_clear) struct db_result *r = NULL;
    enum err_code code = contact_sql_update_member(db, &r, err, db_id(id), db_text(change->name),
        db_text(change->time_zone), db_id_array(change->remove_facts, change->n_remove_facts),
        EVENT_PARAMS(event));
    if (code != ERR_OK)
        return code;
    return store_add_member_facts(db, arena, id, &change->add_facts, err);
}

enum err_code store_list_time_zones(
    struct db_session *db, struct arena *arena, struct time_zones *out, struct err *err)
{
    CLEANUP(db_result_clear) struct db_result *r = NULL;
    enum err_code code = contact_sql_list_time_zones(db, &r, err);
    if (code != ERR_OK)
        return code;
    void *room = NULL;
    code = store_room(arena, db_rows(r), sizeof(char *), &room, err);
    if (code != ERR_OK)
        return code;
    struct time_zones zones = {room, db_rows(r)};
    for (size_t i = 0; i < zones.n; i++) {
        zones.names[i] = store_text(arena, r, i, 0);
        if (!zones.names[i])
            return store_too_large(err);
    }
    *out = zones;
    return ERR_OK;
}

static int64_t time_or_zero(const struct db_result *r, size_t row, int col)
{
    return db_is_null(r, row, col) ? 0 : db_get_time(r, row, col);
}

enum err_code store_list_tokens(struct db_session *db, struct arena *arena,
    const struct token_query *query, struct tokens *out, struct err *err)
{
    enum { ID, LABEL, SCOPES, CREATED, EXPIRES, REVOKED };
    CLEANUP(db_result_clear) struct db_result *r = NULL;
    void *room = NULL;
    enum err_code code = contact_sql_list_tokens(db, &r, err, db_id(&query->member),
        db_bool(query->include_ended), db_id(query->after), db_int(query->limit));
    if (code == ERR_OK)
        code = store_room(arena, db_rows(r), sizeof(struct token_entry), &room, err);
    if (code != ERR_OK)
        return code;
    struct tokens found = {room, db_rows(r)};
    for (size_t i = 0; i < found.n; i++) {
        found.items[i] = (struct token_entry){
            .id = db_get_id(r, i, ID),
            .label = store_text(arena, r, i, LABEL),
            .scopes = db_get_int(r, i, SCOPES),
            .created_us = db_get_time(r, i, CREATED),
            .expires_us = time_or_zero(r, i, EXPIRES),
            .revoked_us = time_or_zero(r, i, REVOKED),
        };
        if (!found.items[i].label)
            return store_too_large(err);
    }
    *out = found;
    return ERR_OK;
}

enum err_code store_create_token(
    struct db_session *db, const struct id *member, const struct token *token, struct err *err)
{
    CLEANUP(db_result_clear) struct db_result *r = NULL;
    struct db_param expires = token->expires_us ? db_time(token->expires_us) : db_null(DB_TIME);
    enum err_code code = contact_sql_create_token(db, &r, err, db_id(member), db_id(&token->id),
        db_bytes(token->hash, sizeof token->hash), db_text(token->label), db_int(token->scopes),
        expires);
    if (code == ERR_OK && db_rows(r) == 0)
        return err_raise(err, REASON_MEMBER_NOT_FOUND, "there is no such member");
    return code;
}

enum err_code store_renew_token(struct db_session *db, const struct id *member,
    const struct token *token, bool *is_renewed, struct err *err)
{
    CLEANUP(db_result_clear) struct db_result *r = NULL;
    struct db_param expires = token->expires_us ? db_time(token->expires_us) : db_null(DB_TIME);
    enum err_code code = contact_sql_renew_token(db, &r, err, db_id(member), db_id(&token->id),
        db_bytes(token->hash, sizeof token->hash), db_int(token->scopes), expires);
    if (code == ERR_OK)
        *is_renewed = db_rows(r) == 1;
    return code;
}

enum err_code store_revoke_token(
    struct db_session *db, const struct id *member, const struct id *token, struct err *err)
{
    CLEANUP(db_result_clear) struct db_result *r = NULL;
    enum err_code code = contact_sql_revoke_token(db, &r, err, db_id(member), db_id(token));
    if (code == ERR_OK && db_rows(r) == 0)
        return err_raise(err, REASON_TOKEN_NOT_FOUND, "you have no token of this id");
    return code;
}
