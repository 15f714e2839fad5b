/* SPDX-License-Identifier: Apache-2.0 */
#include "answer.h"
#include "service.h"

#include <kith/v1/contact.pb-c.h>

RPC_HANDLER(
    decline_invitation, Kith__V1__DeclineInvitationRequest, Kith__V1__DeclineInvitationResponse)
{
    (void)out;
    const struct id *member = &ctx->principal.member;
    struct invitation_ref ref;
    struct invitation_lock lock;
    bool is_answered = false;
    enum err_code code = answer_find(ctx, in->invitation_id, in->code, &ref);
    if (code == ERR_OK)
        code = answer_lock(ctx, &ref, member, INVITATION_DECLINED, &lock, &is_answered);
    if (code == ERR_OK && !is_answered)
        code = store_decline_invitation(ctx->db, &ref, member, &ctx->err);
    return code;
}
