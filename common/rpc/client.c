/* SPDX-License-Identifier: Apache-2.0 */
#include "rpc/client.h"

#include "rpc/client_state.h"
#include "rpc/unpack.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum { ENOUGH_TO_BEGIN = 24 /* calls, for a server to have something to do meanwhile */ };

enum {
    DEFAULT_TIMEOUT_MS = 5000,
    PING_AFTER_MS = 10 * 1000,
    RETRY_TOKENS_AT_START = 100,
    MAX_KEY = 64
};

static const char HEALTH[] = "/kith.v1.HealthService/";

/* ---- life ---- */

void rpc_client_set_token(struct rpc_client *client, const char *token)
{
    (void)pthread_mutex_lock(&client->lock);
    (void)snprintf(client->token, sizeof(client->token), "%s", token ? token : "");
    (void)pthread_mutex_unlock(&client->lock);
}

static size_t count_urls(const char *urls)
{
    size_t n = 1;
    for (; *urls; urls++)
        n += *urls == ',';
    return n;
}

static enum err_code connect_all(
    struct rpc_client *client, const struct rpc_client_config *config, struct err *err)
{
    const char *urls = config->endpoints;
    client->endpoints = calloc(count_urls(urls), sizeof(*client->endpoints));
    if (!client->endpoints)
        return err_raise(err, REASON_INTERNAL_ERROR, "no memory for the client");
    while (*urls) {
        size_t len = strcspn(urls, ",");
        struct endpoint *e = &client->endpoints[client->n_endpoints];
        if (len >= sizeof(e->url))
            return err_raise(err, REASON_CONFIG_INVALID, "the address of an endpoint is too long");
        if (len > 0) {
            memcpy(e->url, urls, len);
            e->client = client;
            enum err_code code = endpoint_connect(e, &config->tls, err);
            client->n_endpoints += e->socket.id != 0; /* even half made: to be closed */
            if (code != ERR_OK)
                return code;
        }
        urls += len + (urls[len] == ',');
    }
    if (client->n_endpoints == 0)
        return err_raise(err, REASON_CONFIG_INVALID, "no address to connect to was given");
    return ERR_OK;
}

static enum err_code build(
    struct rpc_client *client, const struct rpc_client_config *config, struct err *err)
{
    enum err_code code = schema_new(&client->schema, err);
    if (code != ERR_OK)
        return code;
    code = connect_all(client, config, err);
    if (code != ERR_OK)
        return code;
    if (pthread_create(&client->keeper, NULL, keeper_run, client) != 0)
        return err_raise(err, REASON_INTERNAL_ERROR, "cannot start the client's thread");
    client->has_keeper = true;
    return ERR_OK;
}

enum err_code rpc_client_new(
    struct rpc_client **out, const struct rpc_client_config *config, struct err *err)
{
    struct rpc_client *client = calloc(1, sizeof(*client));
    if (!client)
        return err_raise(err, REASON_INTERNAL_ERROR, "no memory for the client");
    clock_condition_init(&client->changed);
    (void)pthread_mutex_init(&client->lock, NULL);
    client->timeout_ms = config->timeout_ms;
    client->max_message =
        config->max_message > 0 ? (size_t)config->max_message : (size_t)WIRE_MAX_MESSAGE;
    client->ping_after_us =
        (config->ping_after_ms > 0 ? config->ping_after_ms : (int64_t)PING_AFTER_MS) * 1000;
    client->is_unthrottled = config->is_unthrottled;
    client->retry_tokens = RETRY_TOKENS_AT_START;
    client->next_due_us = INT64_MAX;
    rpc_client_set_token(client, config->token);
    enum err_code code = build(client, config, err);
    if (code != ERR_OK) {
        rpc_client_free(client);
        return code;
    }
    *out = client;
    return ERR_OK;
}

/* Nothing runs any more: whoever still waits is told. */
static void cancel_all(struct rpc_client *client)
{
    struct err err;
    err_fill(&err, REASON_CALL_CANCELLED, "the client was closed");
    while (client->newest) {
        client->newest->state = CALL_ENDING;
        call_end(client->newest, NULL, &err);
    }
}

void rpc_client_free(struct rpc_client *client)
{
    if (!client)
        return;
    (void)pthread_mutex_lock(&client->lock);
    client->is_closing = true;
    (void)pthread_cond_signal(&client->changed);
    (void)pthread_mutex_unlock(&client->lock);
    if (client->has_keeper)
        (void)pthread_join(client->keeper, NULL);
    bool is_stopped = true;
    for (size_t i = 0; i < client->n_endpoints; i++)
        is_stopped &= endpoint_stop(&client->endpoints[i]);
    cancel_all(client);
    if (!is_stopped)
        return; /* better to keep the memory than to have it used */
    for (size_t i = 0; i < client->n_slots; i++) {
        free(client->slots[i]->frame);
        free(client->slots[i]);
    }
    for (size_t i = 0; i < client->n_endpoints; i++)
        tls_free(client->endpoints[i].tls);
    schema_free(client->schema);
    free(client->slots);
    free(client->endpoints);
    (void)pthread_cond_destroy(&client->changed);
    (void)pthread_mutex_destroy(&client->lock);
    free(client);
}

