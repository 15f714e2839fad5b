/* SPDX-License-Identifier: Apache-2.0 */
#include "rpc/reply.h"
#include "rpc/stream.h"
#include "rpc/transport_state.h"

enum {
    /* Bytes of results that wait for one client; before its streams are held; for a stranger. */
    MAX_BACKLOG = 4 * 1024 * 1024,
    STREAM_BACKLOG = 256 * 1024,
    STRANGER_BACKLOG = 256 * 1024,
    MAX_STRANGE_BYTES = 64 * 1024 * 1024, /* of calls by strangers, all together */
    SHARE_US = 500,                       /* results may wait so long for others */
    REPLY_ROOM = 4080, /* a reply starts with, so that it need not grow with every result */
};

/* ---- results that leave together ---- */

static void share_parcel(struct transport *t, struct cork *cork)
{
    if (cork->parcel.msg && !session_add(cork->session, &cork->parcel))
        transport_settle(t, cork->parcel.n_results);
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
    exchange_send(&out);
    session_release(cork->session);
    *cork = (struct cork){0};
}

static bool has_room(const struct cork *cork, const struct session *s, size_t len)
{
    return cork->session == s && cork->parcel.msg && cork->parcel.n_results < WIRE_MAX_FRAMES &&
           nng_msg_len(cork->parcel.msg) + WIRE_FRAME_SIZE + len <= session_max_reply(s);
}

static bool open_cork(struct cork *cork, struct session *s, size_t room)
{
    cork->parcel = (struct parcel){.msg = reply_open(session_id(s), room)};
    if (!cork->parcel.msg)
        return false;
    if (!cork->session)
        cork->session = session_hold(s);
    return true;
}

/* Where a frame of that length goes, perhaps the last for a while; NULL without memory. */
static nng_msg *make_room(
    struct transport *t, struct cork *cork, struct session *s, size_t len, bool is_last)
{
    bool is_shared = cork->session == s && !cork->parcel.msg;
    if (!is_shared && !has_room(cork, s, len))
        transport_uncork(t, cork);
    size_t room = is_last ? WIRE_FRAME_SIZE + len : REPLY_ROOM;
    return cork->parcel.msg || open_cork(cork, s, room) ? cork->parcel.msg : NULL;
}

bool transport_keep(struct transport *t, struct cork *cork, struct session *s,
    const struct call *call, const struct outcome *outcome)
{
    bool is_last = !call->batch || call->batch->n_calls == 1;
    nng_msg *msg = make_room(t, cork, s, outcome->payload.len, is_last);
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
        nng_msg *msg = make_room(t, cork, s, items->payload.len, false);
        if (!msg || !reply_append_item(msg, call, &items->payload))
            return false;
        transport_owe(t, 1);
        cork->parcel.n_results++;
        call->stream->n_items++;
    }
    return true;
}

void transport_close_one(struct transport *t, struct batch *b)
{
    if (atomic_fetch_sub(&b->n_open, 1) > 1)
        return;
    if (b->lane) {
        struct departure out;
        session_finish(b->session, b->lane, &out);
        exchange_send(&out);
    }
    transport_forget(t, b);
}

void transport_answer(
    struct transport *t, struct call *call, const struct outcome *outcome, struct cork *cork)
{
    struct batch *b = call->batch;
    if (!transport_keep(t, cork, b->session, call, outcome))
        transport_settle(t, 1);
    /* The last answer to a message without session sends all of them: they must be there. */
    if (b->lane)
        transport_uncork(t, cork);
    transport_close_one(t, b);
}

/* ---- what a call may still send ---- */

void transport_recognise(struct transport *t, const struct call *call)
{
    connections_recognise(&t->connections, call->pipe);
}

bool transport_is_backed_up(struct transport *t, const struct call *call)
{
    size_t backlog = session_backlog(call->batch->session);
    if (backlog <= STRANGER_BACKLOG)
        return false;
    return backlog > MAX_BACKLOG || connections_are_strange(&t->connections, call->pipe);
}

bool transport_is_crowded(struct transport *t, const struct call *call)
{
    return atomic_load_explicit(&t->n_strange_bytes, memory_order_relaxed) > MAX_STRANGE_BYTES &&
           connections_are_strange(&t->connections, call->pipe);
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
