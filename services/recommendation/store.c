/* SPDX-License-Identifier: Apache-2.0 */
#include "store.h"

#include "recommendation_sql.h"

static enum err_code does_not_fit(struct err *err)
{
    return err_raise(err, REASON_REPLY_TOO_LARGE, "the answer does not fit into one message");
}

static enum err_code ask_not_found(const struct id *ask, struct err *err)
{
    char text[ID_TEXT_SIZE];
    id_format(ask, text);
    return err_raise(
        err, REASON_ASK_NOT_FOUND, "there is no ask %s of yours, nor one sent to you", text);
}

static struct id id_or_zero(const struct db_result *r, size_t row, int col)
{
    return db_is_null(r, row, col) ? (struct id){{0}} : db_get_id(r, row, col);
}

/* ---- people and decisions -------------------------------------------------------------------- */

enum err_code store_list_people(struct db_session *db, struct arena *arena, const struct id *owner,
    const struct id *contacts, size_t n, struct store_people *out, struct err *err)
{
    enum { CONTACT, NAME, COMPANY, POSITION, MEMBER };
    CLEANUP(db_result_clear) struct db_result *r = NULL;
    enum err_code code =
        recommendation_sql_list_people(db, &r, err, db_id(owner), db_id_array(contacts, n));
    if (code != ERR_OK)
        return code;
    struct store_person *items = arena_calloc(arena, db_rows(r) + 1, sizeof(*items));
    for (size_t row = 0; items && row < db_rows(r); row++) {
        items[row] = (struct store_person){.contact = db_get_id(r, row, CONTACT),
            .member = id_or_zero(r, row, MEMBER),
            .name = db_dup_text(arena, r, row, NAME),
            .company = db_dup_text(arena, r, row, COMPANY),
            .position = db_dup_text(arena, r, row, POSITION)};
        if (!items[row].name || !items[row].company || !items[row].position)
            return does_not_fit(err);
    }
    if (!items)
        return does_not_fit(err);
    *out = (struct store_people){items, db_rows(r)};
    return ERR_OK;
}

enum err_code store_add_decision(
    struct db_session *db, const struct id *member, const struct store_decision *d, struct err *err)
{
    CLEANUP(db_result_clear) struct db_result *r = NULL;
    return recommendation_sql_insert_decision(db, &r, err, db_id(member), db_id(&d->id),
        db_text(d->question), db_time(d->decided_us), db_int(d->considered),
        db_bytes(d->record.data, d->record.len));
}

enum err_code store_get_decision(struct db_session *db, struct arena *arena,
    const struct id *member, const struct id *decision, struct store_decision *out, struct err *err)
{
    enum { QUESTION, DECIDED_AT, CONSIDERED, RECORD };
    CLEANUP(db_result_clear) struct db_result *r = NULL;
    enum err_code code =
        recommendation_sql_get_decision(db, &r, err, db_id(member), db_id(decision));
    if (code != ERR_OK)
        return code;
    if (db_rows(r) == 0) {
        char text[ID_TEXT_SIZE];
        id_format(decision, text);
        return err_raise(err, REASON_DECISION_NOT_FOUND, "there is no decision %s of yours", text);
    }
    struct db_bytes record = db_get_bytes(r, 0, RECORD);
    *out = (struct store_decision){.id = *decision,
        .question = db_dup_text(arena, r, 0, QUESTION),
        .decided_us = db_get_time(r, 0, DECIDED_AT),
        .considered = db_get_int(r, 0, CONSIDERED),
        .record = {arena_memdup(arena, record.data, record.len), record.len}};
    return out->question && out->record.data ? ERR_OK : does_not_fit(err);
}

/* ---- asks ------------------------------------------------------------------------------------ */

enum err_code store_add_ask(struct db_session *db, const struct id *asker,
    const struct store_decision *d, const struct id *ask, const struct store_target *target,
    const struct queue_outgoing *event, struct err *err)
{
    CLEANUP(db_result_clear) struct db_result *r = NULL;
    enum err_code code = recommendation_sql_insert_ask(db, &r, err, db_id(asker), db_id(&d->id),
        db_id(ask), db_text(d->question), db_time(d->decided_us), db_int(d->considered),
        db_bytes(d->record.data, d->record.len), db_id(&target->contact), db_id(&target->member),
        db_text(target->reason), db_id(&event->id), db_int(event->bucket), db_text(event->kind),
        db_text(event->traceparent), db_bytes(event->payload.data, event->payload.len));
    if (code == ERR_OK && db_rows(r) == 0)
        return err_raise(err, REASON_CONTACT_NOT_REACHABLE,
            "the contact can not be reached here any more; invite her, then ask again");
    return code;
}

