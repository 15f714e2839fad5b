/* SPDX-License-Identifier: Apache-2.0 */
#include "rpc/client_stream.h"

#include "rpc/client_state.h"
#include "rpc/stream.h"
#include "rpc/stream_cursor.h"

#include <stdlib.h>
#include <string.h>

enum {
    GRANT_AT = STREAM_CREDIT / 2, /* bytes taken before more are asked for */
    /* More than a server may send before the caller takes any; what costs nothing costs memory. */
    MAX_WAITING = 2 * (STREAM_CREDIT + STREAM_MAX_ITEM),
    ATTEMPT_MS = 10 * 60 * 1000,    /* servers let none take longer */
    PATIENCE_US = 30 * 1000 * 1000, /* without an item, of a server out of reach */
    BACKOFF_MS = 50,                /* at most, before the second try; doubles */
    MAX_DOUBLINGS = 5,
    SHORT_ATTEMPT_US = 1000 * 1000, /* an empty one as short as this is a failure */
};

/* An item that came and was not asked for yet. */
struct received {
    struct received *next;
    uint32_t sequence;
    size_t len;
    uint8_t data[];
};

/*
 * An attempt is one call. Its items are ordered by their sequence, as replies overtake one another.
 * The stream's lock is taken under the client's, never the other way round.
 */
struct rpc_stream {
    struct rpc_client *client;
    char *method;
    void *request; /* as the caller gave it */
    size_t request_len;
    uint32_t request_field; /* of the cursor */
    uint32_t item_field;
    struct rpc_trace trace;
    int64_t deadline_us; /* INT64_MAX: none */

    pthread_mutex_t lock;
    pthread_cond_t changed;
    unsigned n_refs; /* the caller, and the attempt under way */
    bool is_stopped;
    bool is_running; /* an attempt is */
    uint64_t call_id;
    struct received *first;
    struct received *last;
    size_t n_waiting_bytes; /* what they cost */
    uint32_t n_received;    /* of this attempt */
    uint32_t n_taken;
    bool has_end;
    bool has_more;
    uint32_t n_sent;    /* by the server; once has_end */
    struct err end;     /* code ERR_OK: fine */
    struct err trouble; /* that of an attempt before */

    uint32_t ungranted; /* bytes */
    void *cursor;       /* of the last item taken; NULL: none */
    size_t cursor_len;
    int64_t began_us;
    bool is_waiting;    /* for the next attempt */
    int64_t again_us;   /* when the next attempt may begin */
    int64_t failing_us; /* since when nothing came; 0: something did */
    unsigned n_failures;
};

static int64_t now_us(void)
{
    return clock_mono_us(clock_system());
}

/* ---- what the attempt hears ---- */

static void free_received(struct rpc_stream *s)
{
    while (s->first) {
        struct received *next = s->first->next;
        free(s->first);
        s->first = next;
    }
    s->last = NULL;
    s->n_waiting_bytes = 0;
}

static void release(struct rpc_stream *s)
{
    (void)pthread_mutex_lock(&s->lock);
    bool is_last = --s->n_refs == 0;
    (void)pthread_mutex_unlock(&s->lock);
    if (!is_last)
        return;
    free_received(s);
    free(s->request);
    free(s->cursor);
    free(s->method);
    (void)pthread_cond_destroy(&s->changed);
    (void)pthread_mutex_destroy(&s->lock);
    free(s);
}

/* The attempt is of no use any more; what came before stands. */
static void give_up(struct rpc_stream *s, enum err_reason reason, const char *why)
{
    s->has_end = true;
    s->n_sent = s->n_received;
    err_fill(&s->end, reason, "%s", why);
}

static size_t cost_of(size_t len)
{
    return sizeof(struct received) + WIRE_FRAME_SIZE + len;
}

