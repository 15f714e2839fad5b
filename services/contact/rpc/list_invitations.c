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
    struct rpc_ctx *ctx, const struct invitations *found, Kith__V1__ListInvitationsResponse *out)
{
    out->invitations = arena_calloc(ctx->arena, found->n + 1, sizeof *out->invitations);
    if (!out->invitations)
        return store_too_large(&ctx->err);
    for (size_t i = 0; i < found->n; i++) {
        enum err_code code = reply_invitation(ctx, &found->items[i], &out->invitations[i]);
        if (code != ERR_OK)
            return code;
    }
    out->n_invitations = found->n;
    return ERR_OK;
}

RPC_HANDLER(list_invitations, Kith__V1__ListInvitationsRequest, Kith__V1__ListInvitationsResponse)
{
    struct invitation_query query = {
        .member = ctx->principal.member, .include_closed = in->include_closed};
    struct page page;
    struct invitations found;
    enum err_code code =
        page_begin(ctx, list_name(ctx, &query), in->page_size, in->page_token, &page);
    if (code != ERR_OK)
        return code;
    query.after = page_after_id(&page);
    query.limit = page.limit + 1;
    code = store_list_invitations(ctx->db, ctx->arena, &query, &found, &ctx->err);
    if (code == ERR_OK && page_cut(&page, &found.n))
        code = page_end(ctx, &page, &found.items[found.n - 1].id, "", &out->next_page_token);
    return code == ERR_OK ? fill(ctx, &found, out) : code;
}
