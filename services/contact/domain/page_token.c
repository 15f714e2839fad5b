/* SPDX-License-Identifier: Apache-2.0 */
#include "domain/page_token.h"

#include <assert.h>
#include <sodium.h>
#include <string.h>

enum {
    CHECK_SIZE = 8,
    HEAD_SIZE = CHECK_SIZE + sizeof(struct id),
    RAW_SIZE = HEAD_SIZE + PAGE_KEY_SIZE
};

static void checksum(const char *list, const uint8_t *body, size_t len, uint8_t out[CHECK_SIZE])
{
    uint8_t full[crypto_generichash_BYTES];
    crypto_generichash_state state;
    (void)crypto_generichash_init(&state, NULL, 0, sizeof(full));
    (void)crypto_generichash_update(&state, (const uint8_t *)list, strlen(list) + 1);
    (void)crypto_generichash_update(&state, body, len);
    (void)crypto_generichash_final(&state, full, sizeof(full));
    memcpy(out, full, CHECK_SIZE);
}

void page_token_format(
    const char *list, const struct page_position *position, char out[PAGE_TOKEN_SIZE])
{
    uint8_t raw[RAW_SIZE];
    size_t key_len = strnlen(position->key, PAGE_KEY_SIZE - 1);
    memcpy(raw + CHECK_SIZE, position->id.bytes, sizeof(struct id));
    memcpy(raw + HEAD_SIZE, position->key, key_len);
    checksum(list, raw + CHECK_SIZE, sizeof(struct id) + key_len, raw);
    (void)sodium_bin2base64(
        out, PAGE_TOKEN_SIZE, raw, HEAD_SIZE + key_len, sodium_base64_VARIANT_URLSAFE_NO_PADDING);
}

bool page_token_parse(const char *list, const char *token, struct page_position *out)
{
    uint8_t raw[RAW_SIZE], expected[CHECK_SIZE];
    size_t len = 0;
    const char *end = NULL;
    if (sodium_base642bin(raw, sizeof(raw) - 1, token, strlen(token), NULL, &len, &end,
            sodium_base64_VARIANT_URLSAFE_NO_PADDING) != 0)
        return false;
    if (*end != '\0' || len < HEAD_SIZE)
        return false;
    checksum(list, raw + CHECK_SIZE, len - CHECK_SIZE, expected);
    if (sodium_memcmp(raw, expected, CHECK_SIZE) != 0)
        return false;
    memcpy(out->id.bytes, raw + CHECK_SIZE, sizeof(struct id));
    memcpy(out->key, raw + HEAD_SIZE, len - HEAD_SIZE);
    out->key[len - HEAD_SIZE] = '\0';
    return strlen(out->key) == len - HEAD_SIZE;
}
