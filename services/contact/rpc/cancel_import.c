/* SPDX-License-Identifier: Apache-2.0 */
#include "service.h"
#include "store_import.h"

#include <kith/v1/contact.pb-c.h>

RPC_HANDLER(cancel_import, Kith__V1__CancelImportRequest, Kith__V1__CancelImportResponse)
{
    struct import_key key = {.member = ctx->principal.member};
    struct import_status status;
    bool is_cancelled = false;
    (void)out;
    enum err_code code = id_parse_field(in->import_id, "import_id", &key.import, &ctx->err);
    if (code == ERR_OK)
        code = store_cancel_import(ctx->db, &key, &is_cancelled, &ctx->err);
    if (code != ERR_OK || is_cancelled)
        return code;
    code = store_get_import(ctx->db, ctx->arena, &key, &status, &ctx->err);
    if (code != ERR_OK)
        return code;
    return err_raise(
        &ctx->err, REASON_IMPORT_CLOSED, "the import is over: there is nothing to cancel");
}
