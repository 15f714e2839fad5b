/* SPDX-License-Identifier: Apache-2.0 */
#include "rpc/client.h"

#include "rpc/client_call.h"

#include <kith/v1/wire.pb-c.h>

#include <nng/protocol/reqrep0/req.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum { RECONNECT_MIN_MS = 50, RECONNECT_MAX_MS = 500, DEFAULT_TIMEOUT_MS = 5000 };

/* ---- endpoints ---- */

static void on_pipe(nng_pipe pipe, nng_pipe_ev event, void *arg)
{
    (void)pipe;
    struct endpoint *endpoint = arg;
    atomic_fetch_add(&endpoint->n_pipes, event == NNG_PIPE_EV_ADD_POST ? 1 : -1);
}

static enum err_code connect_endpoint(
    struct endpoint *endpoint, size_t max_message, struct err *err)
{
    nng_socket s;
    int rv = nng_req0_open(&s);
    if (rv != 0)
        return err_raise(err, REASON_INTERNAL_ERROR, "cannot open a socket: %s", nng_strerror(rv));
    endpoint->socket = s;
    /* Sending again is our decision, never NNG's: it would run a slow call several times. Each
     * context copies this when it is opened. */
    (void)nng_socket_set_ms(s, NNG_OPT_REQ_RESENDTIME, NNG_DURATION_INFINITE);
    (void)nng_socket_set_size(s, NNG_OPT_RECVMAXSZ, max_message);
    (void)nng_socket_set_ms(s, NNG_OPT_RECONNMINT, RECONNECT_MIN_MS);
    (void)nng_socket_set_ms(s, NNG_OPT_RECONNMAXT, RECONNECT_MAX_MS);
    (void)nng_pipe_notify(s, NNG_PIPE_EV_ADD_POST, on_pipe, endpoint);
    (void)nng_pipe_notify(s, NNG_PIPE_EV_REM_POST, on_pipe, endpoint);
    rv = nng_dial(s, endpoint->url, NULL, NNG_FLAG_NONBLOCK);
    if (rv != 0)
        return err_raise(err, REASON_CONFIG_INVALID, "\"%s\" is not an address to connect to: %s",
            endpoint->url, nng_strerror(rv));
    return ERR_OK;
}

static size_t count_urls(const char *urls)
{
    size_t n = 1;
    for (; *urls; urls++)
        n += *urls == ',';
    return n;
}

static enum err_code connect_all(struct rpc_client *client, const char *urls, struct err *err)
{
    client->endpoints = calloc(count_urls(urls), sizeof(*client->endpoints));
    if (!client->endpoints)
        return err_raise(err, REASON_INTERNAL_ERROR, "no memory for the client");
    while (*urls) {
        size_t len = strcspn(urls, ",");
        struct endpoint *endpoint = &client->endpoints[client->n_endpoints];
        if (len >= sizeof(endpoint->url))
            return err_raise(err, REASON_CONFIG_INVALID, "the address of an endpoint is too long");
        memcpy(endpoint->url, urls, len);
        if (len > 0) {
            client->n_endpoints++;
            enum err_code code = connect_endpoint(endpoint, client->max_message, err);
            if (code != ERR_OK)
                return code;
        }
        urls += len + (urls[len] == ',');
    }
    if (client->n_endpoints == 0)
        return err_raise(err, REASON_CONFIG_INVALID, "no address to connect to was given");
    return ERR_OK;
}

/* ---- life ---- */

void rpc_client_set_token(struct rpc_client *client, const char *token)
{
    (void)pthread_mutex_lock(&client->lock);
    (void)snprintf(client->token, sizeof(client->token), "%s", token ? token : "");
    (void)pthread_mutex_unlock(&client->lock);
}

enum err_code rpc_client_new(
    struct rpc_client **out, const struct rpc_client_config *config, struct err *err)
{
    struct rpc_client *client = calloc(1, sizeof(*client));
    if (!client)
        return err_raise(err, REASON_INTERNAL_ERROR, "no memory for the client");
    (void)pthread_mutex_init(&client->lock, NULL);
    client->timeout_ms = config->timeout_ms;
    client->max_message =
        config->max_message > 0 ? (size_t)config->max_message : (size_t)WIRE_MAX_MESSAGE;
    client->retry_tokens = RETRY_TOKENS_MAX;
    atomic_init(&client->next_id, 1);
    rpc_client_set_token(client, config->token);
    enum err_code code = schema_new(&client->schema, err);
    if (code == ERR_OK)
        code = connect_all(client, config->endpoints, err);
    if (code != ERR_OK) {
        rpc_client_free(client);
        return code;
    }
    *out = client;
    return ERR_OK;
}

