/* SPDX-License-Identifier: Apache-2.0 */
#include "store_invitation.h"

#include "contact_sql.h"
#include "domain/text.h"
#include "events.h"

enum { FOLD_SIZE = 201 };

static struct id id_or_zero(const struct db_result *r, size_t row, int col)
{
    return db_is_null(r, row, col) ? (struct id){{0}} : db_get_id(r, row, col);
}

/* An invitation nobody answered in time does not stand in the way of the next. */
static enum err_code close_expired(struct db_session *db, const struct id *member, struct err *err)
{
    CLEANUP(db_result_clear) struct db_result *r = NULL;
    return contact_sql_close_expired_invitations(db, &r, err, db_id(member));
}

enum err_code store_send_invitation(struct db_session *db, const struct id *member,
    const struct invitation *invitation, const struct id *to, const struct queue_outgoing *event,
    bool *is_sent, struct err *err)
{
    enum err_code code = close_expired(db, member, err);
    if (code != ERR_OK)
        return code;
    CLEANUP(db_result_clear) struct db_result *r = NULL;
    code = contact_sql_send_invitation(db, &r, err, db_id(member), db_id(&invitation->id),
        db_id(&invitation->contact), db_id(to), db_text(invitation->code),
        db_text(invitation->note), db_time(invitation->sent_us), db_time(invitation->expires_us),
        EVENT_PARAMS(event));
    if (code == ERR_OK)
        *is_sent = db_rows(r) == 1;
    return code;
}

static bool read_invitation(
    struct arena *arena, const struct db_result *r, size_t row, struct invitation *out)
{
    enum { ID, IS_OUTGOING, CONTACT, NAME, NOTE, CODE, STATE, SENT, EXPIRES };
    *out = (struct invitation){
        .id = db_get_id(r, row, ID),
        .is_outgoing = db_get_bool(r, row, IS_OUTGOING),
        .contact = id_or_zero(r, row, CONTACT),
        .name = store_text(arena, r, row, NAME),
        .note = store_text(arena, r, row, NOTE),
        .code = store_text(arena, r, row, CODE),
        .state = db_get_int(r, row, STATE),
        .sent_us = db_get_time(r, row, SENT),
        .expires_us = db_get_time(r, row, EXPIRES),
    };
    return out->name && out->note && out->code;
}

enum err_code store_list_invitations(struct db_session *db, struct arena *arena,
    const struct invitation_query *query, struct invitations *out, struct err *err)
{
    CLEANUP(db_result_clear) struct db_result *r = NULL;
    enum err_code code = contact_sql_list_invitations(db, &r, err, db_id(&query->member),
        db_bool(query->include_closed), db_id(query->after), db_int(query->limit));
    if (code != ERR_OK)
        return code;
    void *room = NULL;
    code = store_room(arena, db_rows(r), sizeof(struct invitation), &room, err);
    if (code != ERR_OK)
        return code;
    struct invitations found = {room, db_rows(r)};
    for (size_t i = 0; i < found.n; i++)
        if (!read_invitation(arena, r, i, &found.items[i]))
            return store_too_large(err);
    *out = found;
    return ERR_OK;
}

static enum err_code read_ref(
    const struct db_result *r, struct invitation_ref *out, struct err *err)
{
    enum { SENDER, ID };
    if (db_rows(r) == 0)
        return err_raise(
            err, REASON_INVITATION_NOT_FOUND, "there is no such invitation, or it is not for you");
    *out = (struct invitation_ref){db_get_id(r, 0, SENDER), db_get_id(r, 0, ID)};
    return ERR_OK;
}

enum err_code store_find_invitation_by_code(
    struct db_session *db, const char *invitation_code, struct invitation_ref *out, struct err *err)
{
    CLEANUP(db_result_clear) struct db_result *r = NULL;
    enum err_code code = contact_sql_find_invitation_by_code(db, &r, err, db_text(invitation_code));
    return code == ERR_OK ? read_ref(r, out, err) : code;
}

