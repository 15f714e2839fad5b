/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Members and their tokens through the real server.
 */
#include "two_members.h"

#include <poll.h>

static const Kith__V1__Member *member_of(struct rpc_client *client, const char *id)
{
    Kith__V1__GetMemberRequest in = KITH__V1__GET_MEMBER_REQUEST__INIT;
    in.member_id = (char *)(uintptr_t)id;
    const Kith__V1__GetMemberResponse *out = world_call(client, "GetMember", &in);
    return out->member;
}

static void check_field(enum err_code code, const char *field)
{
    assert_int_equal(code, ERR_INVALID_ARGUMENT);
    assert_string_equal(world.err.field, field);
}

/* ---- CreateMember ---------------------------------------------------------------------------- */

static void the_operator_creates_members_with_facts(void **state)
{
    (void)state;
    Kith__V1__CreateMemberRequest in = KITH__V1__CREATE_MEMBER_REQUEST__INIT;
    Kith__V1__Fact fact = KITH__V1__FACT__INIT;
    Kith__V1__Fact *facts[] = {&fact};
    fact.kind = KITH__V1__FACT_KIND__FACT_KIND_EXPERTISE;
    fact.value = (char[]){" Swimming "};
    in.name = (char[]){"  Dana\tWhitlock "};
    in.email = (char[]){"Dana.Whitlock@Example.ORG"};
    in.time_zone = (char[]){"America/Los_Angeles"};
    in.facts = facts;
    in.n_facts = 1;
    /* A tab is a control character: the schema's limits refuse it before the handler. */
    (void)world_refused(world.operator_, "CreateMember", &in, REASON_FIELD_INVALID);
    in.name = (char[]){"  Dana  Whitlock "};
    const Kith__V1__CreateMemberResponse *out = world_call(world.operator_, "CreateMember", &in);
    assert_string_equal(out->member->name, "Dana Whitlock");
    assert_string_equal(out->member->email, "dana.whitlock@example.org");
    assert_true(out->member->email_verified);
    assert_string_equal(out->member->time_zone, "America/Los_Angeles");
    assert_int_equal(out->member->n_facts, 1);
    assert_string_equal(out->member->facts[0]->value, "Swimming");
    assert_int_equal(out->member->facts[0]->source, KITH__V1__FACT_SOURCE__FACT_SOURCE_SELF);
    assert_int_equal(strlen(out->token), AUTH_TOKEN_SIZE - 1);
    assert_true(out->member->created_us > 0);

    struct rpc_client *dana = world_client(out->token);
    assert_string_equal(member_of(dana, "")->id, out->member->id);
    rpc_client_free(dana);
    assert_int_equal(world_count("SELECT count(*) FROM contact.outbox WHERE member_id = '%s' AND "
                                 "kind = 'kith.v1.MemberChanged' AND subscriber = 'recommendation'",
                         out->member->id),
        1);
}

static void an_address_proven_to_be_anothers_is_taken(void **state)
{
    (void)state;
    Kith__V1__CreateMemberRequest in = KITH__V1__CREATE_MEMBER_REQUEST__INIT;
    in.name = (char[]){"Eve"};
    in.email = (char[]){"P@Example.org"};
    (void)world_call(world.operator_, "CreateMember", &in);
    in.email = (char[]){"p@example.ORG"};
    int64_t before = test_sql_int(world.admin, "SELECT count(*) FROM contact.member");
    (void)world_refused(world.operator_, "CreateMember", &in, REASON_EMAIL_TAKEN);
    assert_int_equal(test_sql_int(world.admin, "SELECT count(*) FROM contact.member"), before);
}

