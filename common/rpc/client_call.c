/* SPDX-License-Identifier: Apache-2.0 */
#include "rpc/client_call.h"

#include "rpc/validate.h"

#include <kith/v1/wire.pb-c.h>

#include <nng/protocol/reqrep0/req.h>
#include <stdio.h>
#include <stdlib.h>

enum {
    MAX_ATTEMPTS = 3,
    BACKOFF_MS = 50,       /* at most, before the second attempt; doubles */
    CONNECT_WAIT_MS = 300, /* for a connection that is not there yet */
};

static void on_event(void *arg);
static void on_pause_over(void *arg);
static void try_once(struct client_call *call);

static int64_t left_ms(const struct client_call *call)
{
    return (call->deadline_us - clock_mono_us(clock_system())) / 1000;
}

struct client_call *client_call_new(struct rpc_client *client)
{
    struct client_call *call = calloc(1, sizeof(*call));
    if (!call)
        return NULL;
    call->client = client;
    if (nng_aio_alloc(&call->aio, on_event, call) == 0 &&
        nng_aio_alloc(&call->pause, on_pause_over, call) == 0)
        return call;
    client_call_free(call);
    return NULL;
}

void client_call_free(struct client_call *call)
{
    nng_aio_free(call->aio);
    nng_aio_free(call->pause);
    nng_msg_free(call->request);
    free(call);
}

/* ---- choosing where to go ---- */

/* Least outstanding among the connected; on another try, preferably somewhere else. */
static struct endpoint *choose(struct rpc_client *client, const struct endpoint *avoided)
{
    struct endpoint *best = NULL;
    size_t best_cost = SIZE_MAX;
    for (size_t i = 0; i < client->n_endpoints; i++) {
        struct endpoint *endpoint = &client->endpoints[i];
        size_t cost = endpoint->n_outstanding;
        if (endpoint == avoided)
            cost += SIZE_MAX / 4;
        if (atomic_load(&endpoint->n_pipes) == 0)
            cost += SIZE_MAX / 2;
        if (cost < best_cost) {
            best = endpoint;
            best_cost = cost;
        }
    }
    return best;
}

static bool board(struct client_call *call)
{
    struct rpc_client *client = call->client;
    (void)pthread_mutex_lock(&client->lock);
    struct endpoint *endpoint = choose(client, call->endpoint);
    struct lane *lane = client->is_closing ? NULL : endpoint->idle;
    bool is_new = !lane && !client->is_closing;
    if (lane)
        endpoint->idle = lane->next;
    (void)pthread_mutex_unlock(&client->lock);
    if (is_new) {
        lane = calloc(1, sizeof(*lane));
        if (lane && nng_ctx_open(&lane->ctx, endpoint->socket) != 0) {
            free(lane);
            lane = NULL;
        }
    }
    if (!lane)
        return false;
    (void)pthread_mutex_lock(&client->lock);
    endpoint->n_outstanding++;
    (void)pthread_mutex_unlock(&client->lock);
    call->endpoint = endpoint;
    call->lane = lane;
    return true;
}

static void alight(struct client_call *call)
{
    struct rpc_client *client = call->client;
    if (!call->lane)
        return;
    (void)pthread_mutex_lock(&client->lock);
    call->endpoint->n_outstanding--;
    call->lane->next = call->endpoint->idle;
    call->endpoint->idle = call->lane;
    call->lane = NULL;
    (void)pthread_mutex_unlock(&client->lock);
}

/* ---- ends ---- */

static void finish(struct client_call *call, const struct db_bytes *out, const struct err *err)
{
    struct rpc_client *client = call->client;
    call->done(call->arg, out, err);
    nng_msg_free(call->request);
    call->request = NULL;
    (void)pthread_mutex_lock(&client->lock);
    if (!err && client->retry_tokens < RETRY_TOKENS_MAX)
        client->retry_tokens++;
    call->next = client->idle_calls;
    client->idle_calls = call;
    (void)pthread_mutex_unlock(&client->lock);
}