enum err_code store_find_invitation_received(struct db_session *db, const struct id *member,
    const struct id *invitation, struct invitation_ref *out, struct err *err)
{
    CLEANUP(db_result_clear) struct db_result *r = NULL;
    enum err_code code =
        contact_sql_find_invitation_received(db, &r, err, db_id(member), db_id(invitation));
    return code == ERR_OK ? read_ref(r, out, err) : code;
}

enum err_code store_lock_invitation(struct db_session *db, struct arena *arena,
    const struct invitation_ref *ref, struct invitation_lock *out, struct err *err)
{
    enum { OTHER, CONTACT, STATE, IS_DECLINED, ANSWERED_BY, IS_EXPIRED, SENDER_NAME };
    CLEANUP(db_result_clear) struct db_result *r = NULL;
    enum err_code code =
        contact_sql_lock_invitation(db, &r, err, db_id(&ref->sender), db_id(&ref->id));
    if (code != ERR_OK)
        return code;
    if (db_rows(r) == 0)
        return err_raise(err, REASON_INVITATION_NOT_FOUND, "there is no such invitation");
    struct invitation_lock lock = {
        .other_member = id_or_zero(r, 0, OTHER),
        .contact = id_or_zero(r, 0, CONTACT),
        .sender_name = store_text(arena, r, 0, SENDER_NAME),
        .state = db_get_int(r, 0, STATE),
        .answered_by = id_or_zero(r, 0, ANSWERED_BY),
        .is_declined = db_get_bool(r, 0, IS_DECLINED),
        .is_expired = db_get_bool(r, 0, IS_EXPIRED),
    };
    if (!lock.sender_name)
        return store_too_large(err);
    *out = lock;
    return ERR_OK;
}

enum err_code store_find_contact_of_member(struct db_session *db, const struct id *owner,
    const struct id *member, const struct id *taken_for, struct id *out, struct err *err)
{
    CLEANUP(db_result_clear) struct db_result *r = NULL;
    enum err_code code = contact_sql_find_contact_of_member(
        db, &r, err, db_id(owner), db_id(member), db_id(taken_for));
    if (code == ERR_OK)
        *out = db_rows(r) > 0 ? db_get_id(r, 0, 0) : (struct id){{0}};
    return code;
}

enum err_code store_connect(struct db_session *db, const struct connection_side *side,
    const struct queue_outgoing *event, struct err *err)
{
    char fold[FOLD_SIZE];
    text_fold(side->name, fold, sizeof fold);
    CLEANUP(db_result_clear) struct db_result *r = NULL;
    enum err_code code =
        contact_sql_connect_contact(db, &r, err, db_id(side->owner), db_id(side->contact),
            db_id(side->other), db_text(side->name), db_text(fold), EVENT_PARAMS(event));
    if (code == ERR_OK && db_rows(r) == 0)
        return err_raise(err, REASON_TRANSACTION_CONFLICT,
            "the contact was linked to somebody else at the same moment");
    return code;
}

enum err_code store_accept_invitation(struct db_session *db, const struct invitation_ref *ref,
    const struct connection_side *sender, const struct connection_side *acceptor,
    const struct queue_outgoing *event, struct err *err)
{
    CLEANUP(db_result_clear) struct db_result *r = NULL;
    return contact_sql_accept_invitation(db, &r, err, db_id(&ref->sender), db_id(&ref->id),
        db_id(acceptor->owner), db_id(sender->contact), db_id(acceptor->contact),
        EVENT_PARAMS(event));
}

enum err_code store_decline_invitation(
    struct db_session *db, const struct invitation_ref *ref, const struct id *by, struct err *err)
{
    CLEANUP(db_result_clear) struct db_result *r = NULL;
    return contact_sql_decline_invitation(
        db, &r, err, db_id(&ref->sender), db_id(&ref->id), db_id(by));
}