static void bad_fields_of_a_new_member_are_named(void **state)
{
    (void)state;
    Kith__V1__CreateMemberRequest in = KITH__V1__CREATE_MEMBER_REQUEST__INIT;
    Kith__V1__Fact fact = KITH__V1__FACT__INIT;
    Kith__V1__Fact *facts[] = {&fact};
    in.name = (char[]){"   "};
    in.email = (char[]){"eve@example.org"};
    (void)world_refused(world.operator_, "CreateMember", &in, REASON_FIELD_INVALID);
    check_field(world.err.code, "name");
    in.name = (char[]){"Eve"};
    in.email = (char[]){"no address"};
    (void)world_refused(world.operator_, "CreateMember", &in, REASON_FIELD_INVALID);
    check_field(world.err.code, "email");
    in.email = (char[]){"eve@example.org"};
    in.time_zone = (char[]){"Mars/Olympus"};
    (void)world_refused(world.operator_, "CreateMember", &in, REASON_FIELD_INVALID);
    check_field(world.err.code, "time_zone");
    in.time_zone = (char[]){""};
    in.facts = facts;
    in.n_facts = 1;
    fact.value = (char[]){"x"};
    (void)world_refused(world.operator_, "CreateMember", &in, REASON_FIELD_INVALID);
    check_field(world.err.code, "facts");
    fact.kind = KITH__V1__FACT_KIND__FACT_KIND_CITY;
    fact.confidence = 1.5F;
    (void)world_refused(world.operator_, "CreateMember", &in, REASON_FIELD_INVALID);
    check_field(world.err.code, "facts");
}

static void nobody_joins_without_an_invitation(void **state)
{
    (void)state;
    Kith__V1__CreateMemberRequest in = KITH__V1__CREATE_MEMBER_REQUEST__INIT;
    in.name = (char[]){"Eve"};
    in.email = (char[]){"eve2@example.org"};
    (void)world_refused(world.anybody, "CreateMember", &in, REASON_FIELD_INVALID);
    check_field(world.err.code, "invitation_code");
    in.invitation_code = (char[]){"ABCD-EFGH-JKMN-PQRS"};
    (void)world_refused(world.anybody, "CreateMember", &in, REASON_INVITATION_NOT_FOUND);
    in.invitation_code = (char[]){"no code"};
    (void)world_refused(world.anybody, "CreateMember", &in, REASON_INVITATION_NOT_FOUND);
    /* Nor does a stranger make the server look for her time zone. */
    in.time_zone = (char[]){"Mars/Olympus"};
    (void)world_refused(world.anybody, "CreateMember", &in, REASON_INVITATION_NOT_FOUND);
    assert_int_equal(
        world_count("SELECT count(*) FROM contact.member WHERE email = '%s'", "eve2@example.org"),
        0);
}

static void who_joins_by_invitation_is_connected_at_once(void **state)
{
    (void)state;
    const char *contact = world_contact(&ana, "Eve Adams", "");
    Kith__V1__CreateMemberRequest in = KITH__V1__CREATE_MEMBER_REQUEST__INIT;
    in.name = (char[]){"Eve Adams"};
    in.email = (char[]){"eve3@example.org"};
    in.invitation_code = world_invite(&ana, contact)->code;
    const Kith__V1__CreateMemberResponse *out = world_call(world.anybody, "CreateMember", &in);
    assert_false(out->member->email_verified);

    Kith__V1__GetContactRequest get = KITH__V1__GET_CONTACT_REQUEST__INIT;
    get.contact_id = (char *)(uintptr_t)contact;
    const Kith__V1__GetContactResponse *got = world_call(ana.client, "GetContact", &get);
    assert_string_equal(got->contact->member_id, out->member->id);
    assert_true(got->contact->is_connected);
    (void)world_refused(world.anybody, "CreateMember", &in, REASON_INVITATION_CLOSED);
}

static void joining_by_invitation_does_not_tell_whose_address_is_taken(void **state)
{
    (void)state;
    Kith__V1__CreateMemberRequest in = KITH__V1__CREATE_MEMBER_REQUEST__INIT;
    in.name = (char[]){"Mallory"};
    in.email = bo.email;
    in.invitation_code = world_invite(&ana, world_contact(&ana, "Mallory", ""))->code;
    const Kith__V1__CreateMemberResponse *out = world_call(world.anybody, "CreateMember", &in);
    assert_false(out->member->email_verified);
    assert_int_equal(world_count("SELECT count(*) FROM contact.member_email WHERE member_id = '%s'",
                         out->member->id),
        0);
}

/* ---- GetMember ------------------------------------------------------------------------------- */

