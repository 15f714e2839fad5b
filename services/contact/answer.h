/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Answer: what happens to an invitation when a member, old or brand new, accepts or declines it.
 * All in the transaction of the call.
 */
#pragma once

#include "rpc/rpc.h"
#include "store_invitation.h"

/* By one of the two: the id of an invitation received, or a code. INVITATION_NOT_FOUND. */
MUST_USE enum err_code answer_find(struct rpc_ctx *ctx, const char *invitation_id,
    const char *typed_code, struct invitation_ref *out);

/*
 * The invitation `ref`, locked, if `member` may answer it. INVITATION_NOT_FOUND when it is her own
 * or meant for another member; INVITATION_CLOSED when it was answered or has expired, unless it was
 * she who answered: *is_answered then, and nothing is to be done again.
 */
MUST_USE enum err_code answer_lock(struct rpc_ctx *ctx, const struct invitation_ref *ref,
    const struct id *member, enum invitation_state answer, struct invitation_lock *out,
    bool *is_answered);

/* A member who accepts. */
struct acceptor {
    struct id member;
    const char *name;
};

/*
 * Accept it: contacts on both sides, linked and connected, and word to the sender and to who
 * recommends. *contact: the sender, in the acceptor's address book. Also when it was done before.
 */
MUST_USE enum err_code answer_accept(struct rpc_ctx *ctx, const struct invitation_ref *ref,
    const struct acceptor *acceptor, struct id *contact);
