/* SPDX-License-Identifier: Apache-2.0 */
#include "rpc/transport.h"

#include "rpc/batch.h"
#include "rpc/connections.h"
#include "rpc/reply.h"
#include "rpc/session.h"
#include "rpc/socket.h"
#include "rpc/stream.h"
#include "rpc/unread.h"

#include <nng/nng.h>
#include <nng/protocol/reqrep0/rep.h>
#include <pthread.h>
#include <stdatomic.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

enum {
    SPARE_EXCHANGES = 16, /* contexts that always wait for a message */
    MAX_EXCHANGES = 16 * 1024,
    MAX_BACKLOG = 4 * 1024 * 1024,   /* bytes of results that wait for one client */
    STREAM_BACKLOG = 256 * 1024,     /* … before its streams are held */
    LANE_REST_US = 30 * 1000 * 1000, /* a lane returns after so long, empty */
    TICK_MS = 2000,
    GOODBYE_MS = 200, /* so long a client may take to answer a GOAWAY */
    QUIET_MS = 10,    /* … and, before connections are closed, nobody has said anything */
    QUIET_TRIES = 10,
    SHARE_US = 500,    /* results may wait so long for others */
    MAX_CANCELS = 128, /* of one message, since each is looked for; more are ignored */
};

enum exchange_state { EXCHANGE_RECEIVING, EXCHANGE_WORKING, EXCHANGE_SENDING };

/* One REP context. */
struct exchange {
    struct exchange *next; /* of all */
    struct transport *transport;
    nng_ctx ctx;
    nng_aio *aio;
    enum exchange_state state;
    uint32_t pipe;      /* the last message came by */
    uint32_t n_results; /* of the reply being sent … */
    size_t n_bytes;     /* … and its length */
};

struct transport {
    struct transport_config config;
    struct transport_events events;
    nng_socket socket;
    struct listeners listeners;
    nng_aio *ticker;
    pthread_mutex_t lock;
    pthread_cond_t idle;
    struct exchange *exchanges;
    size_t n_exchanges;
    size_t n_receiving;
    struct batch_pool batches;
    struct connections connections;
    struct unread unread;
    size_t n_unanswered; /* results still to be sent */
    uint64_t n_received; /* messages */
    atomic_bool is_leaving;
    bool is_closing;
};

static void on_event(void *arg);

/* ---- counting what is owed ---- */

static void owe(struct transport *t, size_t n)
{
    (void)pthread_mutex_lock(&t->lock);
    t->n_unanswered += n;
    (void)pthread_mutex_unlock(&t->lock);
}

static void settle(struct transport *t, size_t n)
{
    if (n == 0)
        return;
    (void)pthread_mutex_lock(&t->lock);
    t->n_unanswered -= n;
    if (t->n_unanswered == 0)
        (void)pthread_cond_broadcast(&t->idle);
    (void)pthread_mutex_unlock(&t->lock);
}

/* For who waits in transport_drain: look again. */
static void nudge(struct transport *t)
{
    if (!atomic_load_explicit(&t->is_leaving, memory_order_relaxed))
        return;
    (void)pthread_mutex_lock(&t->lock);
    (void)pthread_cond_broadcast(&t->idle);
    (void)pthread_mutex_unlock(&t->lock);
}

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
    return x;
}

static void receive(struct exchange *x)
{
    struct transport *t = x->transport;
    x->state = EXCHANGE_RECEIVING;
    (void)pthread_mutex_lock(&t->lock);
    t->n_receiving++;
    (void)pthread_mutex_unlock(&t->lock);
    nng_ctx_recv(x->ctx, x->aio);
}

/* Keep enough contexts receiving: those that hold a reply back must not keep others out. */
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

static void send_departure(const struct departure *out)
{
    struct exchange *x = out->lane;
    if (!x)
        return;
    if (!out->msg || !unread_add(&x->transport->unread, x->pipe, nng_msg_len(out->msg))) {
        nng_msg_free(out->msg); /* NULL without memory: the client will see its deadline pass */
        settle(x->transport, out->n_results);
        receive(x);
        return;
    }
    x->n_results = out->n_results;
    x->n_bytes = nng_msg_len(out->msg);
    x->state = EXCHANGE_SENDING;
    nng_aio_set_msg(x->aio, out->msg);
    nng_ctx_send(x->ctx, x->aio);
}

/* ---- batches ---- */

/* One call less to wait for. */
static void close_one(struct transport *t, struct batch *b)
{
    if (atomic_fetch_sub(&b->n_open, 1) > 1)
        return;
    if (b->lane) {
        struct departure out;
        session_finish(b->session, b->lane, &out);
        send_departure(&out);
    }
    batch_return(&t->batches, b);
}