static void a_member_sees_herself_and_nobody_else(void **state)
{
    (void)state;
    assert_string_equal(member_of(ana.client, "")->id, ana.id);
    assert_string_equal(member_of(ana.client, ana.id)->email, ana.email);
    Kith__V1__GetMemberRequest in = KITH__V1__GET_MEMBER_REQUEST__INIT;
    in.member_id = bo.id;
    char foreign[sizeof(world.err.msg)];
    (void)snprintf(foreign, sizeof(foreign), "%s",
        world_refused(ana.client, "GetMember", &in, REASON_MEMBER_NOT_FOUND));
    in.member_id = (char[]){"01890000-0000-7000-8000-000000000000"};
    assert_string_equal(
        world_refused(ana.client, "GetMember", &in, REASON_MEMBER_NOT_FOUND), foreign);
    in.member_id = (char[]){"no id"};
    (void)world_refused(ana.client, "GetMember", &in, REASON_FIELD_INVALID);
}

static void services_see_members_without_their_addresses(void **state)
{
    (void)state;
    assert_string_equal(member_of(world.operator_, ana.id)->email, ana.email);
    const Kith__V1__Member *seen = member_of(world.peer, ana.id);
    assert_string_equal(seen->name, "Ana Costa");
    assert_string_equal(seen->email, "");
    assert_false(seen->email_verified);
    Kith__V1__GetMemberRequest in = KITH__V1__GET_MEMBER_REQUEST__INIT;
    (void)world_refused(world.peer, "GetMember", &in, REASON_FIELD_INVALID);
}

/* ---- UpdateMember ---------------------------------------------------------------------------- */

static void what_is_not_named_stays(void **state)
{
    (void)state;
    Kith__V1__UpdateMemberRequest in = KITH__V1__UPDATE_MEMBER_REQUEST__INIT;
    in.opt_time_zone_case = KITH__V1__UPDATE_MEMBER_REQUEST__OPT_TIME_ZONE_TIME_ZONE;
    in.time_zone = (char[]){"Europe/Berlin"};
    const Kith__V1__UpdateMemberResponse *out = world_call(ana.client, "UpdateMember", &in);
    assert_string_equal(out->member->time_zone, "Europe/Berlin");
    assert_string_equal(out->member->name, "Ana Costa");
    assert_string_equal(member_of(bo.client, "")->time_zone, "UTC");
}

static void facts_are_stated_once_and_taken_back(void **state)
{
    (void)state;
    Kith__V1__UpdateMemberRequest in = KITH__V1__UPDATE_MEMBER_REQUEST__INIT;
    Kith__V1__Fact fact = KITH__V1__FACT__INIT, same = KITH__V1__FACT__INIT;
    Kith__V1__Fact *facts[] = {&fact, &same};
    fact.kind = same.kind = KITH__V1__FACT_KIND__FACT_KIND_INTEREST;
    fact.value = (char[]){"Zoë's café"};
    same.value = (char[]){"ZOE'S CAFE"};
    fact.confidence = 0.5F;
    in.add_facts = facts;
    in.n_add_facts = 2;
    (void)world_call(ana.client, "UpdateMember", &in);
    const Kith__V1__UpdateMemberResponse *out = world_call(ana.client, "UpdateMember", &in);
    assert_int_equal(out->member->n_facts, 1);
    assert_string_equal(out->member->facts[0]->value, "Zoë's café");
    assert_true(out->member->facts[0]->confidence == 0.5F);

    Kith__V1__UpdateMemberRequest remove = KITH__V1__UPDATE_MEMBER_REQUEST__INIT;
    char *ids[] = {out->member->facts[0]->id};
    remove.remove_fact_ids = ids;
    remove.n_remove_fact_ids = 1;
    (void)world_call(bo.client, "UpdateMember", &remove);
    assert_int_equal(member_of(ana.client, "")->n_facts, 1);
    (void)world_call(ana.client, "UpdateMember", &remove);
    (void)world_call(ana.client, "UpdateMember", &remove);
    assert_int_equal(member_of(ana.client, "")->n_facts, 0);
}

static void a_bad_change_changes_nothing(void **state)
{
    (void)state;
    Kith__V1__UpdateMemberRequest in = KITH__V1__UPDATE_MEMBER_REQUEST__INIT;
    in.opt_name_case = KITH__V1__UPDATE_MEMBER_REQUEST__OPT_NAME_NAME;
    in.name = (char[]){"New Name"};
    in.opt_time_zone_case = KITH__V1__UPDATE_MEMBER_REQUEST__OPT_TIME_ZONE_TIME_ZONE;
    in.time_zone = (char[]){"Mars/Olympus"};
    (void)world_refused(ana.client, "UpdateMember", &in, REASON_FIELD_INVALID);
    assert_string_equal(member_of(ana.client, "")->name, "Ana Costa");
}

