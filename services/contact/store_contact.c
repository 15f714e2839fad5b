/* SPDX-License-Identifier: Apache-2.0 */
#include "store_contact.h"

#include "contact_sql.h"
#include "events.h"

/* A list shows a taste of what is known, an export everything. */
enum { FACTS_IN_LIST = 5, FACTS_IN_EXPORT = 1000 };

/* Contacts of an export that are read at once, and facts of those before the last. */
enum { EXPORT_CONTACTS = 128, EXPORT_FACTS = 2000 };

/* Columns of list_contacts and get_contact. */
enum {
    COL_ID,
    COL_NAME,
    COL_EMAIL,
    COL_PROFILE_URL,
    COL_COMPANY,
    COL_POSITION,
    COL_CONNECTED,
    COL_LINKED,
    COL_IS_CONNECTED,
    COL_NAME_FOLD,
    COL_FACT /* of get_contact only */
};

static bool read_contact(
    struct arena *arena, const struct db_result *r, size_t row, struct contact *out)
{
    *out = (struct contact){
        .id = db_get_id(r, row, COL_ID),
        .name = store_text(arena, r, row, COL_NAME),
        .email = store_text(arena, r, row, COL_EMAIL),
        .profile_url = store_text(arena, r, row, COL_PROFILE_URL),
        .company = store_text(arena, r, row, COL_COMPANY),
        .position = store_text(arena, r, row, COL_POSITION),
        .name_fold = store_text(arena, r, row, COL_NAME_FOLD),
        .is_connected = db_get_bool(r, row, COL_IS_CONNECTED),
    };
    if (!db_is_null(r, row, COL_CONNECTED))
        out->connected_us = db_get_time(r, row, COL_CONNECTED);
    if (!db_is_null(r, row, COL_LINKED))
        out->linked_member = db_get_id(r, row, COL_LINKED);
    return out->name && out->email && out->profile_url && out->company && out->position &&
           out->name_fold;
}

static enum err_code read_contacts(
    struct arena *arena, const struct db_result *r, struct contacts *out, struct err *err)
{
    void *room = NULL;
    enum err_code code = store_room(arena, db_rows(r), sizeof(struct contact), &room, err);
    if (code != ERR_OK)
        return code;
    struct contacts contacts = {room, db_rows(r)};
    for (size_t i = 0; i < contacts.n; i++)
        if (!read_contact(arena, r, i, &contacts.items[i]))
            return store_too_large(err);
    *out = contacts;
    return ERR_OK;
}

/* Hand out the rows of list_facts, which come in the order of the contacts. */
static enum err_code read_facts(struct arena *arena, const struct db_result *r,
    const struct contacts *contacts, struct err *err)
{
    enum { CONTACT, FACT };
    void *room = NULL;
    enum err_code code = store_room(arena, db_rows(r), sizeof(struct fact), &room, err);
    if (code != ERR_OK)
        return code;
    struct fact *facts = room;
    struct contact *owner = contacts->items;
    for (size_t i = 0; i < db_rows(r); i++) {
        struct id contact = db_get_id(r, i, CONTACT);
        while (!id_equal(&owner->id, &contact))
            owner++;
        if (owner->facts.n++ == 0)
            owner->facts.items = &facts[i];
        code = store_fact(arena, r, i, FACT, &facts[i], err);
        if (code != ERR_OK)
            return code;
    }
    return ERR_OK;
}

static enum err_code add_facts(struct db_session *db, struct arena *arena, const struct id *member,
    const struct contacts *contacts, int64_t limit, struct err *err)
{
    if (contacts->n == 0)
        return ERR_OK;
    struct id *ids = arena_calloc(arena, contacts->n, sizeof *ids);
    if (!ids)
        return store_too_large(err);
    for (size_t i = 0; i < contacts->n; i++)
        ids[i] = contacts->items[i].id;
    CLEANUP(db_result_clear) struct db_result *r = NULL;
    enum err_code code = contact_sql_list_facts(
        db, &r, err, db_id(member), db_id_array(ids, contacts->n), db_int(limit));
    if (code != ERR_OK)
        return code;
    return read_facts(arena, r, contacts, err);
}

enum err_code store_list_contacts(struct db_session *db, struct arena *arena,
    const struct contact_query *query, struct contacts *out, struct err *err)
{
    const struct page_position *after = query->after;
    CLEANUP(db_result_clear) struct db_result *r = NULL;
    enum err_code code = contact_sql_list_contacts(db, &r, err, db_id(&query->member),
        db_text(query->tag), db_text(query->text), db_text(after ? after->key : NULL),
        db_id(after ? &after->id : NULL), db_int(query->limit), db_text(query->id_part),
        db_text(query->name));
    if (code == ERR_OK)
        code = read_contacts(arena, r, out, err);
    if (code == ERR_OK)
        code = add_facts(db, arena, &query->member, out, FACTS_IN_LIST, err);
    return code;
}

