/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Reply: between what the service works with and messages. Everything lives in the request's arena;
 * REPLY_TOO_LARGE when that is full.
 */
#pragma once

#include "service.h"
#include "store.h"

#include <kith/v1/recommendation.pb-c.h>

enum { REPLY_DEFAULT_PAGE = 50, REPLY_MAX_PAGE = 1000 };

MUST_USE static inline enum err_code reply_too_large(struct rpc_ctx *ctx)
{
    return err_raise(&ctx->err, REASON_REPLY_TOO_LARGE, "the answer does not fit into one message");
}

/* How many the caller asked for. FIELD_INVALID over the limit. */
MUST_USE enum err_code reply_page_size(struct rpc_ctx *ctx, uint32_t asked, int64_t *out);

/* NULL if the arena is full. */
char *reply_id(struct rpc_ctx *ctx, const struct id *id);
char *reply_text(struct rpc_ctx *ctx, const char *text); /* "" for NULL */

/* Who a candidate is: name, headline, reachability. False if the arena is full. */
bool reply_person(
    struct rpc_ctx *ctx, const struct store_person *person, Kith__V1__Candidate *candidate);

/* An ask without targets and answers; the asker's view has a decision, the other one an asker. */
MUST_USE enum err_code reply_ask(
    struct rpc_ctx *ctx, const struct store_ask *ask, bool is_mine, Kith__V1__Ask **out);

/* Those of the targets that belong to the ask. */
MUST_USE enum err_code reply_targets(struct rpc_ctx *ctx, const struct store_ask *ask,
    const struct store_targets *targets, Kith__V1__Ask *out);

/* `name` is used where an answer has none. */
MUST_USE enum err_code reply_answers(
    struct rpc_ctx *ctx, const struct store_answers *answers, const char *name, Kith__V1__Ask *out);
MUST_USE enum err_code reply_answer(struct rpc_ctx *ctx, const struct store_answer *answer,
    const char *name, Kith__V1__AnswerEntry **out);