/* ---- tokens ---------------------------------------------------------------------------------- */

static const Kith__V1__CreateTokenResponse *new_token(
    struct rpc_client *client, Kith__V1__Scope scope)
{
    Kith__V1__CreateTokenRequest in = KITH__V1__CREATE_TOKEN_REQUEST__INIT;
    in.scopes = &scope;
    in.n_scopes = scope == KITH__V1__SCOPE__SCOPE_UNSPECIFIED ? 0 : 1;
    return world_call(client, "CreateToken", &in);
}

static void only_the_hash_of_a_token_is_stored(void **state)
{
    (void)state;
    const Kith__V1__CreateTokenResponse *out =
        new_token(ana.client, KITH__V1__SCOPE__SCOPE_UNSPECIFIED);
    char text[256];
    (void)snprintf(text, sizeof(text),
        "SELECT count(*) FROM contact.token_hash WHERE token_hash = sha256('%s')", out->token);
    assert_int_equal(test_sql_int(world.admin, text), 1);
}

static void a_reading_token_can_not_write_or_make_one_that_can(void **state)
{
    (void)state;
    struct rpc_client *reader =
        world_client(new_token(ana.client, KITH__V1__SCOPE__SCOPE_READ)->token);
    assert_string_equal(member_of(reader, "")->id, ana.id);
    Kith__V1__UpdateMemberRequest update = KITH__V1__UPDATE_MEMBER_REQUEST__INIT;
    (void)world_refused(reader, "UpdateMember", &update, REASON_SCOPE_MISSING);
    Kith__V1__CreateTokenRequest in = KITH__V1__CREATE_TOKEN_REQUEST__INIT;
    (void)world_refused(reader, "CreateToken", &in, REASON_SCOPE_MISSING);
    rpc_client_free(reader);

    struct rpc_client *writer =
        world_client(new_token(ana.client, KITH__V1__SCOPE__SCOPE_WRITE)->token);
    Kith__V1__Scope read = KITH__V1__SCOPE__SCOPE_READ;
    in.scopes = &read;
    in.n_scopes = 1;
    (void)world_refused(writer, "CreateToken", &in, REASON_SCOPE_MISSING);
    rpc_client_free(writer);
}

static void a_token_expires(void **state)
{
    (void)state;
    Kith__V1__CreateTokenRequest in = KITH__V1__CREATE_TOKEN_REQUEST__INIT;
    in.expires_in_s = UINT64_C(400) * 366 * 24 * 3600;
    (void)world_refused(ana.client, "CreateToken", &in, REASON_FIELD_INVALID);
    in.expires_in_s = 3600;
    const Kith__V1__CreateTokenResponse *out = world_call(ana.client, "CreateToken", &in);
    char text[256];
    (void)snprintf(text, sizeof(text),
        "UPDATE contact.token SET expires_at = now() WHERE token_id = '%s'", out->token_id);
    test_sql(world.admin, text);
    struct rpc_client *late = world_client(out->token);
    Kith__V1__GetMemberRequest get = KITH__V1__GET_MEMBER_REQUEST__INIT;
    (void)world_refused(late, "GetMember", &get, REASON_TOKEN_UNKNOWN);
    rpc_client_free(late);
}

static void a_token_makes_none_that_outlives_it(void **state)
{
    (void)state;
    Kith__V1__CreateTokenRequest in = KITH__V1__CREATE_TOKEN_REQUEST__INIT;
    in.expires_in_s = 3600;
    const Kith__V1__CreateTokenResponse *out = world_call(ana.client, "CreateToken", &in);
    struct rpc_client *brief = world_client(out->token);
    in.expires_in_s = 0;
    const Kith__V1__CreateTokenResponse *unlimited = world_call(brief, "CreateToken", &in);
    in.expires_in_s = 7200;
    const Kith__V1__CreateTokenResponse *longer = world_call(brief, "CreateToken", &in);
    rpc_client_free(brief);
    assert_int_equal(world_count("SELECT count(*) FROM contact.token AS t JOIN contact.token AS p "
                                 "ON p.token_id = '%s' WHERE t.expires_at = p.expires_at "
                                 "AND t.token_id <> p.token_id",
                         out->token_id),
        2);
    assert_string_not_equal(unlimited->token_id, longer->token_id);
}

