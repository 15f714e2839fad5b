/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Replies lost after the commit: the client repeats the call by its idempotency key, and what it
 * gets is worth as much as what was lost.
 */
#include "proxy.h"
#include "world.h"

static struct person ana;
static struct proxy *proxy;

static int meet(void **state)
{
    (void)world_forget(state);
    ana = world_person("Ana Costa");
    proxy = proxy_start(world.listen, 1);
    return 0;
}

static int part(void **state)
{
    (void)state;
    proxy_stop(proxy);
    world_person_fini(&ana);
    return 0;
}

static struct rpc_client *through_proxy(const char *token)
{
    const struct rpc_client_config config = {.endpoints = proxy_url(proxy), .token = token};
    struct rpc_client *client = NULL;
    assert_ok(rpc_client_new(&client, &config, &world.err), &world.err);
    return client;
}

/* The reply to a call that was made at least twice, since the first reply was lost. */
static const void *call_with_lost_reply(
    const char *token, const char *method, const char *key, const void *in)
{
    char name[96];
    ProtobufCMessage *out = NULL;
    (void)snprintf(name, sizeof(name), "/kith.v1.ContactService/%s", method);
    const struct rpc_call_options options = {.idempotency_key = key};
    struct rpc_client *client = through_proxy(token);
    unsigned n_broken = proxy_count_broken(proxy);
    proxy_lose_reply(proxy);
    assert_ok(
        rpc_client_call(client, name, &options, in, &world.arena, &out, &world.err), &world.err);
    assert_int_equal(proxy_count_broken(proxy), n_broken + 1);
    rpc_client_free(client);
    return out;
}

static void assert_opens(const char *token, const char *member_id)
{
    struct rpc_client *client = world_client(token);
    Kith__V1__GetMemberRequest in = KITH__V1__GET_MEMBER_REQUEST__INIT;
    const Kith__V1__GetMemberResponse *out = world_call(client, "GetMember", &in);
    assert_string_equal(out->member->id, member_id);
    rpc_client_free(client);
}

/* Tokens that open the member's account. */
static int64_t n_tokens(const char *member_id)
{
    return world_count("SELECT count(*) FROM contact.v1_token WHERE member_id = '%s'", member_id);
}

static Kith__V1__CreateMemberRequest invited(const char *name, char *email)
{
    Kith__V1__CreateMemberRequest in = KITH__V1__CREATE_MEMBER_REQUEST__INIT;
    in.name = (char *)(uintptr_t)name;
    in.email = email;
    in.invitation_code = world_invite(&ana, world_contact(&ana, name, ""))->code;
    return in;
}

static void signing_up_survives_the_loss_of_its_reply(void **state)
{
    (void)state;
    Kith__V1__CreateMemberRequest in = invited("Eve Adams", (char[]){"eve@example.org"});
    const Kith__V1__CreateMemberResponse *out =
        call_with_lost_reply(NULL, "CreateMember", "eve signs up", &in);
    assert_int_equal(
        world_count("SELECT count(*) FROM contact.member WHERE email = '%s'", "eve@example.org"),
        1);
    assert_opens(out->token, out->member->id);
    assert_int_equal(n_tokens(out->member->id), 1);
}

static void a_member_made_by_the_operator_survives_it_too(void **state)
{
    (void)state;
    char token[AUTH_TOKEN_SIZE];
    (void)snprintf(token, sizeof(token), "%s", world_operator_token());
    Kith__V1__CreateMemberRequest in = KITH__V1__CREATE_MEMBER_REQUEST__INIT;
    in.name = (char[]){"Finn"};
    in.email = (char[]){"finn@example.org"};
    const Kith__V1__CreateMemberResponse *out =
        call_with_lost_reply(token, "CreateMember", "finn is added", &in);
    assert_opens(out->token, out->member->id);
    assert_int_equal(n_tokens(out->member->id), 1);
}