void rpc_client_free(struct rpc_client *client)
{
    if (!client)
        return;
    (void)pthread_mutex_lock(&client->lock);
    client->is_closing = true;
    (void)pthread_mutex_unlock(&client->lock);
    for (size_t i = 0; i < client->n_endpoints; i++)
        (void)nng_close(client->endpoints[i].socket);
    for (struct client_call *call = client->all_calls; call; call = call->next_of_all)
        nng_aio_stop(call->pause);
    for (struct client_call *call = client->all_calls; call; call = call->next_of_all)
        nng_aio_stop(call->aio);
    while (client->all_calls) {
        struct client_call *call = client->all_calls;
        client->all_calls = call->next_of_all;
        client_call_free(call);
    }
    for (size_t i = 0; i < client->n_endpoints; i++) {
        while (client->endpoints[i].idle) {
            struct lane *lane = client->endpoints[i].idle;
            client->endpoints[i].idle = lane->next;
            free(lane);
        }
    }
    schema_free(client->schema);
    free(client->endpoints);
    (void)pthread_mutex_destroy(&client->lock);
    free(client);
}

/* ---- making a call ---- */

static struct client_call *take_call(struct rpc_client *client)
{
    (void)pthread_mutex_lock(&client->lock);
    struct client_call *call = client->idle_calls;
    if (call)
        client->idle_calls = call->next;
    (void)pthread_mutex_unlock(&client->lock);
    if (call)
        return call;
    call = client_call_new(client);
    if (!call)
        return NULL;
    (void)pthread_mutex_lock(&client->lock);
    call->next_of_all = client->all_calls;
    client->all_calls = call;
    (void)pthread_mutex_unlock(&client->lock);
    return call;
}

struct request {
    const struct rpc_call_options *options;
    const struct schema_method *method; /* NULL: one this program does not know */
    struct rpc_trace trace;
    const struct db_bytes *in;
};

static nng_msg *build_message(
    struct rpc_client *client, const struct client_call *call, const struct request *r)
{
    char token[CLIENT_TOKEN_SIZE], key[65] = "", traceparent[RPC_TRACEPARENT_SIZE];
    Kith__V1__Meta meta;
    kith__v1__meta__init(&meta);
    (void)pthread_mutex_lock(&client->lock);
    memcpy(token, client->token, sizeof(token));
    (void)pthread_mutex_unlock(&client->lock);
    rpc_trace_format(&r->trace, traceparent);
    if (r->options->idempotency_key)
        (void)snprintf(key, sizeof(key), "%s", r->options->idempotency_key);
    meta.authorization = token;
    meta.traceparent = traceparent;
    meta.idempotency_key = key;

    size_t meta_len = kith__v1__meta__get_packed_size(&meta);
    struct wire_frame frame = {
        .type = WIRE_CALL,
        .flags = r->method && r->method->is_idempotent ? WIRE_IDEMPOTENT : 0,
        .call_id = call->id,
        .method = call->hash,
        .meta_len = (uint32_t)meta_len,
        .payload_len = (uint32_t)r->in->len,
    };
    nng_msg *msg = NULL;
    size_t head = WIRE_PREAMBLE_SIZE + WIRE_FRAME_SIZE;
    if (nng_msg_alloc(&msg, head + meta_len + r->in->len) != 0)
        return NULL;
    uint8_t *body = nng_msg_body(msg);
    wire_put_preamble(body, 1, 0);
    wire_put_frame(body + WIRE_PREAMBLE_SIZE, &frame);
    (void)kith__v1__meta__pack(&meta, body + head);
    if (r->in->len > 0)
        memcpy(body + head + meta_len, r->in->data, r->in->len);
    return msg;
}

static int64_t timeout_of(const struct rpc_client *client, const struct request *r)
{
    if (r->options->timeout_ms > 0)
        return r->options->timeout_ms;
    if (client->timeout_ms > 0)
        return client->timeout_ms;
    return r->method ? r->method->default_timeout_ms : DEFAULT_TIMEOUT_MS;
}

static enum err_code check_request(const struct request *r, struct err *err)
{
    const char *key = r->options->idempotency_key;
    if (r->in->len > WIRE_MAX_REPLY)
        return err_raise(err, REASON_REQUEST_TOO_LARGE, "the request has %zu bytes; at most %d fit",
            r->in->len, (int)WIRE_MAX_REPLY);
    if (key && strlen(key) > 64)
        return err_raise_field(
            err, "idempotency_key", "idempotency_key has more than 64 characters");
    return ERR_OK;
}