/* The reply kept for the key must not hold what is kept nowhere else either. */
static void a_repeated_call_gets_the_same_token_id_and_another_secret(void **state)
{
    (void)state;
    Kith__V1__CreateTokenRequest in = KITH__V1__CREATE_TOKEN_REQUEST__INIT;
    const struct rpc_call_options options = {.idempotency_key = "laptop"};
    ProtobufCMessage *replies[2] = {NULL};
    for (size_t i = 0; i < 2; i++)
        assert_ok(rpc_client_call(ana.client, "/kith.v1.ContactService/CreateToken", &options,
                      &in.base, &world.arena, &replies[i], &world.err),
            &world.err);
    const Kith__V1__CreateTokenResponse *first = (const void *)replies[0];
    const Kith__V1__CreateTokenResponse *again = (const void *)replies[1];
    assert_int_equal(strlen(first->token), AUTH_TOKEN_SIZE - 1);
    assert_int_equal(strlen(again->token), AUTH_TOKEN_SIZE - 1);
    assert_string_not_equal(again->token, first->token);
    assert_string_equal(again->token_id, first->token_id);
    assert_int_equal(world_count("SELECT count(*) FROM contact.idempotency "
                                 "WHERE position('%s'::bytea IN reply) > 0",
                         first->token),
        0);
    assert_int_equal(world_count("SELECT count(*) FROM contact.idempotency "
                                 "WHERE position('%s'::bytea IN reply) > 0",
                         first->token_id),
        1);
}

static void tokens_for_others_are_the_operators(void **state)
{
    (void)state;
    Kith__V1__CreateTokenRequest in = KITH__V1__CREATE_TOKEN_REQUEST__INIT;
    in.member_id = bo.id;
    (void)world_refused(ana.client, "CreateToken", &in, REASON_FIELD_INVALID);
    const Kith__V1__CreateTokenResponse *out = world_call(world.operator_, "CreateToken", &in);
    struct rpc_client *client = world_client(out->token);
    assert_string_equal(member_of(client, "")->id, bo.id);
    rpc_client_free(client);
    in.member_id = (char[]){"01890000-0000-7000-8000-000000000000"};
    (void)world_refused(world.operator_, "CreateToken", &in, REASON_MEMBER_NOT_FOUND);
    in.member_id = (char[]){""};
    (void)world_refused(world.operator_, "CreateToken", &in, REASON_FIELD_INVALID);
}

/* Until the call is refused; true if that took at most `limit_us`. */
static bool is_refused_within(struct rpc_client *client, int64_t limit_us)
{
    const struct clock *clock = clock_system();
    int64_t started_us = clock_mono_us(clock);
    Kith__V1__GetMemberRequest in = KITH__V1__GET_MEMBER_REQUEST__INIT;
    while (world_try(client, "GetMember", &in)) {
        if (clock_mono_us(clock) - started_us > limit_us)
            return false;
        (void)poll(NULL, 0, 20);
    }
    return world.err.reason == REASON_TOKEN_UNKNOWN;
}

static void a_revoked_token_is_refused_within_a_second(void **state)
{
    (void)state;
    const Kith__V1__CreateTokenResponse *out =
        new_token(ana.client, KITH__V1__SCOPE__SCOPE_UNSPECIFIED);
    struct rpc_client *second = world_client(out->token);
    assert_string_equal(member_of(second, "")->id, ana.id);
    Kith__V1__RevokeTokenRequest in = KITH__V1__REVOKE_TOKEN_REQUEST__INIT;
    in.token_id = out->token_id;
    (void)world_call(ana.client, "RevokeToken", &in);
    (void)world_call(ana.client, "RevokeToken", &in);
    assert_true(is_refused_within(second, 1100000));
    rpc_client_free(second);
}

