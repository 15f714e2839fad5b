/* SPDX-License-Identifier: Apache-2.0 */
#include "rpc/transport.h"

#include "rpc/reply.h"

#include <nng/nng.h>
#include <nng/protocol/reqrep0/rep.h>
#include <pthread.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

/* A few contexts always wait for messages; more are opened as replies keep others busy. */
enum { SPARE_EXCHANGES = 16, MAX_EXCHANGES = 16 * 1024, URL_SIZE = 256 };

enum exchange_state { EXCHANGE_RECEIVING, EXCHANGE_WORKING, EXCHANGE_SENDING };

/* One REP context and the message it is at. */
struct exchange {
    struct exchange *next; /* of all */
    struct transport *transport;
    nng_ctx ctx;
    nng_aio *aio;
    enum exchange_state state;
    nng_msg *request;
    struct call *calls; /* of the request */
    size_t n_calls;
    size_t capacity;

    pthread_mutex_t lock; /* of what follows: workers answer side by side */
    nng_msg *reply;
    uint32_t n_results;
    size_t n_open; /* calls not answered, plus one while decoding */
};

struct transport {
    struct transport_config config;
    struct transport_events events;
    nng_socket socket;
    pthread_mutex_t lock;
    pthread_cond_t idle;
    struct exchange *exchanges;
    size_t n_exchanges;
    size_t n_receiving;
    bool is_closing;
};

static void receive(struct exchange *x);
static void on_event(void *arg);

/* ---- exchanges ---- */

static struct exchange *exchange_new(struct transport *t)
{
    struct exchange *x = calloc(1, sizeof(*x));
    if (!x)
        return NULL;
    x->transport = t;
    if (nng_ctx_open(&x->ctx, t->socket) != 0) {
        free(x);
        return NULL;
    }
    if (nng_aio_alloc(&x->aio, on_event, x) != 0) {
        (void)nng_ctx_close(x->ctx);
        free(x);
        return NULL;
    }
    (void)pthread_mutex_init(&x->lock, NULL);
    return x;
}

static void exchange_free(struct exchange *x)
{
    nng_aio_free(x->aio); /* waits for a callback under way */
    nng_msg_free(x->request);
    nng_msg_free(x->reply);
    (void)pthread_mutex_destroy(&x->lock);
    free(x->calls);
    free(x);
}

/* Keep enough contexts receiving: one busy with a long call must not keep others out. */
static void add_exchanges(struct transport *t)
{
    for (;;) {
        (void)pthread_mutex_lock(&t->lock);
        bool is_wanted =
            !t->is_closing && t->n_receiving < SPARE_EXCHANGES && t->n_exchanges < MAX_EXCHANGES;
        t->n_exchanges += is_wanted;
        (void)pthread_mutex_unlock(&t->lock);
        if (!is_wanted)
            return;
        struct exchange *x = exchange_new(t);
        (void)pthread_mutex_lock(&t->lock);
        if (x) {
            x->next = t->exchanges;
            t->exchanges = x;
        } else {
            t->n_exchanges--;
        }
        (void)pthread_mutex_unlock(&t->lock);
        if (!x)
            return;
        receive(x);
    }
}

static void receive(struct exchange *x)
{
    struct transport *t = x->transport;
    x->state = EXCHANGE_RECEIVING;
    (void)pthread_mutex_lock(&t->lock);
    t->n_receiving++;
    if (t->n_receiving == t->n_exchanges)
        (void)pthread_cond_broadcast(&t->idle);
    (void)pthread_mutex_unlock(&t->lock);
    nng_ctx_recv(x->ctx, x->aio);
}

static void stop_receiving(struct transport *t)
{
    (void)pthread_mutex_lock(&t->lock);
    t->n_receiving--;
    (void)pthread_mutex_unlock(&t->lock);
}

/* ---- answering ---- */

static void send_reply(struct exchange *x)
{
    nng_msg *reply = x->reply;
    x->reply = NULL;
    nng_msg_free(x->request);
    x->request = NULL;
    x->state = EXCHANGE_SENDING;
    if (!reply) { /* no memory for it: the client will see its deadline pass */
        receive(x);
        return;
    }
    reply_close(reply, x->n_results);
    nng_aio_set_msg(x->aio, reply);
    nng_ctx_send(x->ctx, x->aio);
}

