/* SPDX-License-Identifier: Apache-2.0 */
#include "page.h"
#include "reply.h"
#include "request.h"
#include "service.h"

#include <ctype.h>
#include <string.h>

/* Everything that makes one list another list. */
static const char *list_name(struct rpc_ctx *ctx, const struct contact_query *query)
{
    char member[ID_TEXT_SIZE];
    id_format(&query->member, member);
    return arena_printf(ctx->arena, "contacts\n%s\n%s\n%s\n%s\n%s", member,
        query->tag ? query->tag : "", query->text ? query->text : "",
        query->id_part ? query->id_part : "", query->name ? query->name : "");
}

enum { ID_PART_MIN = 8 };

static enum err_code read_id_part(struct rpc_ctx *ctx, const char *text, const char **out)
{
    size_t len = strlen(text);
    if (len == 0)
        return ERR_OK;
    if (len < ID_PART_MIN || strspn(text, "0123456789abcdefABCDEF-") != len)
        return err_raise_field(&ctx->err, "id_part",
            "id_part is at least %d hexadecimal digits and hyphens, the beginning or end of an id",
            ID_PART_MIN);
    char *part = arena_strdup(ctx->arena, text);
    if (!part)
        return request_too_large(ctx);
    for (char *c = part; *c; c++)
        *c = (char)tolower((unsigned char)*c);
    *out = part;
    return ERR_OK;
}

static enum err_code read_query(struct rpc_ctx *ctx, const Kith__V1__ListContactsRequest *in,
    struct contact_query *query, struct page *page)
{
    query->member = ctx->principal.member;
    enum err_code code = request_fold(ctx, in->tag, &query->tag);
    if (code == ERR_OK)
        code = request_fold(ctx, in->query, &query->text);
    if (code == ERR_OK)
        code = request_fold(ctx, in->name, &query->name);
    if (code == ERR_OK)
        code = read_id_part(ctx, in->id_part, &query->id_part);
    if (code == ERR_OK)
        code = page_begin(ctx, list_name(ctx, query), in->page_size, in->page_token, page);
    if (code != ERR_OK)
        return code;
    query->after = page->after;
    query->limit = page->limit + 1;
    return ERR_OK;
}

static enum err_code fill(
    struct rpc_ctx *ctx, const struct contacts *found, Kith__V1__ListContactsResponse *out)
{
    out->contacts = arena_calloc(ctx->arena, found->n + 1, sizeof *out->contacts);
    if (!out->contacts)
        return store_too_large(&ctx->err);
    for (size_t i = 0; i < found->n; i++) {
        enum err_code code = reply_contact(ctx, &found->items[i], &out->contacts[i]);
        if (code != ERR_OK)
            return code;
    }
    out->n_contacts = found->n;
    return ERR_OK;
}

RPC_HANDLER(list_contacts, Kith__V1__ListContactsRequest, Kith__V1__ListContactsResponse)
{
    struct contact_query query = {.tag = NULL};
    struct page page;
    struct contacts found;
    int64_t total = 0;
    enum err_code code = read_query(ctx, in, &query, &page);
    if (code == ERR_OK)
        code = store_count_contacts(ctx->db, &query, &total, &ctx->err);
    if (code == ERR_OK)
        code = store_list_contacts(ctx->db, ctx->arena, &query, &found, &ctx->err);
    if (code != ERR_OK)
        return code;
    out->total = (uint64_t)total;
    if (page_cut(&page, &found.n)) {
        const struct contact *last = &found.items[found.n - 1];
        code = page_end(ctx, &page, &last->id, last->name_fold, &out->next_page_token);
    }
    return code == ERR_OK ? fill(ctx, &found, out) : code;
}
