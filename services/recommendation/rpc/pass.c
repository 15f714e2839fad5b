/* SPDX-License-Identifier: Apache-2.0 */
#include "events.h"
#include "rpc/part.h"
#include "service.h"

#include <kith/v1/recommendation.pb-c.h>

RPC_HANDLER(pass, Kith__V1__PassRequest, Kith__V1__PassResponse)
{
    (void)out; /* has no fields */
    struct store_ask ask;
    struct queue_outgoing event;
    enum err_code code = part_find(ctx, in->ask_id, &ask);
    if (code == ERR_OK)
        code = event_ask_passed(ctx, &ask.id, &ask.asker, &event);
    if (code == ERR_OK)
        code = event_follow_up(ctx, &ask.asker);
    if (code == ERR_OK)
        code = store_pass(
            ctx->db, &ctx->principal.member, &ask.id, clock_wall_us(ctx->clock), &event, &ctx->err);
    return code;
}
