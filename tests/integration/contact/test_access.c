/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Who may call what: every method of the service against every kind of caller. A method without a
 * row fails, and so does a row whose verdict changed without being thought about.
 */
#include "rpc/client_stream.h"
#include "world.h"

enum verdict {
    YES,     /* got past who may call: it answers, or refuses for another reason */
    TOKEN,   /* TOKEN_MISSING */
    NO,      /* CALLER_NOT_ALLOWED */
    MISSING, /* as if it did not exist: a *_NOT_FOUND */
};

/* Whose object a request names. */
enum target { NOTHING, OWN_CONTACT, OWN_IMPORT, OWN_TOKEN, OWN_SELF };

struct row {
    const char *method;
    enum target target;
    enum verdict anybody, owner, other, operator_, peer;
};

static const struct row rows[] = {
    {"CreateMember", NOTHING, YES, YES, YES, YES, YES},
    {"CreateToken", NOTHING, TOKEN, YES, YES, YES, NO},
    {"ListTokens", NOTHING, TOKEN, YES, YES, NO, NO},
    {"RevokeToken", OWN_TOKEN, TOKEN, YES, MISSING, NO, NO},
    {"GetMember", OWN_SELF, TOKEN, YES, MISSING, YES, YES},
    {"UpdateMember", NOTHING, TOKEN, YES, YES, NO, NO},
    {"ImportFile", NOTHING, TOKEN, YES, YES, NO, NO},
    {"GetImport", OWN_IMPORT, TOKEN, YES, MISSING, NO, NO},
    {"ListContacts", NOTHING, TOKEN, YES, YES, NO, NO},
    {"GetContact", OWN_CONTACT, TOKEN, YES, MISSING, NO, NO},
    {"AddFact", OWN_CONTACT, TOKEN, YES, MISSING, NO, NO},
    {"RemoveFact", OWN_CONTACT, TOKEN, YES, MISSING, NO, NO},
    {"LinkContact", OWN_CONTACT, TOKEN, YES, MISSING, NO, NO},
    {"SendInvitation", OWN_CONTACT, TOKEN, YES, MISSING, NO, NO},
    {"ListInvitations", NOTHING, TOKEN, YES, YES, NO, NO},
    {"AcceptInvitation", NOTHING, TOKEN, YES, YES, NO, NO},
    {"DeclineInvitation", NOTHING, TOKEN, YES, YES, NO, NO},
    {"ExportContacts", NOTHING, TOKEN, YES, YES, NO, NO},
    {"ListImports", NOTHING, TOKEN, YES, YES, NO, NO},
    {"CancelImport", OWN_IMPORT, TOKEN, YES, MISSING, NO, NO},
};
enum { STREAM_WAIT_MS = 20000 };
enum { N_ROWS = sizeof(rows) / sizeof(rows[0]) };

static struct person ana, bo;
static char *contact, import[ID_TEXT_SIZE], token[ID_TEXT_SIZE];

static int set_up(void **state)
{
    (void)world_start(state);
    ana = world_person("Ana Costa");
    bo = world_person("Bo Lind");
    contact = world_contact(&ana, "Zoe", "");
    struct id id = id_new(clock_system());
    id_format(&id, import);
    char text[400];
    (void)snprintf(text, sizeof(text),
        "INSERT INTO contact.import (member_id, import_id, state, format, is_dry_run, file_name, "
        "bytes_received) VALUES ('%s', '%s', 1, 1, false, '', 0)",
        ana.id, import);
    test_sql(world.admin, text);
    Kith__V1__CreateTokenRequest in = KITH__V1__CREATE_TOKEN_REQUEST__INIT;
    const Kith__V1__CreateTokenResponse *out = world_call(ana.client, "CreateToken", &in);
    (void)snprintf(token, sizeof(token), "%s", out->token_id);
    return 0;
}

static int tear_down(void **state)
{
    world_person_fini(&ana);
    world_person_fini(&bo);
    return world_stop(state);
}

static void set_string(ProtobufCMessage *message, const char *field, const char *value)
{
    const ProtobufCFieldDescriptor *f =
        protobuf_c_message_descriptor_get_field_by_name(message->descriptor, field);
    if (f)
        memcpy((char *)message + f->offset, &value, sizeof(value));
}

/* A request of this method that passes the limits of its fields and names Ana's objects. */
static ProtobufCMessage *request(const struct row *row, const ProtobufCMethodDescriptor *method)
{
    static Kith__V1__Fact fact;
    static char city[] = "Porto";
    kith__v1__fact__init(&fact);
    fact.kind = KITH__V1__FACT_KIND__FACT_KIND_CITY;
    fact.value = city;
    ProtobufCMessage *in = arena_alloc(&world.arena, method->input->sizeof_message);
    assert_non_null(in);
    protobuf_c_message_init(method->input, in);
    set_string(in, "name", "Eve");
    set_string(in, "email", "eve@example.org");
    if (strcmp(row->method, "CreateMember") == 0)
        set_string(in, "invitation_code", "ABCD-EFGH-JKMN-PQRS");
    if (strcmp(row->method, "AddFact") == 0)
        ((Kith__V1__AddFactRequest *)(void *)in)->fact = &fact;
    set_string(in, "contact_id", contact);
    set_string(in, "import_id", import);
    set_string(in, "fact_id", contact);
    if (row->target == OWN_TOKEN)
        set_string(in, "token_id", token);
    if (row->target == OWN_SELF)
        set_string(in, "member_id", ana.id);
    return in;
}