/* ---- connections: under NNG's locks, only take note ---- */

/* Before the first message of the connection. */
static void on_pipe_new(nng_pipe pipe, nng_pipe_ev event, void *arg)
{
    (void)event;
    struct transport *t = arg;
    connections_add(&t->connections, (uint32_t)nng_pipe_id(pipe));
}

/* The lane of its session is seen off later, by the ticker. */
static void on_pipe_gone(nng_pipe pipe, nng_pipe_ev event, void *arg)
{
    (void)event;
    struct transport *t = arg;
    uint32_t id = (uint32_t)nng_pipe_id(pipe);
    settle(t, connections_remove(&t->connections, id));
    nudge(t);
    t->events.on_gone(t->events.self, id);
}

/* ---- answering ---- */

static void share_parcel(struct transport *t, struct cork *cork)
{
    if (cork->parcel.msg && !session_add(cork->session, &cork->parcel))
        settle(t, cork->parcel.n_results);
    cork->parcel = (struct parcel){0};
}

void transport_share(struct transport *t, struct cork *cork)
{
    if (!cork->session)
        return;
    share_parcel(t, cork);
    if (session_was_silent(cork->session, clock_mono_us(t->config.clock) - SHARE_US))
        transport_uncork(t, cork);
}

void transport_uncork(struct transport *t, struct cork *cork)
{
    struct departure out;
    if (!cork->session)
        return;
    share_parcel(t, cork);
    session_flush(cork->session, clock_mono_us(t->config.clock), &out);
    send_departure(&out);
    session_release(cork->session);
    *cork = (struct cork){0};
}

static bool has_room(const struct cork *cork, const struct session *s, size_t len)
{
    return cork->session == s && cork->parcel.msg && cork->parcel.n_results < WIRE_MAX_FRAMES &&
           nng_msg_len(cork->parcel.msg) + WIRE_FRAME_SIZE + len <= session_max_reply(s);
}

static bool open_cork(struct cork *cork, struct session *s)
{
    cork->parcel = (struct parcel){.msg = reply_open(session_id(s))};
    if (!cork->parcel.msg)
        return false;
    if (!cork->session)
        cork->session = session_hold(s);
    return true;
}

/* Where a frame of that length goes; NULL without memory. */
static nng_msg *make_room(struct transport *t, struct cork *cork, struct session *s, size_t len)
{
    bool is_shared = cork->session == s && !cork->parcel.msg;
    if (!is_shared && !has_room(cork, s, len))
        transport_uncork(t, cork);
    return cork->parcel.msg || open_cork(cork, s) ? cork->parcel.msg : NULL;
}

/* Put the result of one call into the cork; false without memory. */
static bool keep(struct transport *t, struct cork *cork, struct session *s, const struct call *call,
    const struct outcome *outcome)
{
    nng_msg *msg = make_room(t, cork, s, outcome->payload.len);
    if (!msg || !reply_append(msg, call, outcome))
        return false;
    cork->parcel.n_results++;
    return true;
}

bool transport_send_items(
    struct transport *t, const struct call *call, const struct item *items, struct cork *cork)
{
    struct session *s = call->batch->session;
    for (; items; items = items->next) {
        nng_msg *msg = make_room(t, cork, s, items->payload.len);
        if (!msg || !reply_append_item(msg, call, &items->payload))
            return false;
        owe(t, 1);
        cork->parcel.n_results++;
        call->stream->n_items++;
    }
    return true;
}

void transport_answer(
    struct transport *t, struct call *call, const struct outcome *outcome, struct cork *cork)
{
    struct batch *b = call->batch;
    if (!keep(t, cork, b->session, call, outcome))
        settle(t, 1);
    /* The last answer to a message without session sends all of them: they must be there. */
    if (b->lane)
        transport_uncork(t, cork);
    close_one(t, b);
}

bool transport_is_backed_up(const struct call *call)
{
    return session_backlog(call->batch->session) > MAX_BACKLOG;
}

bool transport_is_congested(const struct call *call)
{
    struct session *s = call->batch->session;
    if (session_backlog(s) <= STREAM_BACKLOG)
        return false;
    session_await_lane(s, true);
    /* A lane that left before that told nobody. */
    return session_backlog(s) > STREAM_BACKLOG;
}

bool transport_is_alone(const struct call *call)
{
    return call->batch->lane && call->batch->n_calls == 1;
}

bool transport_has_session(const struct call *call)
{
    return !call->batch->lane;
}

/* ---- receiving ---- */

