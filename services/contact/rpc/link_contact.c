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

static enum err_code link_to(
    struct rpc_ctx *ctx, const struct contact *contact, const struct id *other)
{
    if (id_is_zero(other))
        return refused(ctx);
    if (id_equal(&contact->linked_member, other))
        return ERR_OK;
    const struct id *member = &ctx->principal.member;
    bool is_linked = false;
    struct queue_outgoing event;
    enum err_code code = event_contacts_changed(ctx, member, &contact->id, &event);
    if (code == ERR_OK)
        code =
            store_link_contact(ctx->db, member, &contact->id, other, &event, &is_linked, &ctx->err);
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
        code = link_to(ctx, &contact, &other);
    if (code == ERR_OK)
        code = store_get_contact(ctx->db, ctx->arena, member, &id, &contact, &ctx->err);
    if (code == ERR_OK)
        code = reply_contact(ctx, &contact, &out->contact);
    if (code == ERR_OK)
        event_hint(ctx);
    return code;
}
