/* SPDX-License-Identifier: Apache-2.0 */
#include "answer.h"
#include "events.h"
#include "reply.h"
#include "request.h"
#include "service.h"

/* One answer for every cause, so that nobody learns from it who is a member. */
static enum err_code refused(struct rpc_ctx *ctx)
{
    return err_raise(&ctx->err, REASON_LINK_REFUSED,
        "nothing proves who this contact is here; an invitation she accepts will");
}

/* Who gave the caller this code, while it is good. */
static enum err_code find_by_code(struct rpc_ctx *ctx, const char *typed, struct id *out)
{
    char tidy[INVITATION_CODE_SIZE];
    struct invitation_ref ref;
    struct invitation_lock lock;
    bool is_answered = false;
    enum err_code code = request_code(ctx, typed, tidy);
    if (code == ERR_OK)
        code = store_find_invitation_by_code(ctx->db, tidy, &ref, &ctx->err);
    if (code == ERR_OK)
        code = answer_lock(
            ctx, &ref, &ctx->principal.member, INVITATION_ACCEPTED, &lock, &is_answered);
    if (code == ERR_OK)
        *out = ref.sender;
    bool is_refusal = code == ERR_NOT_FOUND || code == ERR_FAILED_PRECONDITION;
    return is_refusal ? refused(ctx) : code;
}

/* The contact is read again under the lock: an acceptance may just have linked it. */
static enum err_code link_to(struct rpc_ctx *ctx, const struct id *id, const struct id *other)
{
    const struct id *member = &ctx->principal.member;
    struct contact contact;
    struct queue_outgoing event;
    if (id_is_zero(other))
        return refused(ctx);
    enum err_code code = store_lock_two_members(ctx->db, member, other, &ctx->err);
    if (code == ERR_OK)
        code = store_get_contact(ctx->db, ctx->arena, member, id, &contact, &ctx->err);
    if (code != ERR_OK || id_equal(&contact.linked_member, other))
        return code;
    bool is_linked = false;
    code = event_contacts_changed(ctx, member, id, &event);
    if (code == ERR_OK)
        code = store_link_contact(ctx->db, member, id, other, &event, &is_linked, &ctx->err);
    if (code == ERR_OK && !is_linked)
        return refused(ctx);
    return code;
}

RPC_HANDLER(link_contact, Kith__V1__LinkContactRequest, Kith__V1__LinkContactResponse)
{
    const struct id *member = &ctx->principal.member;
    struct id id, other;
    struct contact contact;
    enum err_code code = id_parse_field(in->contact_id, "contact_id", &id, &ctx->err);
    if (code == ERR_OK)
        code = store_get_contact(ctx->db, ctx->arena, member, &id, &contact, &ctx->err);
    if (code != ERR_OK)
        return code;
    if (in->invitation_code[0] != '\0')
        code = find_by_code(ctx, in->invitation_code, &other);
    else
        code = store_find_member_by_email(ctx->db, member, &id, &other, &ctx->err);
    if (code == ERR_OK)
        code = link_to(ctx, &id, &other);
    if (code == ERR_OK)
        code = store_get_contact(ctx->db, ctx->arena, member, &id, &contact, &ctx->err);
    if (code == ERR_OK)
        code = reply_contact(ctx, &contact, &out->contact);
    if (code == ERR_OK)
        event_hint(ctx);
    return code;
}
