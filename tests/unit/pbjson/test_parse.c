/* SPDX-License-Identifier: Apache-2.0 */
#include "kinds_test.h"

static Kinds__Kinds *parse(struct arena *arena, const char *json)
{
    ProtobufCMessage *out = NULL;
    struct err err = {0};
    if (pbjson_parse(&kinds__kinds__descriptor, json, strlen(json), arena, &out, &err) != ERR_OK)
        fail_msg("%s: %s", json, err.msg);
    return (void *)out;
}

static struct err refuse(struct arena *arena, const char *json)
{
    ProtobufCMessage *out = NULL;
    struct err err = {0};
    if (pbjson_parse(&kinds__kinds__descriptor, json, strlen(json), arena, &out, &err) == ERR_OK)
        fail_msg("%s was taken", json);
    assert_null(out);
    return err;
}

static void assert_refused(void **state, const char *json, const char *field, const char *message)
{
    struct err err = refuse(*state, json);
    assert_int_equal(err.reason, REASON_FIELD_INVALID);
    assert_string_equal(err.field, field);
    assert_string_equal(err.msg, message);
}

static void what_is_printed_reads_back(void **state)
{
    static const char json[] =
        "{\"anInt32\":-7,\"aSint32\":-8,\"anSfixed32\":-9,\"anInt64\":\"-1\",\"aSint64\":\"-2\","
        "\"anSfixed64\":\"-3\",\"aUint32\":4294967295,\"aFixed32\":6,"
        "\"aUint64\":\"18446744073709551615\",\"aFixed64\":\"5\",\"aFloat\":0.9,\"aDouble\":1e300,"
        "\"aBool\":true,\"aColor\":\"COLOR_FAR\",\"aString\":\"\xc3\xbc\",\"someBytes\":\"+//"
        "+AA==\","
        "\"aLeaf\":{\"word\":\"w\",\"color\":\"COLOR_RED\"},\"chosenLeaf\":{\"word\":\"c\"},"
        "\"age\":0,\"numbers\":[\"0\",\"-5\"],\"words\":[\"\",\"a\"],\"leaves\":[{},{\"word\":"
        "\"z\"}],"
        "\"colors\":[\"COLOR_BELOW\",9],\"reals\":[0.0,-1.5],\"flags\":[true,false],"
        "\"blobs\":[\"\",\"AA==\"],\"unpacked\":[1,-1],\"inner\":{\"color\":\"COLOR_GREEN\"}}";
    char *text = pbjson_format((void *)parse(*state, json));
    assert_string_equal(text, json);
    free(text);
}

static void both_spellings_of_a_name_are_taken(void **state)
{
    assert_int_equal(parse(*state, "{\"an_int32\": 3}")->an_int32, 3);
    assert_int_equal(parse(*state, "{\"anInt32\": 3}")->an_int32, 3);
}

static void numbers_may_be_strings_and_whole_reals(void **state)
{
    assert_int_equal(parse(*state, "{\"anInt32\": \"3\"}")->an_int32, 3);
    assert_int_equal(parse(*state, "{\"anInt32\": 3.0}")->an_int32, 3);
    assert_int_equal(parse(*state, "{\"anInt64\": -9}")->an_int64, -9);
    assert_true(parse(*state, "{\"aDouble\": \"1.5\"}")->a_double > 1.4);
    assert_true(parse(*state, "{\"aDouble\": \"-Infinity\"}")->a_double < 0);
}

static void null_leaves_a_field_at_its_default(void **state)
{
    Kinds__Kinds *m = parse(*state, "{\"aString\": null, \"numbers\": null, \"age\": null}");
    assert_string_equal(m->a_string, "");
    assert_int_equal(m->n_numbers, 0);
    assert_int_equal(m->opt_age_case, 0);
}