static void take_item(struct rpc_stream *s, const struct wire_frame *frame)
{
    bool is_next = s->last && s->last->sequence < frame->sequence;
    struct received **at = is_next ? &s->last->next : &s->first;
    while (*at && (*at)->sequence < frame->sequence)
        at = &(*at)->next;
    if (frame->sequence < s->n_taken || (*at && (*at)->sequence == frame->sequence))
        return;
    if (s->n_waiting_bytes > MAX_WAITING) {
        give_up(s, REASON_INTERNAL_ERROR, "the server sends more than it was granted");
        return;
    }
    struct received *item = malloc(sizeof(*item) + frame->payload_len);
    if (!item) {
        give_up(s, REASON_INTERNAL_ERROR, "no memory for the items of the stream");
        return;
    }
    *item = (struct received){*at, frame->sequence, frame->payload_len};
    if (frame->payload_len > 0)
        memcpy(item->data, frame->payload, frame->payload_len);
    *at = item;
    if (!item->next)
        s->last = item;
    s->n_waiting_bytes += cost_of(item->len);
    s->n_received++;
}

static bool on_frame(void *arg, const struct wire_frame *frame)
{
    struct rpc_stream *s = arg;
    (void)pthread_mutex_lock(&s->lock);
    if (frame->type == WIRE_ITEM) {
        take_item(s, frame);
    } else if (!s->has_end) {
        s->has_end = true;
        s->has_more = (frame->flags & WIRE_MORE) != 0;
        s->n_sent = frame->sequence;
        if (frame->value != ERR_OK)
            (void)client_read_failure(s->client->schema, frame, &s->end);
    }
    bool is_complete = s->has_end && s->n_received >= s->n_sent;
    (void)pthread_cond_signal(&s->changed);
    (void)pthread_mutex_unlock(&s->lock);
    return is_complete;
}

static void on_done(void *arg, const struct db_bytes *out, const struct err *err)
{
    (void)out;
    struct rpc_stream *s = arg;
    (void)pthread_mutex_lock(&s->lock);
    s->is_running = false;
    if (err)
        s->end = *err;
    (void)pthread_cond_signal(&s->changed);
    (void)pthread_mutex_unlock(&s->lock);
    release(s);
}

/* ---- attempts; on the caller's thread, without the lock ---- */

static int64_t attempt_timeout_ms(const struct rpc_stream *s)
{
    if (s->deadline_us == INT64_MAX)
        return ATTEMPT_MS;
    int64_t left_ms = (s->deadline_us - now_us()) / 1000;
    if (left_ms > ATTEMPT_MS)
        return ATTEMPT_MS;
    return left_ms > 0 ? left_ms : 1;
}

static void forget_attempt(struct rpc_stream *s)
{
    if (s->end.code != ERR_OK)
        s->trouble = s->end;
    free_received(s);
    s->n_received = s->n_taken = s->n_sent = 0;
    s->has_end = s->has_more = false;
    s->ungranted = 0;
    s->end = (struct err){0};
    s->began_us = now_us();
}

static MUST_USE enum err_code begin_attempt(struct rpc_stream *s, struct err *err)
{
    struct db_bytes request = {s->request, s->request_len};
    const struct db_bytes cursor = {s->cursor, s->cursor_len};
    void *resumed = NULL;
    if (s->cursor) {
        resumed = stream_cursor_replace(&request, s->request_field, &cursor, &request.len);
        request.data = resumed;
    }
    if (!request.data)
        return err_raise(err, REASON_INTERNAL_ERROR, "no memory for the call");
    const struct rpc_call_options options = {
        .timeout_ms = attempt_timeout_ms(s), .trace = &s->trace};
    const struct client_listener listener = {on_frame, on_done, s};
    (void)pthread_mutex_lock(&s->lock);
    forget_attempt(s);
    s->is_running = true;
    s->is_waiting = false;
    s->n_refs++;
    (void)pthread_mutex_unlock(&s->lock);
    s->call_id = client_begin(s->client, NULL, s->method, &options, &request, &listener);
    free(resumed);
    return ERR_OK;
}

/* Is it worth going on from the last cursor? */
static bool is_passing(enum err_reason reason)
{
    return reason == REASON_CONNECTION_LOST || reason == REASON_SERVER_UNREACHABLE ||
           reason == REASON_SERVER_DRAINING || reason == REASON_SERVER_BUSY ||
           reason == REASON_CALL_THROTTLED || reason == REASON_DEADLINE_PASSED;
}

/*
 * Under the lock, once the attempt ended and its items are taken: false if the stream ended with
 * it. Else again_us says when to begin another.
 */