static bool is_worth_another_try(enum err_reason reason)
{
    return reason == REASON_SERVER_UNREACHABLE || reason == REASON_CONNECTION_LOST ||
           reason == REASON_SERVER_DRAINING;
}

/* gRPC A6: retries stop when too many calls fail, so that they never feed an overload. */
static bool take_retry_token(struct rpc_client *client)
{
    (void)pthread_mutex_lock(&client->lock);
    bool is_granted = !client->is_closing && client->retry_tokens > RETRY_TOKENS_FLOOR;
    if (client->retry_tokens >= RETRY_TOKENS_COST)
        client->retry_tokens -= RETRY_TOKENS_COST;
    (void)pthread_mutex_unlock(&client->lock);
    return is_granted;
}

static void fail(struct client_call *call, const struct err *err)
{
    bool is_retried = call->may_retry && call->n_attempts < MAX_ATTEMPTS &&
                      is_worth_another_try(err->reason) && take_retry_token(call->client);
    uint32_t ceiling_ms = (uint32_t)BACKOFF_MS << (unsigned)(call->n_attempts - 1);
    int64_t wait_ms = (int64_t)arc4random_uniform(ceiling_ms + 1) + err->retry_after_ms;
    if (!is_retried || wait_ms >= left_ms(call)) {
        finish(call, NULL, err);
        return;
    }
    nng_sleep_aio((nng_duration)wait_ms, call->pause);
}

#define fail_with(call, reason, ...)            \
    do {                                        \
        struct err err_ = {0};                  \
        err_fill(&err_, (reason), __VA_ARGS__); \
        fail((call), &err_);                    \
    } while (0)

/* ---- one attempt ---- */

/* The request with what differs between attempts: time left, and how often it was tried. */
static nng_msg *copy_request(const struct client_call *call, int64_t timeout_ms)
{
    struct wire_reader reader;
    struct wire_frame frame;
    nng_msg *msg = NULL;
    if (nng_msg_dup(&msg, call->request) != 0)
        return NULL;
    uint8_t *body = nng_msg_body(msg);
    if (!wire_open(&reader, body, nng_msg_len(msg)) || wire_next(&reader, &frame) != WIRE_FRAME) {
        nng_msg_free(msg);
        return NULL;
    }
    frame.value = (uint32_t)timeout_ms;
    frame.flags = (uint16_t)(frame.flags | ((call->n_attempts - 1) << WIRE_ATTEMPT_SHIFT));
    wire_put_frame(body + WIRE_PREAMBLE_SIZE, &frame);
    return msg;
}

static void try_once(struct client_call *call)
{
    call->n_attempts++;
    int64_t timeout_ms = left_ms(call);
    if (timeout_ms <= 0) {
        fail_with(call, REASON_DEADLINE_PASSED, "the deadline passed before the call was sent");
        return;
    }
    nng_msg *msg = copy_request(call, timeout_ms);
    if (!msg || !board(call)) {
        nng_msg_free(msg);
        fail_with(call, REASON_INTERNAL_ERROR, "no memory for the call, or the client is closed");
        return;
    }
    if (atomic_load(&call->endpoint->n_pipes) == 0 && timeout_ms > CONNECT_WAIT_MS)
        timeout_ms = CONNECT_WAIT_MS;
    call->state = CALL_SENDING;
    nng_aio_set_timeout(call->aio, (nng_duration)timeout_ms);
    nng_aio_set_msg(call->aio, msg);
    nng_ctx_send(call->lane->ctx, call->aio);
}