struct rpc_client_counts rpc_client_count(struct rpc_client *client)
{
    (void)pthread_mutex_lock(&client->lock);
    struct rpc_client_counts counts = client->counts;
    (void)pthread_mutex_unlock(&client->lock);
    return counts;
}

/* ---- making a call ---- */

/* Under the lock. */
static struct client_call *add_slot(struct rpc_client *client)
{
    if (client->n_slots >> CALL_SLOT_BITS)
        return NULL;
    struct client_call **grown =
        realloc(client->slots, (client->n_slots + 1) * sizeof(struct client_call *));
    if (!grown)
        return NULL;
    client->slots = grown;
    struct client_call *call = calloc(1, sizeof(*call));
    if (!call)
        return NULL;
    call->client = client;
    call->id = client->n_slots;
    client->slots[client->n_slots++] = call;
    return call;
}

/* A call of the pool with a new id; NULL without memory, or when the client is closing. */
static struct client_call *take_call(struct rpc_client *client, char token[CLIENT_TOKEN_SIZE])
{
    (void)pthread_mutex_lock(&client->lock);
    struct client_call *call = client->is_closing ? NULL : client->idle_calls;
    if (call)
        client->idle_calls = call->next;
    else if (!client->is_closing)
        call = add_slot(client);
    if (call) {
        call->id += UINT64_C(1) << CALL_SLOT_BITS;
        call->state = CALL_ENDING; /* nobody looks after it yet */
        call->newer = NULL;
        call->older = client->newest;
        if (client->newest)
            client->newest->newer = call;
        client->newest = call;
        memcpy(token, client->token, CLIENT_TOKEN_SIZE);
    }
    (void)pthread_mutex_unlock(&client->lock);
    return call;
}

static int64_t timeout_of(const struct rpc_client *client, const struct client_request *r)
{
    if (r->options->timeout_ms > 0)
        return r->options->timeout_ms;
    if (client->timeout_ms > 0)
        return client->timeout_ms;
    return r->method ? r->method->default_timeout_ms : DEFAULT_TIMEOUT_MS;
}

static void end_cancelled(struct client_call *call)
{
    struct err err;
    err_fill(&err, REASON_CALL_CANCELLED, "the caller gave the call up");
    call_end(call, NULL, &err);
}

/*
 * Whoever tells callers their results sends what these call next in one message. But a server with
 * nothing of ours to do gets the first few at once, and begins while the rest comes together.
 */
static bool is_held_back(const struct endpoint *e)
{
    return e->client->n_holds > 0 && (e->n_sent > 0 || e->n_pending < ENOUGH_TO_BEGIN);
}

static void begin(struct client_call *call, int64_t timeout_ms)
{
    struct rpc_client *client = call->client;
    struct lane *leaving = NULL;
    int64_t now_us = clock_mono_us(clock_system());
    call->deadline_us = now_us + timeout_ms * 1000;
    call->n_attempts = 0;
    call->endpoint = NULL;
    (void)pthread_mutex_lock(&client->lock);
    bool is_cancelled = call_is_cancelled(call);
    bool is_begun = !is_cancelled && attempt_begin(call, now_us);
    if (is_begun && !is_held_back(call->endpoint) && !client->is_closing)
        endpoint_flush(call->endpoint, now_us, &leaving);
    (void)pthread_mutex_unlock(&client->lock);
    lanes_send(leaving);
    if (is_cancelled)
        end_cancelled(call);
    else if (!is_begun)
        attempt_hold(call);
}

static enum err_code check_request(const struct client_request *r, struct err *err)
{
    const char *key = r->options->idempotency_key;
    if (r->in->len > WIRE_MAX_REPLY)
        return err_raise(err, REASON_REQUEST_TOO_LARGE, "the request has %zu bytes; at most %d fit",
            r->in->len, (int)WIRE_MAX_REPLY);
    if (key && strlen(key) > MAX_KEY)
        return err_raise_field(
            err, "idempotency_key", "idempotency_key has more than %d characters", MAX_KEY);
    return ERR_OK;
}

static enum err_code check_kind(
    const struct client_request *r, const struct client_listener *listener, struct err *err)
{
    bool is_stream = r->method && r->method->is_stream;
    if (is_stream == (listener->frame != NULL))
        return ERR_OK;
    return err_raise(err, REASON_METHOD_STREAMS,
        is_stream ? "the method returns a stream" : "the method returns no stream");
}

