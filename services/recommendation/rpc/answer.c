/* SPDX-License-Identifier: Apache-2.0 */
#include "events.h"
#include "rpc/part.h"
#include "rpc/reply.h"
#include "service.h"

RPC_HANDLER(answer, Kith__V1__AnswerRequest, Kith__V1__AnswerResponse)
{
    struct store_ask ask;
    struct queue_outgoing event;
    const struct store_answer answer = {
        .id = id_new(ctx->clock), .text = in->text, .answered_us = clock_wall_us(ctx->clock)};
    enum err_code code = part_find(ctx, in->ask_id, &ask);
    if (code == ERR_OK)
        code = event_ask_answered(ctx, &ask.id, &answer.id, &ask.asker, &event);
    if (code == ERR_OK)
        code = event_follow_up(ctx, &ask.asker);
    if (code == ERR_OK)
        code = store_answer(ctx->db, &ctx->principal.member, &ask.id, &answer, &event, &ctx->err);
    if (code == ERR_OK)
        code = reply_answer(ctx, &answer, "you", &out->answer);
    return code;
}