/* One call less to wait for; the last one sends the reply. */
static void settle(struct exchange *x)
{
    (void)pthread_mutex_lock(&x->lock);
    bool is_last = --x->n_open == 0;
    (void)pthread_mutex_unlock(&x->lock);
    if (is_last)
        send_reply(x);
}

static void append_result(
    struct exchange *x, const struct wire_frame *request, const struct outcome *outcome)
{
    (void)pthread_mutex_lock(&x->lock);
    if (x->reply && reply_append(x->reply, request, outcome))
        x->n_results++;
    (void)pthread_mutex_unlock(&x->lock);
}

void transport_reply(struct transport *t, struct call *call, const struct outcome *outcome)
{
    (void)t;
    struct exchange *x = call->exchange;
    append_result(x, &call->frame, outcome);
    settle(x);
}

/* ---- receiving ---- */

static void refuse_message(struct exchange *x)
{
    struct outcome outcome = {0};
    err_fill(&outcome.err, REASON_REQUEST_MALFORMED,
        "the message is not one of Kith's protocol, version %d", WIRE_VERSION);
    append_result(x, &(struct wire_frame){0}, &outcome);
}

static bool add_call(struct exchange *x, const struct wire_frame *frame, int64_t now_us)
{
    if (x->n_calls == x->capacity) {
        size_t capacity = x->capacity ? x->capacity * 2 : 4;
        struct call *grown = realloc(x->calls, capacity * sizeof(*grown));
        if (!grown)
            return false;
        x->calls = grown;
        x->capacity = capacity;
    }
    x->calls[x->n_calls++] = (struct call){
        .exchange = x,
        .frame = *frame,
        .pipe = (uint32_t)nng_pipe_id(nng_msg_get_pipe(x->request)),
        .arrived_us = now_us,
        .queued_us = now_us,
    };
    return true;
}

/* False if the message is broken somewhere; the calls before that place stand. */
static bool decode(struct exchange *x, int64_t now_us)
{
    struct wire_reader reader;
    struct wire_frame frame;
    x->n_calls = 0;
    if (!wire_open(&reader, nng_msg_body(x->request), nng_msg_len(x->request)))
        return false;
    enum wire_step step;
    while ((step = wire_next(&reader, &frame)) == WIRE_FRAME)
        if (frame.type == WIRE_CALL && !add_call(x, &frame, now_us))
            return false;
    return step == WIRE_DONE;
}

static void on_message(struct exchange *x)
{
    struct transport *t = x->transport;
    struct wire_reader reader = {0};
    x->state = EXCHANGE_WORKING;
    x->request = nng_aio_get_msg(x->aio);
    x->n_results = 0;
    (void)wire_open(&reader, nng_msg_body(x->request), nng_msg_len(x->request));
    x->reply = reply_open(reader.session);

    if (!decode(x, clock_mono_us(t->config.clock)))
        refuse_message(x);
    size_t n_calls = x->n_calls;
    x->n_open = n_calls + 1;
    for (size_t i = 0; i < n_calls; i++)
        t->events.on_call(t->events.self, &x->calls[i]);
    settle(x);
}

static void on_event(void *arg)
{
    struct exchange *x = arg;
    int rv = nng_aio_result(x->aio);
    switch (x->state) {
    case EXCHANGE_RECEIVING:
        stop_receiving(x->transport);
        if (rv == NNG_ECLOSED || rv == NNG_ECANCELED)
            return;
        if (rv != 0) {
            receive(x);
            return;
        }
        add_exchanges(x->transport);
        on_message(x);
        return;
    case EXCHANGE_SENDING:
        if (rv != 0)
            nng_msg_free(nng_aio_get_msg(x->aio));
        nng_aio_set_msg(x->aio, NULL);
        if (rv != NNG_ECLOSED)
            receive(x);
        return;
    case EXCHANGE_WORKING:
        return;
    }
}

/* Runs under NNG's locks: only tell. */
static void on_pipe_gone(nng_pipe pipe, nng_pipe_ev event, void *arg)
{
    (void)event;
    struct transport *t = arg;
    t->events.on_gone(t->events.self, (uint32_t)nng_pipe_id(pipe));
}

