/* SPDX-License-Identifier: Apache-2.0 */
#include "store_import.h"

#include "contact_sql.h"
#include "domain/import_date.h"
#include "events.h"

#include <assert.h>

/* Two names that must stay one number. NOLINTNEXTLINE(misc-redundant-expression) */
_Static_assert(IMPORT_DATE_UNKNOWN == DB_TIME_NULL, "an unknown date is NULL in the database");

/* Bytes without a pointer would be NULL to the database; an empty chunk is not. */
static struct db_param chunk_param(const struct import_chunk *chunk)
{
    return db_bytes(chunk->bytes.data ? chunk->bytes.data : "", chunk->bytes.len);
}

enum err_code store_take_chunk(struct db_session *db, const struct import_key *key,
    const struct import_chunk *chunk, int64_t *bytes_received, struct err *err)
{
    CLEANUP(db_result_clear) struct db_result *r = NULL;
    enum err_code code = contact_sql_take_chunk(db, &r, err, db_id(&key->member),
        db_id(&key->import), db_int(chunk->format), db_bool(chunk->is_dry_run),
        db_text(chunk->file_name), db_int(chunk->offset), chunk_param(chunk));
    if (code == ERR_OK)
        *bytes_received = db_rows(r) == 1 ? db_get_int(r, 0, 0) : -1;
    return code;
}

enum err_code store_has_chunk(struct db_session *db, const struct import_key *key,
    const struct import_chunk *chunk, bool *out, struct err *err)
{
    CLEANUP(db_result_clear) struct db_result *r = NULL;
    enum err_code code = contact_sql_has_chunk(db, &r, err, db_id(&key->member),
        db_id(&key->import), db_int(chunk->offset), chunk_param(chunk));
    if (code == ERR_OK)
        *out = db_get_bool(r, 0, 0);
    return code;
}

enum { CHUNK_START, CHUNK_BYTES };

enum err_code store_read_chunk(struct db_session *db, const struct import_key *key, int64_t *offset,
    struct db_result **out, struct err *err)
{
    enum err_code code = contact_sql_read_chunk(
        db, out, err, db_id(&key->member), db_id(&key->import), db_int(*offset));
    if (code == ERR_OK && db_rows(*out) == 1)
        *offset = db_get_int(*out, 0, CHUNK_START) + (int64_t)store_chunk_bytes(*out).len;
    return code;
}

struct db_bytes store_chunk_bytes(const struct db_result *chunk)
{
    return db_get_bytes(chunk, 0, CHUNK_BYTES);
}

/* A row of get_import and list_imports. False: out of memory. */
static bool read_import(
    struct arena *arena, const struct db_result *r, size_t row, struct import_status *out)
{
    enum {
        STATE,
        FORMAT,
        DRY_RUN,
        BYTES,
        ROWS,
        CREATED,
        UPDATED,
        UNCHANGED,
        SKIPPED,
        CLOSED,
        WEAK,
        INCOMPLETE,
        FAILURE_REASON,
        FAILURE_MESSAGE,
        IMPORT_ID,
        FILE_NAME,
        STARTED
    };
    *out = (struct import_status){
        .id = db_get_id(r, row, IMPORT_ID),
        .state = db_get_int(r, row, STATE),
        .format = db_get_int(r, row, FORMAT),
        .is_dry_run = db_get_bool(r, row, DRY_RUN),
        .bytes_received = db_get_int(r, row, BYTES),
        .counts = {db_get_int(r, row, ROWS), db_get_int(r, row, CREATED),
            db_get_int(r, row, UPDATED), db_get_int(r, row, UNCHANGED), db_get_int(r, row, SKIPPED),
            db_get_int(r, row, CLOSED), db_get_int(r, row, WEAK), db_get_int(r, row, INCOMPLETE)},
        .failure_reason = store_text(arena, r, row, FAILURE_REASON),
        .failure_message = store_text(arena, r, row, FAILURE_MESSAGE),
        .file_name = store_text(arena, r, row, FILE_NAME),
        .started_us = db_get_time(r, row, STARTED),
    };
    return out->failure_reason && out->failure_message && out->file_name;
}

