/* SPDX-License-Identifier: Apache-2.0 */
#include "reply.h"
#include "service.h"

RPC_HANDLER(get_contact, Kith__V1__GetContactRequest, Kith__V1__GetContactResponse)
{
    struct id id;
    struct contact contact;
    enum err_code code = id_parse_field(in->contact_id, "contact_id", &id, &ctx->err);
    if (code == ERR_OK)
        code = store_get_contact(
            ctx->db, ctx->arena, &ctx->principal.member, &id, &contact, &ctx->err);
    if (code == ERR_OK)
        code = reply_contact(ctx, &contact, &out->contact);
    return code;
}
