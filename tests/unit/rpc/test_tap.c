/* SPDX-License-Identifier: Apache-2.0 */
#include "clock/clock.h"
#include "rpc/tap.h"
#include "unit_test.h"

#include <kith/v1/contact.pb-c.h>
#include <kith/v1/tap.pb-c.h>

#include <stdio.h>
#include <string.h>

enum { MEMORY = 1 << 20, KEPT = 256, BODY_SIZE = 512, NAME_SIZE = 32 };

struct rig {
    struct schema *schema;
    struct tap *tap;
    struct arena arena;
};

static int set_up(void **state)
{
    static struct rig rig;
    struct err err;
    rig = (struct rig){.tap = tap_new(clock_system())};
    arena_init(&rig.arena, MEMORY);
    *state = &rig;
    return rig.tap && schema_new(&rig.schema, &err) == ERR_OK ? 0 : -1;
}

static int tear_down(void **state)
{
    struct rig *rig = *state;
    tap_free(rig->tap);
    schema_free(rig->schema);
    arena_fini(&rig->arena);
    return 0;
}

static Kith__V1__ReadTapResponse look(struct rig *rig, uint64_t after)
{
    Kith__V1__ReadTapRequest in = KITH__V1__READ_TAP_REQUEST__INIT;
    Kith__V1__ReadTapResponse out = KITH__V1__READ_TAP_RESPONSE__INIT;
    struct rpc_ctx ctx = {.service = rig->tap, .arena = &rig->arena, .clock = clock_system()};
    in.after = after;
    assert_int_equal(tap_service.methods[0].handler(&ctx, &in.base, &out.base), ERR_OK);
    return out;
}

/* CreateMember answered with this token. */
static void record(struct rig *rig, const char *name, const char *token)
{
    uint8_t request[BODY_SIZE], reply[BODY_SIZE];
    char name_in[NAME_SIZE], token_out[NAME_SIZE], token_id[] = "token id";
    Kith__V1__CreateMemberRequest in = KITH__V1__CREATE_MEMBER_REQUEST__INIT;
    Kith__V1__CreateMemberResponse out = KITH__V1__CREATE_MEMBER_RESPONSE__INIT;
    (void)snprintf(name_in, sizeof(name_in), "%s", name);
    (void)snprintf(token_out, sizeof(token_out), "%s", token);
    in.name = name_in;
    out.token = token_out;
    out.token_id = token_id;
    struct rpc_ctx ctx = {.trace = rpc_trace_new(), .principal = {.caller = RPC_CALLER_OPERATOR}};
    struct err err = {0};
    const struct tap_call call = {
        .method = schema_find_name(rig->schema, "/kith.v1.ContactService/CreateMember"),
        .ctx = &ctx,
        .err = &err,
        .took_us = 42,
        .request = {request, kith__v1__create_member_request__pack(&in, request)},
        .reply = {reply, kith__v1__create_member_response__pack(&out, reply)},
    };
    assert_non_null(call.method);
    tap_record(rig->tap, &call, &rig->arena);
    arena_reset(&rig->arena);
}

static void nothing_is_kept_while_nobody_looks(void **state)
{
    struct rig *rig = *state;
    record(rig, "Ana", "kith_secret");
    uint64_t next = look(rig, 0).next;
    assert_int_equal(look(rig, next).n_calls, 0);
}

static void a_call_is_shown_once_and_its_secrets_never(void **state)
{
    struct rig *rig = *state;
    uint64_t next = look(rig, 0).next;
    record(rig, "Ana", "kith_secret");
    Kith__V1__ReadTapResponse seen = look(rig, next);
    assert_int_equal(seen.n_calls, 1);
    const Kith__V1__TappedCall *call = seen.calls[0];
    assert_string_equal(call->method, "/kith.v1.ContactService/CreateMember");
    assert_string_equal(call->code, "OK");
    assert_int_equal(call->caller, KITH__V1__CALLER__CALLER_OPERATOR);
    assert_int_equal(call->took_us, 42);
    assert_non_null(memmem(call->request.data, call->request.len, "Ana", 3));
    assert_non_null(memmem(call->reply.data, call->reply.len, "token id", 8));
    assert_null(memmem(call->reply.data, call->reply.len, "kith_secret", 11));
    assert_int_equal(look(rig, seen.next).n_calls, 0);
}

