/* SPDX-License-Identifier: Apache-2.0 */
#include "kinds_test.h"

#include <locale.h>
#include <math.h>

static void assert_prints(const Kinds__Kinds *message, const char *expected)
{
    char *text = pbjson_format((const void *)message);
    assert_non_null(text);
    assert_string_equal(text, expected);
    free(text);
}

static void an_empty_message_is_an_empty_object(void **state)
{
    (void)state;
    Kinds__Kinds m = KINDS__KINDS__INIT;
    assert_prints(&m, "{}");
}

static void integers_of_64_bits_are_strings(void **state)
{
    (void)state;
    Kinds__Kinds m = KINDS__KINDS__INIT;
    m.an_int32 = -2147483647 - 1;
    m.an_int64 = INT64_MIN;
    m.a_uint32 = UINT32_MAX;
    m.a_uint64 = UINT64_MAX;
    assert_prints(&m, "{\"anInt32\":-2147483648,\"anInt64\":\"-9223372036854775808\","
                      "\"aUint32\":4294967295,\"aUint64\":\"18446744073709551615\"}");
}

static void reals_have_the_fewest_digits_that_read_back(void **state)
{
    (void)state;
    Kinds__Kinds m = KINDS__KINDS__INIT;
    m.a_float = 0.9F;
    m.a_double = 0.1;
    assert_prints(&m, "{\"aFloat\":0.9,\"aDouble\":0.1}");
    m.a_float = 16777217.0F;
    m.a_double = 0.1 + 0.2;
    assert_prints(&m, "{\"aFloat\":16777216.0,\"aDouble\":0.30000000000000004}");
}

static void what_json_has_no_number_for_is_a_string(void **state)
{
    (void)state;
    Kinds__Kinds m = KINDS__KINDS__INIT;
    m.a_float = -INFINITY;
    m.a_double = (double)NAN;
    assert_prints(&m, "{\"aFloat\":\"-Infinity\",\"aDouble\":\"NaN\"}");
}

static void a_decimal_comma_of_the_locale_stays_out(void **state)
{
    if (setlocale(LC_NUMERIC, "de_DE.UTF-8") == NULL && setlocale(LC_NUMERIC, "de_DE") == NULL) {
        skip();
        return;
    }
    reals_have_the_fewest_digits_that_read_back(state);
    assert_non_null(setlocale(LC_NUMERIC, "C"));
}

static void strings_are_escaped_and_never_invalid(void **state)
{
    (void)state;
    Kinds__Kinds m = KINDS__KINDS__INIT;
    char text[] = "a\"b\\c\n\t\x1b[31m\xc2\x9b"
                  "0m \xc3\xbc \xff.";
    m.a_string = text;
    assert_prints(
        &m, "{\"aString\":\"a\\\"b\\\\c\\n\\u0009\\u001b[31m\\u009b0m \xc3\xbc \\ufffd.\"}");
}

static void enums_go_by_name_and_by_number_where_there_is_none(void **state)
{
    (void)state;
    Kinds__Kinds m = KINDS__KINDS__INIT;
    Kinds__Color colors[] = {
        KINDS__COLOR__COLOR_BELOW, KINDS__COLOR__COLOR_UNSPECIFIED, (Kinds__Color)77};
    m.n_colors = 3;
    m.colors = colors;
    assert_prints(&m, "{\"colors\":[\"COLOR_BELOW\",\"COLOR_UNSPECIFIED\",77]}");
}

static void bytes_are_base64_over_any_length(void **state)
{
    (void)state;
    Kinds__Kinds m = KINDS__KINDS__INIT;
    uint8_t data[] = {0xfb, 0xff, 0xfe, 0x00};
    m.some_bytes = (ProtobufCBinaryData){4, data};
    assert_prints(&m, "{\"someBytes\":\"+//+AA==\"}");

    uint8_t many[1000] = {0};
    m.some_bytes = (ProtobufCBinaryData){sizeof(many), many};
    char *text = pbjson_format((const void *)&m);
    assert_int_equal(strlen(text), strlen("{\"someBytes\":\"\"}") + 1336);
    assert_int_equal(strspn(text + strlen("{\"someBytes\":\""), "A"), 1334);
    free(text);
}

static void a_oneof_shows_its_member_even_at_the_default(void **state)
{
    (void)state;
    Kinds__Kinds m = KINDS__KINDS__INIT;
    m.choice_case = KINDS__KINDS__CHOICE_CHOSEN_NUMBER;
    m.opt_age_case = KINDS__KINDS__OPT_AGE_AGE;
    assert_prints(&m, "{\"chosenNumber\":\"0\",\"age\":0}");
}

static void messages_nest(void **state)
{
    (void)state;
    Kinds__Kinds m = KINDS__KINDS__INIT;
    Kinds__Leaf leaf = KINDS__LEAF__INIT;
    Kinds__Leaf empty = KINDS__LEAF__INIT;
    char word[] = "x";
    leaf.word = word;
    Kinds__Leaf *leaves[] = {&leaf, &empty};
    m.a_leaf = &empty;
    m.n_leaves = 2;
    m.leaves = leaves;
    assert_prints(&m, "{\"aLeaf\":{},\"leaves\":[{\"word\":\"x\"},{}]}");
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(an_empty_message_is_an_empty_object),
        cmocka_unit_test(integers_of_64_bits_are_strings),
        cmocka_unit_test(reals_have_the_fewest_digits_that_read_back),
        cmocka_unit_test(what_json_has_no_number_for_is_a_string),
        cmocka_unit_test(a_decimal_comma_of_the_locale_stays_out),
        cmocka_unit_test(strings_are_escaped_and_never_invalid),
        cmocka_unit_test(enums_go_by_name_and_by_number_where_there_is_none),
        cmocka_unit_test(bytes_are_base64_over_any_length),
        cmocka_unit_test(a_oneof_shows_its_member_even_at_the_default),
        cmocka_unit_test(messages_nest),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
