/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Transport: the server's side of NNG. Receives messages, decodes them into calls, and sends their
 * results back: through the lanes of the client's session, or, for a message without session, in
 * one reply when all its calls are answered. Private to common/rpc.
 *
 * NNG's callbacks run on its few task threads and never block: the functions of transport_events
 * are called there: they queue work, and run what waits for nothing.
 */
#pragma once

#include "rpc/listeners.h"
#include "rpc/session.h"

struct transport;

struct transport_events {
    /* The calls of a message; each must be answered, here or later. */
    void (*on_calls)(void *self, struct call *calls, size_t n_calls);
    /* So many frames about earlier calls came; they are told below. False: hang up instead. */
    bool (*may_tell)(void *self, uint32_t pipe, size_t n_frames);
    /* The client of this connection waits no longer for these of its calls. */
    void (*on_cancels)(void *self, uint32_t pipe, const uint64_t *ids, size_t n);
    /* The stream of such a call may send so many bytes more. */
    void (*on_credit)(void *self, uint32_t pipe, uint64_t call_id, uint32_t bytes);
    /* A lane came for whom transport_is_congested() was true. */
    void (*on_lane)(void *self, uint32_t pipe);
    /* A connection is gone, and with it whoever waits for these replies. */
    void (*on_gone)(void *self, uint32_t pipe);
    void *self;
};

struct transport_config {
    int64_t max_message;
    int64_t max_connections; /* 0: any number */
    const struct clock *clock;
};

MUST_USE enum err_code transport_new(struct transport **out, const struct transport_config *config,
    const struct transport_events *events, struct err *err);

/* See listeners_open(). */
MUST_USE enum err_code transport_listen(
    struct transport *t, const struct listen_config *config, struct err *err);
struct listeners *transport_listeners(struct transport *t);

/*
 * Results answered by one worker in a row leave together: transport_answer keeps them back,
 * transport_uncork sends them. A zeroed cork is empty.
 */
struct cork {
    struct session *session;
    struct parcel parcel;
};

/* Answer a call; it does not exist afterwards. */
void transport_answer(
    struct transport *t, struct call *call, const struct outcome *outcome, struct cork *cork);
void transport_uncork(struct transport *t, struct cork *cork);

/* The call came with a good token: its connection is no stranger's, and may have more of us. */
void transport_recognise(struct transport *t, const struct call *call);

/* Do more results wait for the client of this call than a server should keep? */
bool transport_is_backed_up(struct transport *t, const struct call *call);

/* Is the call a stranger's, and do strangers' calls fill as much memory as they may? */
bool transport_is_crowded(struct transport *t, const struct call *call);

/* Do so many wait that streams of this client should wait for its next lane? on_lane tells of it.
 */
bool transport_is_congested(const struct call *call);

/* Did the call come in a session? Else: in a message without one, and as its only call? */
bool transport_has_session(const struct call *call);
bool transport_is_alone(const struct call *call);

/* Items of a stream, before more of it or its end. False without memory for all of them. */
MUST_USE bool transport_send_items(
    struct transport *t, const struct call *call, const struct item *items, struct cork *cork);

/*
 * For who goes on to another call at once: put the results where others add theirs, and send them
 * only if nothing was sent for half a millisecond. transport_uncork must follow.
 */
void transport_share(struct transport *t, struct cork *cork);

/* Is the connection still there? */
bool transport_has(struct transport *t, uint32_t pipe);

struct transport_counts {
    uint64_t n_open;     /* connections now */
    uint64_t n_accepted; /* since the start */
    uint64_t n_rejected; /* by NNG: no memory, another protocol, a greeting that took too long */
    uint64_t n_received; /* messages */
};
void transport_count(struct transport *t, struct transport_counts *out);

/*
 * Tell the clients that this server is leaving, and wait until every call received is answered and
 * sent. Those with a session answer how many calls they have made, so that none still on its way is
 * missed; who does not answer soon is not waited for. False if it took too long.
 */
bool transport_drain(struct transport *t, int64_t timeout_ms);

/*
 * Calls not answered are forgotten. False if NNG does not let go: its callbacks may still come, and
 * nothing was freed. Else none does.
 */
MUST_USE bool transport_free(struct transport *t);