/* Only once the request is out: NNG 1.5 crashes when a receive is cancelled before. */
static void on_sent(struct client_call *call, int rv)
{
    if (rv == 0) {
        int64_t timeout_ms = left_ms(call);
        call->state = CALL_RECEIVING;
        nng_aio_set_msg(call->aio, NULL);
        nng_aio_set_timeout(call->aio, (nng_duration)(timeout_ms > 1 ? timeout_ms : 1));
        nng_ctx_recv(call->lane->ctx, call->aio);
        return;
    }
    nng_msg_free(nng_aio_get_msg(call->aio));
    nng_aio_set_msg(call->aio, NULL);
    const char *url = call->endpoint->url;
    alight(call);
    if (left_ms(call) <= 0)
        fail_with(call, REASON_DEADLINE_PASSED, "no connection to %s before the deadline", url);
    else
        fail_with(call, REASON_SERVER_UNREACHABLE, "no connection to %s", url);
}

static void on_frame(struct client_call *call, const struct wire_frame *frame)
{
    if (frame->value == ERR_OK) {
        struct db_bytes out = {frame->payload, frame->payload_len};
        finish(call, &out, NULL);
        return;
    }
    struct err err = {0};
    (void)client_read_failure(call->client->schema, frame, &err);
    fail(call, &err);
}

static void on_reply(struct client_call *call, nng_msg *msg)
{
    struct wire_reader reader;
    struct wire_frame frame;
    bool is_readable = wire_open(&reader, nng_msg_body(msg), nng_msg_len(msg));
    while (is_readable && wire_next(&reader, &frame) == WIRE_FRAME) {
        /* A server that could not read the message answers call 0. */
        bool is_ours = frame.call_id == call->id || frame.call_id == 0;
        if (frame.type == WIRE_RESULT && is_ours) {
            on_frame(call, &frame);
            return;
        }
    }
    fail_with(call, REASON_INTERNAL_ERROR, "the server's reply could not be understood");
}

static void on_received(struct client_call *call, int rv)
{
    const char *url = call->endpoint->url;
    alight(call);
    if (rv == 0) {
        nng_msg *msg = nng_aio_get_msg(call->aio);
        nng_aio_set_msg(call->aio, NULL);
        on_reply(call, msg);
        nng_msg_free(msg);
    } else if (rv == NNG_ETIMEDOUT) {
        fail_with(call, REASON_DEADLINE_PASSED, "%s did not answer in time", url);
    } else {
        fail_with(
            call, REASON_CONNECTION_LOST, "the connection to %s broke: %s", url, nng_strerror(rv));
    }
}

static void on_event(void *arg)
{
    struct client_call *call = arg;
    int rv = nng_aio_result(call->aio);
    switch (call->state) {
    case CALL_SENDING:
        on_sent(call, rv);
        return;
    case CALL_RECEIVING:
        on_received(call, rv);
        return;
    }
}

static void on_pause_over(void *arg)
{
    struct client_call *call = arg;
    if (nng_aio_result(call->pause) == 0)
        try_once(call);
    else
        fail_with(call, REASON_CALL_CANCELLED, "the client was closed");
}

void client_call_start(struct client_call *call)
{
    call->n_attempts = 0;
    call->endpoint = NULL;
    try_once(call);
}

/* ---- failures as the server tells them ---- */

enum err_code client_read_failure(
    const struct schema *schema, const struct wire_frame *frame, struct err *err)
{
    *err = (struct err){.code = ERR_UNKNOWN, .origin = "server"};
    if (frame->value <= ERR_UNAUTHENTICATED)
        err->code = (enum err_code)frame->value;
    struct err ignored;
    Kith__V1__Meta *meta = NULL;
    if (frame->meta_len > 0 &&
        validate_message(schema_meta(schema), frame->meta, frame->meta_len, &ignored) == ERR_OK)
        meta = kith__v1__meta__unpack(NULL, frame->meta_len, frame->meta);
    if (!meta)
        return err->code;
    err->reason = err_reason_by_name(meta->reason);
    err->retry_after_ms = meta->retry_after_ms;
    (void)snprintf(err->msg, sizeof(err->msg), "%s", meta->message);
    if (meta->n_field_violations > 0)
        (void)snprintf(err->field, sizeof(err->field), "%s", meta->field_violations[0]->field);
    kith__v1__meta__free_unpacked(meta, NULL);
    return err->code;
}