/* Columns of get_ask and list_asks, and of get_received and list_received. */
enum { ASK_ID, ASK_QUESTION, ASK_ASKED_AT, ASK_DECISION_OR_ASKER, ASK_STATE, ASK_ASKER_NAME };

static enum err_code read_asks(struct arena *arena, const struct db_result *r, bool is_received,
    struct store_asks *out, struct err *err)
{
    struct store_ask *items = arena_calloc(arena, db_rows(r) + 1, sizeof(*items));
    if (!items)
        return does_not_fit(err);
    for (size_t row = 0; row < db_rows(r); row++) {
        struct store_ask *ask = &items[row];
        *ask = (struct store_ask){.id = db_get_id(r, row, ASK_ID),
            .question = db_dup_text(arena, r, row, ASK_QUESTION),
            .asked_us = db_get_time(r, row, ASK_ASKED_AT),
            .state = db_get_int(r, row, ASK_STATE),
            .asker_name = ""};
        struct id other = db_get_id(r, row, ASK_DECISION_OR_ASKER);
        *(is_received ? &ask->asker : &ask->decision) = other;
        if (is_received && !db_is_null(r, row, ASK_ASKER_NAME))
            ask->asker_name = db_dup_text(arena, r, row, ASK_ASKER_NAME);
        if (!ask->question || !ask->asker_name)
            return does_not_fit(err);
    }
    *out = (struct store_asks){items, db_rows(r)};
    return ERR_OK;
}

enum err_code store_get_ask(struct db_session *db, struct arena *arena, const struct id *member,
    const struct id *ask, struct store_ask *out, struct err *err)
{
    CLEANUP(db_result_clear) struct db_result *r = NULL;
    struct store_asks asks = {NULL, 0};
    enum err_code code = recommendation_sql_get_ask(db, &r, err, db_id(member), db_id(ask));
    if (code == ERR_OK)
        code = read_asks(arena, r, false, &asks, err);
    if (code != ERR_OK)
        return code;
    if (asks.n == 0)
        return ask_not_found(ask, err);
    *out = asks.items[0];
    return ERR_OK;
}

enum err_code store_get_received(struct db_session *db, struct arena *arena,
    const struct id *member, const struct id *ask, struct store_ask *out, struct err *err)
{
    CLEANUP(db_result_clear) struct db_result *r = NULL;
    struct store_asks asks = {NULL, 0};
    enum err_code code = recommendation_sql_get_received(db, &r, err, db_id(member), db_id(ask));
    if (code == ERR_OK)
        code = read_asks(arena, r, true, &asks, err);
    if (code != ERR_OK)
        return code;
    if (asks.n == 0)
        return ask_not_found(ask, err);
    *out = asks.items[0];
    return ERR_OK;
}

enum err_code store_list_asks(struct db_session *db, struct arena *arena, const struct id *member,
    const struct store_page *page, struct store_asks *out, struct err *err)
{
    CLEANUP(db_result_clear) struct db_result *r = NULL;
    enum err_code code = recommendation_sql_list_asks(db, &r, err, db_id(member),
        db_id(page->before), db_bool(page->only_open), db_int(page->limit));
    if (code == ERR_OK)
        code = read_asks(arena, r, false, out, err);
    return code;
}

enum err_code store_list_received(struct db_session *db, struct arena *arena,
    const struct id *member, const struct store_page *page, struct store_asks *out, struct err *err)
{
    CLEANUP(db_result_clear) struct db_result *r = NULL;
    enum err_code code = recommendation_sql_list_received(db, &r, err, db_id(member),
        db_id(page->before), db_bool(page->only_open), db_int(page->limit));
    if (code == ERR_OK)
        code = read_asks(arena, r, true, out, err);
    return code;
}

