/* SPDX-License-Identifier: Apache-2.0 */
#include "store.h"

#include "notification_sql.h"

enum err_code store_add(
    struct db_session *db, const struct notice *notice, bool *is_new, struct err *err)
{
    CLEANUP(db_result_clear) struct db_result *result = NULL;
    enum err_code code = notification_sql_insert_notification(db, &result, err,
        db_id(&notice->member), db_id(&notice->id), db_int(notice->kind), db_id(&notice->subject),
        db_id(&notice->actor), db_time(notice->created_us));
    if (code == ERR_OK)
        *is_new = db_rows(result) == 1;
    return code;
}

/* Columns of list_notifications and watch_notifications. */
enum {
    COL_NEWEST,
    COL_UNREAD,
    COL_ID,
    COL_SEQ,
    COL_KIND,
    COL_SUBJECT,
    COL_ACTOR,
    COL_CREATED,
    COL_READ,
    COL_ACTOR_NAME,
    COL_QUESTION
};

static void read_row(struct arena *arena, const struct db_result *r, size_t row, struct notice *out)
{
    *out = (struct notice){
        .id = db_get_id(r, row, COL_ID),
        .seq = db_get_int(r, row, COL_SEQ),
        .kind = (enum notice_kind)db_get_int(r, row, COL_KIND),
        .subject = db_get_id(r, row, COL_SUBJECT),
        .actor = db_get_id(r, row, COL_ACTOR),
        .created_us = db_get_time(r, row, COL_CREATED),
        .read_us = db_is_null(r, row, COL_READ) ? 0 : db_get_time(r, row, COL_READ),
        .actor_name = db_dup_text(arena, r, row, COL_ACTOR_NAME),
        .question = db_dup_text(arena, r, row, COL_QUESTION),
    };
}

static enum err_code read_notices(
    struct arena *arena, const struct db_result *r, struct notices *out, struct err *err)
{
    size_t n = db_is_null(r, 0, COL_ID) ? 0 : db_rows(r);
    struct notice *items = arena_calloc(arena, n, sizeof *items);
    if (n > 0 && !items)
        return err_raise(err, REASON_REPLY_TOO_LARGE, "%zu notifications do not fit", n);
    for (size_t i = 0; i < n; i++)
        read_row(arena, r, i, &items[i]);
    *out = (struct notices){items, n, db_get_int(r, 0, COL_NEWEST), db_get_int(r, 0, COL_UNREAD)};
    return ERR_OK;
}

enum err_code store_list(struct db_session *db, struct arena *arena, const struct id *member,
    const struct store_page *page, struct notices *out, struct err *err)
{
    CLEANUP(db_result_clear) struct db_result *result = NULL;
    enum err_code code = notification_sql_list_notifications(db, &result, err, db_id(member),
        db_int(page->before), db_bool(page->only_unread), db_int(page->limit));
    if (code != ERR_OK)
        return code;
    return read_notices(arena, result, out, err);
}

enum err_code store_watch(struct db_session *db, struct arena *arena, const struct id *member,
    int64_t after, int64_t limit, struct notices *out, struct err *err)
{
    CLEANUP(db_result_clear) struct db_result *result = NULL;
    enum err_code code = notification_sql_watch_notifications(
        db, &result, err, db_id(member), db_int(after), db_int(limit));
    if (code != ERR_OK)
        return code;
    return read_notices(arena, result, out, err);
}

enum err_code store_newest(struct db_session *db, struct arena *arena, const struct id *members,
    size_t n_members, struct newest *out, struct err *err)
{
    CLEANUP(db_result_clear) struct db_result *result = NULL;
    enum err_code code =
        notification_sql_list_newest(db, &result, err, db_id_array(members, n_members));
    if (code != ERR_OK)
        return code;
    size_t n = db_rows(result);
    *out = (struct newest){arena_calloc(arena, n + 1, sizeof(struct id)),
        arena_calloc(arena, n + 1, sizeof(int64_t)), n};
    if (!out->members || !out->seqs)
        return err_raise(err, REASON_INTERNAL_ERROR, "no memory for %zu inboxes", n);
    for (size_t i = 0; i < n; i++) {
        out->members[i] = db_get_id(result, i, 0);
        out->seqs[i] = db_get_int(result, i, 1);
    }
    return ERR_OK;
}

enum err_code store_mark_read(struct db_session *db, const struct id *member,
    const struct store_marking *what, int64_t *marked, struct err *err)
{
    CLEANUP(db_result_clear) struct db_result *result = NULL;
    enum err_code code = notification_sql_mark_read(db, &result, err, db_id(member),
        db_id_array(what->ids, what->n_ids), db_id(what->up_to), db_time(what->now_us));
    if (code != ERR_OK)
        return code;
    if (db_is_null(result, 0, 0)) {
        char text[ID_TEXT_SIZE];
        id_format(what->up_to, text);
        return err_raise(
            err, REASON_NOTIFICATION_NOT_FOUND, "notification %s is not in your inbox", text);
    }
    *marked = db_get_int(result, 0, 0);
    return ERR_OK;
}
