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
    struct contact_query *query, const char **list)
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
        code = request_page_size(ctx, in->page_size, &query->limit);
    if (code != ERR_OK)
        return code;
    *list = list_name(ctx, query);
    return *list ? ERR_OK : request_too_large(ctx);
}

static struct page_position position_of(const struct contact *last)
{
    struct page_position position = {.id = last->id};
    strncpy(position.key, last->name_fold, sizeof position.key - 1);
    return position;
}

static enum err_code fill(
    struct rpc_ctx *ctx, const struct contacts *page, Kith__V1__ListContactsResponse *out)
{
    out->contacts = arena_calloc(ctx->arena, page->n + 1, sizeof *out->contacts);
    if (!out->contacts)
        return store_too_large(&ctx->err);
    for (size_t i = 0; i < page->n; i++) {
        enum err_code code = reply_contact(ctx, &page->items[i], &out->contacts[i]);
        if (code != ERR_OK)
            return code;
    }
    out->n_contacts = page->n;
    return ERR_OK;
}

RPC_HANDLER(list_contacts, Kith__V1__ListContactsRequest, Kith__V1__ListContactsResponse)
{
    struct contact_query query = {.tag = NULL};
    const char *list = NULL;
    enum err_code code = read_query(ctx, in, &query, &list);
    if (code == ERR_OK)
        code = page_begin(ctx, list, in->page_token, &query.after);
    int64_t total = 0, limit = query.limit++;
    struct contacts page;
    if (code == ERR_OK)
        code = store_count_contacts(ctx->db, &query, &total, &ctx->err);
    if (code == ERR_OK)
        code = store_list_contacts(ctx->db, ctx->arena, &query, &page, &ctx->err);
    if (code == ERR_OK && page.n > (size_t)limit) {
        page.n = (size_t)limit;
        const struct page_position last = position_of(&page.items[page.n - 1]);
        code = page_end(ctx, list, &last, &out->next_page_token);
    }
    if (code == ERR_OK)
        code = fill(ctx, &page, out);
    out->total = (uint64_t)total;
    return code;
}