enum err_code store_list_targets(struct db_session *db, struct arena *arena,
    const struct id *member, const struct id *asks, size_t n, struct store_targets *out,
    struct err *err)
{
    enum { ASK, CONTACT, NAME, STATE, WHY };
    CLEANUP(db_result_clear) struct db_result *r = NULL;
    enum err_code code =
        recommendation_sql_list_targets(db, &r, err, db_id(member), db_id_array(asks, n));
    if (code != ERR_OK)
        return code;
    struct store_target *items = arena_calloc(arena, db_rows(r) + 1, sizeof(*items));
    for (size_t row = 0; items && row < db_rows(r); row++) {
        items[row] = (struct store_target){.ask = db_get_id(r, row, ASK),
            .contact = db_get_id(r, row, CONTACT),
            .name = db_dup_text(arena, r, row, NAME),
            .state = db_get_int(r, row, STATE),
            .reason = db_dup_text(arena, r, row, WHY)};
        if (!items[row].name || !items[row].reason)
            return does_not_fit(err);
    }
    if (!items)
        return does_not_fit(err);
    *out = (struct store_targets){items, db_rows(r)};
    return ERR_OK;
}

/* ---- answers --------------------------------------------------------------------------------- */

/* Columns of list_answers; list_given_answers has all but the last. */
enum { ANSWER_ID, ANSWER_TEXT, ANSWER_AT, ANSWER_NAME };

static enum err_code read_answers(struct arena *arena, const struct db_result *r, bool has_name,
    struct store_answers *out, struct err *err)
{
    struct store_answer *items = arena_calloc(arena, db_rows(r) + 1, sizeof(*items));
    if (!items)
        return does_not_fit(err);
    for (size_t row = 0; row < db_rows(r); row++) {
        items[row] = (struct store_answer){.id = db_get_id(r, row, ANSWER_ID),
            .text = db_dup_text(arena, r, row, ANSWER_TEXT),
            .answered_us = db_get_time(r, row, ANSWER_AT),
            .name = has_name ? db_dup_text(arena, r, row, ANSWER_NAME) : NULL};
        if (!items[row].text)
            return does_not_fit(err);
    }
    *out = (struct store_answers){items, db_rows(r)};
    return ERR_OK;
}

enum err_code store_list_answers(struct db_session *db, struct arena *arena,
    const struct id *member, const struct id *ask, struct store_answers *out, struct err *err)
{
    CLEANUP(db_result_clear) struct db_result *r = NULL;
    enum err_code code = recommendation_sql_list_answers(db, &r, err, db_id(member), db_id(ask));
    if (code == ERR_OK)
        code = read_answers(arena, r, true, out, err);
    return code;
}

enum err_code store_list_given_answers(struct db_session *db, struct arena *arena,
    const struct id *member, const struct id *ask, struct store_answers *out, struct err *err)
{
    CLEANUP(db_result_clear) struct db_result *r = NULL;
    enum err_code code =
        recommendation_sql_list_given_answers(db, &r, err, db_id(member), db_id(ask));
    if (code == ERR_OK)
        code = read_answers(arena, r, false, out, err);
    return code;
}

static enum err_code reacted_before(const struct id *ask, struct err *err)
{
    char text[ID_TEXT_SIZE];
    id_format(ask, text);
    return err_raise(
        err, REASON_ASK_NOT_TARGET, "you have answered ask %s or passed on it already", text);
}

enum err_code store_answer(struct db_session *db, const struct id *member, const struct id *ask,
    const struct store_answer *answer, const struct queue_outgoing *event, struct err *err)
{
    CLEANUP(db_result_clear) struct db_result *r = NULL;
    enum err_code code = recommendation_sql_answer_ask(db, &r, err, db_id(member), db_id(ask),
        db_id(&answer->id), db_text(answer->text), db_time(answer->answered_us), db_id(&event->id),
        db_int(event->bucket), db_text(event->kind), db_text(event->traceparent),
        db_bytes(event->payload.data, event->payload.len));
    if (code == ERR_OK && db_rows(r) == 0)
        return reacted_before(ask, err);
    return code;
}

enum err_code store_pass(struct db_session *db, const struct id *member, const struct id *ask,
    int64_t now_us, const struct queue_outgoing *event, struct err *err)
{
    CLEANUP(db_result_clear) struct db_result *r = NULL;
    enum err_code code = recommendation_sql_pass_ask(db, &r, err, db_id(member), db_id(ask),
        db_time(now_us), db_id(&event->id), db_int(event->bucket), db_text(event->kind),
        db_text(event->traceparent), db_bytes(event->payload.data, event->payload.len));
    if (code == ERR_OK && db_rows(r) == 0)
        return reacted_before(ask, err);
    return code;
}