static void a_token_can_revoke_itself(void **state)
{
    (void)state;
    struct rpc_client *second =
        world_client(new_token(ana.client, KITH__V1__SCOPE__SCOPE_UNSPECIFIED)->token);
    Kith__V1__RevokeTokenRequest in = KITH__V1__REVOKE_TOKEN_REQUEST__INIT;
    (void)world_refused(second, "RevokeToken", &in, REASON_FIELD_INVALID);
    in.current = true;
    (void)world_call(second, "RevokeToken", &in);
    assert_true(is_refused_within(second, 1100000));
    rpc_client_free(second);
    assert_string_equal(member_of(ana.client, "")->id, ana.id);
}

static void tokens_long_expired_or_revoked_are_forgotten_with_their_hashes(void **state)
{
    (void)state;
    static const char *const changes[] = {"expires_at = now() - interval '31 days'",
        "revoked_at = now() - interval '31 days'", "expires_at = now() - interval '29 days'",
        "revoked_at = now() - interval '29 days', expires_at = now() + interval '1 day'",
        "expires_at = now() + interval '1 day'"};
    for (size_t i = 0; i < sizeof(changes) / sizeof(changes[0]); i++) {
        char text[256];
        (void)snprintf(text, sizeof(text), "UPDATE contact.token SET %s WHERE token_id = '%s'",
            changes[i], new_token(ana.client, KITH__V1__SCOPE__SCOPE_UNSPECIFIED)->token_id);
        test_sql(world.admin, text);
    }
    world_keep_house();
    /* Three of them, and her first one. */
    assert_int_equal(
        world_count("SELECT count(*) FROM contact.token WHERE member_id = '%s'", ana.id), 4);
    assert_int_equal(
        world_count("SELECT count(*) FROM contact.token_hash WHERE member_id = '%s'", ana.id), 4);
    assert_int_equal(
        world_count("SELECT count(*) FROM contact.v1_token WHERE member_id = '%s'", ana.id), 2);
}

static const Kith__V1__ListTokensResponse *tokens_of(
    const struct person *owner, bool include_ended, uint32_t page_size, char *page_token)
{
    Kith__V1__ListTokensRequest in = KITH__V1__LIST_TOKENS_REQUEST__INIT;
    in.include_ended = include_ended;
    in.page_size = page_size;
    in.page_token = page_token;
    return world_call(owner->client, "ListTokens", &in);
}

static char from_the_beginning[] = "";

static void tokens_are_listed_with_all_but_their_text(void **state)
{
    (void)state;
    Kith__V1__CreateTokenRequest in = KITH__V1__CREATE_TOKEN_REQUEST__INIT;
    Kith__V1__Scope read = KITH__V1__SCOPE__SCOPE_READ;
    in.label = (char[]){"laptop"};
    in.scopes = &read;
    in.n_scopes = 1;
    in.expires_in_s = 3600;
    const Kith__V1__CreateTokenResponse *made = world_call(ana.client, "CreateToken", &in);
    (void)new_token(bo.client, KITH__V1__SCOPE__SCOPE_UNSPECIFIED);

    const Kith__V1__ListTokensResponse *out = tokens_of(&ana, false, 0, from_the_beginning);
    assert_int_equal(out->n_tokens, 2);
    assert_string_equal(out->next_page_token, "");
    const Kith__V1__Token *laptop = out->tokens[0], *first = out->tokens[1];
    assert_string_equal(laptop->id, made->token_id);
    assert_string_equal(laptop->label, "laptop");
    assert_int_equal(laptop->n_scopes, 1);
    assert_int_equal(laptop->scopes[0], KITH__V1__SCOPE__SCOPE_READ);
    int64_t life_us = laptop->expires_us - laptop->created_us;
    assert_in_range(life_us, INT64_C(3590000000), INT64_C(3610000000));
    assert_int_equal(laptop->revoked_us, 0);
    assert_false(laptop->is_current);
    assert_int_equal(first->n_scopes, 2);
    assert_int_equal(first->expires_us, 0);
    assert_true(first->is_current);
}

