/* SPDX-License-Identifier: Apache-2.0 */
#include "clock/clock.h"
#include "internal.h"

#include <kith/v1/contact.pb-c.h>

#include <inttypes.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>

enum { CHUNK_SIZE = 256 * 1024 };

/* A file on its way. */
struct upload {
    struct kith_client *client;
    FILE *file;
    const struct kith_import_options *import;
    const struct kith_call_options *options;
    uint64_t total; /* 0: not known */
    char id[ID_TEXT_SIZE];
    uint8_t *chunk;
};

static uint64_t size_of(FILE *file)
{
    struct stat st;
    bool is_file = fstat(fileno(file), &st) == 0 && S_ISREG(st.st_mode);
    return is_file && st.st_size > 0 ? (uint64_t)st.st_size : 0;
}

static bool is_at_end(FILE *file)
{
    int next = getc(file);
    if (next == EOF)
        return true;
    (void)ungetc(next, file);
    return false;
}

static enum kith_code send_chunk(struct upload *upload, uint64_t offset, size_t len, bool is_last,
    struct kith_result **result, struct kith_error **error)
{
    Kith__V1__ImportFileRequest in = KITH__V1__IMPORT_FILE_REQUEST__INIT;
    in.import_id = upload->id;
    in.format = KITH__V1__IMPORT_FORMAT__IMPORT_FORMAT_LINKEDIN_CONNECTIONS;
    in.dry_run = upload->import->dry_run;
    in.offset = offset;
    in.chunk = (ProtobufCBinaryData){len, upload->chunk};
    in.is_last = is_last;
    in.file_name = request_text(upload->import->file_name);
    return client_call(upload->client, "kith.v1.ContactService/ImportFile", &in.base,
        upload->options, result, error);
}

static enum kith_code unreadable(uint64_t sent, struct kith_error **error)
{
    struct err err;
    enum err_code code = err_raise(&err, REASON_FIELD_INVALID,
        "the file could not be read beyond its first %" PRIu64 " bytes; nothing was imported",
        sent);
    return code == ERR_OK ? KITH_OK : error_give_local(&err, error);
}

static enum kith_code send_all(
    struct upload *upload, struct kith_result **result, struct kith_error **error)
{
    uint64_t sent = 0;
    for (;;) {
        size_t len = fread(upload->chunk, 1, CHUNK_SIZE, upload->file);
        bool is_last = is_at_end(upload->file);
        if (ferror(upload->file))
            return unreadable(sent, error);
        struct kith_result *reply = NULL;
        enum kith_code code = send_chunk(upload, sent, len, is_last, &reply, error);
        if (code != KITH_OK)
            return code;
        sent += len;
        if (upload->import->progress != NULL)
            upload->import->progress(upload->import->progress_arg, sent, upload->total);
        if (is_last) {
            *result = reply;
            return KITH_OK;
        }
        kith_result_free(reply);
    }
}

enum kith_code kith_import_linkedin(struct kith_client *client, FILE *file,
    const struct kith_import_options *import, const struct kith_call_options *options,
    struct kith_result **result, struct kith_error **error)
{
    struct kith_import_options known = {.size = sizeof(known)};
    if (import != NULL)
        memcpy(&known, import, import->size < sizeof(known) ? import->size : sizeof(known));
    struct kith_call_options each = call_options(options);
    each.idempotency_key = NULL; /* every chunk is a call of its own, named by its offset */
    struct upload upload = {client, file, &known, &each, size_of(file), "", NULL};
    struct id id = id_new(clock_system());
    id_format(&id, upload.id);
    upload.chunk = malloc(CHUNK_SIZE);
    if (upload.chunk == NULL)
        return error_out_of_memory(error);
    enum kith_code code = send_all(&upload, result, error);
    free(upload.chunk);
    return code;
}
