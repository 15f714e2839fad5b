/* SPDX-License-Identifier: Apache-2.0 */
#include "answer.h"
#include "events.h"
#include "reply.h"
#include "request.h"
#include "service.h"
#include "token.h"

/* The operator vouches for the address; who comes by invitation has proven nothing yet. */
static enum err_code read_request(
    struct rpc_ctx *ctx, const Kith__V1__CreateMemberRequest *in, struct member *out)
{
    struct member member = {
        .id = id_new(ctx->clock),
        .is_email_verified = ctx->principal.caller == RPC_CALLER_OPERATOR,
    };
    enum err_code code = request_name(ctx, "name", in->name, &member.name);
    if (code == ERR_OK)
        code = request_email(ctx, in->email, &member.email);
    if (code == ERR_OK)
        code = request_time_zone(ctx, in->time_zone, &member.time_zone);
    if (code == ERR_OK)
        code = request_facts(ctx, "facts", in->facts, in->n_facts, &member.facts);
    if (code == ERR_OK)
        *out = member;
    return code;
}

static enum err_code find_invitation(
    struct rpc_ctx *ctx, const char *typed, struct invitation_ref *out)
{
    if (typed[0] == '\0')
        return err_raise_field(&ctx->err, "invitation_code",
            "invitation_code is required: new members are invited, or created by the operator");
    char tidy[INVITATION_CODE_SIZE];
    enum err_code code = request_code(ctx, typed, tidy);
    if (code == ERR_OK)
        code = store_find_invitation_by_code(ctx->db, tidy, out, &ctx->err);
    return code;
}

static enum err_code create(
    struct rpc_ctx *ctx, const struct member *member, Kith__V1__CreateMemberResponse *out)
{
    struct token token = {.scopes = RPC_SCOPE_READ | RPC_SCOPE_WRITE, .label = "first"};
    struct queue_outgoing event;
    enum err_code code = token_make(ctx, &token, &out->token);
    if (code == ERR_OK)
        code = reply_id(ctx, &token.id, &out->token_id);
    if (code == ERR_OK)
        code = event_member_changed(ctx, &member->id, &event);
    if (code == ERR_OK)
        code = store_create_member(ctx->db, member, &token, &event, &ctx->err);
    if (code == ERR_OK)
        code = store_add_member_facts(ctx->db, ctx->arena, &member->id, &member->facts, &ctx->err);
    return code;
}

RPC_HANDLER(create_member, Kith__V1__CreateMemberRequest, Kith__V1__CreateMemberResponse)
{
    bool needs_code = ctx->principal.caller != RPC_CALLER_OPERATOR;
    bool has_code = needs_code || in->invitation_code[0] != '\0';
    struct member member;
    struct invitation_ref invitation;
    /* The code first: what costs the database more is for who was invited. */
    enum err_code code = has_code ? find_invitation(ctx, in->invitation_code, &invitation) : ERR_OK;
    if (code == ERR_OK)
        code = read_request(ctx, in, &member);
    if (code == ERR_OK)
        code = create(ctx, &member, out);
    if (code == ERR_OK && has_code) {
        struct id contact;
        const struct acceptor acceptor = {member.id, member.name};
        code = answer_accept(ctx, &invitation, &acceptor, &contact);
    }
    if (code == ERR_OK)
        code = store_get_member(ctx->db, ctx->arena, &member.id, &member, &ctx->err);
    if (code == ERR_OK)
        code = reply_member(ctx, &member, true, &out->member);
    if (code == ERR_OK)
        event_hint(ctx);
    return code;
}

RPC_HANDLER(create_member_again, Kith__V1__CreateMemberRequest, Kith__V1__CreateMemberResponse)
{
    static const struct token most = {.label = "", .scopes = RPC_SCOPE_READ | RPC_SCOPE_WRITE};
    struct id member;
    (void)in;
    enum err_code code = id_parse_field(out->member->id, "id", &member, &ctx->err);
    return code == ERR_OK ? token_renew(ctx, &member, &most, out->token_id, &out->token) : code;
}
