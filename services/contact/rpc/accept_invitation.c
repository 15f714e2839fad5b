/* SPDX-License-Identifier: Apache-2.0 */
#include "answer.h"
#include "events.h"
#include "reply.h"
#include "service.h"

RPC_HANDLER(
    accept_invitation, Kith__V1__AcceptInvitationRequest, Kith__V1__AcceptInvitationResponse)
{
    const struct id *member = &ctx->principal.member;
    struct invitation_ref ref;
    struct member self;
    struct id id;
    struct contact contact;
    enum err_code code = answer_find(ctx, in->invitation_id, in->code, &ref);
    if (code == ERR_OK)
        code = store_get_member(ctx->db, ctx->arena, member, &self, &ctx->err);
    if (code != ERR_OK)
        return code;
    const struct acceptor acceptor = {*member, self.name};
    code = answer_accept(ctx, &ref, &acceptor, &id);
    if (code == ERR_OK)
        code = store_get_contact(ctx->db, ctx->arena, member, &id, &contact, &ctx->err);
    if (code == ERR_OK)
        code = reply_contact(ctx, &contact, &out->contact);
    if (code == ERR_OK)
        event_hint(ctx);
    return code;
}
