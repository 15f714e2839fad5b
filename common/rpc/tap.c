/* SPDX-License-Identifier: Apache-2.0 */
#include "rpc/tap.h"

#include "rpc/tls.h"
#include "rpc/unpack.h"

#include <kith/v1/tap.pb-c.h>

#include <pthread.h>
#include <stdatomic.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>

enum {
    KEPT = 256,
    BODY_MAX = 64 << 10,     /* of a request or reply */
    LOOK_MAX = 128 << 10,    /* of one look, give or take a call */
    LOOKED_AT_US = 10000000, /* how long a look keeps the tap running */
    URL_SIZE = 256
};

struct kept {
    uint64_t number;
    const struct schema_method *method;
    struct rpc_trace_text trace;
    struct rpc_principal principal;
    struct err err;
    int64_t answered_us, took_us;
    struct body {
        void *data; /* malloc'ed */
        size_t len;
    } request, reply;
    bool is_cut;
    uint32_t item;
};

struct tap {
    const struct clock *clock;
    _Atomic int64_t open_until_us; /* while somebody looks */
    pthread_mutex_t lock;
    uint64_t last;          /* number of the newest */
    struct kept kept[KEPT]; /* the one numbered n at n % KEPT */
};

struct tap *tap_new(const struct clock *clock)
{
    struct tap *tap = calloc(1, sizeof(*tap));
    if (!tap)
        return NULL;
    (void)pthread_mutex_init(&tap->lock, NULL);
    tap->clock = clock;
    tap->last = 1; /* 0 says "from now on" */
    return tap;
}

static void forget(struct kept *kept)
{
    free(kept->request.data);
    free(kept->reply.data);
    *kept = (struct kept){0};
}

void tap_free(struct tap *tap)
{
    if (!tap)
        return;
    for (size_t i = 0; i < KEPT; i++)
        forget(&tap->kept[i]);
    (void)pthread_mutex_destroy(&tap->lock);
    free(tap);
}

enum err_code tap_check_addresses(const char *listen, struct err *err)
{
    while (*listen) {
        char url[URL_SIZE];
        size_t len = strcspn(listen, ",");
        size_t scheme = strncasecmp(listen, "tls+", 4) == 0 ? 4 : 0;
        if (len >= sizeof(url))
            return err_raise(err, REASON_CONFIG_INVALID, "an address to listen at is too long");
        memcpy(url, listen + scheme, len - scheme);
        url[len - scheme] = '\0';
        if (len > 0 && !tls_is_needless(url))
            return err_raise(err, REASON_CONFIG_INVALID,
                "%s can be reached from elsewhere: a service that lets its traffic be seen may "
                "listen on this machine only; leave out tap",
                url);
        listen += len + (listen[len] == ',');
    }
    return ERR_OK;
}

/* ---- recording ------------------------------------------------------------------------------- */

/* The bytes without what is hidden, in `scratch`; false: it has no room for them. */
static bool strip(const struct schema_message *type, struct db_bytes *bytes, struct arena *scratch)
{
    ProtobufCMessage *m;
    struct err why;
    if (unpack_reply(type, bytes, scratch, &m, &why) != ERR_OK)
        return false;
    schema_clear_hidden(type, m);
    uint8_t *packed = arena_alloc(scratch, protobuf_c_message_get_packed_size(m) + 1);
    if (!packed)
        return false;
    *bytes = (struct db_bytes){packed, protobuf_c_message_pack(m, packed)};
    return true;
}

/* A copy to keep, or nothing. */
static struct body copy_body(
    const struct schema_message *type, struct db_bytes bytes, struct arena *scratch, bool *is_cut)
{
    struct body copy = {0};
    if (bytes.len == 0)
        return copy;
    void *kept =
        bytes.len <= BODY_MAX && strip(type, &bytes, scratch) ? malloc(bytes.len + 1) : NULL;
    *is_cut = *is_cut || !kept;
    if (!kept)
        return copy;
    memcpy(kept, bytes.data, bytes.len);
    return (struct body){kept, bytes.len};
}

