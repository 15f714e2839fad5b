/* SPDX-License-Identifier: Apache-2.0 */
#include "events.h"
#include "import.h"
#include "reply.h"
#include "request.h"
#include "service.h"

#include <inttypes.h>

/* Five times LinkedIn's cap of 30,000 contacts. */
enum { MAX_FILE = 32 << 20 };

static enum err_code read_request(struct rpc_ctx *ctx, const Kith__V1__ImportFileRequest *in,
    struct import_key *key, struct import_chunk *out)
{
    key->member = ctx->principal.member;
    enum err_code code = id_parse_field(in->import_id, "import_id", &key->import, &ctx->err);
    if (code != ERR_OK)
        return code;
    if (in->format != KITH__V1__IMPORT_FORMAT__IMPORT_FORMAT_LINKEDIN_CONNECTIONS)
        return err_raise_field(&ctx->err, "format", "format says what the file is");
    if (in->offset > MAX_FILE || in->offset + in->chunk.len > MAX_FILE)
        return err_raise(
            &ctx->err, REASON_IMPORT_TOO_LARGE, "the file is over %d bytes; split it", MAX_FILE);
    *out = (struct import_chunk){
        .format = (int64_t)in->format,
        .is_dry_run = in->dry_run,
        .offset = (int64_t)in->offset,
        .bytes = {in->chunk.data, in->chunk.len},
    };
    return request_text(ctx, in->file_name, &out->file_name);
}

static bool ends_upload(const struct import_chunk *chunk, const struct import_status *status)
{
    return chunk->offset + (int64_t)chunk->bytes.len == status->bytes_received;
}

/* The last chunk of a finished import again: its answer again. */
static enum err_code take_late(struct rpc_ctx *ctx, const Kith__V1__ImportFileRequest *in,
    const struct import_chunk *chunk, const struct import_status *status)
{
    if (!in->is_last || !ends_upload(chunk, status))
        return err_raise(
            &ctx->err, REASON_IMPORT_CLOSED, "the import is finished; it takes no more chunks");
    if (status->state == IMPORT_FAILED)
        return err_raise(
            &ctx->err, err_reason_by_name(status->failure_reason), "%s", status->failure_message);
    return ERR_OK;
}

static enum err_code misplaced(struct rpc_ctx *ctx, int64_t bytes_received)
{
    return err_raise(&ctx->err, REASON_IMPORT_CHUNK_MISPLACED,
        "the upload stands at %" PRId64 "; continue there", bytes_received);
}

static enum err_code too_many(struct rpc_ctx *ctx)
{
    return err_raise(&ctx->err, REASON_IMPORT_TOO_MANY,
        "four uploads of yours are unfinished; send the last chunk of one of them, or begin again "
        "once one is a day old: it is given up then");
}

/* A chunk that does not continue the upload: sent twice, out of place, or the first of too many. */
static enum err_code take_odd(struct rpc_ctx *ctx, const Kith__V1__ImportFileRequest *in,
    const struct import_key *key, const struct import_chunk *chunk)
{
    struct import_status status;
    enum err_code code = store_get_import(ctx->db, ctx->arena, key, &status, &ctx->err);
    if (code != ERR_OK && ctx->err.reason == REASON_IMPORT_NOT_FOUND)
        return chunk->offset == 0 ? too_many(ctx) : misplaced(ctx, 0);
    if (code != ERR_OK)
        return code;
    if (status.format != chunk->format || status.is_dry_run != chunk->is_dry_run)
        return err_raise_field(&ctx->err, status.format != chunk->format ? "format" : "dry_run",
            "format and dry_run are the same for all chunks of a file");
    if (status.state != IMPORT_UPLOADING)
        return take_late(ctx, in, chunk, &status);
    bool is_repeated = false;
    code = store_has_chunk(ctx->db, key, chunk, &is_repeated, &ctx->err);
    if (code != ERR_OK)
        return code;
    if (!is_repeated || (in->is_last && !ends_upload(chunk, &status)))
        return misplaced(ctx, status.bytes_received);
    return ERR_OK;
}

static enum err_code reply_progress(
    struct rpc_ctx *ctx, const struct import_key *key, Kith__V1__Import **out)
{
    struct import_status status;
    enum err_code code = store_get_import(ctx->db, ctx->arena, key, &status, &ctx->err);
    if (code == ERR_OK)
        code = reply_import(ctx, &status, NULL, out);
    return code;
}

RPC_HANDLER(import_file, Kith__V1__ImportFileRequest, Kith__V1__ImportFileResponse)
{
    struct import_key key;
    struct import_chunk chunk;
    int64_t bytes_received = -1;
    enum err_code code = read_request(ctx, in, &key, &chunk);
    if (code == ERR_OK)
        code = store_take_chunk(ctx->db, &key, &chunk, &bytes_received, &ctx->err);
    if (code == ERR_OK && bytes_received < 0)
        code = take_odd(ctx, in, &key, &chunk);
    if (code == ERR_OK && !in->is_last)
        return reply_progress(ctx, &key, &out->import);
    if (code == ERR_OK)
        code = import_run(ctx, &key);
    if (code == ERR_OK)
        code = reply_stored_import(ctx, &key, &out->import);
    if (code == ERR_OK)
        event_hint(ctx);
    return code;
}
