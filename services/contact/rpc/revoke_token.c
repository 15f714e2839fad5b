/* SPDX-License-Identifier: Apache-2.0 */
#include "service.h"
#include "store_member.h"

#include <kith/v1/contact.pb-c.h>

RPC_HANDLER(revoke_token, Kith__V1__RevokeTokenRequest, Kith__V1__RevokeTokenResponse)
{
    (void)out;
    bool has_id = in->token_id[0] != '\0';
    if (has_id == in->current)
        return err_raise_field(&ctx->err, "token_id", "give either token_id or current");
    struct id token = ctx->principal.token;
    enum err_code code = ERR_OK;
    if (has_id)
        code = id_parse_field(in->token_id, "token_id", &token, &ctx->err);
    if (code == ERR_OK)
        code = store_revoke_token(ctx->db, &ctx->principal.member, &token, &ctx->err);
    return code;
}
