/* SPDX-License-Identifier: Apache-2.0 */
#include "rpc/session.h"

#include "rpc/reply.h"

#include <pthread.h>
#include <stdatomic.h>
#include <stdlib.h>

/* A reply that waits for a lane. */
struct waiting {
    struct waiting *next;
    struct parcel parcel;
};

struct session {
    uint64_t id;
    size_t max_reply;
    pthread_mutex_t lock;
    unsigned n_refs;
    bool is_closed;
    struct waiting *first; /* leaves next */
    struct waiting *last;  /* may still grow */
    struct waiting *spare;
    atomic_size_t n_waiting_bytes; /* changes under the lock */
    atomic_bool is_lane_awaited;
    atomic_uint n_owed;       /* messages that have calls to be answered */
    _Atomic int64_t heard_us; /* when a message came last */
    struct exchange *lane;    /* parked */
    int64_t lane_since_us;
    int64_t flushed_us;
    bool is_leaving;       /* the server is … */
    bool is_told;          /* … and the client knows */
    bool has_said_goodbye; /* the client makes no more calls … */
    uint32_t n_last;       /* … after so many … */
    bool has_all;          /* … and has their results */
    uint32_t n_calls;      /* that have come */
};

struct session *session_new(uint64_t id, size_t max_reply)
{
    struct session *s = calloc(1, sizeof(*s));
    if (!s)
        return NULL;
    (void)pthread_mutex_init(&s->lock, NULL);
    s->id = id;
    s->max_reply = max_reply;
    s->n_refs = 1;
    return s;
}

struct session *session_hold(struct session *s)
{
    (void)pthread_mutex_lock(&s->lock);
    s->n_refs++;
    (void)pthread_mutex_unlock(&s->lock);
    return s;
}

static void free_all(struct waiting *w)
{
    while (w) {
        struct waiting *next = w->next;
        nng_msg_free(w->parcel.msg);
        free(w);
        w = next;
    }
}

void session_release(struct session *s)
{
    if (!s)
        return;
    (void)pthread_mutex_lock(&s->lock);
    bool is_last = --s->n_refs == 0;
    (void)pthread_mutex_unlock(&s->lock);
    if (!is_last)
        return;
    free_all(s->first);
    free(s->spare);
    (void)pthread_mutex_destroy(&s->lock);
    free(s);
}

uint64_t session_id(const struct session *s)
{
    return s->id;
}

size_t session_max_reply(const struct session *s)
{
    return s->max_reply;
}

size_t session_backlog(const struct session *s)
{
    return atomic_load_explicit(&s->n_waiting_bytes, memory_order_relaxed);
}

/* In this order: who sees that something is owed sees the time as well. */
void session_owe(struct session *s, int64_t now_us)
{
    atomic_store(&s->heard_us, now_us);
    atomic_fetch_add(&s->n_owed, 1);
}

void session_settle(struct session *s)
{
    atomic_fetch_sub(&s->n_owed, 1);
}

bool session_is_deserted(struct session *s, int64_t since_us)
{
    (void)pthread_mutex_lock(&s->lock);
    bool is_owed = s->first || atomic_load(&s->n_owed) > 0;
    bool is_deserted = is_owed && !s->lane && atomic_load(&s->heard_us) < since_us;
    (void)pthread_mutex_unlock(&s->lock);
    return is_deserted;
}

bool session_await_lane(struct session *s, bool is_awaited)
{
    return atomic_exchange(&s->is_lane_awaited, is_awaited);
}

/* ---- parcels; under the lock ---- */

static bool append_parcel(struct session *s, const struct parcel *parcel)
{
    struct waiting *w = s->spare ? s->spare : calloc(1, sizeof(*w));
    if (!w)
        return false;
    s->spare = NULL;
    *w = (struct waiting){.parcel = *parcel};
    if (s->last)
        s->last->next = w;
    else
        s->first = w;
    s->last = w;
    atomic_fetch_add(&s->n_waiting_bytes, nng_msg_len(parcel->msg));
    return true;
}

/* Put the results into the reply that waits last, if they fit. */
static bool merge_parcel(struct session *s, const struct parcel *parcel)
{
    if (!s->last)
        return false;
    struct parcel *into = &s->last->parcel;
    size_t len = nng_msg_len(parcel->msg) - WIRE_PREAMBLE_SIZE;
    if (nng_msg_len(into->msg) + len > s->max_reply ||
        into->n_results + parcel->n_results > WIRE_MAX_FRAMES)
        return false;
    const uint8_t *body = nng_msg_body(parcel->msg);
    if (nng_msg_append(into->msg, body + WIRE_PREAMBLE_SIZE, len) != 0)
        return false;
    into->n_results += parcel->n_results;
    atomic_fetch_add(&s->n_waiting_bytes, len);
    nng_msg_free(parcel->msg);
    return true;
}

/* Write the number of frames; say GOAWAY if it is time and there is room. */
static void close_reply(struct session *s, nng_msg *msg, uint32_t n_results)
{
    bool is_said =
        s->is_leaving && !s->is_told && n_results < WIRE_MAX_FRAMES && reply_append_goaway(msg);
    s->is_told |= is_said;
    reply_close(msg, n_results + is_said);
}

