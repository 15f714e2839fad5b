/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Session: the results a client has yet to be sent, and the lane they can leave by.
 *
 * A lane is a request that waits at the server for its reply. Its reply carries whatever is
 * complete, so a slow call never holds a fast one. At most one lane is parked per session: when
 * another arrives, the older one goes back, with nothing if need be. Private to common/rpc; all
 * functions may be called from any thread.
 */
#pragma once

#include "rpc/call.h"

#include <nng/nng.h>

struct exchange;
struct session;

/* A reply for the caller to send, outside of the session's lock. */
struct departure {
    struct exchange *lane; /* NULL: nothing to send */
    nng_msg *msg;
    uint32_t n_results;
};

/* NULL without memory. Replies are closed at `max_reply` bytes; one larger result goes alone. */
struct session *session_new(uint64_t id, size_t max_reply);

struct session *session_hold(struct session *s);
void session_release(struct session *s); /* NULL is fine */

uint64_t session_id(const struct session *s);
size_t session_max_reply(const struct session *s);

/* Bytes of results that wait for a lane. */
size_t session_backlog(const struct session *s);

/*
 * A message with calls came, and later: all of them are answered. While any is not, the client has
 * to keep a lane here.
 */
void session_owe(struct session *s, int64_t now_us);
void session_settle(struct session *s);

/* Is something owed to a client of whom nothing was heard since then, and who keeps no lane here?
 */
bool session_is_deserted(struct session *s, int64_t since_us);

/* Note whether somebody waits for a lane to come; returns what was noted before. */
bool session_await_lane(struct session *s, bool is_awaited);

/*
 * Results that a worker has put together, in a reply of its own: reply_open, reply_append. Keeping
 * them there until the worker is done with a row of calls spares the session's lock.
 */
struct parcel {
    nng_msg *msg;
    uint32_t n_results;
};

/* Keep results for the next lane; takes the message. False: nobody is left to send them to. */
bool session_add(struct session *s, const struct parcel *parcel);

/*
 * A lane arrived, and brought so many calls: it is parked, or leaves with what is complete; an
 * older one leaves first.
 */
void session_arrive(struct session *s, struct exchange *lane, size_t n_calls, int64_t now_us,
    struct departure out[2]);

/* Send what is complete by the parked lane, if there is one. */
void session_flush(struct session *s, int64_t now_us, struct departure *out);

/* Was nothing sent since then? */
bool session_was_silent(struct session *s, int64_t since_us);

/* Return a lane parked before that time, empty: networks forget connections that say nothing. */
void session_refresh(struct session *s, int64_t parked_before_us, struct departure *out);

/*
 * The server is leaving: its next reply says GOAWAY, the parked lane at once. The client's own
 * GOAWAY then says how many calls it has made, which are the last.
 */
void session_leave(struct session *s, struct departure *out);

/* … of which it has no result of so many yet; it says so again once it has all. */
void session_note_goodbye(struct session *s, uint32_t n_calls, uint32_t n_waited);

/* Was the client told GOAWAY, and may calls of it, or results, still be on their way? */
bool session_is_awaited(struct session *s);

/* Has it said that it has all? */
bool session_has_all(struct session *s);

/* Answer everything by this lane at once: the whole of a message without session. */
void session_finish(struct session *s, struct exchange *lane, struct departure *out);

/* The client is gone: takes no more results. The parked lane leaves; returns results dropped. */
uint32_t session_close(struct session *s, struct departure *out);
