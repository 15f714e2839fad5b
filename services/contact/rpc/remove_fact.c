/* SPDX-License-Identifier: Apache-2.0 */
#include "events.h"
#include "service.h"
#include "store_contact.h"

#include <kith/v1/contact.pb-c.h>

RPC_HANDLER(remove_fact, Kith__V1__RemoveFactRequest, Kith__V1__RemoveFactResponse)
{
    (void)out;
    const struct id *member = &ctx->principal.member;
    struct id contact, fact;
    struct queue_outgoing event;
    enum err_code code = id_parse_field(in->contact_id, "contact_id", &contact, &ctx->err);
    if (code == ERR_OK)
        code = id_parse_field(in->fact_id, "fact_id", &fact, &ctx->err);
    if (code == ERR_OK)
        code = event_contacts_changed(ctx, member, &contact, &event);
    if (code == ERR_OK)
        code = store_remove_fact(ctx->db, member, &contact, &fact, &event, &ctx->err);
    if (code == ERR_OK)
        event_hint(ctx);
    return code;
}