static enum verdict verdict_of(bool is_ok)
{
    if (is_ok)
        return YES;
    if (world.err.reason == REASON_TOKEN_MISSING)
        return TOKEN;
    if (world.err.reason == REASON_CALLER_NOT_ALLOWED)
        return NO;
    assert_int_not_equal(world.err.code, ERR_INTERNAL);
    assert_int_not_equal(world.err.code, ERR_UNAVAILABLE);
    bool is_missing = world.err.reason == REASON_CONTACT_NOT_FOUND ||
                      world.err.reason == REASON_MEMBER_NOT_FOUND ||
                      world.err.reason == REASON_IMPORT_NOT_FOUND ||
                      world.err.reason == REASON_TOKEN_NOT_FOUND;
    return is_missing ? MISSING : YES;
}

/* Whether the first item comes, or the end. */
static bool try_stream(struct rpc_client *client, const ProtobufCMessage *in)
{
    struct rpc_stream *stream = NULL;
    enum rpc_next what;
    const struct rpc_call_options options = {0};
    const size_t len = protobuf_c_message_get_packed_size(in);
    uint8_t *data = arena_alloc(&world.arena, len + 1);
    assert_non_null(data);
    struct db_bytes item, request_bytes = {data, protobuf_c_message_pack(in, data)};
    world.err = (struct err){0};
    assert_ok(rpc_stream_open(&stream, client, "/kith.v1.ContactService/ExportContacts", &options,
                  &request_bytes, &world.err),
        &world.err);
    enum err_code code =
        rpc_stream_next(stream, STREAM_WAIT_MS, &world.arena, &what, &item, &world.err);
    rpc_stream_close(stream);
    return code == ERR_OK;
}

static void check(const struct row *row, const ProtobufCMethodDescriptor *method,
    struct rpc_client *client, enum verdict expected)
{
    bool is_ok = strcmp(row->method, "ExportContacts") == 0
                     ? try_stream(client, request(row, method))
                     : world_try(client, row->method, request(row, method)) != NULL;
    enum verdict got = verdict_of(is_ok);
    if (got != expected)
        fail_msg("%s: verdict %d instead of %d (%s)", row->method, (int)got, (int)expected,
            world.err.msg);
}

static const struct row *row_of(const char *method)
{
    for (size_t i = 0; i < N_ROWS; i++)
        if (strcmp(rows[i].method, method) == 0)
            return &rows[i];
    return NULL;
}

static void every_method_has_a_row(void **state)
{
    (void)state;
    const ProtobufCServiceDescriptor *service = contact_rpc.descriptor;
    for (unsigned i = 0; i < service->n_methods; i++)
        if (!row_of(service->methods[i].name))
            fail_msg("%s has no row: say who may call it", service->methods[i].name);
}

static void every_caller_gets_what_the_table_says(void **state)
{
    (void)state;
    for (size_t i = 0; i < N_ROWS; i++) {
        const struct row *row = &rows[i];
        const ProtobufCMethodDescriptor *method =
            protobuf_c_service_descriptor_get_method_by_name(contact_rpc.descriptor, row->method);
        assert_non_null(method);
        check(row, method, world.anybody, row->anybody);
        check(row, method, bo.client, row->other);
        check(row, method, world.operator_, row->operator_);
        check(row, method, world.peer, row->peer);
        check(row, method, ana.client, row->owner);
    }
}

static void a_token_cut_or_unknown_opens_nothing(void **state)
{
    (void)state;
    char unknown[AUTH_TOKEN_SIZE], cut[AUTH_TOKEN_SIZE];
    auth_token_new(unknown);
    (void)snprintf(cut, sizeof(cut), "%.40s", ana.token);
    struct rpc_client *with_unknown = world_client(unknown), *with_cut = world_client(cut);
    Kith__V1__ListContactsRequest in = KITH__V1__LIST_CONTACTS_REQUEST__INIT;
    (void)world_refused(with_unknown, "ListContacts", &in, REASON_TOKEN_UNKNOWN);
    (void)world_refused(with_cut, "ListContacts", &in, REASON_TOKEN_MALFORMED);
    rpc_client_free(with_unknown);
    rpc_client_free(with_cut);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(every_method_has_a_row),
        cmocka_unit_test(every_caller_gets_what_the_table_says),
        cmocka_unit_test(a_token_cut_or_unknown_opens_nothing),
    };
    return cmocka_run_group_tests(tests, set_up, tear_down);
}
