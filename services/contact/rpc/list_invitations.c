/* SPDX-License-Identifier: Apache-2.0 */
#include "page.h"
#include "reply.h"
#include "request.h"
#include "service.h"

/* Everything that makes one list another list. */
static const char *list_name(struct rpc_ctx *ctx, const struct invitation_query *query)
{
    char member[ID_TEXT_SIZE];
    id_format(&query->member, member);
    return arena_printf(
        ctx->arena, "invitations\n%s\n%s", member, query->include_closed ? "all" : "open");
}

static enum err_code fill(
    struct rpc_ctx *ctx, const struct invitations *page, Kith__V1__ListInvitationsResponse *out)
{
    out->invitations = arena_calloc(ctx->arena, page->n + 1, sizeof *out->invitations);
    if (!out->invitations)
        return store_too_large(&ctx->err);
    for (size_t i = 0; i < page->n; i++) {
        enum err_code code = reply_invitation(ctx, &page->items[i], &out->invitations[i]);
        if (code != ERR_OK)
            return code;
    }
    out->n_invitations = page->n;
    return ERR_OK;
}

RPC_HANDLER(list_invitations, Kith__V1__ListInvitationsRequest, Kith__V1__ListInvitationsResponse)
{
    struct invitation_query query = {
        .member = ctx->principal.member, .include_closed = in->include_closed};
    const struct page_position *after = NULL;
    int64_t limit = 0;
    const char *list = list_name(ctx, &query);
    if (!list)
        return request_too_large(ctx);
    enum err_code code = request_page_size(ctx, in->page_size, &limit);
    if (code == ERR_OK)
        code = page_begin(ctx, list, in->page_token, &after);
    query.after = after ? &after->id : NULL;
    query.limit = limit + 1;
    struct invitations page;
    if (code == ERR_OK)
        code = store_list_invitations(ctx->db, ctx->arena, &query, &page, &ctx->err);
    if (code == ERR_OK && page.n > (size_t)limit) {
        page.n = (size_t)limit;
        const struct page_position last = {.id = page.items[page.n - 1].id};
        code = page_end(ctx, list, &last, &out->next_page_token);
    }
    if (code == ERR_OK)
        code = fill(ctx, &page, out);
    return code;
}
