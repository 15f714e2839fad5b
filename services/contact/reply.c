/* SPDX-License-Identifier: Apache-2.0 */
#include "reply.h"

static char *id_text(struct arena *arena, const struct id *id)
{
    char text[ID_TEXT_SIZE];
    id_format(id, text);
    return arena_strdup(arena, text);
}

/* "" for no id. */
static char *id_text_or_empty(struct arena *arena, const struct id *id)
{
    return id_is_zero(id) ? arena_strdup(arena, "") : id_text(arena, id);
}

enum err_code reply_id(struct rpc_ctx *ctx, const struct id *id, char **out)
{
    *out = id_text(ctx->arena, id);
    return *out ? ERR_OK : store_too_large(&ctx->err);
}

enum err_code reply_fact(struct rpc_ctx *ctx, const struct fact *fact, Kith__V1__Fact **out)
{
    Kith__V1__Fact *message = arena_alloc(ctx->arena, sizeof *message);
    if (!message)
        return store_too_large(&ctx->err);
    kith__v1__fact__init(message);
    message->id = id_text(ctx->arena, &fact->id);
    message->kind = (Kith__V1__FactKind)fact->kind;
    message->value = arena_strdup(ctx->arena, fact->value);
    message->source = (Kith__V1__FactSource)fact->source;
    message->confidence = (float)fact->confidence;
    if (!message->id || !message->value)
        return store_too_large(&ctx->err);
    *out = message;
    return ERR_OK;
}

static enum err_code reply_facts(
    struct rpc_ctx *ctx, const struct facts *facts, size_t *n, Kith__V1__Fact ***out)
{
    Kith__V1__Fact **list = arena_calloc(ctx->arena, facts->n + 1, sizeof *list);
    if (!list)
        return store_too_large(&ctx->err);
    for (size_t i = 0; i < facts->n; i++) {
        enum err_code code = reply_fact(ctx, &facts->items[i], &list[i]);
        if (code != ERR_OK)
            return code;
    }
    *n = facts->n;
    *out = list;
    return ERR_OK;
}

enum err_code reply_member(
    struct rpc_ctx *ctx, const struct member *member, bool shows_email, Kith__V1__Member **out)
{
    Kith__V1__Member *message = arena_alloc(ctx->arena, sizeof *message);
    if (!message)
        return store_too_large(&ctx->err);
    kith__v1__member__init(message);
    message->id = id_text(ctx->arena, &member->id);
    message->name = arena_strdup(ctx->arena, member->name);
    message->email = arena_strdup(ctx->arena, shows_email ? member->email : "");
    message->email_verified = shows_email && member->is_email_verified;
    message->time_zone = arena_strdup(ctx->arena, member->time_zone);
    message->created_us = member->created_us;
    if (!message->id || !message->name || !message->email || !message->time_zone)
        return store_too_large(&ctx->err);
    *out = message;
    return reply_facts(ctx, &member->facts, &message->n_facts, &message->facts);
}

enum err_code reply_contact(
    struct rpc_ctx *ctx, const struct contact *contact, Kith__V1__Contact **out)
{
    Kith__V1__Contact *message = arena_alloc(ctx->arena, sizeof *message);
    if (!message)
        return store_too_large(&ctx->err);
    kith__v1__contact__init(message);
    message->id = id_text(ctx->arena, &contact->id);
    message->name = arena_strdup(ctx->arena, contact->name);
    message->email = arena_strdup(ctx->arena, contact->email);
    message->profile_url = arena_strdup(ctx->arena, contact->profile_url);
    message->company = arena_strdup(ctx->arena, contact->company);
    message->position = arena_strdup(ctx->arena, contact->position);
    message->connected_us = contact->connected_us;
    message->member_id = id_text_or_empty(ctx->arena, &contact->linked_member);
    message->is_connected = contact->is_connected;
    if (!message->id || !message->name || !message->email || !message->profile_url ||
        !message->company || !message->position || !message->member_id)
        return store_too_large(&ctx->err);
    *out = message;
    return reply_facts(ctx, &contact->facts, &message->n_facts, &message->facts);
}

enum err_code reply_invitation(
    struct rpc_ctx *ctx, const struct invitation *invitation, Kith__V1__Invitation **out)
{
    Kith__V1__Invitation *message = arena_alloc(ctx->arena, sizeof *message);
    if (!message)
        return store_too_large(&ctx->err);
    kith__v1__invitation__init(message);
    message->id = id_text(ctx->arena, &invitation->id);
    message->state = (Kith__V1__InvitationState)invitation->state;
    message->is_outgoing = invitation->is_outgoing;
    message->contact_id = id_text_or_empty(ctx->arena, &invitation->contact);
    message->name = arena_strdup(ctx->arena, invitation->name);
    message->note = arena_strdup(ctx->arena, invitation->note);
    message->code = arena_strdup(ctx->arena, invitation->code);
    message->sent_us = invitation->sent_us;
    message->expires_us = invitation->expires_us;
    if (!message->id || !message->contact_id || !message->name || !message->note || !message->code)
        return store_too_large(&ctx->err);
    *out = message;
    return ERR_OK;
}

/* The bits of a token as the .proto lists them. */
static enum err_code reply_scopes(struct rpc_ctx *ctx, int64_t scopes, Kith__V1__Token *message)
{
    static const Kith__V1__Scope all[] = {
        KITH__V1__SCOPE__SCOPE_READ, KITH__V1__SCOPE__SCOPE_WRITE};
    enum { N_SCOPES = sizeof(all) / sizeof(all[0]) };
    message->scopes = arena_calloc(ctx->arena, N_SCOPES, sizeof *message->scopes);
    if (!message->scopes)
        return store_too_large(&ctx->err);
    for (size_t i = 0; i < N_SCOPES; i++)
        if (scopes & (int64_t)all[i])
            message->scopes[message->n_scopes++] = all[i];
    return ERR_OK;
}