static bool may_go_on(struct rpc_stream *s)
{
    bool is_fine = s->end.code == ERR_OK;
    int64_t at_us = now_us();
    bool is_futile = s->n_taken == 0 && (!is_fine || at_us - s->began_us < SHORT_ATTEMPT_US);
    if (is_fine ? !s->has_more : !is_passing(s->end.reason))
        return false;
    if (!is_futile) {
        s->n_failures = 0;
        s->failing_us = 0;
    } else if (s->failing_us == 0) {
        s->failing_us = at_us;
    } else if (at_us - s->failing_us > PATIENCE_US && !is_fine) {
        return false;
    }
    uint32_t ceiling_us = 0;
    if (is_futile || !is_fine)
        ceiling_us = (uint32_t)(BACKOFF_MS * 1000) << s->n_failures;
    if (is_futile && s->n_failures < MAX_DOUBLINGS)
        s->n_failures++;
    s->again_us = at_us + (int64_t)s->end.retry_after_ms * 1000 +
                  (ceiling_us > 0 ? (int64_t)arc4random_uniform(ceiling_us) : 0);
    return true;
}

/* ---- taking items ---- */

/* Under the lock: where the stream goes on after this item. False without memory. */
static bool note_cursor(struct rpc_stream *s, const struct received *item)
{
    struct db_bytes found;
    const struct db_bytes payload = {item->data, item->len};
    if (!stream_cursor_read(&payload, s->item_field, &found))
        return true;
    void *copy = malloc(found.len + 1);
    if (!copy)
        return false;
    if (found.len > 0)
        memcpy(copy, found.data, found.len);
    free(s->cursor);
    s->cursor = copy;
    s->cursor_len = found.len;
    return true;
}

/* Under the lock. */
static enum err_code take(
    struct rpc_stream *s, struct arena *arena, struct db_bytes *out, struct err *err)
{
    struct received *item = s->first;
    void *copy = arena_memdup(arena, item->data, item->len);
    if (!copy)
        return err_raise(
            err, REASON_REPLY_TOO_LARGE, "the item does not fit into the memory set aside for it");
    if (!note_cursor(s, item))
        return err_raise(err, REASON_INTERNAL_ERROR, "no memory for the cursor of the stream");
    *out = (struct db_bytes){copy, item->len};
    s->ungranted += (uint32_t)stream_cost(out);
    s->first = item->next;
    if (!s->first)
        s->last = NULL;
    s->n_waiting_bytes -= cost_of(item->len);
    s->n_taken++;
    free(item);
    return ERR_OK;
}

/* Under the lock; false if that time has come. */
static bool wait_until(struct rpc_stream *s, int64_t until_us)
{
    int64_t left_us = until_us - now_us();
    if (left_us <= 0)
        return false;
    if (until_us == INT64_MAX) {
        (void)pthread_cond_wait(&s->changed, &s->lock);
        return true;
    }
    struct timespec until = clock_after_us(left_us);
    (void)pthread_cond_timedwait(&s->changed, &s->lock, &until);
    return true;
}

enum found { FOUND_ITEM, FOUND_NOTHING, FOUND_END, FOUND_GAP, FOUND_LATE, FOUND_STOPPED };

/* Under the lock: waits for something to tell. FOUND_GAP: another attempt is due. */
static enum found look(struct rpc_stream *s, int64_t until_us)
{
    for (;;) {
        if (s->is_stopped)
            return FOUND_STOPPED;
        if (s->first && s->first->sequence == s->n_taken)
            return FOUND_ITEM;
        if (!s->is_running && !s->is_waiting && !may_go_on(s))
            return FOUND_END;
        s->is_waiting = !s->is_running;
        if (now_us() >= s->deadline_us)
            return FOUND_LATE;
        if (s->is_waiting && now_us() >= s->again_us)
            return FOUND_GAP;
        int64_t next_us = s->is_waiting ? s->again_us : s->deadline_us;
        if (!wait_until(s, next_us < until_us ? next_us : until_us) && now_us() >= until_us)
            return FOUND_NOTHING;
    }
}