static void numbers_out_of_range_are_refused(void **state)
{
    static const char int32_limits[] =
        "anInt32: must be a whole number from -2147483648 to 2147483647";
    assert_refused(state, "{\"anInt32\": 2147483648}", "anInt32", int32_limits);
    assert_refused(state, "{\"anInt32\": \"2147483648\"}", "anInt32", int32_limits);
    assert_refused(state, "{\"anInt32\": 1.5}", "anInt32", int32_limits);
    assert_refused(state, "{\"anInt32\": \"1 \"}", "anInt32", int32_limits);
    assert_refused(state, "{\"anInt32\": \"\"}", "anInt32", int32_limits);
    assert_refused(state, "{\"anInt32\": true}", "anInt32", int32_limits);
    assert_refused(state, "{\"aUint32\": -1}", "aUint32",
        "aUint32: must be a whole number from 0 to 4294967295");
    assert_refused(state, "{\"aUint64\": \"18446744073709551616\"}", "aUint64",
        "aUint64: must be a whole number from 0 to 18446744073709551615");
    assert_refused(state, "{\"anInt64\": \"9223372036854775808\"}", "anInt64",
        "anInt64: must be a whole number from -9223372036854775808 to 9223372036854775807");
    assert_refused(state, "{\"aFloat\": 1e39}", "aFloat",
        "aFloat: must be a number between -3.4e38 and 3.4e38");
}

static void an_unknown_field_names_the_nearest(void **state)
{
    assert_refused(state, "{\"leaves\": [{}, {\"wrod\": \"x\"}]}", "leaves[1].wrod",
        "leaves[1].wrod: kinds.Leaf has no such field; did you mean \"word\"?");
    assert_refused(state, "{\"somebytes\": \"\"}", "somebytes",
        "somebytes: kinds.Kinds has no such field; did you mean \"someBytes\"?");
    assert_refused(state, "{\"zzzzz\": 1}", "zzzzz", "zzzzz: kinds.Kinds has no such field");
}

static void an_unknown_enum_value_names_the_nearest(void **state)
{
    assert_refused(state, "{\"aColor\": \"COLOR_GREN\"}", "aColor",
        "aColor: Color has no value \"COLOR_GREN\"; did you mean \"COLOR_GREEN\"?");
    assert_refused(state, "{\"colors\": [\"COLOR_RED\", false]}", "colors[1]",
        "colors[1]: must be the name of a Color");
}

static void wrong_types_are_refused(void **state)
{
    assert_refused(state, "{\"aBool\": 1}", "aBool", "aBool: must be true or false");
    assert_refused(state, "{\"aString\": 1}", "aString", "aString: must be a string");
    assert_refused(state, "{\"words\": \"a\"}", "words", "words: must be an array");
    assert_refused(state, "{\"words\": [null]}", "words[0]", "words[0]: must be a string");
    assert_refused(state, "{\"aLeaf\": []}", "aLeaf", "aLeaf: must be an object, a kinds.Leaf");
    assert_refused(state, "{\"someBytes\": \"?\"}", "someBytes", "someBytes: is not base64");
    assert_refused(state, "[]", "", "must be an object, a kinds.Kinds");
}

static void two_members_of_a_oneof_are_refused(void **state)
{
    assert_refused(state, "{\"chosenWord\": \"a\", \"chosenNumber\": 1}", "chosenNumber",
        "chosenNumber: another field of the same oneof is given already");
}

static void base64_of_either_alphabet_is_taken(void **state)
{
    static const char *const forms[] = {"+//+AA==", "+//+AA", "-__-AA==", "-__-AA"};
    for (size_t i = 0; i < 4; i++) {
        char json[64];
        (void)snprintf(json, sizeof(json), "{\"someBytes\": \"%s\"}", forms[i]);
        Kinds__Kinds *m = parse(*state, json);
        assert_int_equal(m->some_bytes.len, 4);
        assert_memory_equal(m->some_bytes.data, "\xfb\xff\xfe\x00", 4);
    }
}