static void refuse_message(struct transport *t, struct batch *b, const char *why)
{
    struct outcome outcome = {0};
    err_fill(&outcome.err, REASON_REQUEST_MALFORMED, "%s", why);
    struct cork cork = {0};
    owe(t, 1);
    if (!keep(t, &cork, b->session, &(struct call){0}, &outcome))
        settle(t, 1);
    transport_uncork(t, &cork);
}

/* Whose results the message's calls join: the client's, or their own. */
static bool enter_session(struct exchange *x, struct batch *b, uint64_t id, uint32_t pipe)
{
    struct transport *t = x->transport;
    b->session = id != 0 ? connections_join(&t->connections, pipe, id) : NULL;
    if (b->session)
        return true;
    b->session = session_new(id, SIZE_MAX);
    b->lane = x;
    return b->session != NULL;
}

/* After the calls of the message, which these may be about. */
static void tell_controls(struct transport *t, const struct batch *b, uint32_t pipe)
{
    struct wire_reader reader;
    struct wire_frame frame;
    uint64_t cancels[MAX_CANCELS];
    size_t n_cancels = 0;
    if (b->n_controls == 0 ||
        !wire_open(&reader, nng_msg_body(b->request), nng_msg_len(b->request)))
        return;
    while (wire_next(&reader, &frame) == WIRE_FRAME)
        if (frame.type == WIRE_CANCEL && n_cancels < MAX_CANCELS)
            cancels[n_cancels++] = frame.call_id;
        else if (frame.type == WIRE_CREDIT)
            t->events.on_credit(t->events.self, pipe, frame.call_id, frame.value);
        else if (frame.type == WIRE_GOAWAY)
            session_note_goodbye(b->session, frame.value);
    if (n_cancels > 0)
        t->events.on_cancels(t->events.self, pipe, cancels, n_cancels);
}

static void on_message(struct exchange *x, nng_msg *msg)
{
    struct transport *t = x->transport;
    struct wire_reader reader = {0};
    uint32_t pipe = (uint32_t)nng_pipe_id(nng_msg_get_pipe(msg));
    (void)wire_open(&reader, nng_msg_body(msg), nng_msg_len(msg));
    x->pipe = pipe;
    struct batch *b = batch_take(&t->batches, msg);
    if (!b || !enter_session(x, b, reader.session, pipe)) {
        if (b)
            batch_return(&t->batches, b);
        receive(x);
        return;
    }
    int64_t now_us = clock_mono_us(t->config.clock);
    atomic_store(&b->n_open, 1);
    if (reader.session != 0 && b->lane)
        refuse_message(t, b, "this connection has another session already");
    else if (!batch_decode(b, pipe, now_us))
        refuse_message(t, b, "the message is not one of Kith's protocol, version 1");
    atomic_store(&b->n_open, b->n_calls + 1);
    owe(t, b->n_calls);
    struct session *s = b->lane ? NULL : session_hold(b->session);
    size_t n_calls = b->n_calls;
    if (n_calls > 0)
        t->events.on_calls(t->events.self, b->calls, b->n_calls);
    tell_controls(t, b, pipe);
    close_one(t, b);
    if (!s)
        return;
    struct departure out[2];
    session_arrive(s, x, n_calls, now_us, out);
    if (session_await_lane(s, false))
        t->events.on_lane(t->events.self, pipe);
    session_release(s);
    nudge(t);
    send_departure(&out[0]);
    send_departure(&out[1]);
}

static void on_received(struct exchange *x, int rv)
{
    struct transport *t = x->transport;
    (void)pthread_mutex_lock(&t->lock);
    t->n_receiving--;
    t->n_received += rv == 0;
    (void)pthread_mutex_unlock(&t->lock);
    if (rv == NNG_ECLOSED || rv == NNG_ECANCELED)
        return;
    if (rv != 0) {
        receive(x);
        return;
    }
    nng_msg *msg = nng_aio_get_msg(x->aio);
    nng_aio_set_msg(x->aio, NULL);
    x->state = EXCHANGE_WORKING;
    add_exchanges(t);
    on_message(x, msg);
}

static void on_event(void *arg)
{
    struct exchange *x = arg;
    int rv = nng_aio_result(x->aio);
    switch (x->state) {
    case EXCHANGE_RECEIVING:
        on_received(x, rv);
        return;
    case EXCHANGE_SENDING:
        if (rv != 0)
            nng_msg_free(nng_aio_get_msg(x->aio));
        nng_aio_set_msg(x->aio, NULL);
        unread_remove(&x->transport->unread, x->pipe, x->n_bytes);
        settle(x->transport, x->n_results);
        if (rv != NNG_ECLOSED)
            receive(x);
        return;
    case EXCHANGE_WORKING:
        return;
    }
}

