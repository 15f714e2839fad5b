/* SPDX-License-Identifier: Apache-2.0 */
#include "import.h"

#include "domain/csv.h"
#include "domain/seen.h"
#include "domain/text.h"
#include "events.h"

#include <inttypes.h>
#include <sodium.h>
#include <string.h>

enum { MAX_ROWS = 100000, BATCH_MEMORY = 8 << 20, HEADER_TEXT_SIZE = 120 };

/* What counts as an identity of a person within a file. */
enum { BY_PROFILE = 'u', BY_EMAIL = 'e', BY_NAME = 'n', BY_CONTACT = 'c' };

/* One attempt; a transaction that has to be repeated makes a new one. */
struct attempt {
    struct rpc_ctx *ctx;
    const struct import_key *key;
    bool is_dry_run;
    bool is_first; /* the address book was empty: nobody can be known yet */
    enum charset charset;
    struct linkedin_header header;
    bool has_header;
    char header_text[HEADER_TEXT_SIZE]; /* the header, or what comes closest */
    size_t header_width;
    struct seen seen;
    struct arena batch_arena; /* texts of the batch */
    struct import_row rows[IMPORT_BATCH];
    size_t n_rows;
    struct import_match matches[IMPORT_BATCH];
    struct import_columns batch, to_insert, to_update;
    struct import_counts counts;
    struct import_remarks remarks;
    struct csv_reader csv;
};

static void skip(struct attempt *a, uint32_t row, const char *why)
{
    struct import_skips *skips = &a->remarks.skips;
    a->counts.skipped++;
    if (skips->n == IMPORT_MAX_REMARKS)
        return;
    skips->rows[skips->n] = row;
    skips->reasons[skips->n++] = why;
}

/* As the row `first` is the same person. */
static enum err_code skip_repeated(struct attempt *a, uint32_t row, uint32_t first)
{
    const char *why = "the same person as an earlier row";
    if (a->remarks.skips.n < IMPORT_MAX_REMARKS)
        why = arena_printf(a->ctx->arena, "the same person as row %" PRIu32, first);
    if (!why)
        return store_too_large(&a->ctx->err);
    skip(a, row, why);
    return ERR_OK;
}

/* Of a row that is taken: what it says and nobody can read. */
static enum err_code note_gaps(struct attempt *a, const struct import_row *row)
{
    struct import_gaps *gaps = &a->remarks.gaps;
    bool is_incomplete = false;
    for (int column = 0; column < LINKEDIN_N_COLUMNS; column++) {
        if (!row->unread[column])
            continue;
        is_incomplete = true;
        if (gaps->n == IMPORT_MAX_REMARKS)
            break;
        /* the row's own text goes with its batch */
        gaps->reasons[gaps->n] = arena_strdup(a->ctx->arena, row->unread[column]);
        if (!gaps->reasons[gaps->n])
            return store_too_large(&a->ctx->err);
        gaps->rows[gaps->n] = row->number;
        gaps->columns[gaps->n++] = linkedin_column_title((enum linkedin_column)column);
    }
    a->counts.incomplete += is_incomplete;
    return ERR_OK;
}

/* ---- a batch --------------------------------------------------------------------------------- */

static bool is_weak(const struct import_row *row)
{
    return row->profile_url[0] == '\0' && row->email[0] == '\0';
}

/* An existing contact is one person of a file: whom an earlier row claimed is not updated twice. */
static enum err_code settle_known(
    struct attempt *a, const struct import_row *row, const struct import_match *match)
{
    const struct id *contact = &match->contact;
    uint32_t first = seen_find(&a->seen, BY_CONTACT, contact->bytes, sizeof contact->bytes);
    if (first != 0)
        return skip_repeated(a, row->number, first);
    a->counts.weak += match->is_weak;
    if (match->has_news) {
        import_columns_add(&a->to_update, row, contact);
        a->counts.updated++;
    } else {
        a->counts.unchanged++;
    }
    enum err_code code = note_gaps(a, row);
    if (code == ERR_OK)
        code = seen_add(
            &a->seen, BY_CONTACT, contact->bytes, sizeof contact->bytes, row->number, &a->ctx->err);
    return code;
}