void rpc_client_call_async(struct rpc_client *client, const char *method,
    const struct rpc_call_options *options, const struct db_bytes *in, rpc_done_fn *done, void *arg)
{
    static const struct rpc_call_options none = {0};
    struct err err = {0};
    struct request r = {
        options ? options : &none, schema_find_name(client->schema, method), rpc_trace_new(), in};
    if (r.options->trace)
        r.trace = rpc_trace_child(r.options->trace);
    if (r.options->trace_id_out)
        rpc_trace_id_format(&r.trace, r.options->trace_id_out);
    if (check_request(&r, &err) != ERR_OK) {
        done(arg, NULL, &err);
        return;
    }
    struct client_call *call = take_call(client);
    if (!call) {
        err_fill(&err, REASON_INTERNAL_ERROR, "no memory for the call");
        done(arg, NULL, &err);
        return;
    }
    call->id = atomic_fetch_add(&client->next_id, 1);
    call->hash = wire_method_hash(method);
    call->done = done;
    call->arg = arg;
    call->deadline_us = clock_mono_us(clock_system()) + timeout_of(client, &r) * 1000;
    call->may_retry = r.options->idempotency_key || (r.method && r.method->is_idempotent);
    call->request = build_message(client, call, &r);
    client_call_start(call);
}

/* ---- waiting for it ---- */

struct wait {
    pthread_mutex_t lock;
    pthread_cond_t answered;
    bool is_answered;
    struct arena *arena;
    struct db_bytes out;
    struct err *err;
    enum err_code code;
};

static void on_done(void *arg, const struct db_bytes *out, const struct err *err)
{
    struct wait *w = arg;
    (void)pthread_mutex_lock(&w->lock);
    if (err) {
        *w->err = *err;
        w->code = err->code;
    } else {
        void *copy = arena_memdup(w->arena, out->data, out->len);
        w->out = (struct db_bytes){copy, out->len};
        w->code = copy ? ERR_OK
                       : err_raise(w->err, REASON_REPLY_TOO_LARGE,
                             "the reply does not fit into the memory set aside for it");
    }
    w->is_answered = true;
    (void)pthread_cond_signal(&w->answered);
    (void)pthread_mutex_unlock(&w->lock);
}

enum err_code rpc_client_call_bytes(struct rpc_client *client, const char *method,
    const struct rpc_call_options *options, const struct db_bytes *in, struct arena *arena,
    struct db_bytes *out, struct err *err)
{
    struct wait w = {.arena = arena, .err = err};
    (void)pthread_mutex_init(&w.lock, NULL);
    (void)pthread_cond_init(&w.answered, NULL);
    rpc_client_call_async(client, method, options, in, on_done, &w);
    (void)pthread_mutex_lock(&w.lock);
    while (!w.is_answered)
        (void)pthread_cond_wait(&w.answered, &w.lock);
    (void)pthread_mutex_unlock(&w.lock);
    (void)pthread_cond_destroy(&w.answered);
    (void)pthread_mutex_destroy(&w.lock);
    if (w.code == ERR_OK)
        *out = w.out;
    return w.code;
}

static void *arena_pb_alloc(void *arena, size_t size)
{
    return arena_alloc(arena, size);
}

static void arena_pb_free(void *arena, void *memory)
{
    (void)arena;
    (void)memory;
}

enum err_code rpc_client_call(struct rpc_client *client, const char *method,
    const struct rpc_call_options *options, const ProtobufCMessage *in, struct arena *arena,
    ProtobufCMessage **out, struct err *err)
{
    const struct schema_method *known = schema_find_name(client->schema, method);
    if (!known || known->in->type != in->descriptor)
        return err_raise(
            err, REASON_METHOD_UNKNOWN, "%s does not take a %s", method, in->descriptor->name);
    size_t len = protobuf_c_message_get_packed_size(in);
    uint8_t *packed = arena_alloc(arena, len);
    if (!packed)
        return err_raise(err, REASON_REQUEST_TOO_LARGE, "no memory to pack the request");
    struct db_bytes request = {packed, protobuf_c_message_pack(in, packed)};
    struct db_bytes reply;
    enum err_code code =
        rpc_client_call_bytes(client, method, options, &request, arena, &reply, err);
    if (code != ERR_OK)
        return code;
    ProtobufCAllocator allocator = {arena_pb_alloc, arena_pb_free, arena};
    ProtobufCMessage *message =
        protobuf_c_message_unpack(known->out->type, &allocator, reply.len, reply.data);
    if (!message)
        return err_raise(err, REASON_INTERNAL_ERROR, "the server's reply is not a valid %s",
            known->out->type->name);
    *out = message;
    return ERR_OK;
}
