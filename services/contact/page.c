/* SPDX-License-Identifier: Apache-2.0 */
#include "page.h"

#include "request.h"

#include <string.h>

enum err_code page_begin(struct rpc_ctx *ctx, const char *list, uint32_t page_size,
    const char *page_token, struct page *out)
{
    struct page_position *after = arena_alloc(ctx->arena, sizeof *after);
    if (!list || !after)
        return request_too_large(ctx);
    *out = (struct page){.list = list};
    enum err_code code = request_page_size(ctx, page_size, &out->limit);
    if (code != ERR_OK || page_token[0] == '\0')
        return code;
    if (!page_token_parse(list, page_token, after))
        return err_raise(&ctx->err, REASON_PAGE_TOKEN_INVALID,
            "page_token is not one that this list, with this filter, gave out");
    out->after = after;
    return ERR_OK;
}

const struct id *page_after_id(const struct page *page)
{
    return page->after ? &page->after->id : NULL;
}

bool page_cut(const struct page *page, size_t *n)
{
    bool has_more = *n > (size_t)page->limit;
    if (has_more)
        *n = (size_t)page->limit;
    return has_more;
}

enum err_code page_end(struct rpc_ctx *ctx, const struct page *page, const struct id *id,
    const char *key, char **page_token)
{
    struct page_position last = {.id = *id};
    char text[PAGE_TOKEN_SIZE];
    strncpy(last.key, key, sizeof last.key - 1);
    page_token_format(page->list, &last, text);
    *page_token = arena_strdup(ctx->arena, text);
    return *page_token ? ERR_OK : store_too_large(&ctx->err);
}
