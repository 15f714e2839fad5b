/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The first two bytes choose a method, the third says how many of the others are the call's Meta
 * (0: one with a token), the rest is its request. Every method goes through dispatch: the call ends
 * with a reply, after its handler ran once and could read all of the request, or with a reason, and
 * then its handler never ran.
 */
#include "clock/clock.h"
#include "fuzz.h"
#include "log/log.h"
#include "rpc/dispatch.h"
#include "rpc/routes.h"
#include "rpc/stats.h"
#include "rpc/stream.h"

#include <assert.h>
#include <kith/v1/services.h>
#include <stdio.h>
#include <stdlib.h>

enum { MAX_MEMORY = 16 << 20 };

static const uint8_t META_WITH_TOKEN[] = "\n\1t";

/* The server, once for all inputs; reachable, so no leak. */
static struct dispatch dispatch;
static struct rpc_server_config config;
static struct scratch scratch;

static const struct schema_method *chosen;
static unsigned n_runs; /* of the handler, for this input */

/* Whoever the method is for. */
static enum err_code authenticate(void *self, struct db_session *db, const char *token,
    struct rpc_principal *out, struct err *err)
{
    (void)self;
    (void)db;
    (void)token;
    (void)err;
    *out = (struct rpc_principal){.scopes = RPC_SCOPE_READ | RPC_SCOPE_WRITE};
    while (out->caller < RPC_CALLER_SERVICE && (chosen->callers & (1u << out->caller)) == 0)
        out->caller++;
    return ERR_OK;
}

/* Of every method: reads each byte of the request, and answers with an empty reply. */
static enum err_code read_all(
    struct rpc_ctx *ctx, const ProtobufCMessage *in, ProtobufCMessage *out)
{
    n_runs++;
    assert(in->descriptor == chosen->in->type);
    assert(out->descriptor == chosen->out->type);
    size_t len = protobuf_c_message_get_packed_size(in);
    uint8_t *packed = arena_alloc(ctx->arena, len);
    assert(packed);
    assert(protobuf_c_message_pack(in, packed) == len);
    return ERR_OK;
}

static void add_service(const ProtobufCServiceDescriptor *descriptor)
{
    struct err err;
    struct rpc_method *rows = calloc(descriptor->n_methods, sizeof(*rows));
    assert(rows);
    for (unsigned i = 0; i < descriptor->n_methods; i++)
        rows[i] = (struct rpc_method){.name = descriptor->methods[i].name, .handler = read_all};
    const struct rpc_service service = {descriptor, rows, descriptor->n_methods};
    const struct rpc_registration registration = {&service, NULL};
    if (routes_add(dispatch.routes, dispatch.schema, &registration, &err) != ERR_OK)
        abort();
}

static size_t count_services(void)
{
    size_t n = 0;
    while (kith_v1_services[n])
        n++;
    return n;
}

static void start(void)
{
    static struct schema *schema;
    struct err err;
    if (schema)
        return;
    log_set_level(LOG_FATAL);
    if (schema_new(&schema, &err) != ERR_OK)
        abort();
    config = (struct rpc_server_config){.clock = clock_system(), .authenticate = authenticate};
    dispatch = (struct dispatch){
        .config = &config,
        .schema = schema,
        .routes = calloc(schema_count(schema), sizeof(struct route)),
        .stats = stats_new(schema_count(schema), 1),
    };
    assert(dispatch.routes && dispatch.stats);
    for (size_t i = 0; i < count_services(); i++)
        add_service(kith_v1_services[i]);
    arena_init(&scratch.request, MAX_MEMORY);
    arena_init(&scratch.reply, MAX_MEMORY);
}

static struct wire_frame read_frame(const uint8_t *data, size_t size)
{
    const ProtobufCServiceDescriptor *service = kith_v1_services[data[0] % count_services()];
    const char *name = service->methods[data[1] % service->n_methods].name;
    char full[256];
    size_t meta_len = data[2];
    data += 3;
    size -= 3;
    if (meta_len > size)
        meta_len = size;
    (void)snprintf(full, sizeof(full), "/%s/%s", service->name, name);
    chosen = schema_find_name(dispatch.schema, full);
    assert(chosen);
    return (struct wire_frame){
        .type = WIRE_CALL,
        .method = chosen->hash,
        .meta = meta_len > 0 ? data : META_WITH_TOKEN,
        .meta_len = meta_len > 0 ? (uint32_t)meta_len : sizeof(META_WITH_TOKEN) - 1,
        .payload = data + meta_len,
        .payload_len = (uint32_t)(size - meta_len),
    };
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    if (size < 3)
        return 0;
    start();
    struct call call = {.frame = read_frame(data, size), .deadline_us = INT64_MAX};
    struct stream stream = {.credit = STREAM_CREDIT};
    if (chosen->is_stream)
        call.stream = &stream;
    struct outcome out;
    n_runs = 0;
    dispatch_run(&dispatch, &call, &scratch, &out);
    assert(!out.is_parked);
    assert(n_runs == (out.err.code == ERR_OK));
    assert((out.err.code == ERR_OK) == (out.err.reason == REASON_NONE));
    assert(out.err.code == ERR_OK || out.err.msg[0] != '\0');
    return 0;
}