/* SendInvitation's reply and AcceptInvitation's request: a part of a part, and a code alone. */
static void what_lets_its_holder_in_is_hidden_wherever_it_stands(void **state)
{
    struct rig *rig = *state;
    uint8_t listed[BODY_SIZE], accepted[BODY_SIZE];
    char code[] = "ABCD-EFGH-JKLM-NPQR", name[] = "Ben";
    Kith__V1__Invitation invitation = KITH__V1__INVITATION__INIT;
    Kith__V1__Invitation *invitations[] = {&invitation, &invitation};
    Kith__V1__ListInvitationsResponse out = KITH__V1__LIST_INVITATIONS_RESPONSE__INIT;
    Kith__V1__AcceptInvitationRequest in = KITH__V1__ACCEPT_INVITATION_REQUEST__INIT;
    struct rpc_ctx ctx = {.trace = rpc_trace_new()};
    struct err err = {0};
    invitation.code = in.code = code;
    invitation.name = name;
    out.invitations = invitations;
    out.n_invitations = 2;
    const struct tap_call list = {
        .method = schema_find_name(rig->schema, "/kith.v1.ContactService/ListInvitations"),
        .ctx = &ctx,
        .err = &err,
        .reply = {listed, kith__v1__list_invitations_response__pack(&out, listed)},
    };
    const struct tap_call accept = {
        .method = schema_find_name(rig->schema, "/kith.v1.ContactService/AcceptInvitation"),
        .ctx = &ctx,
        .err = &err,
        .request = {accepted, kith__v1__accept_invitation_request__pack(&in, accepted)},
    };

    uint64_t next = look(rig, 0).next;
    tap_record(rig->tap, &list, &rig->arena);
    tap_record(rig->tap, &accept, &rig->arena);
    arena_reset(&rig->arena);
    Kith__V1__ReadTapResponse seen = look(rig, next);
    assert_int_equal(seen.n_calls, 2);
    ProtobufCBinaryData reply = seen.calls[0]->reply, request = seen.calls[1]->request;
    assert_false(seen.calls[0]->is_cut || seen.calls[1]->is_cut);
    assert_non_null(memmem(reply.data, reply.len, name, strlen(name)));
    assert_null(memmem(reply.data, reply.len, code, strlen(code)));
    assert_true(request.len == 0 || !memmem(request.data, request.len, code, strlen(code)));
}

static void what_came_too_quickly_is_counted(void **state)
{
    struct rig *rig = *state;
    uint64_t next = look(rig, 0).next;
    for (int i = 0; i < KEPT + 10; i++)
        record(rig, "Ana", "");
    Kith__V1__ReadTapResponse seen = look(rig, next);
    assert_int_equal(seen.missed, 10);
    assert_int_equal(seen.n_calls, KEPT);
    assert_int_equal(look(rig, seen.next).n_calls, 0);
}

static void a_large_body_is_left_out(void **state)
{
    struct rig *rig = *state;
    static uint8_t large[(64 << 10) + 1];
    struct rpc_ctx ctx = {.trace = rpc_trace_new()};
    struct err err = {0};
    uint64_t next = look(rig, 0).next;
    const struct tap_call call = {
        .method = schema_find_name(rig->schema, "/kith.v1.HealthService/Ping"),
        .ctx = &ctx,
        .err = &err,
        .request = {large, sizeof(large)},
    };
    tap_record(rig->tap, &call, &rig->arena);
    Kith__V1__ReadTapResponse seen = look(rig, next);
    assert_true(seen.calls[0]->is_cut);
    assert_int_equal(seen.calls[0]->request.len, 0);
}

static void only_addresses_of_this_machine_may_be_tapped(void **state)
{
    (void)state;
    static const char *const here[] = {"tcp://127.0.0.1:7101", "tls+tcp://localhost:7101",
        "tcp://[::1]:7101,tcp://127.0.0.1:7102", "ipc:///run/kith", "inproc://a"};
    static const char *const elsewhere[] = {"tcp://0.0.0.0:7101", "tls+tcp://kith.example.org:7101",
        "tcp://127.0.0.1:7101,tcp://10.0.0.1:7101", "tcp://127.example.org:7101", "tcp://*:7101",
        "TLS+TCP://0.0.0.0:7101", "wss://0.0.0.0:7101"};
    struct err err;
    for (size_t i = 0; i < sizeof(here) / sizeof(here[0]); i++)
        assert_int_equal(tap_check_addresses(here[i], &err), ERR_OK);
    for (size_t i = 0; i < sizeof(elsewhere) / sizeof(elsewhere[0]); i++)
        assert_int_equal(tap_check_addresses(elsewhere[i], &err), ERR_INVALID_ARGUMENT);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup_teardown(nothing_is_kept_while_nobody_looks, set_up, tear_down),
        cmocka_unit_test_setup_teardown(
            a_call_is_shown_once_and_its_secrets_never, set_up, tear_down),
        cmocka_unit_test_setup_teardown(
            what_lets_its_holder_in_is_hidden_wherever_it_stands, set_up, tear_down),
        cmocka_unit_test_setup_teardown(what_came_too_quickly_is_counted, set_up, tear_down),
        cmocka_unit_test_setup_teardown(a_large_body_is_left_out, set_up, tear_down),
        cmocka_unit_test(only_addresses_of_this_machine_may_be_tapped),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