uint64_t client_begin(struct rpc_client *client, struct endpoint *only, const char *method,
    const struct rpc_call_options *options, const struct db_bytes *in,
    const struct client_listener *listener)
{
    static const struct rpc_call_options none = {0};
    struct err err = {0};
    char token[CLIENT_TOKEN_SIZE];
    struct client_request r = {
        .options = options ? options : &none,
        .method = schema_find_name(client->schema, method),
        .in = in,
    };
    r.hash = r.method ? r.method->hash : wire_method_hash(method);
    /* No span of its own: only servers log, and what they log is then part of the caller's span. */
    r.trace = r.options->trace ? *r.options->trace : rpc_trace_new();
    if (r.options->trace_id_out)
        rpc_trace_id_format(&r.trace, r.options->trace_id_out);
    if (check_request(&r, &err) != ERR_OK || check_kind(&r, listener, &err) != ERR_OK) {
        listener->done(listener->arg, NULL, &err);
        return 0;
    }
    struct client_call *call = take_call(client, token);
    if (!call) {
        err_fill(&err, REASON_CALL_CANCELLED, "the client is closed, or out of memory");
        listener->done(listener->arg, NULL, &err);
        return 0;
    }
    uint64_t id = call->id;
    bool is_repeatable = r.options->idempotency_key || (r.method && r.method->is_idempotent);
    call->listener = *listener;
    call->only = only;
    call->cancel = r.options->cancel;
    call->is_probe = strncmp(method, HEALTH, sizeof(HEALTH) - 1) == 0;
    /* A stream goes on from its cursor instead. */
    call->may_retry = is_repeatable && !r.options->is_begun_once && !listener->frame;
    if (client_call_write(call, &r, token, &err) == ERR_OK)
        begin(call, timeout_of(client, &r));
    else
        call_end(call, NULL, &err);
    return id;
}

void rpc_client_call_async(struct rpc_client *client, const char *method,
    const struct rpc_call_options *options, const struct db_bytes *in, rpc_done_fn *done, void *arg)
{
    (void)client_begin(
        client, NULL, method, options, in, &(struct client_listener){NULL, done, arg});
}

/* ---- about a call under way ---- */

void client_grant(struct rpc_client *client, uint64_t id, uint32_t bytes)
{
    struct lane *leaving = NULL;
    (void)pthread_mutex_lock(&client->lock);
    const struct client_call *call = client_find_sent(client, id);
    if (call && endpoint_tell(call->endpoint, call, WIRE_CREDIT, bytes) && !client->is_closing)
        endpoint_flush(call->endpoint, clock_mono_us(clock_system()), &leaving);
    (void)pthread_mutex_unlock(&client->lock);
    lanes_send(leaving);
}

/* Under the lock. */
static struct client_call *find_open(struct rpc_client *client, uint64_t id)
{
    size_t slot = id & ((1u << CALL_SLOT_BITS) - 1);
    struct client_call *call = slot < client->n_slots ? client->slots[slot] : NULL;
    bool is_open = call && call->id == id && call->state != CALL_IDLE && call->state != CALL_ENDING;
    return is_open ? call : NULL;
}

void client_cancel(struct rpc_client *client, uint64_t id)
{
    struct lane *leaving = NULL;
    (void)pthread_mutex_lock(&client->lock);
    struct client_call *call = find_open(client, id);
    if (call)
        call_give_up(call);
    if (call && !client->is_closing)
        endpoint_flush(call->endpoint, clock_mono_us(clock_system()), &leaving);
    (void)pthread_mutex_unlock(&client->lock);
    lanes_send(leaving);
    if (call)
        end_cancelled(call);
}

/* ---- giving it up ---- */

/* Under the lock: the calls that go with `cancel`, but for those whose end is being told. */
static struct client_call *take_cancelled(
    struct rpc_client *client, const struct rpc_cancel *cancel)
{
    struct client_call *taken = NULL;
    for (struct client_call *call = client->newest; call; call = call->older) {
        if (call->state == CALL_ENDING || call->cancel != cancel)
            continue;
        call_give_up(call);
        call->next = taken;
        taken = call;
    }
    return taken;
}

void rpc_client_cancel(struct rpc_client *client, struct rpc_cancel *cancel)
{
    struct lane *leaving = NULL;
    int64_t now_us = clock_mono_us(clock_system());
    (void)pthread_mutex_lock(&client->lock);
    atomic_store(&cancel->is_set, true);
    struct client_call *call = take_cancelled(client, cancel);
    for (size_t i = 0; call && !client->is_closing && i < client->n_endpoints; i++)
        endpoint_flush(&client->endpoints[i], now_us, &leaving);
    (void)pthread_mutex_unlock(&client->lock);
    lanes_send(leaving);
    while (call) {
        struct client_call *next = call->next;
        end_cancelled(call);
        call = next;
    }
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
    struct err why;
    if (unpack_reply(known->out, &reply, arena, out, &why) != ERR_OK)
        return err_raise(
            err, REASON_INTERNAL_ERROR, "the server's reply cannot be read: %s", why.msg);
    return ERR_OK;
}
