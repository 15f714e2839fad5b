/* SPDX-License-Identifier: Apache-2.0 */
#include "auth/auth.h"
#include "unit_test.h"

#include <string.h>

/* Made by another implementation: zlib's crc32 over the 43 digits, big numbers of Python. */
static const char KNOWN[] = "kith_0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefg37cCQ0";
static const char ALPHABET[] = "0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz";

static void assert_malformed(const char *token)
{
    struct err err = {0};
    if (auth_token_check(token, &err) != ERR_UNAUTHENTICATED)
        fail_msg("%s was taken", token);
    assert_int_equal(err.reason, REASON_TOKEN_MALFORMED);
    assert_null(strstr(err.msg, token[0] ? token : "\n")); /* a token is never repeated */
}

static void a_new_token_is_well_formed(void **state)
{
    (void)state;
    struct err err = {0};
    for (int i = 0; i < 1000; i++) {
        char token[AUTH_TOKEN_SIZE];
        auth_token_new(token);
        assert_int_equal(strlen(token), AUTH_TOKEN_SIZE - 1);
        assert_ok(auth_token_check(token, &err), &err);
    }
}

static void no_two_tokens_are_the_same(void **state)
{
    (void)state;
    char a[AUTH_TOKEN_SIZE];
    char b[AUTH_TOKEN_SIZE];
    auth_token_new(a);
    auth_token_new(b);
    assert_string_not_equal(a, b);
}

static void a_token_of_another_implementation_is_taken(void **state)
{
    (void)state;
    struct err err = {0};
    assert_ok(auth_token_check(KNOWN, &err), &err);
}

static void every_mistyped_character_is_noticed(void **state)
{
    (void)state;
    for (size_t at = 0; at < AUTH_TOKEN_SIZE - 1; at++) {
        for (const char *c = ALPHABET; *c; c++) {
            char token[AUTH_TOKEN_SIZE];
            memcpy(token, KNOWN, sizeof(token));
            if (token[at] == *c)
                continue;
            token[at] = *c;
            assert_malformed(token);
        }
    }
}

static void swapped_neighbours_are_noticed(void **state)
{
    (void)state;
    for (size_t at = 5; at < AUTH_TOKEN_SIZE - 2; at++) {
        char token[AUTH_TOKEN_SIZE];
        memcpy(token, KNOWN, sizeof(token));
        token[at] = KNOWN[at + 1];
        token[at + 1] = KNOWN[at];
        if (token[at] != token[at + 1])
            assert_malformed(token);
    }
}

static void what_is_cut_too_long_or_foreign_is_malformed(void **state)
{
    (void)state;
    char token[AUTH_TOKEN_SIZE + 1];
    memcpy(token, KNOWN, sizeof(KNOWN));
    token[AUTH_TOKEN_SIZE - 1] = '0';
    token[AUTH_TOKEN_SIZE] = '\0';
    assert_malformed(token);
    token[AUTH_TOKEN_SIZE - 2] = '\0';
    assert_malformed(token);
    assert_malformed("");
    assert_malformed("kith_");
    assert_malformed("ghp_0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnop");
}

static void the_hash_is_the_sha_256_of_the_text(void **state)
{
    (void)state;
    static const uint8_t expected[AUTH_HASH_SIZE] = {0xba, 0x78, 0x16, 0xbf, 0x8f, 0x01, 0xcf, 0xea,
        0x41, 0x41, 0x40, 0xde, 0x5d, 0xae, 0x22, 0x23, 0xb0, 0x03, 0x61, 0xa3, 0x96, 0x17, 0x7a,
        0x9c, 0xb4, 0x10, 0xff, 0x61, 0xf2, 0x00, 0x15, 0xad}; /* FIPS 180-4: "abc" */
    uint8_t hash[AUTH_HASH_SIZE];
    auth_token_hash("abc", hash);
    assert_memory_equal(hash, expected, sizeof(hash));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_new_token_is_well_formed),
        cmocka_unit_test(no_two_tokens_are_the_same),
        cmocka_unit_test(a_token_of_another_implementation_is_taken),
        cmocka_unit_test(every_mistyped_character_is_noticed),
        cmocka_unit_test(swapped_neighbours_are_noticed),
        cmocka_unit_test(what_is_cut_too_long_or_foreign_is_malformed),
        cmocka_unit_test(the_hash_is_the_sha_256_of_the_text),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
