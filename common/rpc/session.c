/* SPDX-License-Identifier: Apache-2.0 */
#include "rpc/session.h"

#include "rpc/reply.h"

#include <pthread.h>
#include <stdlib.h>

/* A reply under construction, or full and waiting for a lane. */
struct parcel {
    struct parcel *next;
    nng_msg *msg;
    uint32_t n_results;
};

struct session {
    uint64_t id;
    size_t max_reply;
    pthread_mutex_t lock;
    unsigned n_refs;
    bool is_closed;
    struct parcel *first; /* leaves next */
    struct parcel *last;  /* is being filled */
    struct parcel *spare;
    struct exchange *lane; /* parked */
    int64_t lane_since_us;
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

static void free_parcels(struct parcel *parcel)
{
    while (parcel) {
        struct parcel *next = parcel->next;
        nng_msg_free(parcel->msg);
        free(parcel);
        parcel = next;
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
    free_parcels(s->first);
    free(s->spare);
    (void)pthread_mutex_destroy(&s->lock);
    free(s);
}

uint64_t session_id(const struct session *s)
{
    return s->id;
}

/* ---- parcels; under the lock ---- */

static struct parcel *open_parcel(struct session *s)
{
    struct parcel *parcel = s->spare ? s->spare : calloc(1, sizeof(*parcel));
    if (!parcel)
        return NULL;
    s->spare = NULL;
    *parcel = (struct parcel){.msg = reply_open(s->id)};
    if (!parcel->msg) {
        free(parcel);
        return NULL;
    }
    if (s->last)
        s->last->next = parcel;
    else
        s->first = parcel;
    s->last = parcel;
    return parcel;
}

static struct parcel *parcel_with_room(struct session *s, size_t len)
{
    struct parcel *parcel = s->last;
    if (parcel && (nng_msg_len(parcel->msg) + len <= s->max_reply || parcel->n_results == 0) &&
        parcel->n_results < WIRE_MAX_FRAMES)
        return parcel;
    return open_parcel(s);
}

/* Give the lane the oldest parcel, or an empty reply. */
static void depart(struct session *s, struct exchange *lane, struct departure *out)
{
    struct parcel *parcel = s->first;
    *out = (struct departure){.lane = lane};
    if (!parcel) {
        out->msg = reply_open(s->id);
        return;
    }
    s->first = parcel->next;
    if (!s->first)
        s->last = NULL;
    out->msg = parcel->msg;
    out->n_results = parcel->n_results;
    reply_close(out->msg, out->n_results);
    if (s->spare)
        free(parcel);
    else
        s->spare = parcel;
}

/* ---- what happens ---- */

bool session_add(struct session *s, const struct wire_frame *request, const struct outcome *outcome)
{
    (void)pthread_mutex_lock(&s->lock);
    struct parcel *parcel =
        s->is_closed ? NULL : parcel_with_room(s, WIRE_FRAME_SIZE + outcome->payload.len);
    bool is_added = parcel && reply_append(parcel->msg, request, outcome);
    if (is_added)
        parcel->n_results++;
    (void)pthread_mutex_unlock(&s->lock);
    return is_added;
}

void session_arrive(
    struct session *s, struct exchange *lane, int64_t now_us, struct departure out[2])
{
    out[0] = out[1] = (struct departure){0};
    (void)pthread_mutex_lock(&s->lock);
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

void session_flush(struct session *s, struct departure *out)
{
    *out = (struct departure){0};
    (void)pthread_mutex_lock(&s->lock);
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
    for (const struct parcel *p = s->first; p; p = p->next)
        n_dropped += p->n_results;
    free_parcels(s->first);
    s->first = s->last = NULL;
    if (s->lane)
        depart(s, s->lane, out);
    s->lane = NULL;
    (void)pthread_mutex_unlock(&s->lock);
    return n_dropped;
}