static enum err_code settle(
    struct attempt *a, const struct import_row *row, const struct import_match *match)
{
    if (!id_is_zero(&match->contact))
        return settle_known(a, row, match);
    struct id contact = id_new(a->ctx->clock);
    import_columns_add(&a->to_insert, row, &contact);
    a->counts.created++;
    a->counts.weak += is_weak(row);
    return note_gaps(a, row);
}

static enum err_code write_batch(struct attempt *a)
{
    struct rpc_ctx *ctx = a->ctx;
    enum err_code code = ERR_OK;
    if (a->is_dry_run)
        return ERR_OK;
    if (a->to_insert.n > 0)
        code = store_insert_contacts(ctx->db, a->key, &a->to_insert, &ctx->err);
    if (code == ERR_OK && a->to_update.n > 0)
        code = store_update_contacts(ctx->db, &a->key->member, &a->to_update, &ctx->err);
    return code;
}

static enum err_code flush(struct attempt *a)
{
    enum err_code code = ERR_OK;
    a->batch.n = a->to_insert.n = a->to_update.n = 0;
    for (size_t i = 0; i < a->n_rows; i++)
        import_columns_add(&a->batch, &a->rows[i], NULL);
    if (a->n_rows > 0 && !a->is_first)
        code = store_match_contacts(a->ctx->db, a->key, &a->batch, a->matches, &a->ctx->err);
    for (size_t i = 0; code == ERR_OK && i < a->n_rows; i++)
        code = settle(a, &a->rows[i], &a->matches[i]);
    if (code == ERR_OK)
        code = write_batch(a);
    a->n_rows = 0;
    arena_reset(&a->batch_arena);
    return code;
}

/* ---- rows ------------------------------------------------------------------------------------ */

/* Row that named the person before, by the best identity this one has; 0: none. */
static uint32_t find_repeated(const struct attempt *a, const struct import_row *row)
{
    if (row->profile_url[0] != '\0')
        return seen_find(&a->seen, BY_PROFILE, row->profile_url, strlen(row->profile_url));
    if (row->email[0] != '\0')
        return seen_find(&a->seen, BY_EMAIL, row->email, strlen(row->email));
    return 0;
}

static enum err_code remember(struct attempt *a, const struct import_row *row)
{
    struct err *err = &a->ctx->err;
    enum err_code code = ERR_OK;
    if (row->profile_url[0] != '\0')
        code = seen_add(
            &a->seen, BY_PROFILE, row->profile_url, strlen(row->profile_url), row->number, err);
    if (code == ERR_OK && row->email[0] != '\0')
        code = seen_add(&a->seen, BY_EMAIL, row->email, strlen(row->email), row->number, err);
    return code;
}

/* Without any address, name and company are all there is. */
static enum err_code find_same_name(
    struct attempt *a, const struct import_row *row, uint32_t *first)
{
    const char *key = arena_printf(&a->batch_arena, "%s\n%s", row->name_fold, row->company_fold);
    if (!key)
        return store_too_large(&a->ctx->err);
    *first = is_weak(row) ? seen_find(&a->seen, BY_NAME, key, strlen(key)) : 0;
    return seen_add(&a->seen, BY_NAME, key, strlen(key), row->number, &a->ctx->err);
}

static enum err_code take_person(struct attempt *a, const struct import_row *row)
{
    uint32_t first = find_repeated(a, row);
    enum err_code code = ERR_OK;
    if (first == 0)
        code = find_same_name(a, row, &first);
    if (code == ERR_OK && first != 0)
        return skip_repeated(a, row->number, first);
    if (code == ERR_OK)
        code = remember(a, row);
    if (code == ERR_OK)
        a->rows[a->n_rows++] = *row;
    return code;
}

static enum err_code take_row(struct attempt *a, const struct csv_record *record)
{
    struct import_row row;
    const char *why = NULL;
    enum linkedin_verdict verdict =
        linkedin_read_row(&a->header, a->charset, record, &a->batch_arena, &row, &why);
    if (verdict == LINKEDIN_BLANK_LINE)
        return ERR_OK;
    if (++a->counts.rows > MAX_ROWS)
        return err_raise(&a->ctx->err, REASON_IMPORT_TOO_LARGE,
            "the file has more than %d rows; split it", MAX_ROWS);
    switch (verdict) {
    case LINKEDIN_PERSON:
        return take_person(a, &row);
    case LINKEDIN_CLOSED:
        a->counts.closed++;
        skip(a, record->number, why);
        return ERR_OK;
    case LINKEDIN_SKIPPED:
        skip(a, record->number, why);
        return ERR_OK;
    case LINKEDIN_BLANK_LINE:
    case LINKEDIN_NO_MEMORY:
        break;
    }
    return store_too_large(&a->ctx->err);
}