enum err_code reply_token(
    struct rpc_ctx *ctx, const struct token_entry *token, Kith__V1__Token **out)
{
    Kith__V1__Token *message = arena_alloc(ctx->arena, sizeof *message);
    if (!message)
        return store_too_large(&ctx->err);
    kith__v1__token__init(message);
    message->id = id_text(ctx->arena, &token->id);
    message->label = arena_strdup(ctx->arena, token->label);
    message->created_us = token->created_us;
    message->expires_us = token->expires_us;
    message->revoked_us = token->revoked_us;
    message->is_current = id_equal(&token->id, &ctx->principal.token);
    if (!message->id || !message->label)
        return store_too_large(&ctx->err);
    *out = message;
    return reply_scopes(ctx, token->scopes, message);
}

static Kith__V1__ImportSkip *skip(struct arena *arena, int64_t row, const char *reason)
{
    Kith__V1__ImportSkip *message = arena_alloc(arena, sizeof *message);
    if (!message)
        return NULL;
    kith__v1__import_skip__init(message);
    message->row = (uint32_t)row;
    message->reason = arena_strdup(arena, reason);
    return message->reason ? message : NULL;
}

static Kith__V1__ImportGap *gap(struct arena *arena, const struct import_gaps *gaps, size_t i)
{
    Kith__V1__ImportGap *message = arena_alloc(arena, sizeof *message);
    if (!message)
        return NULL;
    kith__v1__import_gap__init(message);
    message->row = (uint32_t)gaps->rows[i];
    message->column = arena_strdup(arena, gaps->columns[i]);
    message->reason = arena_strdup(arena, gaps->reasons[i]);
    return message->column && message->reason ? message : NULL;
}

static enum err_code add_gaps(
    struct rpc_ctx *ctx, const struct import_gaps *gaps, Kith__V1__Import *message)
{
    message->gaps = arena_calloc(ctx->arena, gaps->n + 1, sizeof *message->gaps);
    if (!message->gaps)
        return store_too_large(&ctx->err);
    for (size_t i = 0; i < gaps->n; i++) {
        message->gaps[i] = gap(ctx->arena, gaps, i);
        if (!message->gaps[i])
            return store_too_large(&ctx->err);
    }
    message->n_gaps = gaps->n;
    return ERR_OK;
}

static enum err_code add_skips(
    struct rpc_ctx *ctx, const struct import_skips *skips, Kith__V1__Import *message)
{
    message->skips = arena_calloc(ctx->arena, skips->n + 1, sizeof *message->skips);
    if (!message->skips)
        return store_too_large(&ctx->err);
    for (size_t i = 0; i < skips->n; i++) {
        message->skips[i] = skip(ctx->arena, skips->rows[i], skips->reasons[i]);
        if (!message->skips[i])
            return store_too_large(&ctx->err);
    }
    message->n_skips = skips->n;
    return ERR_OK;
}

enum err_code reply_import(struct rpc_ctx *ctx, const struct import_status *status,
    const struct import_remarks *remarks, Kith__V1__Import **out)
{
    Kith__V1__Import *message = arena_alloc(ctx->arena, sizeof *message);
    if (!message)
        return store_too_large(&ctx->err);
    kith__v1__import__init(message);
    message->id = id_text(ctx->arena, &status->id);
    message->state = (Kith__V1__ImportState)status->state;
    message->format = (Kith__V1__ImportFormat)status->format;
    message->dry_run = status->is_dry_run;
    message->bytes_received = (uint64_t)status->bytes_received;
    message->rows = (uint32_t)status->counts.rows;
    message->created = (uint32_t)status->counts.created;
    message->updated = (uint32_t)status->counts.updated;
    message->unchanged = (uint32_t)status->counts.unchanged;
    message->skipped = (uint32_t)status->counts.skipped;
    message->closed_accounts = (uint32_t)status->counts.closed;
    message->weak_identities = (uint32_t)status->counts.weak;
    message->incomplete = (uint32_t)status->counts.incomplete;
    message->failure_reason = arena_strdup(ctx->arena, status->failure_reason);
    message->failure_message = arena_strdup(ctx->arena, status->failure_message);
    message->file_name = arena_strdup(ctx->arena, status->file_name ? status->file_name : "");
    message->started_us = status->started_us;
    if (!message->id || !message->failure_reason || !message->failure_message ||
        !message->file_name)
        return store_too_large(&ctx->err);
    *out = message;
    if (!remarks)
        return ERR_OK;
    enum err_code code = add_skips(ctx, &remarks->skips, message);
    return code == ERR_OK ? add_gaps(ctx, &remarks->gaps, message) : code;
}

enum err_code reply_stored_import(
    struct rpc_ctx *ctx, const struct import_key *key, Kith__V1__Import **out)
{
    struct import_status status;
    struct import_remarks remarks;
    enum err_code code = store_get_import(ctx->db, ctx->arena, key, &status, &ctx->err);
    if (code == ERR_OK)
        code = store_list_import_remarks(ctx->db, ctx->arena, key, &remarks, &ctx->err);
    if (code == ERR_OK)
        code = reply_import(ctx, &status, &remarks, out);
    return code;
}