void tap_record(struct tap *tap, const struct tap_call *call, struct arena *scratch)
{
    if (clock_mono_us(tap->clock) > atomic_load(&tap->open_until_us))
        return;
    struct kept kept = {
        .method = call->method,
        .trace = rpc_trace_text(&call->ctx->trace),
        .principal = call->ctx->principal,
        .err = *call->err,
        .answered_us = clock_wall_us(tap->clock),
        .took_us = call->took_us,
        .item = call->item,
    };
    kept.request = copy_body(call->method->in, call->request, scratch, &kept.is_cut);
    kept.reply = copy_body(call->method->out, call->reply, scratch, &kept.is_cut);
    (void)pthread_mutex_lock(&tap->lock);
    kept.number = ++tap->last;
    struct kept *place = &tap->kept[kept.number % KEPT];
    struct kept before = *place;
    *place = kept;
    (void)pthread_mutex_unlock(&tap->lock);
    forget(&before);
}

/* ---- looking --------------------------------------------------------------------------------- */

static bool copy_bytes(struct arena *arena, const struct body *from, ProtobufCBinaryData *to)
{
    to->len = from->len;
    to->data = from->len > 0 ? arena_memdup(arena, from->data, from->len) : NULL;
    return from->len == 0 || to->data;
}

static Kith__V1__TappedCall *describe(struct arena *arena, const struct kept *kept)
{
    Kith__V1__TappedCall *out = arena_alloc(arena, sizeof(*out));
    char member[ID_TEXT_SIZE] = "";
    if (!out)
        return NULL;
    kith__v1__tapped_call__init(out);
    if (kept->principal.caller == RPC_CALLER_MEMBER)
        id_format(&kept->principal.member, member);
    bool is_failure = kept->err.code != ERR_OK;
    out->method = kept->method->name;
    out->answered_us = kept->answered_us;
    out->took_us = kept->took_us;
    out->trace_id = arena_strdup(arena, kept->trace.trace_id);
    /* The enum of the .proto begins with UNSPECIFIED. */
    out->caller = (Kith__V1__Caller)((int)kept->principal.caller + 1);
    out->member_id = arena_strdup(arena, member);
    out->code = arena_strdup(arena, err_code_name(kept->err.code));
    out->reason = arena_strdup(arena, is_failure ? err_reason_info(kept->err.reason)->name : "");
    out->message = arena_strdup(arena, is_failure ? kept->err.msg : "");
    out->is_cut = kept->is_cut;
    out->item = kept->item;
    bool is_copied = out->trace_id && out->member_id && out->code && out->reason && out->message &&
                     copy_bytes(arena, &kept->request, &out->request) &&
                     copy_bytes(arena, &kept->reply, &out->reply);
    return is_copied ? out : NULL;
}

/* Those after number `after` that are still kept, as far as a reply has room. */
static bool look(
    const struct tap *tap, uint64_t after, struct arena *arena, Kith__V1__ReadTapResponse *out)
{
    size_t size = 0;
    uint64_t first = tap->last >= KEPT ? tap->last - KEPT + 1 : 1;
    if (after + 1 < first)
        out->missed = first - after - 1;
    else
        first = after + 1;
    out->next = out->missed > 0 ? first - 1 : after;
    out->calls = arena_calloc(arena, KEPT, sizeof(Kith__V1__TappedCall *));
    if (!out->calls)
        return false;
    for (uint64_t n = first; n <= tap->last && size < LOOK_MAX; n++) {
        const struct kept *kept = &tap->kept[n % KEPT];
        Kith__V1__TappedCall *call = describe(arena, kept);
        if (!call)
            return out->n_calls > 0;
        out->calls[out->n_calls++] = call;
        out->next = n;
        size += call->request.len + call->reply.len;
    }
    return true;
}

rpc_handler_fn rpc_read_tap;

RPC_HANDLER(read_tap, Kith__V1__ReadTapRequest, Kith__V1__ReadTapResponse)
{
    struct tap *tap = ctx->service;
    atomic_store(&tap->open_until_us, clock_mono_us(tap->clock) + LOOKED_AT_US);
    (void)pthread_mutex_lock(&tap->lock);
    bool is_told = true;
    if (in->after == 0 || in->after > tap->last)
        out->next = tap->last;
    else
        is_told = look(tap, in->after, ctx->arena, out);
    (void)pthread_mutex_unlock(&tap->lock);
    if (!is_told)
        return err_raise(&ctx->err, REASON_REPLY_TOO_LARGE, "no memory for what was tapped");
    return ERR_OK;
}

static const struct rpc_method tap_methods[] = {
    {"ReadTap", rpc_read_tap, DB_TX_NONE},
};

const struct rpc_service tap_service = {
    &kith__v1__tap_service__descriptor, tap_methods, sizeof(tap_methods) / sizeof(tap_methods[0])};
