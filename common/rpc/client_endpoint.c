/* SPDX-License-Identifier: Apache-2.0 */
#include "rpc/client_state.h"
#include "rpc/socket.h"

#include <nng/protocol/reqrep0/req.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum {
    RECONNECT_MIN_MS = 50,
    RECONNECT_MAX_MS = 500,
    SILENCE_MS = 60 * 1000,   /* the server returns a lane earlier, if it lives */
    MAX_REQUEST = 256 * 1024, /* bytes of one message, unless one call has more */
    MAX_CALLS_PER_MESSAGE = 128,
    STUCK_US = 2 * 1000 * 1000,
    /* How long NNG may take to connect again before we do; doubles with every try. */
    REDIAL_US = 500 * 1000,
    REDIAL_SOON_US = 200 * 1000,
    REDIAL_IDLE_US = 30 * 1000 * 1000, /* at most, for an endpoint that no call waits for */
};

static void on_event(void *arg);

/* ---- leaving ---- */

static struct client_call *take_pending(struct endpoint *e)
{
    struct client_call *call = e->pending.first;
    e->pending.first = call->next;
    if (!e->pending.first)
        e->pending.end = &e->pending.first;
    e->n_pending--;
    return call;
}

/* Pending calls that fit into one message, and its length. */
static size_t measure(const struct endpoint *e, uint32_t *n_calls)
{
    size_t len = WIRE_PREAMBLE_SIZE;
    *n_calls = 0;
    if (e->is_leaving)
        return len;
    for (const struct client_call *call = e->pending.first; call; call = call->next) {
        bool fits = len + call->len <= MAX_REQUEST && *n_calls < MAX_CALLS_PER_MESSAGE;
        if (!fits && *n_calls > 0)
            break;
        len += call->len;
        ++*n_calls;
    }
    return len;
}

static bool add_control(struct endpoint *e, const struct control *control)
{
    if (e->n_controls == e->controls_capacity) {
        size_t capacity = e->controls_capacity ? e->controls_capacity * 2 : 16;
        struct control *grown = realloc(e->controls, capacity * sizeof(*grown));
        if (!grown)
            return false;
        e->controls = grown;
        e->controls_capacity = capacity;
    }
    e->controls[e->n_controls++] = *control;
    return true;
}

bool endpoint_tell(struct endpoint *e, const struct client_call *call, uint8_t type, uint32_t value)
{
    return add_control(e, &(struct control){call->id, call->connection, value, 0, type});
}

/*
 * The server is leaving: no more calls go over this connection, and it learns how many did, and
 * that their results are here, so that it need not guess whether more is on its way.
 */
static void say_goodbye(struct endpoint *e)
{
    e->owes_farewell = e->n_sent > 0;
    (void)add_control(
        e, &(struct control){0, e->connection, e->n_carried, (uint32_t)e->n_sent, WIRE_GOAWAY});
}

static void leave(struct endpoint *e)
{
    e->is_leaving = true;
    say_goodbye(e);
    attempts_move(e, clock_mono_us(clock_system()));
}

/* Append what is to be told; returns the number of frames. What was for a connection that is gone
 * is forgotten. */
static uint32_t put_controls(struct endpoint *e, nng_msg *msg)
{
    uint32_t n = 0;
    size_t i = 0;
    for (; i < e->n_controls && n < MAX_CALLS_PER_MESSAGE; i++) {
        uint8_t header[WIRE_FRAME_SIZE];
        const struct control *c = &e->controls[i];
        if (c->connection != e->connection)
            continue;
        wire_put_frame(header, &(struct wire_frame){.type = c->type,
                                   .call_id = c->call_id,
                                   .value = c->value,
                                   .sequence = c->n_waited});
        if (nng_msg_append(msg, header, sizeof(header)) != 0)
            break;
        n++;
    }
    e->n_controls -= i;
    if (e->n_controls > 0)
        memmove(e->controls, e->controls + i, e->n_controls * sizeof(*e->controls));
    return n;
}

/* Something came, or from now on something is to come. */
static void heard(struct endpoint *e, int64_t now_us)
{
    e->silent_us = now_us;
    e->pinged_us = 0;
    e->is_ping_due = false;
}

