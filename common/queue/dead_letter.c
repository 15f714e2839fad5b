/* SPDX-License-Identifier: Apache-2.0 */
#include "queue/queue.h"
#include "queue_sql.h"

#include <kith/v1/queue.pb-c.h>

enum { DEFAULT_PAGE = 50, MAX_PAGE = 1000, MAX_REDRIVE = 1000 };

static enum err_code too_large(struct rpc_ctx *ctx)
{
    return err_raise(&ctx->err, REASON_REPLY_TOO_LARGE, "the dead letters need too much memory");
}

static char *id_text(struct arena *arena, const struct db_result *rows, size_t i, int col)
{
    char text[ID_TEXT_SIZE];
    const struct id id = db_get_id(rows, i, col);
    id_format(&id, text);
    return arena_strdup(arena, text);
}

static Kith__V1__DeadLetter *read_letter(
    struct arena *arena, const struct db_result *rows, size_t i)
{
    enum { ID, SUBSCRIBER, MEMBER, KIND, OCCURRED, ATTEMPTS, WHY, MESSAGE, DIED };
    Kith__V1__DeadLetter *letter = arena_alloc(arena, sizeof(*letter));
    if (!letter)
        return NULL;
    kith__v1__dead_letter__init(letter);
    letter->id = id_text(arena, rows, i, ID);
    letter->subscriber = db_dup_text(arena, rows, i, SUBSCRIBER);
    letter->member_id = id_text(arena, rows, i, MEMBER);
    letter->kind = db_dup_text(arena, rows, i, KIND);
    letter->occurred_us = db_get_time(rows, i, OCCURRED);
    letter->attempts = (uint32_t)db_get_int(rows, i, ATTEMPTS);
    letter->reason = db_dup_text(arena, rows, i, WHY);
    letter->message = db_dup_text(arena, rows, i, MESSAGE);
    letter->died_us = db_get_time(rows, i, DIED);
    bool is_complete = letter->id && letter->subscriber && letter->member_id && letter->kind &&
                       letter->reason && letter->message;
    return is_complete ? letter : NULL;
}

static enum err_code list_dead_letters(
    struct rpc_ctx *ctx, const ProtobufCMessage *request, ProtobufCMessage *response)
{
    const Kith__V1__ListDeadLettersRequest *in = (const void *)request;
    Kith__V1__ListDeadLettersResponse *out = (void *)response;
    if (in->page_size > MAX_PAGE)
        return err_raise_field(
            &ctx->err, "page_size", "page_size is %u; the limit is %d", in->page_size, MAX_PAGE);
    CLEANUP(db_result_clear) struct db_result *rows = NULL;
    enum err_code code = queue_sql_list_dead_letters(
        ctx->db, &rows, &ctx->err, db_int(in->page_size ? in->page_size : DEFAULT_PAGE));
    if (code != ERR_OK)
        return code;
    out->dead_letters = arena_calloc(ctx->arena, db_rows(rows) + 1, sizeof(*out->dead_letters));
    if (!out->dead_letters)
        return too_large(ctx);
    for (size_t i = 0; i < db_rows(rows); i++) {
        out->dead_letters[i] = read_letter(ctx->arena, rows, i);
        if (!out->dead_letters[i])
            return too_large(ctx);
        out->n_dead_letters++;
    }
    return ERR_OK;
}

static void look_back(void *relay)
{
    queue_relay_look_back(relay);
}

static enum err_code redrive_dead_letters(
    struct rpc_ctx *ctx, const ProtobufCMessage *request, ProtobufCMessage *response)
{
    const Kith__V1__RedriveDeadLettersRequest *in = (const void *)request;
    Kith__V1__RedriveDeadLettersResponse *out = (void *)response;
    struct queue_relay *const *relay = ctx->service;
    bool is_one = in->id[0] != '\0';
    struct id id = {{0}};
    enum err_code code = is_one ? id_parse_field(in->id, "id", &id, &ctx->err) : ERR_OK;
    if (code != ERR_OK)
        return code;
    CLEANUP(db_result_clear) struct db_result *raised = NULL;
    code = queue_sql_redrive_dead_letters(
        ctx->db, &raised, &ctx->err, is_one ? db_id(&id) : db_null(DB_ID), db_int(MAX_REDRIVE));
    if (code != ERR_OK)
        return code;
    if (is_one && db_rows(raised) == 0)
        return err_raise(
            &ctx->err, REASON_DEAD_LETTER_NOT_FOUND, "there is no dead letter %s here", in->id);
    out->redriven = (uint32_t)db_rows(raised);
    rpc_after_commit(ctx, look_back, *relay);
    return ERR_OK;
}

static const struct rpc_method methods[] = {
    {"ListDeadLetters", list_dead_letters, DB_TX_NONE},
    {"RedriveDeadLetters", redrive_dead_letters, DB_TX_NONE},
};

const struct rpc_service dead_letter_rpc = {
    &kith__v1__dead_letter_service__descriptor, methods, sizeof(methods) / sizeof(methods[0])};
