/* SPDX-License-Identifier: Apache-2.0 */
#include "reply.h"
#include "service.h"

/* The cursor is the id of the contact before. */
RPC_HANDLER(export_contacts, Kith__V1__ExportContactsRequest, Kith__V1__ExportContactsResponse)
{
    struct id after = {{0}};
    struct contacts found = {0};
    enum err_code code = ERR_OK;
    if (in->cursor[0] != '\0')
        code = id_parse_field(in->cursor, "cursor", &after, &ctx->err);
    if (code == ERR_OK)
        code = store_export_contacts(
            ctx->db, ctx->arena, &ctx->principal.member, &after, &found, &ctx->err);
    for (size_t i = 0; code == ERR_OK && i < found.n && rpc_has_room(ctx); i++) {
        code = reply_contact(ctx, &found.items[i], &out->contact);
        if (code == ERR_OK)
            code = reply_id(ctx, &found.items[i].id, &out->cursor);
        if (code == ERR_OK)
            code = rpc_send(ctx, &out->base);
    }
    return code;
}
