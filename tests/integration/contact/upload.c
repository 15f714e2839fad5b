/* SPDX-License-Identifier: Apache-2.0 */
#include "upload.h"

#include <sys/stat.h>

struct upload upload_new(void)
{
    struct upload upload = {.is_dry_run = false};
    struct id id = id_new(clock_system());
    id_format(&id, upload.id);
    return upload;
}

const Kith__V1__Import *upload_chunk(const struct person *owner, const struct upload *upload,
    size_t offset, const void *bytes, size_t len, bool is_last)
{
    Kith__V1__ImportFileRequest in = KITH__V1__IMPORT_FILE_REQUEST__INIT;
    in.import_id = (char *)(uintptr_t)upload->id;
    in.format = KITH__V1__IMPORT_FORMAT__IMPORT_FORMAT_LINKEDIN_CONNECTIONS;
    in.dry_run = upload->is_dry_run;
    in.offset = offset;
    in.chunk.data = (uint8_t *)(uintptr_t)bytes;
    in.chunk.len = len;
    in.is_last = is_last;
    const Kith__V1__ImportFileResponse *out = world_try(owner->client, "ImportFile", &in);
    return out ? out->import : NULL;
}

const Kith__V1__Import *upload_bytes(
    const struct person *owner, const struct upload *upload, const void *bytes, size_t len)
{
    size_t chunk = upload->chunk ? upload->chunk : len;
    const Kith__V1__Import *import = NULL;
    size_t at = 0;
    do {
        size_t n = len - at < chunk ? len - at : chunk;
        bool is_last = at + n == len;
        import = upload_chunk(owner, upload, at, (const char *)bytes + at, n, is_last);
        at += n;
    } while (import && at < len);
    return import;
}

const Kith__V1__Import *upload_text(const struct person *owner, const char *text)
{
    struct upload upload = upload_new();
    const Kith__V1__Import *import = upload_bytes(owner, &upload, text, strlen(text));
    if (!import)
        fail_msg("%s: %s", err_reason_info(world.err.reason)->name, world.err.msg);
    return import;
}

char *upload_read(const char *path, size_t *len)
{
    struct stat about;
    FILE *file = fopen(path, "rbe");
    if (!file)
        return NULL;
    assert_int_equal(fstat(fileno(file), &about), 0);
    *len = (size_t)about.st_size;
    char *bytes = arena_alloc(&world.arena, *len + 1);
    assert_non_null(bytes);
    assert_int_equal(fread(bytes, 1, *len, file), *len);
    (void)fclose(file);
    return bytes;
}

const Kith__V1__Import *upload_file(const struct person *owner, const char *path)
{
    size_t len = 0;
    const char *bytes = upload_read(path, &len);
    if (!bytes)
        fail_msg("no file %s", path);
    struct upload upload = upload_new();
    const Kith__V1__Import *import = upload_bytes(owner, &upload, bytes, len);
    if (!import)
        fail_msg("%s: %s: %s", path, err_reason_info(world.err.reason)->name, world.err.msg);
    return import;
}
