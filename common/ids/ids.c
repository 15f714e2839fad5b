/* SPDX-License-Identifier: Apache-2.0 */
#include "ids/ids.h"

#include <pthread.h>
#include <sodium.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

enum {
    US_PER_MS = 1000,
    COUNTER_MAX = 0x0fff,      /* rand_a, 12 bits, is the counter */
    COUNTER_SEED_MASK = 0x7ff, /* starts with its top bit clear: room to count within one ms */
    VERSION_BITS = 0x70,
    VARIANT_BITS = 0x80,
    VARIANT_MASK = 0x3f,
};

/* The newest id's timestamp and counter: what "greater than every id before" is measured against.
 */
static struct {
    pthread_mutex_t lock;
    int64_t ms;
    unsigned counter;
} newest = {.lock = PTHREAD_MUTEX_INITIALIZER, .ms = -1};

static void start_sodium(void)
{
    /* Without randomness no id is safe to hand out. */
    if (sodium_init() < 0)
        abort();
}

/*
 * Take the next (ms, counter). A clock that stands still or goes back keeps the newest timestamp; a
 * full counter borrows the next millisecond, as RFC 9562 §6.2 allows.
 */
static void take_tick(int64_t now_ms, unsigned seed, int64_t *ms, unsigned *counter)
{
    (void)pthread_mutex_lock(&newest.lock);
    if (now_ms > newest.ms) {
        newest.ms = now_ms;
        newest.counter = seed;
    } else if (newest.counter < COUNTER_MAX) {
        newest.counter++;
    } else {
        newest.ms++;
        newest.counter = seed;
    }
    *ms = newest.ms;
    *counter = newest.counter;
    (void)pthread_mutex_unlock(&newest.lock);
}

struct id id_new(const struct clock *clock)
{
    static pthread_once_t once = PTHREAD_ONCE_INIT;
    (void)pthread_once(&once, start_sodium);

    struct id id;
    randombytes_buf(id.bytes, sizeof(id.bytes));
    unsigned seed = ((unsigned)id.bytes[6] << 8 | id.bytes[7]) & COUNTER_SEED_MASK;

    int64_t ms = 0;
    unsigned counter = 0;
    take_tick(clock_wall_us(clock) / US_PER_MS, seed, &ms, &counter);

    for (int i = 0; i < 6; i++)
        id.bytes[i] = (uint8_t)((uint64_t)ms >> (40 - 8 * i));
    id.bytes[6] = (uint8_t)(VERSION_BITS | counter >> 8);
    id.bytes[7] = (uint8_t)counter;
    id.bytes[8] = (uint8_t)(VARIANT_BITS | (id.bytes[8] & VARIANT_MASK));
    return id;
}

static bool is_hyphen_place(size_t i)
{
    return i == 8 || i == 13 || i == 18 || i == 23;
}

void id_format(const struct id *id, char out[ID_TEXT_SIZE])
{
    static const char digits[] = "0123456789abcdef";
    for (size_t i = 0; i < sizeof(id->bytes); i++) {
        if (i == 4 || i == 6 || i == 8 || i == 10)
            *out++ = '-';
        *out++ = digits[id->bytes[i] >> 4];
        *out++ = digits[id->bytes[i] & 0x0f];
    }
    *out = '\0';
}

static int hex_value(char c)
{
    if (c >= '0' && c <= '9')
        return c - '0';
    if (c >= 'a' && c <= 'f')
        return c - 'a' + 10;
    if (c >= 'A' && c <= 'F')
        return c - 'A' + 10;
    return -1;
}

bool id_parse(const char *text, struct id *out)
{
    if (!text || strnlen(text, ID_TEXT_SIZE) != ID_TEXT_SIZE - 1)
        return false;
    struct id id = {{0}};
    size_t nibble = 0;
    for (size_t i = 0; i < ID_TEXT_SIZE - 1; i++) {
        if (is_hyphen_place(i)) {
            if (text[i] != '-')
                return false;
            continue;
        }
        int value = hex_value(text[i]);
        if (value < 0)
            return false;
        id.bytes[nibble / 2] = (uint8_t)(id.bytes[nibble / 2] << 4 | value);
        nibble++;
    }
    *out = id;
    return true;
}

enum err_code id_parse_field(const char *text, const char *field, struct id *out, struct err *err)
{
    if (id_parse(text, out))
        return ERR_OK;
    return err_raise_field(err, field,
        "%s must be an id such as 01890a5d-ac96-774b-bcce-b302099a8057, not %s", field,
        text && *text ? "this text" : "empty");
}

bool id_equal(const struct id *a, const struct id *b)
{
    return memcmp(a->bytes, b->bytes, sizeof(a->bytes)) == 0;
}

bool id_is_zero(const struct id *id)
{
    static const struct id zero;
    return id_equal(id, &zero);
}

/* FNV-1a, folded: spreads ids of every version, and will never change since rows carry its result.
 */
int id_bucket(const struct id *member)
{
    uint64_t hash = UINT64_C(0xcbf29ce484222325);
    for (size_t i = 0; i < sizeof(member->bytes); i++) {
        hash ^= member->bytes[i];
        hash *= UINT64_C(0x100000001b3);
    }
    return (int)((hash ^ hash >> 32) % ID_BUCKETS);
}
