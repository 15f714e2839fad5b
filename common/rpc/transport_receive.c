/* SPDX-License-Identifier: Apache-2.0 */
#include "rpc/transport_state.h"

enum { MAX_CANCELS = 128 /* of one message; more are ignored */ };

static void refuse_message(struct transport *t, struct batch *b, const char *why)
{
    struct outcome outcome;
    outcome_begin(&outcome);
    err_fill(&outcome.err, REASON_REQUEST_MALFORMED, "%s", why);
    struct cork cork = {0};
    transport_owe(t, 1);
    if (!transport_keep(t, &cork, b->session, &(struct call){0}, &outcome))
        transport_settle(t, 1);
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
    if (!t->events.may_tell(t->events.self, pipe, b->n_controls)) {
        atomic_fetch_add(&t->n_floods, 1);
        (void)nng_pipe_close((nng_pipe){pipe});
        return;
    }
    while (wire_next(&reader, &frame) == WIRE_FRAME)
        if (frame.type == WIRE_CANCEL && n_cancels < MAX_CANCELS)
            cancels[n_cancels++] = frame.call_id;
        else if (frame.type == WIRE_CREDIT)
            t->events.on_credit(t->events.self, pipe, frame.call_id, frame.value);
        else if (frame.type == WIRE_GOAWAY)
            session_note_goodbye(b->session, frame.value, frame.sequence);
    if (n_cancels > 0)
        t->events.on_cancels(t->events.self, pipe, cancels, n_cancels);
}

/* Only while it is under way is its memory anybody's. */
static void count_strange(struct transport *t, struct batch *b, uint32_t pipe)
{
    b->n_strange_bytes =
        connections_are_strange(&t->connections, pipe) ? nng_msg_len(b->request) : 0;
    if (b->n_strange_bytes > 0)
        atomic_fetch_add(&t->n_strange_bytes, b->n_strange_bytes);
}

void transport_forget(struct transport *t, struct batch *b)
{
    if (b->n_strange_bytes > 0)
        atomic_fetch_sub(&t->n_strange_bytes, b->n_strange_bytes);
    b->n_strange_bytes = 0;
    if (b->n_calls > 0 && !b->lane)
        session_settle(b->session);
    batch_return(&t->batches, b);
}

void transport_take(struct exchange *x, nng_msg *msg)
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
        exchange_receive(x);
        return;
    }
    int64_t now_us = clock_mono_us(t->config.clock);
    count_strange(t, b, pipe);
    atomic_store(&b->n_open, 1);
    if (reader.session != 0 && b->lane)
        refuse_message(t, b, "this connection has another session already");
    else if (!batch_decode(b, pipe, now_us))
        refuse_message(t, b, "the message is not one of Kith's protocol, version 1");
    atomic_store(&b->n_open, b->n_calls + 1);
    transport_owe(t, b->n_calls);
    struct session *s = b->lane ? NULL : session_hold(b->session);
    size_t n_calls = b->n_calls;
    if (s && n_calls > 0)
        session_owe(s, now_us);
    if (n_calls > 0)
        t->events.on_calls(t->events.self, b->calls, b->n_calls);
    tell_controls(t, b, pipe);
    transport_close_one(t, b);
    if (!s)
        return;
    struct departure out[2];
    session_arrive(s, x, n_calls, now_us, out);
    if (session_await_lane(s, false))
        t->events.on_lane(t->events.self, pipe);
    session_release(s);
    transport_nudge(t);
    exchange_send(&out[0]);
    exchange_send(&out[1]);
}
