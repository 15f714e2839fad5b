/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Events: what other services are told, packed for the outbox. They carry ids only. An event
 * belongs to the member it is about or for, whose events keep their order.
 */
#pragma once

#include "queue/queue.h"

/* The parameters of an outbox INSERT, in the order every statement here has them. */
#define EVENT_PARAMS(e)                                                                  \
    db_id(&(e)->id), db_int((e)->bucket), db_text((e)->kind), db_text((e)->traceparent), \
        db_bytes((e)->payload.data, (e)->payload.len)

/* All raise into ctx->err; the payload lives in ctx->arena. */
MUST_USE enum err_code event_member_changed(
    struct rpc_ctx *ctx, const struct id *member, struct queue_outgoing *out);

/* `contact` NULL: any of hers may have changed. */
MUST_USE enum err_code event_contacts_changed(struct rpc_ctx *ctx, const struct id *member,
    const struct id *contact, struct queue_outgoing *out);

/* Told to the invited, a member whom the contact is linked to. */
MUST_USE enum err_code event_invitation_received(struct rpc_ctx *ctx, const struct id *invitation,
    const struct id *from, const struct id *to, struct queue_outgoing *out);

/* Told to who invited. */
MUST_USE enum err_code event_invitation_accepted(struct rpc_ctx *ctx, const struct id *invitation,
    const struct id *from, const struct id *by, struct queue_outgoing *out);

/* New events will be in the outbox: send them as soon as the call's changes are committed. */
void event_hint(struct rpc_ctx *ctx);