/* A message of what is pending, perhaps nothing: then the lane only waits for results. */
static nng_msg *build_message(struct endpoint *e, int64_t now_us)
{
    uint32_t n_calls;
    nng_msg *msg = NULL;
    if (nng_msg_alloc(&msg, measure(e, &n_calls)) != 0)
        return NULL;
    uint32_t n_controls = put_controls(e, msg);
    if (e->n_sent == 0 && n_calls > 0)
        heard(e, now_us);
    uint8_t *at = nng_msg_body(msg);
    wire_put_preamble(at, n_calls + n_controls, e->session);
    at += WIRE_PREAMBLE_SIZE;
    for (; n_calls > 0; n_calls--) {
        struct client_call *call = take_pending(e);
        client_call_stamp(call, now_us);
        memcpy(at, call->frame, call->len);
        at += call->len;
        call->state = CALL_SENT;
        call->connection = e->connection;
        call->due_us = call->deadline_us;
        e->n_sent++;
        e->n_carried++;
    }
    return msg;
}

static bool has_something_to_say(const struct endpoint *e)
{
    return e->is_ping_due || e->n_controls > 0 || (e->n_pending > 0 && !e->is_leaving);
}

void endpoint_flush(struct endpoint *e, int64_t now_us, struct lane **leaving)
{
    if (e->owes_farewell && e->n_sent == 0)
        say_goodbye(e);
    /* One lane must be away while calls are: results need something to come back by. */
    while (e->is_connected && e->idle &&
           (has_something_to_say(e) || (e->n_sent > 0 && e->n_away == 0))) {
        struct lane *lane = e->idle;
        lane->msg = build_message(e, now_us);
        if (!lane->msg)
            return;
        e->is_ping_due = false;
        e->idle = lane->next;
        e->n_away++;
        lane->is_sending = true;
        lane->began_us = now_us;
        lane->connection = e->connection;
        lane->next = *leaving;
        *leaving = lane;
    }
}

void lanes_send(struct lane *leaving)
{
    while (leaving) {
        struct lane *lane = leaving;
        leaving = lane->next;
        nng_msg *msg = lane->msg;
        lane->msg = NULL;
        lane->is_receiving = false;
        nng_aio_set_timeout(lane->aio, NNG_DURATION_INFINITE);
        nng_aio_set_msg(lane->aio, msg);
        nng_ctx_send(lane->ctx, lane->aio);
    }
}

/* ---- coming back ---- */

struct client_call *client_find_sent(struct rpc_client *client, uint64_t id)
{
    size_t slot = id & ((1u << CALL_SLOT_BITS) - 1);
    struct client_call *call = slot < client->n_slots ? client->slots[slot] : NULL;
    return call && call->id == id && call->state == CALL_SENT ? call : NULL;
}

/* Failures are noted once their reason is read. */
static void note_result(const struct client_call *call, uint32_t status, int64_t now_us)
{
    struct endpoint *e = call->endpoint;
    if (status != ERR_RESOURCE_EXHAUSTED)
        throttle_note(&e->throttle, true, now_us);
    if (!call->is_probe && status == ERR_OK)
        endpoint_note_result(e, ERR_OK, now_us);
}

/* Does this frame end the call? */
static bool is_last(const struct client_call *call, const struct wire_frame *frame)
{
    if (frame->type == WIRE_RESULT)
        return true;
    bool is_of_stream = frame->type == WIRE_ITEM || frame->type == WIRE_END;
    return is_of_stream && call->listener.frame && call->listener.frame(call->listener.arg, frame);
}

/* The calls answered by a message, in its order; their results point into it. */
static struct client_call *collect_results(const struct lane *lane, nng_msg *msg)
{
    struct endpoint *e = lane->endpoint;
    struct wire_reader reader;
    struct wire_frame frame;
    struct client_call *first = NULL;
    struct client_call **end = &first;
    int64_t now_us = clock_mono_us(clock_system());
    if (!wire_open(&reader, nng_msg_body(msg), nng_msg_len(msg)))
        return NULL;
    while (wire_next(&reader, &frame) == WIRE_FRAME) {
        if (frame.type == WIRE_GOAWAY && lane->connection == e->connection && !e->is_leaving)
            leave(e);
        struct client_call *call = client_find_sent(e->client, frame.call_id);
        if (!call || call->endpoint != e || !is_last(call, &frame))
            continue; /* its deadline passed meanwhile, more is to come, or another server has it */
        bool is_result = frame.type == WIRE_RESULT;
        if (is_result)
            note_result(call, frame.value, now_us);
        call_detach(call);
        call->result = is_result ? frame : (struct wire_frame){.value = ERR_OK};
        call->next = NULL;
        *end = call;
        end = &call->next;
    }
    return first;
}

