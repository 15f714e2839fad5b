/* SPDX-License-Identifier: Apache-2.0 */
#include "request.h"

#include "domain/text.h"
#include "service.h"

#include <string.h>

/* Folding may lengthen a text: "ß" becomes "ss", some characters a whole phrase. */
enum { FOLD_FACTOR = 3, EMAIL_SIZE = 255, DEFAULT_PAGE = 50, MAX_PAGE = 1000 };

enum err_code request_text(struct rpc_ctx *ctx, const char *text, const char **out)
{
    char *copy = arena_strdup(ctx->arena, text);
    if (!copy)
        return request_too_large(ctx);
    text_tidy(copy);
    *out = copy;
    return ERR_OK;
}

enum err_code request_name(
    struct rpc_ctx *ctx, const char *field, const char *text, const char **out)
{
    const char *tidy = NULL;
    enum err_code code = request_text(ctx, text, &tidy);
    if (code != ERR_OK)
        return code;
    if (tidy[0] == '\0')
        return err_raise_field(&ctx->err, field, "%s is blank; it needs a letter at least", field);
    *out = tidy;
    return ERR_OK;
}

enum err_code request_fold(struct rpc_ctx *ctx, const char *text, const char **out)
{
    const char *tidy = NULL;
    enum err_code code = request_text(ctx, text, &tidy);
    if (code != ERR_OK)
        return code;
    if (tidy[0] == '\0') {
        *out = NULL;
        return ERR_OK;
    }
    size_t size = FOLD_FACTOR * strlen(tidy) + 1;
    char *fold = arena_alloc(ctx->arena, size);
    if (!fold)
        return request_too_large(ctx);
    text_fold(tidy, fold, size);
    *out = fold;
    return ERR_OK;
}

enum err_code request_email(struct rpc_ctx *ctx, const char *text, const char **out)
{
    char email[EMAIL_SIZE];
    if (!text_email(text, email, sizeof email))
        return err_raise_field(&ctx->err, "email", "email is not an address like ana@example.org");
    *out = arena_strdup(ctx->arena, email);
    return *out ? ERR_OK : request_too_large(ctx);
}

enum err_code request_time_zone(struct rpc_ctx *ctx, const char *text, const char **out)
{
    const struct contact_service *self = ctx->service;
    if (text[0] != '\0' && !time_zones_has(&self->zones, text))
        return err_raise_field(&ctx->err, "time_zone",
            "time_zone is no IANA name this server knows; one looks like Europe/Berlin");
    *out = text[0] == '\0' ? "UTC" : text;
    return ERR_OK;
}

static enum err_code read_fact(
    struct rpc_ctx *ctx, const char *field, const Kith__V1__Fact *in, struct fact *out)
{
    if (in->kind == KITH__V1__FACT_KIND__FACT_KIND_UNSPECIFIED)
        return err_raise_field(&ctx->err, field, "%s: kind says what the fact is about", field);
    if (!(in->confidence >= 0 && in->confidence <= 1))
        return err_raise_field(&ctx->err, field, "%s: confidence lies between 0 and 1", field);
    struct fact fact = {
        .id = id_new(ctx->clock),
        .kind = (int64_t)in->kind,
        .source = KITH__V1__FACT_SOURCE__FACT_SOURCE_OWNER,
        .confidence = in->confidence > 0 ? (double)in->confidence : 1.0,
    };
    enum err_code code = request_name(ctx, field, in->value, &fact.value);
    if (code == ERR_OK)
        code = request_fold(ctx, fact.value, &fact.value_fold);
    if (code == ERR_OK)
        *out = fact;
    return code;
}

enum err_code request_facts(struct rpc_ctx *ctx, const char *field, Kith__V1__Fact *const *facts,
    size_t n, struct facts *out)
{
    struct facts read = {arena_calloc(ctx->arena, n + 1, sizeof(struct fact)), n};
    if (!read.items)
        return request_too_large(ctx);
    for (size_t i = 0; i < n; i++) {
        enum err_code code = read_fact(ctx, field, facts[i], &read.items[i]);
        if (code != ERR_OK)
            return code;
    }
    *out = read;
    return ERR_OK;
}

enum err_code request_page_size(struct rpc_ctx *ctx, uint32_t asked, int64_t *out)
{
    if (asked > MAX_PAGE)
        return err_raise_field(
            &ctx->err, "page_size", "page_size is %u; the most is %d", asked, MAX_PAGE);
    *out = asked == 0 ? DEFAULT_PAGE : (int64_t)asked;
    return ERR_OK;
}

enum err_code request_code(struct rpc_ctx *ctx, const char *text, char out[INVITATION_CODE_SIZE])
{
    if (!invitation_code_tidy(text, out))
        return err_raise(&ctx->err, REASON_INVITATION_NOT_FOUND,
            "there is no such invitation, or it is not for you");
    return ERR_OK;
}
