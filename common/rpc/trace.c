/* SPDX-License-Identifier: Apache-2.0 */
#include "rpc/rpc.h"

#include <stdlib.h>
#include <string.h>

/* "00-" 32 hex digits "-" 16 hex digits "-" 2 hex digits */
enum { TRACEPARENT_LEN = RPC_TRACEPARENT_SIZE - 1, AT_TRACE = 3, AT_SPAN = 36, AT_FLAGS = 53 };

static void put_hex(char *out, const uint8_t *bytes, size_t n)
{
    static const char digits[] = "0123456789abcdef";
    for (size_t i = 0; i < n; i++) {
        *out++ = digits[bytes[i] >> 4];
        *out++ = digits[bytes[i] & 15];
    }
}

/* Of lower-case digits, as the standard wants them: the value with IS_HEX; 0: none. By table, as
 * nobody can foresee whether the next digit of a random number is a letter. */
enum { IS_HEX = 0x10 };
static const uint8_t hex_values[256] = {
    ['0'] = IS_HEX | 0,
    ['1'] = IS_HEX | 1,
    ['2'] = IS_HEX | 2,
    ['3'] = IS_HEX | 3,
    ['4'] = IS_HEX | 4,
    ['5'] = IS_HEX | 5,
    ['6'] = IS_HEX | 6,
    ['7'] = IS_HEX | 7,
    ['8'] = IS_HEX | 8,
    ['9'] = IS_HEX | 9,
    ['a'] = IS_HEX | 10,
    ['b'] = IS_HEX | 11,
    ['c'] = IS_HEX | 12,
    ['d'] = IS_HEX | 13,
    ['e'] = IS_HEX | 14,
    ['f'] = IS_HEX | 15,
};

static bool get_hex(const char *text, uint8_t *out, size_t n)
{
    unsigned are_hex = IS_HEX;
    for (size_t i = 0; i < n; i++) {
        unsigned high = hex_values[(uint8_t)text[2 * i]];
        unsigned low = hex_values[(uint8_t)text[2 * i + 1]];
        are_hex &= high & low;
        out[i] = (uint8_t)(high << 4 | (low & 0xf));
    }
    return are_hex != 0;
}

static bool is_zero(const uint8_t *bytes, size_t n)
{
    for (size_t i = 0; i < n; i++)
        if (bytes[i] != 0)
            return false;
    return true;
}

/*
 * Ids of traces must differ, not be secret: a generator per thread (xoshiro256++, Blackman and
 * Vigna 2019), seeded by the system, spares every call two system calls.
 */
static uint64_t next_random(void)
{
    static _Thread_local uint64_t s[4];
    while ((s[0] | s[1] | s[2] | s[3]) == 0)
        arc4random_buf(s, sizeof(s));
    uint64_t sum = s[0] + s[3];
    uint64_t result = (sum << 23 | sum >> 41) + s[0];
    uint64_t shifted = s[1] << 17;
    s[2] ^= s[0];
    s[3] ^= s[1];
    s[1] ^= s[2];
    s[0] ^= s[3];
    s[2] ^= shifted;
    s[3] = s[3] << 45 | s[3] >> 19;
    return result;
}

/* Never all zero, which the standard forbids. */
static void fill_random(uint8_t *out, size_t n)
{
    do {
        for (size_t i = 0; i < n; i += sizeof(uint64_t)) {
            uint64_t x = next_random();
            memcpy(out + i, &x, sizeof(x));
        }
    } while (is_zero(out, n));
}

struct rpc_trace rpc_trace_new(void)
{
    struct rpc_trace trace = {.flags = 1};
    fill_random(trace.trace_id, sizeof(trace.trace_id));
    fill_random(trace.span_id, sizeof(trace.span_id));
    return trace;
}

struct rpc_trace rpc_trace_child(const struct rpc_trace *parent)
{
    struct rpc_trace trace = *parent;
    memcpy(trace.parent_id, parent->span_id, sizeof(trace.parent_id));
    fill_random(trace.span_id, sizeof(trace.span_id));
    return trace;
}

void rpc_trace_format(const struct rpc_trace *t, char out[RPC_TRACEPARENT_SIZE])
{
    memcpy(out, "00-", 3);
    put_hex(out + AT_TRACE, t->trace_id, sizeof(t->trace_id));
    out[AT_SPAN - 1] = '-';
    put_hex(out + AT_SPAN, t->span_id, sizeof(t->span_id));
    out[AT_FLAGS - 1] = '-';
    put_hex(out + AT_FLAGS, &t->flags, 1);
    out[TRACEPARENT_LEN] = '\0';
}

bool rpc_trace_parse(const char *traceparent, struct rpc_trace *out)
{
    struct rpc_trace trace = {0};
    if (strnlen(traceparent, TRACEPARENT_LEN + 1) != TRACEPARENT_LEN ||
        memcmp(traceparent, "00-", 3) != 0 || traceparent[AT_SPAN - 1] != '-' ||
        traceparent[AT_FLAGS - 1] != '-')
        return false;
    if (!get_hex(traceparent + AT_TRACE, trace.trace_id, sizeof(trace.trace_id)) ||
        !get_hex(traceparent + AT_SPAN, trace.span_id, sizeof(trace.span_id)) ||
        !get_hex(traceparent + AT_FLAGS, &trace.flags, 1))
        return false;
    if (is_zero(trace.trace_id, sizeof(trace.trace_id)) ||
        is_zero(trace.span_id, sizeof(trace.span_id)))
        return false;
    *out = trace;
    return true;
}

void rpc_trace_id_format(const struct rpc_trace *t, char out[RPC_TRACE_ID_SIZE])
{
    put_hex(out, t->trace_id, sizeof(t->trace_id));
    out[RPC_TRACE_ID_SIZE - 1] = '\0';
}

struct rpc_trace_text rpc_trace_text(const struct rpc_trace *t)
{
    struct rpc_trace_text text = {0};
    put_hex(text.trace_id, t->trace_id, sizeof(t->trace_id));
    put_hex(text.span_id, t->span_id, sizeof(t->span_id));
    if (!is_zero(t->parent_id, sizeof(t->parent_id)))
        put_hex(text.parent_id, t->parent_id, sizeof(t->parent_id));
    return text;
}