static void a_new_token_survives_it_too(void **state)
{
    (void)state;
    Kith__V1__CreateTokenRequest in = KITH__V1__CREATE_TOKEN_REQUEST__INIT;
    const Kith__V1__CreateTokenResponse *out =
        call_with_lost_reply(ana.token, "CreateToken", "laptop", &in);
    assert_opens(out->token, ana.id);
    assert_int_equal(n_tokens(ana.id), 2);
}

static const Kith__V1__CreateMemberResponse *sign_up(
    const char *key, const Kith__V1__CreateMemberRequest *in)
{
    const struct rpc_call_options options = {.idempotency_key = key};
    ProtobufCMessage *out = NULL;
    enum err_code code = rpc_client_call(world.anybody, "/kith.v1.ContactService/CreateMember",
        &options, &in->base, &world.arena, &out, &world.err);
    return code == ERR_OK ? (const void *)out : NULL;
}

/* What was lost must not be of use to who finds it. */
static void the_token_of_a_lost_reply_opens_nothing(void **state)
{
    (void)state;
    Kith__V1__CreateMemberRequest in = invited("Gus", (char[]){"gus@example.org"});
    const Kith__V1__CreateMemberResponse *lost = sign_up("gus", &in);
    const Kith__V1__CreateMemberResponse *again = sign_up("gus", &in);
    assert_string_equal(again->member->id, lost->member->id);
    assert_string_equal(again->token_id, lost->token_id);
    struct rpc_client *finder = world_client(lost->token);
    Kith__V1__GetMemberRequest get = KITH__V1__GET_MEMBER_REQUEST__INIT;
    (void)world_refused(finder, "GetMember", &get, REASON_TOKEN_UNKNOWN);
    rpc_client_free(finder);
    assert_opens(again->token, again->member->id);
}

static void another_key_or_another_request_does_not_repeat_a_sign_up(void **state)
{
    (void)state;
    Kith__V1__CreateMemberRequest in = invited("Hal", (char[]){"hal@example.org"});
    assert_non_null(sign_up("hal", &in));
    assert_null(sign_up("another key", &in));
    assert_int_equal(world.err.reason, REASON_INVITATION_CLOSED);
    in.name = (char[]){"Hal Else"};
    assert_null(sign_up("hal", &in));
    assert_int_equal(world.err.reason, REASON_INVITATION_CLOSED);
}

static const char *make_token(
    const char *token, const char *key, const Kith__V1__CreateTokenRequest *in)
{
    const struct rpc_call_options options = {.idempotency_key = key};
    struct rpc_client *client = world_client(token);
    ProtobufCMessage *out = NULL;
    assert_ok(rpc_client_call(client, "/kith.v1.ContactService/CreateToken", &options, &in->base,
                  &world.arena, &out, &world.err),
        &world.err);
    rpc_client_free(client);
    return ((const Kith__V1__CreateTokenResponse *)(const void *)out)->token;
}

static void repeating_a_call_gets_no_token_that_may_do_more_than_the_caller(void **state)
{
    (void)state;
    Kith__V1__Scope write = KITH__V1__SCOPE__SCOPE_WRITE;
    Kith__V1__CreateTokenRequest narrow = KITH__V1__CREATE_TOKEN_REQUEST__INIT;
    Kith__V1__CreateTokenRequest brief = KITH__V1__CREATE_TOKEN_REQUEST__INIT;
    Kith__V1__CreateTokenRequest full = KITH__V1__CREATE_TOKEN_REQUEST__INIT;
    narrow.scopes = &write;
    narrow.n_scopes = 1;
    brief.expires_in_s = 60;
    const char *may_write = make_token(ana.token, "narrow", &narrow);
    const char *ends_soon = make_token(ana.token, "brief", &brief);
    assert_string_not_equal(make_token(ana.token, "full", &full), "");
    assert_string_equal(make_token(may_write, "full", &full), "");
    assert_string_equal(make_token(ends_soon, "full", &full), "");
    assert_string_not_equal(make_token(ana.token, "full", &full), "");
}