static void what_is_no_json_says_where(void **state)
{
    struct err err = refuse(*state, "{\n  \"aBool\" true}");
    assert_int_equal(err.reason, REASON_JSON_INVALID);
    assert_non_null(strstr(err.msg, "line 2"));
    assert_int_equal(refuse(*state, "{\"aBool\":true,\"aBool\":true}").reason, REASON_JSON_INVALID);
    assert_int_equal(refuse(*state, "{\"aString\":\"a\\u0000b\"}").reason, REASON_JSON_INVALID);
    assert_int_equal(refuse(*state, "").reason, REASON_JSON_INVALID);
}

static void depth_is_limited(void **state)
{
    char json[2000];
    int n = 0;
    for (int depth = 0; depth < PBJSON_MAX_DEPTH; depth++)
        n += snprintf(json + n, sizeof(json) - (size_t)n, "{\"inner\":");
    n += snprintf(json + n, sizeof(json) - (size_t)n, "{}");
    memset(json + n, '}', PBJSON_MAX_DEPTH);
    json[n + PBJSON_MAX_DEPTH] = '\0';
    ProtobufCMessage *out = NULL;
    struct err err;
    assert_int_equal(
        pbjson_parse(&kinds__matryoshka__descriptor, json, strlen(json), *state, &out, &err),
        ERR_INVALID_ARGUMENT);
    assert_int_equal(err.reason, REASON_FIELD_INVALID);
    assert_non_null(strstr(err.msg, "nested deeper"));
}

/* 30,000 levels, four bytes each at most: protobuf-c alone would run out of stack. */
static void bytes_nested_too_deep_are_not_unpacked(void **state)
{
    enum { SIZE = 100000 };
    uint8_t *bytes = malloc(SIZE);
    assert_non_null(bytes);
    size_t at = SIZE;
    while (at > 8) {
        size_t inner = SIZE - at;
        uint8_t length[3];
        size_t n = 0;
        for (; inner >= 0x80; inner >>= 7)
            length[n++] = (uint8_t)(inner | 0x80);
        length[n++] = (uint8_t)inner;
        at -= n;
        memcpy(bytes + at, length, n);
        bytes[--at] = 0x0A;
    }
    ProtobufCMessage *out = NULL;
    struct err err;
    assert_int_equal(
        pbjson_unpack(&kinds__matryoshka__descriptor, bytes + at, SIZE - at, *state, &out, &err),
        ERR_INVALID_ARGUMENT);
    assert_int_equal(err.reason, REASON_REQUEST_MALFORMED);
    assert_non_null(strstr(err.msg, "nest"));
    free(bytes);
}

static void memory_is_limited(void **state)
{
    (void)state;
    struct arena small;
    arena_init(&small, 2048);
    char json[8000];
    memset(json, 'x', sizeof(json));
    memcpy(json, "{\"aString\":\"", 12);
    memcpy(json + sizeof(json) - 3, "\"}", 3);
    struct err err = refuse(&small, json);
    assert_int_equal(err.reason, REASON_REQUEST_TOO_LARGE);
    arena_fini(&small);
}

int main(void)
{
#define TEST(fn) cmocka_unit_test_setup_teardown(fn, set_up_arena, tear_down_arena)
    const struct CMUnitTest tests[] = {
        TEST(what_is_printed_reads_back),
        TEST(both_spellings_of_a_name_are_taken),
        TEST(numbers_may_be_strings_and_whole_reals),
        TEST(null_leaves_a_field_at_its_default),
        TEST(numbers_out_of_range_are_refused),
        TEST(an_unknown_field_names_the_nearest),
        TEST(an_unknown_enum_value_names_the_nearest),
        TEST(wrong_types_are_refused),
        TEST(two_members_of_a_oneof_are_refused),
        TEST(base64_of_either_alphabet_is_taken),
        TEST(what_is_no_json_says_where),
        TEST(depth_is_limited),
        TEST(bytes_nested_too_deep_are_not_unpacked),
        TEST(memory_is_limited),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
