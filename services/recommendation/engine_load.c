/* SPDX-License-Identifier: Apache-2.0 */
#include "engine_load.h"

#include "recommendation_sql.h"

/* How long a question that waits, or was passed on, counts against asking again. */
static const int64_t LOAD_WINDOW_US = (int64_t)30 * 24 * 3600 * 1000000;

static enum err_code out_of_memory(struct err *err)
{
    return err_raise(err, REASON_INTERNAL_ERROR, "out of memory");
}

static enum err_code load_contacts(struct db_session *db, const struct id *member, int64_t now_us,
    struct network_builder *b, struct err *err)
{
    enum { CONTACT, MEMBER, IS_CONNECTED, CONNECTED_AT, WAITING, PASSED };
    CLEANUP(db_result_clear) struct db_result *r = NULL;
    enum err_code code = recommendation_sql_load_contacts(
        db, &r, err, db_id(member), db_time(now_us - LOAD_WINDOW_US));
    if (code != ERR_OK)
        return code;
    for (size_t row = 0; row < db_rows(r); row++) {
        struct network_contact contact = {.id = db_get_id(r, row, CONTACT),
            .is_connected = db_get_bool(r, row, IS_CONNECTED),
            .waiting = (uint32_t)db_get_int(r, row, WAITING),
            .passed = (uint32_t)db_get_int(r, row, PASSED)};
        if (!db_is_null(r, row, MEMBER))
            contact.member = db_get_id(r, row, MEMBER);
        if (!db_is_null(r, row, CONNECTED_AT))
            contact.connected_us = db_get_time(r, row, CONNECTED_AT);
        if (!network_add_contact(b, &contact))
            return out_of_memory(err);
    }
    return ERR_OK;
}

static enum network_kind kind_of(int64_t kind)
{
    return kind > 0 && kind <= NETWORK_TAG ? (enum network_kind)kind : NETWORK_UNSPECIFIED;
}

static enum err_code load_facts(
    struct db_session *db, const struct id *member, struct network_builder *b, struct err *err)
{
    enum { CONTACT, KIND, VALUE, CONFIDENCE };
    CLEANUP(db_result_clear) struct db_result *r = NULL;
    enum err_code code = recommendation_sql_load_facts(db, &r, err, db_id(member));
    if (code != ERR_OK)
        return code;
    for (size_t row = 0; row < db_rows(r); row++) {
        struct id contact = db_get_id(r, row, CONTACT);
        if (!network_add_fact(b, &contact, kind_of(db_get_int(r, row, KIND)),
                db_get_text(r, row, VALUE), db_get_float(r, row, CONFIDENCE)))
            return out_of_memory(err);
    }
    return ERR_OK;
}

static enum err_code load_own_facts(
    struct db_session *db, const struct id *member, struct network_builder *b, struct err *err)
{
    enum { KIND, VALUE };
    CLEANUP(db_result_clear) struct db_result *r = NULL;
    enum err_code code = recommendation_sql_load_own_facts(db, &r, err, db_id(member));
    if (code != ERR_OK)
        return code;
    for (size_t row = 0; row < db_rows(r); row++)
        if (!network_add_own_fact(b, kind_of(db_get_int(r, row, KIND)), db_get_text(r, row, VALUE)))
            return out_of_memory(err);
    return ERR_OK;
}

static enum err_code load_answered(
    struct db_session *db, const struct id *member, struct network_builder *b, struct err *err)
{
    enum { CONTACT, QUESTION, ASKED_AT };
    CLEANUP(db_result_clear) struct db_result *r = NULL;
    enum err_code code = recommendation_sql_load_answered(db, &r, err, db_id(member));
    if (code != ERR_OK)
        return code;
    for (size_t row = 0; row < db_rows(r); row++) {
        struct id contact = db_get_id(r, row, CONTACT);
        if (!network_add_answered(
                b, &contact, db_get_text(r, row, QUESTION), db_get_time(r, row, ASKED_AT)))
            return out_of_memory(err);
    }
    return ERR_OK;
}

enum err_code engine_load(struct db_session *db, const struct wordnet *wordnet,
    const struct id *member, int64_t now_us, struct network **out, struct err *err)
{
    struct network_builder *b = network_builder_new(wordnet);
    if (!b)
        return out_of_memory(err);
    enum err_code code = load_contacts(db, member, now_us, b, err);
    if (code == ERR_OK)
        code = load_facts(db, member, b, err);
    if (code == ERR_OK)
        code = load_own_facts(db, member, b, err);
    if (code == ERR_OK)
        code = load_answered(db, member, b, err);
    if (code == ERR_OK)
        code = network_build(b, out, err);
    network_builder_free(b);
    return code;
}
