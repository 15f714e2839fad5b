/* SPDX-License-Identifier: Apache-2.0 */
#include "answer.h"

#include "events.h"
#include "request.h"
#include "store_member.h"

static enum err_code not_for_you(struct rpc_ctx *ctx)
{
    return err_raise(&ctx->err, REASON_INVITATION_NOT_FOUND,
        "there is no such invitation, or it is not for you");
}

enum err_code answer_find(struct rpc_ctx *ctx, const char *invitation_id, const char *typed_code,
    struct invitation_ref *out)
{
    if ((invitation_id[0] == '\0') == (typed_code[0] == '\0'))
        return err_raise_field(&ctx->err, "invitation_id", "give either invitation_id or code");
    if (typed_code[0] != '\0') {
        char tidy[INVITATION_CODE_SIZE];
        enum err_code code = request_code(ctx, typed_code, tidy);
        return code == ERR_OK ? store_find_invitation_by_code(ctx->db, tidy, out, &ctx->err) : code;
    }
    struct id id;
    enum err_code code = id_parse_field(invitation_id, "invitation_id", &id, &ctx->err);
    if (code == ERR_OK)
        code = store_find_invitation_received(ctx->db, &ctx->principal.member, &id, out, &ctx->err);
    return code;
}

static bool is_open(const struct invitation_lock *lock)
{
    return lock->state == INVITATION_PENDING && !lock->is_declined && !lock->is_expired;
}

enum err_code answer_lock(struct rpc_ctx *ctx, const struct invitation_ref *ref,
    const struct id *member, enum invitation_state answer, struct invitation_lock *out,
    bool *is_answered)
{
    struct invitation_lock lock;
    enum err_code code = store_lock_two_members(ctx->db, &ref->sender, member, &ctx->err);
    if (code == ERR_OK)
        code = store_lock_invitation(ctx->db, ctx->arena, ref, &lock, &ctx->err);
    if (code != ERR_OK)
        return code;
    if (id_equal(&ref->sender, member))
        return not_for_you(ctx);
    bool is_same_answer =
        answer == INVITATION_ACCEPTED ? lock.state == INVITATION_ACCEPTED : lock.is_declined;
    *is_answered = is_same_answer && id_equal(&lock.answered_by, member);
    if (!*is_answered && !is_open(&lock))
        return err_raise(&ctx->err, REASON_INVITATION_CLOSED,
            "the invitation was answered or has expired; ask for a new one");
    if (!id_is_zero(&lock.other_member) && !id_equal(&lock.other_member, member))
        return not_for_you(ctx);
    *out = lock;
    return ERR_OK;
}

/* Connect one side, with its contact found or made. */
static enum err_code connect_side(struct rpc_ctx *ctx, struct connection_side *side,
    const struct id *taken_for, struct id *contact)
{
    enum err_code code = store_find_contact_of_member(
        ctx->db, side->owner, side->other, taken_for, contact, &ctx->err);
    if (code != ERR_OK)
        return code;
    if (id_is_zero(contact))
        *contact = id_new(ctx->clock);
    side->contact = contact;
    struct queue_outgoing event;
    code = event_contacts_changed(ctx, side->owner, contact, &event);
    if (code == ERR_OK)
        code = store_connect(ctx->db, side, &event, &ctx->err);
    return code;
}

enum err_code answer_accept(struct rpc_ctx *ctx, const struct invitation_ref *ref,
    const struct acceptor *acceptor, struct id *contact)
{
    struct invitation_lock lock;
    bool is_answered = false;
    enum err_code code =
        answer_lock(ctx, ref, &acceptor->member, INVITATION_ACCEPTED, &lock, &is_answered);
    if (code != ERR_OK)
        return code;
    if (is_answered)
        return store_find_contact_of_member(
            ctx->db, &acceptor->member, &ref->sender, NULL, contact, &ctx->err);

    struct id senders_contact;
    struct connection_side sender = {
        .owner = &ref->sender, .other = &acceptor->member, .name = acceptor->name};
    struct connection_side answerer = {
        .owner = &acceptor->member, .other = &ref->sender, .name = lock.sender_name};
    code = connect_side(ctx, &sender, &lock.contact, &senders_contact);
    if (code == ERR_OK)
        code = connect_side(ctx, &answerer, NULL, contact);
    struct queue_outgoing event;
    if (code == ERR_OK)
        code = event_invitation_accepted(ctx, &ref->id, &ref->sender, &acceptor->member, &event);
    if (code == ERR_OK)
        code = store_accept_invitation(ctx->db, ref, &sender, &answerer, &event, &ctx->err);
    return code;
}
