/* SPDX-License-Identifier: Apache-2.0 */
#include "auth/auth.h"

#include <sodium.h>
#include <string.h>

static const char PREFIX[] = "kith_";
static const char DIGITS[] = "0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz";

enum {
    BASE = 62,
    PREFIX_LEN = sizeof(PREFIX) - 1,
    SECRET_LEN = 43, /* 62^43 > 2^256 */
    CHECK_LEN = 6,   /* 62^6 > 2^32 */
    TOKEN_LEN = PREFIX_LEN + SECRET_LEN + CHECK_LEN,
    WORDS = 8,
};

/* CRC-32 of IEEE 802.3, bit by bit: 43 bytes do not deserve a table. */
static uint32_t crc32_of(const char *text, size_t len)
{
    uint32_t crc = UINT32_MAX;
    for (size_t i = 0; i < len; i++) {
        crc ^= (unsigned char)text[i];
        for (int bit = 0; bit < 8; bit++)
            crc = (crc >> 1) ^ (crc & 1 ? UINT32_C(0xedb88320) : 0);
    }
    return ~crc;
}

/* The lowest base 62 digit of a big number, which is divided by 62. */
static char take_digit(uint32_t *words, size_t n)
{
    uint64_t rest = 0;
    for (size_t i = n; i-- > 0;) {
        uint64_t value = rest << 32 | words[i];
        words[i] = (uint32_t)(value / BASE);
        rest = value % BASE;
    }
    return DIGITS[rest];
}

static void put_digits(char *out, size_t len, uint32_t *words, size_t n)
{
    for (size_t i = len; i-- > 0;)
        out[i] = take_digit(words, n);
}

static void put_check(const char *secret, char out[CHECK_LEN])
{
    uint32_t crc = crc32_of(secret, SECRET_LEN);
    put_digits(out, CHECK_LEN, &crc, 1);
}

void auth_token_new(char out[AUTH_TOKEN_SIZE])
{
    uint32_t words[WORDS];
    randombytes_buf(words, sizeof(words));
    memcpy(out, PREFIX, PREFIX_LEN);
    put_digits(out + PREFIX_LEN, SECRET_LEN, words, WORDS);
    put_check(out + PREFIX_LEN, out + PREFIX_LEN + SECRET_LEN);
    out[TOKEN_LEN] = '\0';
    sodium_memzero(words, sizeof(words));
}

enum err_code auth_token_check(const char *token, struct err *err)
{
    if (strncmp(token, PREFIX, PREFIX_LEN) != 0)
        return err_raise(err, REASON_TOKEN_MALFORMED, "a token begins with %s", PREFIX);
    size_t len = strlen(token);
    if (len != TOKEN_LEN)
        return err_raise(err, REASON_TOKEN_MALFORMED,
            "a token has %d characters, this one has %zu; copy the whole of it", TOKEN_LEN, len);
    char check[CHECK_LEN];
    const char *secret = token + PREFIX_LEN;
    put_check(secret, check);
    if (strspn(secret, DIGITS) != SECRET_LEN + CHECK_LEN ||
        memcmp(secret + SECRET_LEN, check, CHECK_LEN) != 0)
        return err_raise(err, REASON_TOKEN_MALFORMED,
            "the token was mistyped: its checksum does not fit; copy it again");
    return ERR_OK;
}

void auth_token_hash(const char *token, uint8_t out[AUTH_HASH_SIZE])
{
    (void)crypto_hash_sha256(out, (const unsigned char *)token, strlen(token));
}