static void tell_failure(struct client_call *call)
{
    struct err err;
    enum err_code code = client_read_failure(call->client->schema, &call->result, &err);
    if (!call->is_probe && err.reason != REASON_SERVER_DRAINING) {
        (void)pthread_mutex_lock(&call->client->lock);
        endpoint_note_result(call->endpoint, code, clock_mono_us(clock_system()));
        (void)pthread_mutex_unlock(&call->client->lock);
    }
    attempt_fail(call, &err);
}

static void tell_results(struct client_call *call)
{
    while (call) {
        struct client_call *next = call->next;
        struct db_bytes out = {call->result.payload, call->result.payload_len};
        if (call->result.value == ERR_OK)
            call_end(call, &out, NULL);
        else
            tell_failure(call);
        call = next;
    }
}

/* The lane is here again, with or without a message. */
static void on_return(struct lane *lane, nng_msg *msg)
{
    struct endpoint *e = lane->endpoint;
    struct rpc_client *client = e->client;
    struct lane *leaving = NULL;
    (void)pthread_mutex_lock(&client->lock);
    struct client_call *answered = msg ? collect_results(lane, msg) : NULL;
    client->n_holds++;
    (void)pthread_mutex_unlock(&client->lock);

    /* What the answered callers call next leaves together, below. */
    tell_results(answered);
    nng_msg_free(msg);

    (void)pthread_mutex_lock(&client->lock);
    client->n_holds--;
    e->n_away--;
    lane->next = e->idle;
    e->idle = lane;
    int64_t now_us = clock_mono_us(clock_system());
    for (size_t i = 0; i < client->n_endpoints && !client->is_closing; i++)
        endpoint_flush(&client->endpoints[i], now_us, &leaving);
    (void)pthread_mutex_unlock(&client->lock);
    lanes_send(leaving);
}

static void note_event(struct lane *lane, int rv)
{
    struct endpoint *e = lane->endpoint;
    int64_t now_us = clock_mono_us(clock_system());
    (void)pthread_mutex_lock(&e->client->lock);
    lane->is_sending = false;
    if (rv == 0)
        e->moved_us = now_us;
    if (rv == 0 && lane->is_receiving && lane->connection == e->connection)
        heard(e, now_us);
    (void)pthread_mutex_unlock(&e->client->lock);
}

/* Under the lock. */
static void lose(struct endpoint *e)
{
    e->is_connected = false;
    e->lost = e->connection;
    e->moved_us = clock_mono_us(clock_system());
    (void)pthread_cond_signal(&e->client->changed);
}

/*
 * A lane more is all it takes: the server keeps one, and answers the other at once. Where none is
 * idle, it owes that answer already.
 */
bool endpoint_is_dead(struct endpoint *e, int64_t now_us, nng_pipe *out)
{
    int64_t ping_after_us = e->client->ping_after_us;
    if (!e->is_connected || e->n_sent == 0)
        return false;
    if (e->pinged_us == 0 && now_us - e->silent_us >= ping_after_us) {
        e->pinged_us = now_us;
        e->is_ping_due = true;
    }
    if (e->pinged_us == 0 || now_us - e->pinged_us < ping_after_us / 2)
        return false;
    *out = e->pipe;
    lose(e);
    return true;
}

/* A lane hears of a broken connection before NNG tells of its end. */
static void note_loss(struct lane *lane)
{
    struct endpoint *e = lane->endpoint;
    (void)pthread_mutex_lock(&e->client->lock);
    if (e->is_connected && lane->connection == e->connection)
        lose(e);
    (void)pthread_mutex_unlock(&e->client->lock);
}

static void hang_up(struct endpoint *e)
{
    (void)pthread_mutex_lock(&e->client->lock);
    nng_pipe pipe = e->pipe;
    bool is_connected = e->is_connected;
    (void)pthread_mutex_unlock(&e->client->lock);
    if (is_connected)
        (void)nng_pipe_close(pipe);
}