enum err_code store_get_import(struct db_session *db, struct arena *arena,
    const struct import_key *key, struct import_status *out, struct err *err)
{
    CLEANUP(db_result_clear) struct db_result *r = NULL;
    enum err_code code =
        contact_sql_get_import(db, &r, err, db_id(&key->member), db_id(&key->import));
    if (code != ERR_OK)
        return code;
    if (db_rows(r) == 0)
        return err_raise(err, REASON_IMPORT_NOT_FOUND, "there is no such import of yours");
    struct import_status status;
    if (!read_import(arena, r, 0, &status))
        return store_too_large(err);
    *out = status;
    return ERR_OK;
}

enum err_code store_list_imports(struct db_session *db, struct arena *arena,
    const struct id *member, int64_t limit, struct imports *out, struct err *err)
{
    CLEANUP(db_result_clear) struct db_result *r = NULL;
    void *room = NULL;
    enum err_code code = contact_sql_list_imports(db, &r, err, db_id(member), db_int(limit));
    if (code == ERR_OK)
        code = store_room(arena, db_rows(r), sizeof(struct import_status), &room, err);
    if (code != ERR_OK)
        return code;
    struct imports imports = {room, db_rows(r)};
    for (size_t i = 0; i < imports.n; i++)
        if (!read_import(arena, r, i, &imports.items[i]))
            return store_too_large(err);
    *out = imports;
    return ERR_OK;
}

enum err_code store_cancel_import(
    struct db_session *db, const struct import_key *key, bool *is_cancelled, struct err *err)
{
    CLEANUP(db_result_clear) struct db_result *r = NULL;
    enum err_code code =
        contact_sql_cancel_import(db, &r, err, db_id(&key->member), db_id(&key->import));
    if (code == ERR_OK)
        *is_cancelled = db_rows(r) == 1;
    return code;
}

static enum err_code list_skips(struct db_session *db, struct arena *arena,
    const struct import_key *key, struct import_skips *out, struct err *err)
{
    enum { ROW, REASON };
    CLEANUP(db_result_clear) struct db_result *r = NULL;
    enum err_code code =
        contact_sql_list_import_skips(db, &r, err, db_id(&key->member), db_id(&key->import));
    if (code != ERR_OK)
        return code;
    out->n = 0;
    for (size_t i = 0; i < db_rows(r) && i < IMPORT_MAX_REMARKS; i++) {
        out->rows[i] = db_get_int(r, i, ROW);
        out->reasons[i] = store_text(arena, r, i, REASON);
        if (!out->reasons[i])
            return store_too_large(err);
        out->n++;
    }
    return ERR_OK;
}

static enum err_code list_gaps(struct db_session *db, struct arena *arena,
    const struct import_key *key, struct import_gaps *out, struct err *err)
{
    enum { ROW, COLUMN, REASON };
    CLEANUP(db_result_clear) struct db_result *r = NULL;
    enum err_code code =
        contact_sql_list_import_gaps(db, &r, err, db_id(&key->member), db_id(&key->import));
    if (code != ERR_OK)
        return code;
    out->n = 0;
    for (size_t i = 0; i < db_rows(r) && i < IMPORT_MAX_REMARKS; i++) {
        out->rows[i] = db_get_int(r, i, ROW);
        out->columns[i] = store_text(arena, r, i, COLUMN);
        out->reasons[i] = store_text(arena, r, i, REASON);
        if (!out->columns[i] || !out->reasons[i])
            return store_too_large(err);
        out->n++;
    }
    return ERR_OK;
}

enum err_code store_list_import_remarks(struct db_session *db, struct arena *arena,
    const struct import_key *key, struct import_remarks *out, struct err *err)
{
    enum err_code code = list_skips(db, arena, key, &out->skips, err);
    if (code == ERR_OK)
        code = list_gaps(db, arena, key, &out->gaps, err);
    return code;
}

enum err_code store_lock_member(struct db_session *db, const struct id *member, struct err *err)
{
    CLEANUP(db_result_clear) struct db_result *r = NULL;
    enum err_code code = contact_sql_lock_member(db, &r, err, db_id(member));
    if (code == ERR_OK && db_rows(r) == 0)
        return err_raise(err, REASON_MEMBER_NOT_FOUND, "there is no such member");
    return code;
}

enum err_code store_has_contacts(
    struct db_session *db, const struct id *member, bool *out, struct err *err)
{
    CLEANUP(db_result_clear) struct db_result *r = NULL;
    enum err_code code = contact_sql_has_contacts(db, &r, err, db_id(member));
    if (code == ERR_OK)
        *out = db_get_bool(r, 0, 0);
    return code;
}

