/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Imports in the database: the upload, its rows as contacts, and the report that stays.
 */
#pragma once

#include "domain/linkedin.h"
#include "queue/queue.h"
#include "store.h"

/* kith.v1.ImportState. */
enum import_state { IMPORT_UPLOADING = 1, IMPORT_DONE = 2, IMPORT_FAILED = 3 };

/* Rows handled by one round of statements: enough to forget the round trips, little memory. */
enum { IMPORT_BATCH = 1000, IMPORT_MAX_REMARKS = 100 };

struct import_counts {
    int64_t rows, created, updated, unchanged, skipped, closed, weak, incomplete;
};

/* The rows left out, as far as they are listed. */
struct import_skips {
    int64_t rows[IMPORT_MAX_REMARKS];
    const char *reasons[IMPORT_MAX_REMARKS];
    size_t n;
};

/* What rows that were taken say and could not be read, as far as it is listed. */
struct import_gaps {
    int64_t rows[IMPORT_MAX_REMARKS];
    const char *columns[IMPORT_MAX_REMARKS]; /* as the header calls them */
    const char *reasons[IMPORT_MAX_REMARKS];
    size_t n;
};

/* What the report says of single rows. */
struct import_remarks {
    struct import_skips skips;
    struct import_gaps gaps;
};

struct import_status {
    struct id id;
    int64_t state;
    int64_t format;
    bool is_dry_run;
    int64_t bytes_received;
    struct import_counts counts;
    const char *failure_reason;
    const char *failure_message;
    const char *file_name; /* NULL: not looked up */
    int64_t started_us;
};

struct imports {
    struct import_status *items;
    size_t n;
};

/* Which import of whom. */
struct import_key {
    struct id member;
    struct id import;
};

/* A piece of an upload. */
struct import_chunk {
    int64_t format;
    bool is_dry_run;
    const char *file_name;
    int64_t offset;
    struct db_bytes bytes;
};

/*
 * *bytes_received: of the upload with this chunk; -1: the chunk does not continue it, or would
 * begin one beside four that are unfinished.
 */
MUST_USE enum err_code store_take_chunk(struct db_session *db, const struct import_key *key,
    const struct import_chunk *chunk, int64_t *bytes_received, struct err *err);

/* Is this chunk, byte by byte, part of the upload already? */
MUST_USE enum err_code store_has_chunk(struct db_session *db, const struct import_key *key,
    const struct import_chunk *chunk, bool *out, struct err *err);

/* The stored chunk at or behind *offset, and *offset moved behind it. No row: the file is over. */
MUST_USE enum err_code store_read_chunk(struct db_session *db, const struct import_key *key,
    int64_t *offset, struct db_result **out, struct err *err);
struct db_bytes store_chunk_bytes(const struct db_result *chunk);

/* IMPORT_NOT_FOUND. */
MUST_USE enum err_code store_get_import(struct db_session *db, struct arena *arena,
    const struct import_key *key, struct import_status *out, struct err *err);
MUST_USE enum err_code store_list_imports(struct db_session *db, struct arena *arena,
    const struct id *member, int64_t limit, struct imports *out, struct err *err);

/* False: there is no upload of hers under way by this id. */
MUST_USE enum err_code store_cancel_import(
    struct db_session *db, const struct import_key *key, bool *is_cancelled, struct err *err);
MUST_USE enum err_code store_list_import_remarks(struct db_session *db, struct arena *arena,
    const struct import_key *key, struct import_remarks *out, struct err *err);

/* Imports of one member wait here for one another, until the transaction ends. */
MUST_USE enum err_code store_lock_member(
    struct db_session *db, const struct id *member, struct err *err);

/* Is there anybody in the address book? */
MUST_USE enum err_code store_has_contacts(
    struct db_session *db, const struct id *member, bool *out, struct err *err);

/* Rows as columns, for unnest; and, where rows are contacts already, which. */
struct import_columns {
    struct id ids[IMPORT_BATCH];
    const char *names[IMPORT_BATCH], *emails[IMPORT_BATCH], *profile_urls[IMPORT_BATCH];
    const char *companies[IMPORT_BATCH], *positions[IMPORT_BATCH];
    const char *name_folds[IMPORT_BATCH], *company_folds[IMPORT_BATCH];
    const char *position_folds[IMPORT_BATCH];
    int64_t connected[IMPORT_BATCH];
    size_t n;
};
void import_columns_add(
    struct import_columns *columns, const struct import_row *row, const struct id *contact);

/* What a row of a batch is in the address book. */
struct import_match {
    struct id contact; /* zero: nobody yet */
    bool is_weak;      /* by name and company only */
    bool has_news;     /* the row knows what the contact lacks */
};

/* matches[i] belongs to the i-th row. */
MUST_USE enum err_code store_match_contacts(struct db_session *db, const struct import_key *key,
    const struct import_columns *rows, struct import_match matches[IMPORT_BATCH], struct err *err);
MUST_USE enum err_code store_insert_contacts(struct db_session *db, const struct import_key *key,
    const struct import_columns *rows, struct err *err);
MUST_USE enum err_code store_update_contacts(struct db_session *db, const struct id *member,
    const struct import_columns *rows, struct err *err);

/* Keeps the report, drops the chunks. Does nothing to an import that is finished. */
MUST_USE enum err_code store_finish_import(struct db_session *db, const struct import_key *key,
    const struct import_status *status, const struct import_remarks *remarks,
    const struct queue_outgoing *event, struct err *err);
