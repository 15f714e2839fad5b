/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Events: what we tell other services, and what theirs mean to us.
 */
#pragma once

#include "queue/queue.h"

/* Which networks an event of the contact service makes stale. */
extern const struct queue_handler recommendation_events[];
extern const size_t recommendation_n_events;

/* Ready for the outbox, in ctx->arena. */
MUST_USE enum err_code event_ask_received(
    struct rpc_ctx *ctx, const struct id *ask, const struct id *to, struct queue_outgoing *out);
MUST_USE enum err_code event_ask_answered(struct rpc_ctx *ctx, const struct id *ask,
    const struct id *answer, const struct id *to, struct queue_outgoing *out);
MUST_USE enum err_code event_ask_passed(
    struct rpc_ctx *ctx, const struct id *ask, const struct id *to, struct queue_outgoing *out);

/*
 * Once the call's changes to an ask are committed: send its event soon, and let the network of its
 * asker catch up. To be called before they are written.
 */
MUST_USE enum err_code event_follow_up(struct rpc_ctx *ctx, const struct id *asker);