void import_columns_add(
    struct import_columns *columns, const struct import_row *row, const struct id *contact)
{
    size_t i = columns->n++;
    assert(i < IMPORT_BATCH);
    columns->ids[i] = contact ? *contact : (struct id){{0}};
    columns->names[i] = row->name;
    columns->emails[i] = row->email;
    columns->profile_urls[i] = row->profile_url;
    columns->companies[i] = row->company;
    columns->positions[i] = row->position;
    columns->name_folds[i] = row->name_fold;
    columns->company_folds[i] = row->company_fold;
    columns->position_folds[i] = row->position_fold;
    columns->connected[i] = row->connected_us;
}

enum err_code store_match_contacts(struct db_session *db, const struct import_key *key,
    const struct import_columns *rows, struct import_match matches[IMPORT_BATCH], struct err *err)
{
    enum { ORD, CONTACT, IS_WEAK, HAS_NEWS };
    size_t n = rows->n;
    CLEANUP(db_result_clear) struct db_result *r = NULL;
    enum err_code code = contact_sql_match_contacts(db, &r, err, db_id(&key->member),
        db_id(&key->import), db_text_array(rows->names, n), db_text_array(rows->emails, n),
        db_text_array(rows->profile_urls, n), db_text_array(rows->companies, n),
        db_text_array(rows->positions, n), db_time_array(rows->connected, n),
        db_text_array(rows->name_folds, n), db_text_array(rows->company_folds, n));
    if (code != ERR_OK)
        return code;
    for (size_t i = 0; i < n; i++)
        matches[i] = (struct import_match){.is_weak = false};
    for (size_t i = 0; i < db_rows(r); i++) {
        size_t row = (size_t)db_get_int(r, i, ORD) - 1;
        matches[row] = (struct import_match){
            db_get_id(r, i, CONTACT), db_get_bool(r, i, IS_WEAK), db_get_bool(r, i, HAS_NEWS)};
    }
    return ERR_OK;
}

enum err_code store_insert_contacts(struct db_session *db, const struct import_key *key,
    const struct import_columns *rows, struct err *err)
{
    size_t n = rows->n;
    CLEANUP(db_result_clear) struct db_result *r = NULL;
    return contact_sql_insert_contacts(db, &r, err, db_id(&key->member), db_id(&key->import),
        db_id_array(rows->ids, n), db_text_array(rows->names, n), db_text_array(rows->emails, n),
        db_text_array(rows->profile_urls, n), db_text_array(rows->companies, n),
        db_text_array(rows->positions, n), db_time_array(rows->connected, n),
        db_text_array(rows->name_folds, n), db_text_array(rows->company_folds, n),
        db_text_array(rows->position_folds, n));
}

enum err_code store_update_contacts(struct db_session *db, const struct id *member,
    const struct import_columns *rows, struct err *err)
{
    size_t n = rows->n;
    CLEANUP(db_result_clear) struct db_result *r = NULL;
    return contact_sql_update_contacts(db, &r, err, db_id(member), db_id_array(rows->ids, n),
        db_text_array(rows->names, n), db_text_array(rows->emails, n),
        db_text_array(rows->profile_urls, n), db_text_array(rows->companies, n),
        db_text_array(rows->positions, n), db_time_array(rows->connected, n),
        db_text_array(rows->name_folds, n), db_text_array(rows->company_folds, n),
        db_text_array(rows->position_folds, n));
}

enum err_code store_finish_import(struct db_session *db, const struct import_key *key,
    const struct import_status *status, const struct import_remarks *remarks,
    const struct queue_outgoing *event, struct err *err)
{
    const struct import_counts *n = &status->counts;
    const struct import_skips *skips = &remarks->skips;
    const struct import_gaps *gaps = &remarks->gaps;
    CLEANUP(db_result_clear) struct db_result *r = NULL;
    return contact_sql_finish_import(db, &r, err, db_id(&key->member), db_id(&key->import),
        db_int(status->state), db_int(n->rows), db_int(n->created), db_int(n->updated),
        db_int(n->unchanged), db_int(n->skipped), db_int(n->closed), db_int(n->weak),
        db_int(n->incomplete), db_text(status->failure_reason), db_text(status->failure_message),
        db_int_array(skips->rows, skips->n), db_text_array(skips->reasons, skips->n),
        db_int_array(gaps->rows, gaps->n), db_text_array(gaps->columns, gaps->n),
        db_text_array(gaps->reasons, gaps->n), EVENT_PARAMS(event));
}