static Kith__V1__CreateTokenResponse *make_laptop_token(struct rpc_client *client)
{
    Kith__V1__CreateTokenRequest in = KITH__V1__CREATE_TOKEN_REQUEST__INIT;
    const struct rpc_call_options options = {.idempotency_key = "laptop"};
    ProtobufCMessage *out = NULL;
    assert_ok(rpc_client_call(client, "/kith.v1.ContactService/CreateToken", &options, &in.base,
                  &world.arena, &out, &world.err),
        &world.err);
    return (void *)out;
}

/* With the same request, by the same connection. */
static void a_key_that_another_member_used_gets_nothing_of_hers(void **state)
{
    (void)state;
    struct person bo = world_person("Bo Berg");
    struct rpc_client *client = world_client(ana.token);
    const Kith__V1__CreateTokenResponse *hers = make_laptop_token(client);
    rpc_client_set_token(client, bo.token);
    const Kith__V1__CreateTokenResponse *his = make_laptop_token(client);
    rpc_client_set_token(client, ana.token);
    const Kith__V1__CreateTokenResponse *hers_again = make_laptop_token(client);
    assert_string_not_equal(his->token_id, hers->token_id);
    assert_string_equal(hers_again->token_id, hers->token_id);
    assert_opens(his->token, bo.id);
    assert_opens(hers_again->token, ana.id);
    assert_int_equal(n_tokens(ana.id), 2);
    assert_int_equal(n_tokens(bo.id), 2);
    rpc_client_free(client);
    world_person_fini(&bo);
}

static void the_reply_to_a_stranger_is_not_repeated_for_a_member(void **state)
{
    (void)state;
    Kith__V1__CreateMemberRequest in = invited("Jo", (char[]){"jo@example.org"});
    const struct rpc_call_options options = {.idempotency_key = "jo"};
    ProtobufCMessage *out = NULL;
    assert_non_null(sign_up("jo", &in));
    assert_int_not_equal(rpc_client_call(ana.client, "/kith.v1.ContactService/CreateMember",
                             &options, &in.base, &world.arena, &out, &world.err),
        ERR_OK);
    assert_null(out);
}

static void after_ten_minutes_a_repeated_call_gets_no_token(void **state)
{
    (void)state;
    Kith__V1__CreateMemberRequest in = invited("Ida", (char[]){"ida@example.org"});
    const Kith__V1__CreateMemberResponse *first = sign_up("ida", &in);
    char text[256];
    (void)snprintf(text, sizeof(text),
        "UPDATE contact.token SET created_at = now() - interval '11 minutes' WHERE token_id = '%s'",
        first->token_id);
    test_sql(world.admin, text);
    const Kith__V1__CreateMemberResponse *again = sign_up("ida", &in);
    assert_string_equal(again->member->id, first->member->id);
    assert_string_equal(again->token, "");
    assert_opens(first->token, first->member->id);
}

#define TEST(name) cmocka_unit_test_setup_teardown(name, meet, part)

int main(void)
{
    const struct CMUnitTest tests[] = {
        TEST(signing_up_survives_the_loss_of_its_reply),
        TEST(a_member_made_by_the_operator_survives_it_too),
        TEST(a_new_token_survives_it_too),
        TEST(the_token_of_a_lost_reply_opens_nothing),
        TEST(another_key_or_another_request_does_not_repeat_a_sign_up),
        TEST(repeating_a_call_gets_no_token_that_may_do_more_than_the_caller),
        TEST(a_key_that_another_member_used_gets_nothing_of_hers),
        TEST(the_reply_to_a_stranger_is_not_repeated_for_a_member),
        TEST(after_ten_minutes_a_repeated_call_gets_no_token),
    };
    return cmocka_run_group_tests(tests, world_start, world_stop);
}
