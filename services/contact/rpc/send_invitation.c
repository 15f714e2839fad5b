/* SPDX-License-Identifier: Apache-2.0 */
#include "events.h"
#include "reply.h"
#include "request.h"
#include "service.h"

#include <sodium.h>

static const int64_t open_for_us = INT64_C(30) * 24 * 3600 * 1000000;

static enum err_code make_invitation(
    struct rpc_ctx *ctx, const struct contact *contact, const char *note, struct invitation *out)
{
    uint8_t bits[INVITATION_CODE_BYTES];
    char code[INVITATION_CODE_SIZE];
    randombytes_buf(bits, sizeof bits);
    invitation_code_format(bits, code);
    int64_t now_us = clock_wall_us(ctx->clock);
    *out = (struct invitation){
        .id = id_new(ctx->clock),
        .is_outgoing = true,
        .contact = contact->id,
        .name = contact->name,
        .note = note,
        .code = arena_strdup(ctx->arena, code),
        .state = INVITATION_PENDING,
        .sent_us = now_us,
        .expires_us = now_us + open_for_us,
    };
    return out->code ? ERR_OK : request_too_large(ctx);
}

/* Only a contact known to be a member gets it into her inbox; who merely has a member's address in
 * her book learns nothing from what happens here. */
static enum err_code send(
    struct rpc_ctx *ctx, const struct contact *contact, const struct invitation *invitation)
{
    const struct id *member = &ctx->principal.member;
    const struct id *to = id_is_zero(&contact->linked_member) ? NULL : &contact->linked_member;
    bool is_sent = false;
    struct queue_outgoing event;
    enum err_code code =
        event_invitation_received(ctx, &invitation->id, member, to ? to : member, &event);
    if (code == ERR_OK)
        code = store_send_invitation(ctx->db, member, invitation, to, &event, &is_sent, &ctx->err);
    if (code == ERR_OK && !is_sent)
        return err_raise(
            &ctx->err, REASON_INVITATION_PENDING, "an invitation to this contact is open already");
    return code;
}

RPC_HANDLER(send_invitation, Kith__V1__SendInvitationRequest, Kith__V1__SendInvitationResponse)
{
    struct id id;
    struct contact contact;
    struct invitation invitation;
    enum err_code code = id_parse_field(in->contact_id, "contact_id", &id, &ctx->err);
    if (code == ERR_OK)
        code = store_get_contact(
            ctx->db, ctx->arena, &ctx->principal.member, &id, &contact, &ctx->err);
    if (code == ERR_OK && contact.is_connected)
        return err_raise(
            &ctx->err, REASON_ALREADY_CONNECTED, "you and this contact are connected already");
    if (code == ERR_OK)
        code = make_invitation(ctx, &contact, in->note, &invitation);
    if (code == ERR_OK)
        code = send(ctx, &contact, &invitation);
    if (code == ERR_OK)
        code = reply_invitation(ctx, &invitation, &out->invitation);
    if (code == ERR_OK)
        event_hint(ctx);
    return code;
}