static void tokens_that_ended_are_listed_when_asked_for(void **state)
{
    (void)state;
    Kith__V1__RevokeTokenRequest in = KITH__V1__REVOKE_TOKEN_REQUEST__INIT;
    in.token_id = new_token(ana.client, KITH__V1__SCOPE__SCOPE_UNSPECIFIED)->token_id;
    (void)world_call(ana.client, "RevokeToken", &in);
    char text[256];
    (void)snprintf(text, sizeof(text),
        "UPDATE contact.token SET expires_at = now() - interval '1 day' WHERE token_id = '%s'",
        new_token(ana.client, KITH__V1__SCOPE__SCOPE_UNSPECIFIED)->token_id);
    test_sql(world.admin, text);
    assert_int_equal(tokens_of(&ana, false, 0, from_the_beginning)->n_tokens, 1);
    const Kith__V1__ListTokensResponse *all = tokens_of(&ana, true, 0, from_the_beginning);
    assert_int_equal(all->n_tokens, 3);
    assert_true(all->tokens[0]->expires_us > 0 && all->tokens[0]->revoked_us == 0);
    assert_string_equal(all->tokens[1]->id, in.token_id);
    assert_true(all->tokens[1]->revoked_us > 0);
}

static void tokens_come_in_pages(void **state)
{
    (void)state;
    for (int i = 0; i < 4; i++)
        (void)new_token(ana.client, KITH__V1__SCOPE__SCOPE_UNSPECIFIED);
    char last[ID_TEXT_SIZE] = "g"; /* behind every id */
    char *page = from_the_beginning;
    size_t n = 0;
    do {
        const Kith__V1__ListTokensResponse *out = tokens_of(&ana, false, 2, page);
        for (size_t i = 0; i < out->n_tokens; i++, n++) {
            assert_true(strcmp(out->tokens[i]->id, last) < 0);
            (void)snprintf(last, sizeof(last), "%s", out->tokens[i]->id);
        }
        page = out->next_page_token;
    } while (page[0] != '\0');
    assert_int_equal(n, 5);
    Kith__V1__ListTokensRequest in = KITH__V1__LIST_TOKENS_REQUEST__INIT;
    in.page_token = tokens_of(&ana, false, 2, from_the_beginning)->next_page_token;
    in.include_ended = true;
    (void)world_refused(ana.client, "ListTokens", &in, REASON_PAGE_TOKEN_INVALID);
}

static void another_members_token_can_not_be_revoked(void **state)
{
    (void)state;
    const Kith__V1__CreateTokenResponse *out =
        new_token(bo.client, KITH__V1__SCOPE__SCOPE_UNSPECIFIED);
    Kith__V1__RevokeTokenRequest in = KITH__V1__REVOKE_TOKEN_REQUEST__INIT;
    in.token_id = out->token_id;
    (void)world_refused(ana.client, "RevokeToken", &in, REASON_TOKEN_NOT_FOUND);
    assert_int_equal(
        world_count("SELECT count(*) FROM contact.v1_token WHERE token_id = '%s'", out->token_id),
        1);
}

#define TEST(name) cmocka_unit_test_setup_teardown(name, meet, part)

int main(void)
{
    const struct CMUnitTest tests[] = {
        TEST(the_operator_creates_members_with_facts),
        TEST(an_address_proven_to_be_anothers_is_taken),
        TEST(bad_fields_of_a_new_member_are_named),
        TEST(nobody_joins_without_an_invitation),
        TEST(who_joins_by_invitation_is_connected_at_once),
        TEST(joining_by_invitation_does_not_tell_whose_address_is_taken),
        TEST(a_member_sees_herself_and_nobody_else),
        TEST(services_see_members_without_their_addresses),
        TEST(what_is_not_named_stays),
        TEST(facts_are_stated_once_and_taken_back),
        TEST(a_bad_change_changes_nothing),
        TEST(only_the_hash_of_a_token_is_stored),
        TEST(a_reading_token_can_not_write_or_make_one_that_can),
        TEST(a_token_expires),
        TEST(a_token_makes_none_that_outlives_it),
        TEST(a_repeated_call_gets_the_same_token_id_and_another_secret),
        TEST(tokens_for_others_are_the_operators),
        TEST(a_revoked_token_is_refused_within_a_second),
        TEST(a_token_can_revoke_itself),
        TEST(tokens_long_expired_or_revoked_are_forgotten_with_their_hashes),
        TEST(tokens_are_listed_with_all_but_their_text),
        TEST(tokens_that_ended_are_listed_when_asked_for),
        TEST(tokens_come_in_pages),
        TEST(another_members_token_can_not_be_revoked),
    };
    return cmocka_run_group_tests(tests, world_start, world_stop);
}