/* ---- the header ------------------------------------------------------------------------------ */

/* The record as it stands, for messages. */
static void keep_header_text(struct attempt *a, const struct csv_record *record)
{
    size_t used = 0;
    for (size_t i = 0; i < record->n_fields && used + 2 < sizeof a->header_text; i++) {
        if (i > 0)
            a->header_text[used++] = record->separator;
        used += charset_decode(a->charset, record->fields[i].data, record->fields[i].len,
            a->header_text + used, sizeof a->header_text - used);
    }
    a->header_text[used] = '\0';
    text_tidy(a->header_text);
    a->header_width = record->n_fields;
}

static enum err_code header_missing(struct attempt *a)
{
    if (a->header_width == 0)
        return err_raise(&a->ctx->err, REASON_IMPORT_FORMAT_UNKNOWN,
            "the file is empty; a LinkedIn export begins with: %s", linkedin_header_expected);
    return err_raise(&a->ctx->err, REASON_IMPORT_FORMAT_UNKNOWN,
        "no header in the first %d records; seen: \"%s\"; expected: \"%s\"", LINKEDIN_HEADER_WITHIN,
        a->header_text, linkedin_header_expected);
}

static enum err_code take_preamble(struct attempt *a, const struct csv_record *record)
{
    a->has_header = linkedin_find_header(record, &a->header);
    if (a->has_header)
        csv_fix_separator(&a->csv, record->separator);
    if (a->has_header || record->n_fields > a->header_width)
        keep_header_text(a, record);
    if (!a->has_header && record->number >= LINKEDIN_HEADER_WITHIN)
        return header_missing(a);
    return ERR_OK;
}

static enum err_code take_record(struct attempt *a, const struct csv_record *record)
{
    if (!a->has_header)
        return take_preamble(a, record);
    enum err_code code = take_row(a, record);
    /* Rows left out fill the memory of the batch as well. */
    bool is_full = a->n_rows == IMPORT_BATCH || a->batch_arena.used > BATCH_MEMORY / 2;
    if (code == ERR_OK && is_full)
        code = flush(a);
    return code;
}

/* ---- the file -------------------------------------------------------------------------------- */

static enum err_code find_charset(struct attempt *a)
{
    struct charset_detector detector = {0};
    for (int64_t offset = 0;;) {
        CLEANUP(db_result_clear) struct db_result *chunk = NULL;
        enum err_code code = store_read_chunk(a->ctx->db, a->key, &offset, &chunk, &a->ctx->err);
        if (code != ERR_OK)
            return code;
        if (db_rows(chunk) == 0)
            break;
        struct db_bytes bytes = store_chunk_bytes(chunk);
        charset_look(&detector, bytes.data, bytes.len);
    }
    a->charset = charset_verdict(&detector);
    return ERR_OK;
}

static enum err_code take_chunk(struct attempt *a, struct db_bytes bytes)
{
    struct csv_input in = {bytes.data, bytes.len};
    struct csv_record record;
    enum err_code code = ERR_OK;
    while (code == ERR_OK && csv_next(&a->csv, &in, &record))
        code = take_record(a, &record);
    return code;
}

static enum err_code read_records(struct attempt *a)
{
    csv_init(&a->csv);
    for (int64_t offset = 0;;) {
        CLEANUP(db_result_clear) struct db_result *chunk = NULL;
        enum err_code code = store_read_chunk(a->ctx->db, a->key, &offset, &chunk, &a->ctx->err);
        if (code == ERR_OK && db_rows(chunk) == 0)
            break;
        if (code == ERR_OK)
            code = take_chunk(a, store_chunk_bytes(chunk));
        if (code != ERR_OK)
            return code;
    }
    struct csv_record last;
    return csv_finish(&a->csv, &last) ? take_record(a, &last) : ERR_OK;
}

