/* SPDX-License-Identifier: Apache-2.0 */
#include "rpc/reply.h"

enum err_code reply_page_size(struct rpc_ctx *ctx, uint32_t asked, int64_t *out)
{
    if (asked > REPLY_MAX_PAGE)
        return err_raise_field(
            &ctx->err, "page_size", "page_size is %u; the limit is %d", asked, REPLY_MAX_PAGE);
    *out = asked == 0 ? REPLY_DEFAULT_PAGE : (int64_t)asked;
    return ERR_OK;
}

char *reply_id(struct rpc_ctx *ctx, const struct id *id)
{
    char text[ID_TEXT_SIZE];
    id_format(id, text);
    return arena_strdup(ctx->arena, text);
}

char *reply_text(struct rpc_ctx *ctx, const char *text)
{
    return arena_strdup(ctx->arena, text ? text : "");
}

/* "Head Swim Coach, Blue Marlin Swim Club", or what there is of it. */
static char *headline(struct rpc_ctx *ctx, const struct store_person *person)
{
    const char *comma = person->position[0] && person->company[0] ? ", " : "";
    return arena_printf(ctx->arena, "%s%s%s", person->position, comma, person->company);
}

bool reply_person(
    struct rpc_ctx *ctx, const struct store_person *person, Kith__V1__Candidate *candidate)
{
    candidate->name = reply_text(ctx, person->name);
    candidate->headline = headline(ctx, person);
    candidate->is_reachable =
        !id_is_zero(&person->member) && !id_equal(&person->member, &ctx->principal.member);
    return candidate->name && candidate->headline;
}

enum err_code reply_ask(
    struct rpc_ctx *ctx, const struct store_ask *ask, bool is_mine, Kith__V1__Ask **out)
{
    Kith__V1__Ask *reply = arena_alloc(ctx->arena, sizeof(*reply));
    if (!reply)
        return reply_too_large(ctx);
    kith__v1__ask__init(reply);
    reply->id = reply_id(ctx, &ask->id);
    reply->question = reply_text(ctx, ask->question);
    reply->state = (Kith__V1__AskState)ask->state; /* both enums count alike */
    reply->is_mine = is_mine;
    reply->asker_name = reply_text(ctx, ask->asker_name);
    reply->asked_us = ask->asked_us;
    if (is_mine)
        reply->decision_id = reply_id(ctx, &ask->decision);
    if (!reply->id || !reply->question || !reply->asker_name || !reply->decision_id)
        return reply_too_large(ctx);
    *out = reply;
    return ERR_OK;
}

static Kith__V1__Target *new_target(struct rpc_ctx *ctx, const struct store_target *target)
{
    Kith__V1__Target *reply = arena_alloc(ctx->arena, sizeof(*reply));
    if (!reply)
        return NULL;
    kith__v1__target__init(reply);
    reply->contact_id = reply_id(ctx, &target->contact);
    reply->name = reply_text(ctx, target->name);
    reply->state = (Kith__V1__TargetState)target->state;
    reply->reason = reply_text(ctx, target->reason);
    return reply->contact_id && reply->name && reply->reason ? reply : NULL;
}

enum err_code reply_targets(struct rpc_ctx *ctx, const struct store_ask *ask,
    const struct store_targets *targets, Kith__V1__Ask *out)
{
    size_t n = 0;
    for (size_t i = 0; i < targets->n; i++)
        n += id_equal(&targets->items[i].ask, &ask->id);
    out->targets = arena_calloc(ctx->arena, n + 1, sizeof(Kith__V1__Target *));
    if (!out->targets)
        return reply_too_large(ctx);
    for (size_t i = 0; i < targets->n; i++) {
        if (!id_equal(&targets->items[i].ask, &ask->id))
            continue;
        Kith__V1__Target *target = new_target(ctx, &targets->items[i]);
        if (!target)
            return reply_too_large(ctx);
        out->targets[out->n_targets++] = target;
    }
    return ERR_OK;
}

enum err_code reply_answer(struct rpc_ctx *ctx, const struct store_answer *answer, const char *name,
    Kith__V1__AnswerEntry **out)
{
    Kith__V1__AnswerEntry *reply = arena_alloc(ctx->arena, sizeof(*reply));
    if (!reply)
        return reply_too_large(ctx);
    kith__v1__answer_entry__init(reply);
    reply->id = reply_id(ctx, &answer->id);
    reply->name = reply_text(ctx, answer->name ? answer->name : name);
    reply->text = reply_text(ctx, answer->text);
    reply->answered_us = answer->answered_us;
    if (!reply->id || !reply->name || !reply->text)
        return reply_too_large(ctx);
    *out = reply;
    return ERR_OK;
}

enum err_code reply_answers(
    struct rpc_ctx *ctx, const struct store_answers *answers, const char *name, Kith__V1__Ask *out)
{
    out->answers = arena_calloc(ctx->arena, answers->n + 1, sizeof(Kith__V1__AnswerEntry *));
    if (!out->answers)
        return reply_too_large(ctx);
    for (size_t i = 0; i < answers->n; i++) {
        enum err_code code =
            reply_answer(ctx, &answers->items[i], name, &out->answers[out->n_answers]);
        if (code != ERR_OK)
            return code;
        out->n_answers++;
    }
    return ERR_OK;
}