enum err_code rpc_stream_next(struct rpc_stream *s, int64_t wait_ms, struct arena *arena,
    enum rpc_next *what, struct db_bytes *item, struct err *err)
{
    int64_t until_us = wait_ms < 0 ? INT64_MAX : now_us() + wait_ms * 1000;
    uint32_t grant = 0;
    (void)pthread_mutex_lock(&s->lock);
    enum found found;
    enum err_code code = ERR_OK;
    while ((found = look(s, until_us)) == FOUND_GAP && code == ERR_OK) {
        (void)pthread_mutex_unlock(&s->lock);
        code = begin_attempt(s, err);
        (void)pthread_mutex_lock(&s->lock);
    }
    if (found == FOUND_ITEM)
        code = take(s, arena, item, err);
    if (found == FOUND_END && s->end.code != ERR_OK) {
        *err = s->end;
        code = err->code;
    }
    if (s->ungranted >= GRANT_AT && s->is_running) {
        grant = s->ungranted;
        s->ungranted = 0;
    }
    (void)pthread_mutex_unlock(&s->lock);
    if (grant > 0)
        client_grant(s->client, s->call_id, grant);
    if (found == FOUND_LATE)
        return err_raise(err, REASON_DEADLINE_PASSED, "the time of the stream is over");
    if (found == FOUND_STOPPED)
        return err_raise(err, REASON_CALL_CANCELLED, "the stream was stopped");
    if (code == ERR_OK)
        *what = found == FOUND_ITEM  ? RPC_NEXT_ITEM
                : found == FOUND_END ? RPC_NEXT_END
                                     : RPC_NEXT_NONE;
    return code;
}

/* ---- life ---- */

static void init_sync(struct rpc_stream *s)
{
    clock_condition_init(&s->changed);
    (void)pthread_mutex_init(&s->lock, NULL);
}

enum err_code rpc_stream_open(struct rpc_stream **out, struct rpc_client *client,
    const char *method, const struct rpc_call_options *options, const struct db_bytes *in,
    struct err *err)
{
    const struct schema_method *known = schema_find_name(client->schema, method);
    if (!known || !known->is_stream)
        return err_raise(err, REASON_METHOD_STREAMS, "%s returns no stream", method);
    struct rpc_stream *s = calloc(1, sizeof(*s));
    if (!s)
        return err_raise(err, REASON_INTERNAL_ERROR, "no memory for the stream");
    init_sync(s);
    s->n_refs = 1;
    s->client = client;
    s->request_field = stream_cursor_field(known->in->type);
    s->item_field = stream_cursor_field(known->out->type);
    s->trace = options && options->trace ? *options->trace : rpc_trace_new();
    s->deadline_us =
        options && options->timeout_ms > 0 ? now_us() + options->timeout_ms * 1000 : INT64_MAX;
    void *copy = malloc(in->len + 1);
    if (copy && in->len > 0)
        memcpy(copy, in->data, in->len);
    s->request = copy;
    s->request_len = in->len;
    s->method = strdup(method);
    enum err_code code = ERR_OK;
    if (!s->method || !copy)
        code = err_raise(err, REASON_INTERNAL_ERROR, "no memory for the stream");
    if (code == ERR_OK)
        code = begin_attempt(s, err);
    if (code != ERR_OK) {
        release(s);
        return code;
    }
    *out = s;
    return ERR_OK;
}

void rpc_stream_stop(struct rpc_stream *s)
{
    (void)pthread_mutex_lock(&s->lock);
    s->is_stopped = true;
    (void)pthread_cond_signal(&s->changed);
    (void)pthread_mutex_unlock(&s->lock);
}

void rpc_stream_close(struct rpc_stream *s)
{
    if (!s)
        return;
    client_cancel(s->client, s->call_id);
    release(s);
}

bool rpc_stream_trouble(struct rpc_stream *s, struct err *out)
{
    (void)pthread_mutex_lock(&s->client->lock);
    bool is_sent = client_find_sent(s->client, s->call_id) != NULL;
    (void)pthread_mutex_unlock(&s->client->lock);
    (void)pthread_mutex_lock(&s->lock);
    *out = s->is_running ? s->trouble : s->end;
    bool is_cut = !is_sent && !s->is_stopped && out->code != ERR_OK && s->n_taken == 0;
    (void)pthread_mutex_unlock(&s->lock);
    return is_cut;
}

void rpc_stream_trace_id(const struct rpc_stream *s, char out[RPC_TRACE_ID_SIZE])
{
    rpc_trace_id_format(&s->trace, out);
}
