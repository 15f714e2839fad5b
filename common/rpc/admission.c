/* SPDX-License-Identifier: Apache-2.0 */
#include "rpc/admission.h"

#include "rpc/limiter.h"

#include <sodium.h>
#include <stdatomic.h>
#include <stdlib.h>
#include <string.h>

/*
 * Who was behind a token, or a connection without one, as hashes. A guess that is lost or
 * overwritten costs a caller nothing but his own row. Read without a lock: an entry half written
 * does not fit together (Hyatt and Mann, "A lock-less transposition table", 2002).
 */
enum { KNOWN_SLOTS = 4096 };

/* So many milliseconds' worth of frames a connection may send in advance. */
enum { MAX_DEBT_MS = 5000 };

struct known {
    _Atomic uint64_t check; /* claim ^ flow */
    _Atomic uint64_t flow;
};

struct admission {
    uint8_t secret[crypto_shorthash_KEYBYTES]; /* nobody chooses whom he is taken for */
    struct limiter connections;
    struct limiter members;
    struct limiter bad_tokens; /* by connection */
    struct known known[KNOWN_SLOTS];
};

struct admission *admission_new(const struct rpc_limits *limits)
{
    struct admission *a = calloc(1, sizeof(*a));
    if (!a)
        return NULL;
    randombytes_buf(a->secret, sizeof(a->secret));
    a->connections.per_second = limits->connection_rate;
    a->members.per_second = limits->member_rate;
    a->bad_tokens.per_second = limits->bad_token_rate;
    return a;
}

void admission_free(struct admission *a)
{
    free(a);
}

/* ---- who ---- */

static uint64_t hash(const struct admission *a, const void *data, size_t len)
{
    uint8_t out[crypto_shorthash_BYTES];
    uint64_t value;
    (void)crypto_shorthash(out, data, len, a->secret);
    memcpy(&value, out, sizeof(value));
    return value;
}

static uint64_t hash_pipe(const struct admission *a, uint32_t pipe)
{
    return hash(a, &pipe, sizeof(pipe));
}

/*
 * The token of a call, where every encoder puts the first field of Meta: in front, with a length of
 * one byte. Whoever writes it elsewhere is taken for his connection.
 */
static struct db_bytes token_of(const struct wire_frame *frame)
{
    enum { TAG = 1 << 3 | 2, LONGEST = 127 };
    const uint8_t *meta = frame->meta;
    if (frame->meta_len < 2 || meta[0] != TAG || meta[1] > LONGEST || meta[1] == 0 ||
        meta[1] > frame->meta_len - 2)
        return (struct db_bytes){0};
    return (struct db_bytes){meta + 2, meta[1]};
}

/* By what a caller is recognised: his token, or else his connection. */
static uint64_t claim_of(const struct admission *a, const struct call *call)
{
    struct db_bytes token = token_of(&call->frame);
    return token.len > 0 ? hash(a, token.data, token.len) : hash_pipe(a, call->pipe);
}

static bool recognise(struct admission *a, uint64_t claim, uint64_t *flow)
{
    struct known *known = &a->known[claim % KNOWN_SLOTS];
    uint64_t check = atomic_load_explicit(&known->check, memory_order_relaxed);
    uint64_t found = atomic_load_explicit(&known->flow, memory_order_relaxed);
    if ((check ^ found) != claim)
        return false;
    *flow = found;
    return true;
}

static void remember(struct admission *a, uint64_t claim, uint64_t flow)
{
    struct known *known = &a->known[claim % KNOWN_SLOTS];
    atomic_store_explicit(&known->check, claim ^ flow, memory_order_relaxed);
    atomic_store_explicit(&known->flow, flow, memory_order_relaxed);
}

/* ---- may he ---- */

static enum err_code refuse(struct err *err, uint32_t wait_ms, const char *msg)
{
    enum err_code code = err_raise(err, REASON_RATE_LIMITED, "%s", msg);
    err->retry_after_ms = wait_ms;
    return code;
}

enum err_code admission_judge(
    struct admission *a, struct call *call, int64_t now_us, struct err *err)
{
    uint64_t pipe = hash_pipe(a, call->pipe);
    uint64_t claim = claim_of(a, call);
    bool is_known = recognise(a, claim, &call->flow);
    if (!is_known)
        call->flow = pipe;
    uint32_t wait_ms = limiter_take(&a->connections, pipe, now_us);
    if (wait_ms > 0)
        return refuse(err, wait_ms, "this connection makes more calls than it may");
    wait_ms = is_known ? limiter_take(&a->members, call->flow, now_us) : 0;
    if (wait_ms > 0)
        return refuse(err, wait_ms, "this caller makes more calls than he may");
    wait_ms = !is_known && claim != pipe ? limiter_look(&a->bad_tokens, pipe, now_us) : 0;
    if (wait_ms > 0)
        return refuse(err, wait_ms, "this connection tried too many tokens that are not valid");
    return ERR_OK;
}

bool admission_charge(struct admission *a, uint32_t pipe, size_t n_frames, int64_t now_us)
{
    return limiter_charge(&a->connections, hash_pipe(a, pipe), (uint32_t)n_frames, now_us) <=
           MAX_DEBT_MS;
}

void admission_learn(struct admission *a, const struct call *call, const struct rpc_principal *who,
    enum err_reason failed, int64_t now_us)
{
    if (failed == REASON_TOKEN_UNKNOWN || failed == REASON_TOKEN_MALFORMED) {
        (void)limiter_take(&a->bad_tokens, hash_pipe(a, call->pipe), now_us);
        return;
    }
    if (who->caller == RPC_CALLER_ANYBODY)
        return;
    uint64_t flow = who->caller == RPC_CALLER_MEMBER
                        ? hash(a, who->member.bytes, sizeof(who->member.bytes))
                        : hash_pipe(a, call->pipe);
    if (flow != call->flow)
        remember(a, claim_of(a, call), flow);
}