/* Lanes that waited long go home, so that no connection is silent for ever. */
static void on_tick(void *arg)
{
    struct transport *t = arg;
    if (nng_aio_result(t->ticker) != 0)
        return;
    connections_see_off(&t->connections, send_departure);
    int64_t before_us = clock_mono_us(t->config.clock) - LANE_REST_US;
    connections_refresh(&t->connections, before_us, send_departure);
    nng_sleep_aio(TICK_MS, t->ticker);
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
    batch_pool_init(&t->batches);
    connections_init(&t->connections);
    (void)nng_pipe_notify(t->socket, NNG_PIPE_EV_ADD_PRE, on_pipe_new, t);
    (void)nng_pipe_notify(t->socket, NNG_PIPE_EV_REM_POST, on_pipe_gone, t);
    /* Unlimited unless set, and with TLS a huge length then corrupts the heap. */
    rv = nng_socket_set_size(t->socket, NNG_OPT_RECVMAXSZ, (size_t)config->max_message);
    if (rv == 0)
        rv = nng_aio_alloc(&t->ticker, on_tick, t);
    if (rv != 0) {
        (void)!transport_free(t);
        return nng_fault(err, "preparing the socket", rv);
    }
    (void)nng_socket_set_bool(t->socket, NNG_OPT_TCP_KEEPALIVE, true);
    nng_sleep_aio(TICK_MS, t->ticker);
    *out = t;
    return ERR_OK;
}

enum err_code transport_listen(
    struct transport *t, const struct listen_config *config, struct err *err)
{
    add_exchanges(t);
    return listeners_open(&t->listeners, t->socket, config, err);
}

struct listeners *transport_listeners(struct transport *t)
{
    return &t->listeners;
}

void transport_count(struct transport *t, struct transport_counts *out)
{
    struct socket_counts socket;
    socket_count(t->socket, &socket);
    *out = (struct transport_counts){
        .n_open = socket.n_pipes,
        .n_accepted = socket.n_accepted,
        .n_rejected = socket.n_rejected,
    };
    (void)pthread_mutex_lock(&t->lock);
    out->n_received = t->n_received;
    (void)pthread_mutex_unlock(&t->lock);
}

/* Under the lock: no message and no end of a connection for a while? */
static bool is_quiet(struct transport *t)
{
    struct timespec until = clock_after_ms(QUIET_MS);
    return pthread_cond_timedwait(&t->idle, &t->lock, &until) != 0;
}

bool transport_drain(struct transport *t, int64_t timeout_ms)
{
    struct timespec until = clock_after_ms(timeout_ms);
    struct timespec patience = clock_after_ms(timeout_ms < GOODBYE_MS ? timeout_ms : GOODBYE_MS);
    atomic_store(&t->is_leaving, true);
    connections_leave(&t->connections, send_departure);
    (void)pthread_mutex_lock(&t->lock);
    int rv = 0;
    while (rv == 0 && (t->n_unanswered > 0 || connections_are_awaited(&t->connections)))
        rv = pthread_cond_timedwait(&t->idle, &t->lock, &patience);
    rv = 0;
    while (t->n_unanswered > 0 && rv == 0)
        rv = pthread_cond_timedwait(&t->idle, &t->lock, &until);
    /* Lanes may still come in, empty: NNG 1.5 never finishes closing a connection that is just
     * between the length of a message and the message. */
    for (int i = 0; i < QUIET_TRIES && rv == 0 && !is_quiet(t); i++)
        continue;
    bool is_idle = t->n_unanswered == 0;
    (void)pthread_mutex_unlock(&t->lock);
    return is_idle;
}

static void free_exchanges(struct transport *t)
{
    while (t->exchanges) {
        struct exchange *x = t->exchanges;
        t->exchanges = x->next;
        nng_aio_free(x->aio);
        free(x);
    }
}

bool transport_free(struct transport *t)
{
    if (!t)
        return true;
    (void)pthread_mutex_lock(&t->lock);
    t->is_closing = true;
    (void)pthread_mutex_unlock(&t->lock);
    nng_aio_free(t->ticker);
    bool is_closed = socket_close(t->socket);
    for (struct exchange *x = t->exchanges; x; x = x->next)
        nng_aio_stop(x->aio);
    if (!is_closed)
        return false;
    free_exchanges(t);
    listeners_fini(&t->listeners);
    connections_fini(&t->connections);
    batch_pool_fini(&t->batches);
    (void)pthread_cond_destroy(&t->idle);
    (void)pthread_mutex_destroy(&t->lock);
    free(t);
    return true;
}