static void on_event(void *arg)
{
    struct lane *lane = arg;
    int rv = nng_aio_result(lane->aio);
    nng_msg *msg = nng_aio_get_msg(lane->aio);
    nng_aio_set_msg(lane->aio, NULL);
    note_event(lane, rv);
    if (!lane->is_receiving && rv == 0) {
        /* Only now: NNG 1.5 crashes when a receive is cancelled before its request is out. */
        lane->is_receiving = true;
        nng_aio_set_timeout(lane->aio, SILENCE_MS);
        nng_ctx_recv(lane->ctx, lane->aio);
        return;
    }
    if (!lane->is_receiving) {
        nng_msg_free(msg);
        msg = NULL;
    } else if (rv == NNG_ETIMEDOUT) {
        hang_up(lane->endpoint);
    } else if (rv == NNG_ECONNRESET) {
        note_loss(lane);
    }
    on_return(lane, rv == 0 ? msg : NULL);
}

/* ---- connections: under NNG's locks, only take note ---- */

static void on_pipe_new(nng_pipe pipe, nng_pipe_ev event, void *arg)
{
    (void)event;
    struct endpoint *e = arg;
    (void)pthread_mutex_lock(&e->client->lock);
    /*
     * A dialer has one pipe at a time, but what NNG tells of them may be out of order: the end of
     * the last after this beginning, or this one's end before it.
     */
    if (e->is_connected)
        e->lost = e->connection;
    e->pipe = pipe;
    e->is_connected = nng_pipe_id(pipe) != e->gone_pipe;
    e->connection++;
    e->is_leaving = false;
    e->owes_farewell = false;
    e->n_carried = 0;
    e->n_redials = 0;
    heard(e, clock_mono_us(clock_system()));
    e->throttle = (struct throttle){0}; /* what another refused says nothing of this one */
    e->probe_at_us = 0;                 /* nor does how it failed: it is asked at once */
    e->n_failures = e->n_ejections = 0;
    e->moved_us = clock_mono_us(clock_system());
    if (!e->is_connected)
        e->lost = e->connection;
    (void)pthread_cond_signal(&e->client->changed);
    (void)pthread_mutex_unlock(&e->client->lock);
}

static void on_pipe_gone(nng_pipe pipe, nng_pipe_ev event, void *arg)
{
    (void)event;
    struct endpoint *e = arg;
    (void)pthread_mutex_lock(&e->client->lock);
    e->gone_pipe = nng_pipe_id(pipe);
    if (e->is_connected && e->gone_pipe == nng_pipe_id(e->pipe))
        lose(e);
    (void)pthread_mutex_unlock(&e->client->lock);
}

static enum err_code open_lanes(struct endpoint *e, struct err *err)
{
    for (size_t i = 0; i < CLIENT_LANES; i++) {
        struct lane *lane = &e->lanes[i];
        lane->endpoint = e;
        int rv = nng_ctx_open(&lane->ctx, e->socket);
        if (rv == 0)
            rv = nng_aio_alloc(&lane->aio, on_event, lane);
        if (rv != 0)
            return err_raise(
                err, REASON_INTERNAL_ERROR, "cannot prepare the connection: %s", nng_strerror(rv));
        lane->next = e->idle;
        e->idle = lane;
    }
    return ERR_OK;
}

static int64_t redial_after_us(const struct endpoint *e, bool is_needed)
{
    int64_t most_us = is_needed ? STUCK_US : REDIAL_IDLE_US;
    int64_t us = e->tls ? STUCK_US : e->was_stuck ? REDIAL_SOON_US : REDIAL_US;
    for (unsigned i = 0; i < e->n_redials && us < most_us; i++)
        us *= 2;
    return us < most_us ? us : most_us;
}

bool endpoint_is_stuck(const struct endpoint *e, int64_t now_us)
{
    bool is_needed = e->n_pending + e->n_sent > 0;
    bool is_sending = false;
    for (size_t i = 0; i < CLIENT_LANES; i++)
        is_sending |= e->lanes[i].is_sending && now_us - e->lanes[i].began_us > STUCK_US;
    if (e->is_connected)
        return is_needed && is_sending && now_us - e->moved_us > STUCK_US;
    return now_us - e->moved_us > redial_after_us(e, is_needed);
}

static int dial(struct endpoint *e)
{
    int rv = nng_dialer_create(&e->dialer, e->socket, e->url);
    if (rv == 0 && e->tls)
        rv = nng_dialer_set_ptr(e->dialer, NNG_OPT_TLS_CONFIG, tls_config(e->tls));
    return rv == 0 ? nng_dialer_start(e->dialer, NNG_FLAG_NONBLOCK) : rv;
}