enum err_code store_export_contacts(struct db_session *db, struct arena *arena,
    const struct id *member, const struct id *after, struct contacts *out, struct err *err)
{
    CLEANUP(db_result_clear) struct db_result *r = NULL;
    enum err_code code = contact_sql_export_contacts(
        db, &r, err, db_id(member), db_id(after), db_int(EXPORT_CONTACTS), db_int(EXPORT_FACTS));
    if (code == ERR_OK)
        code = read_contacts(arena, r, out, err);
    if (code == ERR_OK)
        code = add_facts(db, arena, member, out, FACTS_IN_EXPORT, err);
    return code;
}

enum err_code store_count_contacts(
    struct db_session *db, const struct contact_query *query, int64_t *out, struct err *err)
{
    CLEANUP(db_result_clear) struct db_result *r = NULL;
    enum err_code code = contact_sql_count_contacts(db, &r, err, db_id(&query->member),
        db_text(query->tag), db_text(query->text), db_text(query->id_part), db_text(query->name));
    if (code == ERR_OK)
        *out = db_get_int(r, 0, 0);
    return code;
}

static enum err_code contact_not_found(const struct id *contact, struct err *err)
{
    char text[ID_TEXT_SIZE];
    id_format(contact, text);
    return err_raise(err, REASON_CONTACT_NOT_FOUND, "contact %s is not in your address book", text);
}

enum err_code store_get_contact(struct db_session *db, struct arena *arena, const struct id *member,
    const struct id *contact, struct contact *out, struct err *err)
{
    CLEANUP(db_result_clear) struct db_result *r = NULL;
    enum err_code code = contact_sql_get_contact(db, &r, err, db_id(member), db_id(contact));
    if (code != ERR_OK)
        return code;
    if (db_rows(r) == 0)
        return contact_not_found(contact, err);
    struct contact found;
    if (!read_contact(arena, r, 0, &found))
        return store_too_large(err);
    code = store_facts(arena, r, COL_FACT, &found.facts, err);
    if (code == ERR_OK)
        *out = found;
    return code;
}

enum err_code store_add_fact(struct db_session *db, const struct id *member,
    const struct id *contact, const struct fact *fact, const struct queue_outgoing *event,
    struct err *err)
{
    enum { HAS_CONTACT, IS_NEW };
    CLEANUP(db_result_clear) struct db_result *r = NULL;
    enum err_code code = contact_sql_add_fact(db, &r, err, db_id(member), db_id(contact),
        db_id(&fact->id), db_int(fact->kind), db_text(fact->value), db_text(fact->value_fold),
        db_float(fact->confidence), EVENT_PARAMS(event));
    if (code != ERR_OK)
        return code;
    if (!db_get_bool(r, 0, HAS_CONTACT))
        return contact_not_found(contact, err);
    if (!db_get_bool(r, 0, IS_NEW))
        return err_raise(err, REASON_FACT_EXISTS, "the contact has this fact already");
    return ERR_OK;
}

enum err_code store_remove_fact(struct db_session *db, const struct id *member,
    const struct id *contact, const struct id *fact, const struct queue_outgoing *event,
    struct err *err)
{
    enum { IS_REMOVED, HAS_CONTACT };
    CLEANUP(db_result_clear) struct db_result *r = NULL;
    enum err_code code = contact_sql_remove_fact(
        db, &r, err, db_id(member), db_id(contact), db_id(fact), EVENT_PARAMS(event));
    if (code != ERR_OK)
        return code;
    if (!db_get_bool(r, 0, HAS_CONTACT))
        return contact_not_found(contact, err);
    if (!db_get_bool(r, 0, IS_REMOVED))
        return err_raise(err, REASON_FACT_NOT_FOUND, "the contact has no such fact");
    return ERR_OK;
}

enum err_code store_find_member_by_email(struct db_session *db, const struct id *member,
    const struct id *contact, struct id *out, struct err *err)
{
    CLEANUP(db_result_clear) struct db_result *r = NULL;
    enum err_code code =
        contact_sql_find_member_by_email(db, &r, err, db_id(member), db_id(contact));
    if (code == ERR_OK)
        *out = db_rows(r) > 0 ? db_get_id(r, 0, 0) : (struct id){{0}};
    return code;
}

enum err_code store_link_contact(struct db_session *db, const struct id *member,
    const struct id *contact, const struct id *other, const struct queue_outgoing *event,
    bool *is_linked, struct err *err)
{
    CLEANUP(db_result_clear) struct db_result *r = NULL;
    enum err_code code = contact_sql_link_contact(
        db, &r, err, db_id(member), db_id(contact), db_id(other), EVENT_PARAMS(event));
    if (code == ERR_OK)
        *is_linked = db_rows(r) == 1;
    return code;
}