/* ---- life ---- */

static enum err_code nng_fault(struct err *err, const char *what, int rv)
{
    enum err_code code = err_raise(err, REASON_INTERNAL_ERROR, "%s failed", what);
    err_detail(err, "%s: %s", what, nng_strerror(rv));
    return code;
}

enum err_code transport_new(struct transport **out, const struct transport_config *config,
    const struct transport_events *events, struct err *err)
{
    struct transport *t = calloc(1, sizeof(*t));
    if (!t)
        return err_raise(err, REASON_INTERNAL_ERROR, "no memory for the transport");
    t->config = *config;
    t->events = *events;
    int rv = nng_rep0_open(&t->socket);
    if (rv != 0) {
        free(t);
        return nng_fault(err, "nng_rep0_open", rv);
    }
    pthread_condattr_t attr;
    (void)pthread_condattr_init(&attr);
    (void)pthread_condattr_setclock(&attr, CLOCK_MONOTONIC);
    (void)pthread_cond_init(&t->idle, &attr);
    (void)pthread_condattr_destroy(&attr);
    (void)pthread_mutex_init(&t->lock, NULL);
    (void)nng_pipe_notify(t->socket, NNG_PIPE_EV_REM_POST, on_pipe_gone, t);
    /* Unlimited unless set, and with TLS a huge length then corrupts the heap. */
    rv = nng_socket_set_size(t->socket, NNG_OPT_RECVMAXSZ, (size_t)config->max_message);
    if (rv != 0) {
        transport_free(t);
        return nng_fault(err, "limiting the size of messages", rv);
    }
    *out = t;
    return ERR_OK;
}

static enum err_code listen_at(struct transport *t, const char *url, struct err *err)
{
    int rv = nng_listen(t->socket, url, NULL, 0);
    if (rv == 0)
        return ERR_OK;
    if (rv == NNG_EADDRINUSE)
        return err_raise(err, REASON_ADDRESS_IN_USE, "another process listens at %s", url);
    return err_raise(
        err, REASON_CONFIG_INVALID, "cannot listen at \"%s\": %s", url, nng_strerror(rv));
}

enum err_code transport_listen(struct transport *t, const char *urls, struct err *err)
{
    add_exchanges(t);
    while (*urls) {
        char url[URL_SIZE];
        size_t len = strcspn(urls, ",");
        if (len >= sizeof(url))
            return err_raise(err, REASON_CONFIG_INVALID, "an address to listen at is too long");
        memcpy(url, urls, len);
        url[len] = '\0';
        enum err_code code = len > 0 ? listen_at(t, url, err) : ERR_OK;
        if (code != ERR_OK)
            return code;
        urls += len + (urls[len] == ',');
    }
    return ERR_OK;
}

bool transport_wait_idle(struct transport *t, int64_t timeout_ms)
{
    struct timespec until;
    (void)clock_gettime(CLOCK_MONOTONIC, &until);
    until.tv_sec += (time_t)(timeout_ms / 1000);
    until.tv_nsec += (long)(timeout_ms % 1000) * 1000000;
    if (until.tv_nsec >= 1000000000) {
        until.tv_sec++;
        until.tv_nsec -= 1000000000;
    }
    (void)pthread_mutex_lock(&t->lock);
    int rv = 0;
    while (t->n_receiving < t->n_exchanges && rv == 0)
        rv = pthread_cond_timedwait(&t->idle, &t->lock, &until);
    bool is_idle = t->n_receiving == t->n_exchanges;
    (void)pthread_mutex_unlock(&t->lock);
    return is_idle;
}

void transport_free(struct transport *t)
{
    if (!t)
        return;
    (void)pthread_mutex_lock(&t->lock);
    t->is_closing = true;
    (void)pthread_mutex_unlock(&t->lock);
    (void)nng_close(t->socket);
    for (struct exchange *x = t->exchanges; x; x = x->next)
        nng_aio_stop(x->aio);
    while (t->exchanges) {
        struct exchange *x = t->exchanges;
        t->exchanges = x->next;
        exchange_free(x);
    }
    (void)pthread_cond_destroy(&t->idle);
    (void)pthread_mutex_destroy(&t->lock);
    free(t);
}
