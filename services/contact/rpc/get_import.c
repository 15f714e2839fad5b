/* SPDX-License-Identifier: Apache-2.0 */
#include "reply.h"
#include "service.h"

RPC_HANDLER(get_import, Kith__V1__GetImportRequest, Kith__V1__GetImportResponse)
{
    struct import_key key = {.member = ctx->principal.member};
    enum err_code code = id_parse_field(in->import_id, "import_id", &key.import, &ctx->err);
    if (code == ERR_OK)
        code = reply_stored_import(ctx, &key, &out->import);
    return code;
}