/* Give the lane the oldest parcel, or an empty reply. */
static void depart(struct session *s, struct exchange *lane, struct departure *out)
{
    struct waiting *w = s->first;
    *out = (struct departure){.lane = lane};
    if (!w) {
        out->msg = reply_open(s->id, 0);
        if (out->msg)
            close_reply(s, out->msg, 0);
        return;
    }
    s->first = w->next;
    if (!s->first)
        s->last = NULL;
    out->msg = w->parcel.msg;
    atomic_fetch_sub(&s->n_waiting_bytes, nng_msg_len(out->msg));
    out->n_results = w->parcel.n_results;
    close_reply(s, out->msg, out->n_results);
    if (s->spare)
        free(w);
    else
        s->spare = w;
}

/* ---- what happens ---- */

bool session_add(struct session *s, const struct parcel *parcel)
{
    (void)pthread_mutex_lock(&s->lock);
    bool is_added = !s->is_closed && (merge_parcel(s, parcel) || append_parcel(s, parcel));
    (void)pthread_mutex_unlock(&s->lock);
    if (!is_added)
        nng_msg_free(parcel->msg);
    return is_added;
}

void session_arrive(struct session *s, struct exchange *lane, size_t n_calls, int64_t now_us,
    struct departure out[2])
{
    out[0] = out[1] = (struct departure){0};
    (void)pthread_mutex_lock(&s->lock);
    s->n_calls += (uint32_t)n_calls;
    atomic_store(&s->heard_us, now_us);
    struct exchange *older = s->lane;
    s->lane = NULL;
    if (older)
        depart(s, older, &out[0]);
    if (s->first || s->is_closed) {
        depart(s, lane, &out[1]);
    } else {
        s->lane = lane;
        s->lane_since_us = now_us;
    }
    (void)pthread_mutex_unlock(&s->lock);
}

bool session_was_silent(struct session *s, int64_t since_us)
{
    (void)pthread_mutex_lock(&s->lock);
    bool was_silent = s->flushed_us < since_us;
    (void)pthread_mutex_unlock(&s->lock);
    return was_silent;
}

void session_flush(struct session *s, int64_t now_us, struct departure *out)
{
    *out = (struct departure){0};
    (void)pthread_mutex_lock(&s->lock);
    s->flushed_us = now_us;
    if (s->lane && s->first) {
        struct exchange *lane = s->lane;
        s->lane = NULL;
        depart(s, lane, out);
    }
    (void)pthread_mutex_unlock(&s->lock);
}

void session_refresh(struct session *s, int64_t parked_before_us, struct departure *out)
{
    *out = (struct departure){0};
    (void)pthread_mutex_lock(&s->lock);
    if (s->lane && s->lane_since_us < parked_before_us) {
        struct exchange *lane = s->lane;
        s->lane = NULL;
        depart(s, lane, out);
    }
    (void)pthread_mutex_unlock(&s->lock);
}

void session_leave(struct session *s, struct departure *out)
{
    *out = (struct departure){0};
    (void)pthread_mutex_lock(&s->lock);
    s->is_leaving = true;
    if (s->lane && !s->is_told) {
        struct exchange *lane = s->lane;
        s->lane = NULL;
        depart(s, lane, out);
    }
    (void)pthread_mutex_unlock(&s->lock);
}

void session_note_goodbye(struct session *s, uint32_t n_calls, uint32_t n_waited)
{
    (void)pthread_mutex_lock(&s->lock);
    s->has_said_goodbye = true;
    s->n_last = n_calls;
    s->has_all |= n_waited == 0;
    (void)pthread_mutex_unlock(&s->lock);
}

/* Messages overtake one another: the good-bye may be here before the calls it follows. */
bool session_is_awaited(struct session *s)
{
    (void)pthread_mutex_lock(&s->lock);
    bool has_come = s->has_said_goodbye && (int32_t)(s->n_calls - s->n_last) >= 0;
    bool is_awaited = s->is_told && !s->is_closed && !(has_come && s->has_all);
    (void)pthread_mutex_unlock(&s->lock);
    return is_awaited;
}

bool session_has_all(struct session *s)
{
    (void)pthread_mutex_lock(&s->lock);
    bool has_all = s->is_closed || s->has_all;
    (void)pthread_mutex_unlock(&s->lock);
    return has_all;
}

void session_finish(struct session *s, struct exchange *lane, struct departure *out)
{
    (void)pthread_mutex_lock(&s->lock);
    depart(s, lane, out);
    (void)pthread_mutex_unlock(&s->lock);
}

uint32_t session_close(struct session *s, struct departure *out)
{
    uint32_t n_dropped = 0;
    *out = (struct departure){0};
    (void)pthread_mutex_lock(&s->lock);
    s->is_closed = true;
    for (const struct waiting *w = s->first; w; w = w->next)
        n_dropped += w->parcel.n_results;
    free_all(s->first);
    s->first = s->last = NULL;
    atomic_store(&s->n_waiting_bytes, 0);
    if (s->lane)
        depart(s, s->lane, out);
    s->lane = NULL;
    (void)pthread_mutex_unlock(&s->lock);
    return n_dropped;
}
