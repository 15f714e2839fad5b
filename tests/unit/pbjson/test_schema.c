/* SPDX-License-Identifier: Apache-2.0 */
#include "kinds_test.h"
#include "pbjson/schema.h"

static struct pbjson_schema *load(const char *path)
{
    size_t len;
    void *set = read_whole_file(path, &len);
    struct pbjson_schema *schema = NULL;
    struct err err = {0};
    if (pbjson_schema_load(&schema, set, len, &err) != ERR_OK)
        fail_msg("%s", err.msg);
    free(set);
    return schema;
}

static const char everything[] =
    "{\"anInt32\":-7,\"aSint32\":-8,\"anSfixed32\":-9,\"anInt64\":\"-1\",\"aSint64\":\"-2\","
    "\"anSfixed64\":\"-3\",\"aUint32\":4294967295,\"aFixed32\":6,"
    "\"aUint64\":\"18446744073709551615\",\"aFixed64\":\"5\",\"aFloat\":0.9,\"aDouble\":1e300,"
    "\"aBool\":true,\"aColor\":\"COLOR_FAR\",\"aString\":\"x\",\"someBytes\":\"+//+AA==\","
    "\"aLeaf\":{\"word\":\"w\",\"color\":\"COLOR_RED\"},\"chosenBytes\":\"AAEC\","
    "\"age\":0,\"numbers\":[\"0\",\"-5\"],\"words\":[\"\",\"a\"],\"leaves\":[{},{\"word\":\"z\"}],"
    "\"colors\":[\"COLOR_BELOW\",9],\"reals\":[0.0,-1.5],\"flags\":[true,false],"
    "\"blobs\":[\"\",\"AA==\"],\"unpacked\":[1,-1],\"inner\":{\"color\":\"COLOR_GREEN\"}}";

static size_t pack(const ProtobufCMessageDescriptor *type, struct arena *arena, uint8_t *out)
{
    ProtobufCMessage *m = NULL;
    struct err err = {0};
    if (pbjson_parse(type, everything, strlen(everything), arena, &m, &err) != ERR_OK)
        fail_msg("%s", err.msg);
    return protobuf_c_message_pack(m, out);
}

static void descriptors_made_here_pack_like_compiled_ones(void **state)
{
    struct pbjson_schema *schema = load(KINDS_SET);
    const ProtobufCMessageDescriptor *made = pbjson_schema_message(schema, "kinds.Kinds");
    assert_non_null(made);
    uint8_t ours[1024];
    uint8_t theirs[1024];
    size_t n_ours = pack(made, *state, ours);
    size_t n_theirs = pack(&kinds__kinds__descriptor, *state, theirs);
    assert_int_equal(n_ours, n_theirs);
    assert_memory_equal(ours, theirs, n_ours);

    ProtobufCMessage *back = NULL;
    struct err err;
    assert_int_equal(pbjson_unpack(made, theirs, n_theirs, *state, &back, &err), ERR_OK);
    char *text = pbjson_format(back);
    assert_string_equal(text, everything);
    free(text);
    pbjson_schema_free(schema);
}

static void a_message_left_empty_is_safe_to_pack(void **state)
{
    struct pbjson_schema *schema = load(KINDS_SET);
    ProtobufCMessage *m = NULL;
    struct err err;
    assert_int_equal(
        pbjson_parse(pbjson_schema_message(schema, "Kinds"), "{}", 2, *state, &m, &err), ERR_OK);
    assert_int_equal(protobuf_c_message_get_packed_size(m), 0);
    pbjson_schema_free(schema);
}

