/* SPDX-License-Identifier: Apache-2.0 */
#include "rpc/stream.h"

#include "rpc/spread.h"

#include <pthread.h>
#include <stdlib.h>
#include <string.h>

/* Connections are counted by slot; two that share one share its places. */
enum { PIPE_SLOTS = 4096, MAX_STREAMS = 8192, MAX_OF_PIPE = 256 };

struct streams {
    pthread_mutex_t lock;
    struct spread spread;
    struct stream *slots[SPREAD_SLOTS];
    size_t n;
    uint16_t n_of_pipe[PIPE_SLOTS];
};

struct streams *streams_new(void)
{
    struct streams *s = calloc(1, sizeof(*s));
    if (!s)
        return NULL;
    (void)pthread_mutex_init(&s->lock, NULL);
    s->spread = spread_new();
    return s;
}

void streams_free(struct streams *s)
{
    if (!s)
        return;
    for (size_t i = 0; i < SPREAD_SLOTS; i++) {
        while (s->slots[i]) {
            struct stream *stream = s->slots[i];
            s->slots[i] = stream->next;
            free(stream);
        }
    }
    (void)pthread_mutex_destroy(&s->lock);
    free(s);
}

static struct stream **slot_of(struct streams *s, uint32_t pipe, uint64_t call_id)
{
    return &s->slots[spread_slot(&s->spread, call_id, pipe)];
}

bool streams_open(struct streams *s, struct call *call, bool is_alone)
{
    struct stream *stream = calloc(1, sizeof(*stream));
    if (!stream)
        return false;
    stream->pipe = call->pipe;
    stream->call_id = call->frame.call_id;
    stream->is_alone = is_alone;
    atomic_init(&stream->credit, STREAM_CREDIT);
    struct stream **slot = slot_of(s, call->pipe, call->frame.call_id);
    uint16_t *n_of_pipe = &s->n_of_pipe[call->pipe % PIPE_SLOTS];
    (void)pthread_mutex_lock(&s->lock);
    bool has_place = s->n < MAX_STREAMS && *n_of_pipe < MAX_OF_PIPE;
    if (has_place) {
        s->n++;
        ++*n_of_pipe;
        stream->next = *slot;
        *slot = stream;
    }
    (void)pthread_mutex_unlock(&s->lock);
    if (has_place)
        call->stream = stream;
    else
        free(stream);
    return has_place;
}

void streams_close(struct streams *s, struct stream *stream)
{
    if (!stream)
        return;
    struct stream **at = slot_of(s, stream->pipe, stream->call_id);
    (void)pthread_mutex_lock(&s->lock);
    while (*at != stream)
        at = &(*at)->next;
    *at = stream->next;
    s->n--;
    s->n_of_pipe[stream->pipe % PIPE_SLOTS]--;
    (void)pthread_mutex_unlock(&s->lock);
    free(stream);
}

/* Under the lock. */
static struct stream *find(struct streams *s, uint32_t pipe, uint64_t call_id)
{
    struct stream *stream = *slot_of(s, pipe, call_id);
    while (stream && (stream->pipe != pipe || stream->call_id != call_id))
        stream = stream->next;
    return stream;
}

void streams_doom(struct streams *s, uint32_t pipe, uint64_t call_id, enum err_reason reason)
{
    (void)pthread_mutex_lock(&s->lock);
    struct stream *stream = find(s, pipe, call_id);
    if (stream)
        atomic_store(&stream->doom, (int)reason);
    (void)pthread_mutex_unlock(&s->lock);
}

/* Under the lock. */
static enum grant grant(struct stream *stream, uint32_t bytes)
{
    if (atomic_load(&stream->doom) != 0)
        return GRANT_NOTED;
    int64_t credit = atomic_load(&stream->credit);
    if (bytes > STREAM_MAX_CREDIT - credit)
        return GRANT_TOO_MUCH;
    int64_t before = atomic_fetch_add(&stream->credit, bytes); /* less by now, if it sends */
    return before <= 0 && before + bytes > 0 ? GRANT_WAKES : GRANT_NOTED;
}

enum grant streams_grant(struct streams *s, uint32_t pipe, uint64_t call_id, uint32_t bytes)
{
    (void)pthread_mutex_lock(&s->lock);
    struct stream *stream = find(s, pipe, call_id);
    enum grant granted = stream ? grant(stream, bytes) : GRANT_NOTED;
    (void)pthread_mutex_unlock(&s->lock);
    return granted;
}

/* Random ids and those of time begin otherwise: keys of members do not meet these. */
static struct id key_of(char kind, uint32_t pipe, uint64_t call_id)
{
    struct id key = {.bytes = {0xff, 0xff, 0xff, (uint8_t)kind}};
    memcpy(key.bytes + 4, &pipe, sizeof(pipe));
    memcpy(key.bytes + 8, &call_id, sizeof(call_id));
    return key;
}

struct id stream_credit_key(uint32_t pipe, uint64_t call_id)
{
    return key_of('C', pipe, call_id);
}

struct id stream_lane_key(uint32_t pipe)
{
    return key_of('L', pipe, 0);
}

int64_t stream_cost(const struct db_bytes *item)
{
    return (int64_t)item->len + WIRE_FRAME_SIZE;
}