/*
 * NNG 1.5 sometimes loses sight of a connection that broke as it was made: its dialer then neither
 * reports the end of it nor connects again. Another dialer does.
 */
void endpoint_redial(struct endpoint *e)
{
    (void)nng_dialer_close(e->dialer);
    (void)pthread_mutex_lock(&e->client->lock);
    e->is_connected = false;
    e->was_stuck = true;
    e->n_redials++;
    e->lost = e->connection;
    e->moved_us = clock_mono_us(clock_system());
    (void)pthread_mutex_unlock(&e->client->lock);
    (void)dial(e);
}

void endpoint_renew_tls(struct endpoint *e)
{
    struct err err = {0};
    if (!e->tls || !tls_is_outdated(e->tls))
        return;
    if (tls_renew(e->tls, &err) == ERR_OK)
        endpoint_redial(e); /* a dialer at work looks at its configuration without a lock */
    (void)snprintf(e->problem, sizeof(e->problem), "%s", err.msg);
}

/* The host of an address is what its server's certificate must be for. */
static enum err_code load_tls(struct endpoint *e, const struct rpc_tls *files, struct err *err)
{
    nng_url *url = NULL;
    if (!tls_is_wanted(e->url))
        return ERR_OK;
    int rv = nng_url_parse(&url, e->url);
    if (rv != 0)
        return err_raise(err, REASON_CONFIG_INVALID, "\"%s\" is not an address to connect to: %s",
            e->url, nng_strerror(rv));
    enum err_code code = tls_new(&e->tls, files, TLS_CLIENT, url->u_hostname, err);
    nng_url_free(url);
    return code;
}

enum err_code endpoint_connect(struct endpoint *e, const struct rpc_tls *files, struct err *err)
{
    nng_socket s;
    enum err_code code = load_tls(e, files, err);
    if (code != ERR_OK)
        return code;
    int rv = socket_open_req(&s);
    if (rv != 0)
        return err_raise(err, REASON_INTERNAL_ERROR, "cannot open a socket: %s", nng_strerror(rv));
    e->socket = s;
    e->pending.end = &e->pending.first;
    while (e->session == 0)
        arc4random_buf(&e->session, sizeof(e->session));
    /* Sending again is our decision, never NNG's: it would run a slow call several times. Each
     * context copies this when it is opened. */
    (void)nng_socket_set_ms(s, NNG_OPT_REQ_RESENDTIME, NNG_DURATION_INFINITE);
    (void)nng_socket_set_size(s, NNG_OPT_RECVMAXSZ, e->client->max_message);
    (void)nng_socket_set_ms(s, NNG_OPT_RECONNMINT, RECONNECT_MIN_MS);
    (void)nng_socket_set_ms(s, NNG_OPT_RECONNMAXT, RECONNECT_MAX_MS);
    (void)nng_socket_set_bool(s, NNG_OPT_TCP_KEEPALIVE, true);
    (void)nng_pipe_notify(s, NNG_PIPE_EV_ADD_POST, on_pipe_new, e);
    (void)nng_pipe_notify(s, NNG_PIPE_EV_REM_POST, on_pipe_gone, e);
    code = open_lanes(e, err);
    if (code != ERR_OK)
        return code;
    e->moved_us = clock_mono_us(clock_system());
    rv = dial(e);
    if (rv != 0)
        return err_raise(err, REASON_CONFIG_INVALID, "\"%s\" is not an address to connect to: %s",
            e->url, nng_strerror(rv));
    return ERR_OK;
}

/*
 * The lanes first: a callback that is inside nng_ctx_recv while the socket closes would be the last
 * to let go of its context, and NNG then looks for the socket's lock when the socket is gone.
 */
bool endpoint_stop(struct endpoint *e)
{
    for (size_t i = 0; i < CLIENT_LANES; i++)
        if (e->lanes[i].aio)
            nng_aio_stop(e->lanes[i].aio);
    bool is_closed = socket_close(e->socket);
    for (size_t i = 0; i < CLIENT_LANES; i++) {
        nng_aio_free(e->lanes[i].aio);
        nng_msg_free(e->lanes[i].msg);
    }
    free(e->controls);
    e->controls = NULL;
    e->n_controls = e->controls_capacity = 0;
    return is_closed;
}
