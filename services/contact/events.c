/* SPDX-License-Identifier: Apache-2.0 */
#include "events.h"

#include "service.h"

#include <kith/v1/events.pb-c.h>

enum err_code event_member_changed(
    struct rpc_ctx *ctx, const struct id *member, struct queue_outgoing *out)
{
    char member_id[ID_TEXT_SIZE];
    id_format(member, member_id);
    Kith__V1__MemberChanged event = KITH__V1__MEMBER_CHANGED__INIT;
    event.member_id = member_id;
    return queue_pack(ctx, member, &event.base, out, &ctx->err);
}

enum err_code event_contacts_changed(struct rpc_ctx *ctx, const struct id *member,
    const struct id *contact, struct queue_outgoing *out)
{
    char member_id[ID_TEXT_SIZE], contact_id[ID_TEXT_SIZE];
    char *contact_ids[] = {contact_id};
    id_format(member, member_id);
    Kith__V1__ContactsChanged event = KITH__V1__CONTACTS_CHANGED__INIT;
    event.member_id = member_id;
    if (contact) {
        id_format(contact, contact_id);
        event.contact_ids = contact_ids;
        event.n_contact_ids = 1;
    }
    return queue_pack(ctx, member, &event.base, out, &ctx->err);
}

enum err_code event_invitation_received(struct rpc_ctx *ctx, const struct id *invitation,
    const struct id *from, const struct id *to, struct queue_outgoing *out)
{
    char invitation_id[ID_TEXT_SIZE], from_id[ID_TEXT_SIZE], to_id[ID_TEXT_SIZE];
    id_format(invitation, invitation_id);
    id_format(from, from_id);
    id_format(to, to_id);
    Kith__V1__InvitationReceived event = KITH__V1__INVITATION_RECEIVED__INIT;
    event.invitation_id = invitation_id;
    event.from_member_id = from_id;
    event.to_member_id = to_id;
    return queue_pack(ctx, to, &event.base, out, &ctx->err);
}

enum err_code event_invitation_accepted(struct rpc_ctx *ctx, const struct id *invitation,
    const struct id *from, const struct id *by, struct queue_outgoing *out)
{
    char invitation_id[ID_TEXT_SIZE], from_id[ID_TEXT_SIZE], by_id[ID_TEXT_SIZE];
    id_format(invitation, invitation_id);
    id_format(from, from_id);
    id_format(by, by_id);
    Kith__V1__InvitationAccepted event = KITH__V1__INVITATION_ACCEPTED__INIT;
    event.invitation_id = invitation_id;
    event.from_member_id = from_id;
    event.by_member_id = by_id;
    return queue_pack(ctx, from, &event.base, out, &ctx->err);
}

void event_hint(struct rpc_ctx *ctx)
{
    const struct contact_service *service = ctx->service;
    queue_hint_after(ctx, service->events.relay);
}