static enum err_code check_yield(struct attempt *a)
{
    const struct import_counts *n = &a->counts;
    if (!a->has_header)
        return header_missing(a);
    if (n->created + n->updated + n->unchanged > 0)
        return ERR_OK;
    if (n->rows == 0)
        return err_raise(&a->ctx->err, REASON_IMPORT_EMPTY,
            "the file ends after its header \"%s\": there is no contact in it", a->header_text);
    return err_raise(&a->ctx->err, REASON_IMPORT_EMPTY,
        "no contact in %" PRId64 " %s below the header \"%s\", %" PRId64
        " of them closed accounts; the first reason: %s",
        n->rows, n->rows == 1 ? "row" : "rows", a->header_text, n->closed,
        a->remarks.skips.n > 0 ? a->remarks.skips.reasons[0] : "none");
}

static enum err_code import_file(struct attempt *a)
{
    bool has_contacts = true;
    enum err_code code =
        store_has_contacts(a->ctx->db, &a->key->member, &has_contacts, &a->ctx->err);
    a->is_first = !has_contacts;
    if (code == ERR_OK)
        code = find_charset(a);
    if (code == ERR_OK)
        code = read_records(a);
    if (code == ERR_OK)
        code = flush(a);
    if (code == ERR_OK)
        code = check_yield(a);
    return code;
}

/* ---- the report ------------------------------------------------------------------------------ */

static enum err_code finish(struct rpc_ctx *ctx, const struct import_key *key,
    const struct import_status *status, const struct import_remarks *remarks)
{
    struct queue_outgoing event;
    enum err_code code = event_contacts_changed(ctx, &key->member, NULL, &event);
    if (code == ERR_OK)
        code = store_finish_import(ctx->db, key, status, remarks, &event, &ctx->err);
    return code;
}

static enum err_code run_attempt(struct rpc_ctx *ctx, const struct import_key *key, bool is_dry_run)
{
    struct attempt *a = arena_alloc(ctx->arena, sizeof *a);
    if (!a)
        return store_too_large(&ctx->err);
    uint8_t key_of_hashes[SEEN_KEY_SIZE];
    randombytes_buf(key_of_hashes, sizeof key_of_hashes);
    a->ctx = ctx;
    a->key = key;
    a->is_dry_run = is_dry_run;
    seen_init(&a->seen, key_of_hashes);
    arena_init(&a->batch_arena, BATCH_MEMORY);
    enum err_code code = import_file(a);
    struct import_status status = {
        .state = IMPORT_DONE, .counts = a->counts, .failure_reason = "", .failure_message = ""};
    if (code == ERR_OK)
        code = finish(ctx, key, &status, &a->remarks);
    arena_fini(&a->batch_arena);
    seen_fini(&a->seen);
    return code;
}

struct job {
    struct rpc_ctx *ctx;
    const struct import_key *key;
};

static enum err_code run_in_tx(struct db_session *db, void *arg, struct err *err)
{
    const struct job *job = arg;
    enum err_code code = store_lock_member(db, &job->key->member, err);
    struct import_status status;
    if (code == ERR_OK)
        code = store_get_import(db, job->ctx->arena, job->key, &status, err);
    if (code != ERR_OK || status.state != IMPORT_UPLOADING)
        return code; /* the same chunk sent twice at once: the other one did it */
    return run_attempt(job->ctx, job->key, status.is_dry_run);
}

/* The fault of the file, which stays its fault however often it is sent. */
static bool is_final(enum err_reason reason)
{
    return reason == REASON_IMPORT_FORMAT_UNKNOWN || reason == REASON_IMPORT_EMPTY ||
           reason == REASON_IMPORT_TOO_LARGE;
}

/* In a transaction of the dispatcher's nothing can be kept: it will be rolled back. */
static void keep_failure(struct rpc_ctx *ctx, const struct import_key *key)
{
    if (ctx->db->tx || !is_final(ctx->err.reason))
        return;
    const struct err failure = ctx->err;
    const struct import_status status = {.state = IMPORT_FAILED,
        .failure_reason = err_reason_info(failure.reason)->name,
        .failure_message = failure.msg};
    const struct import_remarks none = {.skips.n = 0};
    (void)finish(ctx, key, &status, &none); /* if it fails, sending the file again tells as much */
    ctx->err = failure;
}

enum err_code import_run(struct rpc_ctx *ctx, const struct import_key *key)
{
    struct job job = {ctx, key};
    enum err_code code = db_in_tx(ctx->db, DB_TX_WRITE, run_in_tx, &job, &ctx->err);
    if (code != ERR_OK)
        keep_failure(ctx, key);
    return code;
}
