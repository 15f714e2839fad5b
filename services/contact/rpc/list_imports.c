/* SPDX-License-Identifier: Apache-2.0 */
#include "reply.h"
#include "request.h"
#include "service.h"

RPC_HANDLER(list_imports, Kith__V1__ListImportsRequest, Kith__V1__ListImportsResponse)
{
    int64_t limit;
    struct imports imports;
    enum err_code code = request_page_size(ctx, in->page_size, &limit);
    if (code == ERR_OK)
        code = store_list_imports(
            ctx->db, ctx->arena, &ctx->principal.member, limit, &imports, &ctx->err);
    if (code != ERR_OK)
        return code;
    out->imports = arena_calloc(ctx->arena, imports.n + 1, sizeof *out->imports);
    if (!out->imports)
        return store_too_large(&ctx->err);
    for (size_t i = 0; i < imports.n && code == ERR_OK; i++)
        code = reply_import(ctx, &imports.items[i], NULL, &out->imports[i]);
    out->n_imports = imports.n;
    return code;
}
