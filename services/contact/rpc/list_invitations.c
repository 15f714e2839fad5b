/* SPDX-License-Identifier: Apache-2.0 */
#include "domain/page_token.h"
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

static enum err_code read_position(
    struct rpc_ctx *ctx, const char *list, const char *token, struct invitation_query *query)
{
    if (token[0] == '\0')
        return ERR_OK;
    struct page_position *after = arena_alloc(ctx->arena, sizeof *after);
    if (!after)
        return request_too_large(ctx);
    if (!page_token_parse(list, token, after))
        return err_raise(&ctx->err, REASON_PAGE_TOKEN_INVALID,
            "page_token is not one that this list, with this filter, gave out");
    query->after = &after->id;
    return ERR_OK;
}

/* One more than fits was asked for: whether there is a next page. */
static enum err_code close_page(
    struct rpc_ctx *ctx, const char *list, int64_t limit, struct invitations *page, char **token)
{
    if (page->n <= (size_t)limit)
        return ERR_OK;
    page->n = (size_t)limit;
    const struct page_position position = {.id = page->items[page->n - 1].id};
    char text[PAGE_TOKEN_SIZE];
    page_token_format(list, &position, text);
    *token = arena_strdup(ctx->arena, text);
    return *token ? ERR_OK : store_too_large(&ctx->err);
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
    enum err_code code = request_page_size(ctx, in->page_size, &query.limit);
    if (code != ERR_OK)
        return code;
    const char *list = list_name(ctx, &query);
    if (!list)
        return request_too_large(ctx);
    code = read_position(ctx, list, in->page_token, &query);
    int64_t limit = query.limit++;
    struct invitations page;
    if (code == ERR_OK)
        code = store_list_invitations(ctx->db, ctx->arena, &query, &page, &ctx->err);
    if (code == ERR_OK)
        code = close_page(ctx, list, limit, &page, &out->next_page_token);
    if (code == ERR_OK)
        code = fill(ctx, &page, out);
    return code;
}
