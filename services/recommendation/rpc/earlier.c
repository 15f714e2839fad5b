/* SPDX-License-Identifier: Apache-2.0 */
#include "rpc/earlier.h"

#include "clock/clock.h"
#include "domain/alike.h"
#include "rpc/reply.h"

enum { MAX_LOOKED_AT = 200, DATE_LENGTH = 10 };

/* Share of words in common from which an answer to one question may do for the other. By hand. */
static const double ALIKE = 0.6;

static enum err_code asked_before(const struct store_ask *ask, double likeness, struct err *err)
{
    char id[ID_TEXT_SIZE], date[CLOCK_RFC3339_SIZE];
    id_format(&ask->id, id);
    clock_format_rfc3339(ask->asked_us, date);
    return err_raise(err, REASON_ASKED_BEFORE, "you asked %s on %.*s%s: kith show %s",
        likeness >= 1 ? "this" : "something alike", DATE_LENGTH, date,
        ask->state == KITH__V1__ASK_STATE__ASK_STATE_ANSWERED ? ", and it was answered"
                                                              : ", and it waits for an answer",
        id);
}

/* What all passed on may be asked again; what only is alike holds nothing up without an answer. */
static bool is_in_the_way(const struct store_ask *ask, double likeness)
{
    if (ask->state == KITH__V1__ASK_STATE__ASK_STATE_ANSWERED)
        return likeness >= ALIKE;
    return ask->state == KITH__V1__ASK_STATE__ASK_STATE_OPEN && likeness >= 1;
}

enum err_code earlier_refuse(struct rpc_ctx *ctx, const char *question, struct err *err)
{
    const struct store_page newest = {.limit = MAX_LOOKED_AT};
    struct store_asks asks = {NULL, 0};
    struct alike *alike = NULL;
    enum err_code code =
        store_list_asks(ctx->db, ctx->arena, &ctx->principal.member, &newest, &asks, err);
    if (code == ERR_OK)
        code = alike_new(question, ctx->arena, &alike, err);
    for (size_t i = 0; i < asks.n && code == ERR_OK; i++) {
        double likeness = 0;
        code = alike_compare(alike, asks.items[i].question, &likeness, err);
        if (code == ERR_OK && is_in_the_way(&asks.items[i], likeness))
            code = asked_before(&asks.items[i], likeness, err);
    }
    alike_free(alike);
    return code;
}