static void methods_are_found_by_every_unambiguous_name(void **state)
{
    (void)state;
    struct pbjson_schema *schema = load(KITH_SET);
    static const char *const names[] = {"/kith.v1.ContactService/GetMember",
        "kith.v1.ContactService/GetMember", "kith.v1.ContactService.GetMember",
        "ContactService/GetMember", "ContactService.GetMember", "GetMember"};
    for (size_t i = 0; i < sizeof(names) / sizeof(names[0]); i++) {
        const struct pbjson_method *m = pbjson_schema_method(schema, names[i]);
        assert_non_null(m);
        assert_string_equal(m->path, "kith.v1.ContactService/GetMember");
        assert_string_equal(m->in->name, "kith.v1.GetMemberRequest");
        assert_string_equal(m->out->name, "kith.v1.GetMemberResponse");
    }
    assert_null(pbjson_schema_method(schema, "Member"));
    assert_null(pbjson_schema_method(schema, "etMember"));
    assert_null(pbjson_schema_method(schema, ""));
    pbjson_schema_free(schema);
}

static void policies_limits_and_comments_come_along(void **state)
{
    (void)state;
    struct pbjson_schema *schema = load(KITH_SET);
    const struct pbjson_method *m = pbjson_schema_method(schema, "ListContacts");
    assert_non_null(m->policy);
    assert_int_equal(m->policy->n_callers, 1);
    assert_int_equal(m->policy->callers[0], KITH__V1__CALLER__CALLER_MEMBER);
    assert_true(m->policy->idempotent);
    assert_int_equal(m->policy->default_timeout_ms, 5000);

    const Kith__V1__FieldLimits *limits =
        pbjson_schema_limits(schema, "kith.v1.AddFactRequest.contact_id");
    assert_non_null(limits);
    assert_int_equal(limits->max_bytes, 36);
    assert_true(limits->uuid);
    assert_null(pbjson_schema_limits(schema, "kith.v1.Contact.id"));

    assert_string_equal(
        pbjson_schema_comment(schema, "kith.v1.Invitation"), " An invitation to connect.\n");
    assert_string_equal(
        pbjson_schema_comment(schema, "kith.v1.Invitation.name"), " Name of the other person.\n");
    assert_string_equal(pbjson_schema_comment(schema, "kith.v1.NoSuchThing"), "");
    pbjson_schema_free(schema);
}

static void every_message_of_kith_reads_back_empty(void **state)
{
    struct pbjson_schema *schema = load(KITH_SET);
    size_t n;
    const struct pbjson_method *methods = pbjson_schema_methods(schema, &n);
    assert_in_range(n, 25, 500);
    for (size_t i = 0; i < n; i++) {
        ProtobufCMessage *m = NULL;
        struct err err;
        assert_int_equal(pbjson_parse(methods[i].in, "{}", 2, *state, &m, &err), ERR_OK);
        char *text = pbjson_format(m);
        assert_string_equal(text, "{}");
        free(text);
    }
    pbjson_schema_free(schema);
}

/* Cut anywhere, and with bits of it flipped, a set is refused or loaded, and never read beyond. */
static void a_damaged_set_does_no_harm(void **state)
{
    (void)state;
    size_t len;
    uint8_t *set = read_whole_file(KINDS_SET, &len);
    for (size_t i = 0; i < len; i += 3) {
        struct pbjson_schema *schema = NULL;
        struct err err;
        if (pbjson_schema_load(&schema, set, i, &err) == ERR_OK)
            pbjson_schema_free(schema);
        for (int bit = 0; bit < 8; bit += 3) {
            schema = NULL;
            set[i] ^= (uint8_t)(1 << bit);
            if (pbjson_schema_load(&schema, set, len, &err) == ERR_OK)
                pbjson_schema_free(schema);
            set[i] ^= (uint8_t)(1 << bit);
        }
    }
    free(set);
}

int main(void)
{
#define TEST(fn) cmocka_unit_test_setup_teardown(fn, set_up_arena, tear_down_arena)
    const struct CMUnitTest tests[] = {
        TEST(descriptors_made_here_pack_like_compiled_ones),
        TEST(a_message_left_empty_is_safe_to_pack),
        TEST(methods_are_found_by_every_unambiguous_name),
        TEST(policies_limits_and_comments_come_along),
        TEST(every_message_of_kith_reads_back_empty),
        TEST(a_damaged_set_does_no_harm),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
