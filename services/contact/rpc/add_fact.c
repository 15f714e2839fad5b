/* SPDX-License-Identifier: Apache-2.0 */
#include "events.h"
#include "reply.h"
#include "request.h"
#include "service.h"

RPC_HANDLER(add_fact, Kith__V1__AddFactRequest, Kith__V1__AddFactResponse)
{
    const struct id *member = &ctx->principal.member;
    if (!in->fact)
        return err_raise_field(&ctx->err, "fact", "fact is required");
    struct id contact;
    struct facts facts;
    struct queue_outgoing event;
    enum err_code code = id_parse_field(in->contact_id, "contact_id", &contact, &ctx->err);
    if (code == ERR_OK)
        code = request_facts(ctx, "fact", &in->fact, 1, &facts);
    if (code == ERR_OK)
        code = event_contacts_changed(ctx, member, &contact, &event);
    if (code == ERR_OK)
        code = store_add_fact(ctx->db, member, &contact, &facts.items[0], &event, &ctx->err);
    if (code == ERR_OK)
        code = reply_fact(ctx, &facts.items[0], &out->fact);
    if (code == ERR_OK)
        event_hint(ctx);
    return code;
}
