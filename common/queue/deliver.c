/* SPDX-License-Identifier: Apache-2.0 */
#include "log/log.h"
#include "queue/relay.h"
#include "queue_sql.h"

#include <kith/v1/queue.pb-c.h>

#include <stdio.h>
#include <string.h>

enum {
    DB_TIMEOUT_US = 10000000,
    CALL_TIMEOUT_MS = 5000,
    MAX_BYTES = 512 * 1024, /* of one message; its limit is 1 MiB */
    EVENT_OVERHEAD = 256,
    PRODUCER_SIZE = 41,
    FAIR_PART = 8,
};

/* Rows of several buckets on their way; arrays of `max` elements in the arena. */
struct batch {
    struct lane *lane;
    struct arena *arena;
    size_t max;
    size_t n;
    size_t bytes;
    Kith__V1__Event **events;
    struct id *members;
    struct id *ids;
    int64_t *buckets;
    int64_t *epochs;
    int64_t *attempts;
    struct failure *failures;
    size_t n_failures;
    struct id last[ID_BUCKETS]; /* read so far, where is_read */
    uint64_t is_read;
    uint64_t is_drained;
};

static struct db_session session(const struct lane *lane)
{
    return db_session(lane->relay->config.db, clock_mono_us(clock_system()) + DB_TIMEOUT_US);
}

static enum err_code out_of_memory(struct err *err)
{
    return err_raise(err, REASON_INTERNAL_ERROR, "a batch of events does not fit into memory");
}

static enum err_code batch_init(
    struct batch *b, struct lane *lane, struct arena *arena, struct err *err)
{
    *b = (struct batch){.lane = lane, .arena = arena, .max = lane->limit};
    b->events = arena_calloc(arena, b->max, sizeof(*b->events));
    b->members = arena_calloc(arena, b->max, sizeof(*b->members));
    b->ids = arena_calloc(arena, b->max, sizeof(*b->ids));
    b->buckets = arena_calloc(arena, b->max, sizeof(*b->buckets));
    b->epochs = arena_calloc(arena, b->max, sizeof(*b->epochs));
    b->attempts = arena_calloc(arena, b->max, sizeof(*b->attempts));
    b->failures = arena_calloc(arena, b->max, sizeof(*b->failures));
    bool is_complete =
        b->events && b->members && b->ids && b->buckets && b->epochs && b->attempts && b->failures;
    return is_complete ? ERR_OK : out_of_memory(err);
}

/* ---- reading --------------------------------------------------------------------------------- */

static char *id_text(struct arena *arena, const struct id *id)
{
    char text[ID_TEXT_SIZE];
    id_format(id, text);
    return arena_strdup(arena, text);
}

static Kith__V1__Event *make_event(
    struct arena *arena, const struct db_result *rows, size_t i, struct batch *b)
{
    Kith__V1__Event *event = arena_alloc(arena, sizeof(*event));
    struct db_bytes payload = db_get_bytes(rows, i, 5);
    if (!event)
        return NULL;
    kith__v1__event__init(event);
    event->id = id_text(arena, &b->ids[b->n]);
    event->member_id = id_text(arena, &b->members[b->n]);
    event->kind = db_dup_text(arena, rows, i, 2);
    event->occurred_us = db_get_time(rows, i, 3);
    event->traceparent = db_dup_text(arena, rows, i, 4);
    event->payload.len = payload.len;
    event->payload.data = arena_memdup(arena, payload.data, payload.len);
    bool is_complete = event->id && event->member_id && event->kind && event->traceparent &&
                       (event->payload.data || payload.len == 0);
    return is_complete ? event : NULL;
}

/* False when the message is full, or memory. */
static bool add_event(struct batch *b, int bucket, const struct db_result *rows, size_t i)
{
    size_t bytes = db_get_bytes(rows, i, 5).len + EVENT_OVERHEAD;
    if (b->n == b->max || b->bytes + bytes > MAX_BYTES)
        return false;
    b->members[b->n] = db_get_id(rows, i, 0);
    b->ids[b->n] = db_get_id(rows, i, 1);
    b->events[b->n] = make_event(b->arena, rows, i, b);
    if (!b->events[b->n])
        return false;
    b->buckets[b->n] = bucket;
    b->epochs[b->n] = b->lane->own.epoch[bucket];
    b->attempts[b->n] = db_get_int(rows, i, 6);
    b->bytes += bytes;
    b->n++;
    return true;
}

/* Is the event, or one of her earlier ones, to wait? */
static bool is_waiting(
    struct lane *lane, const struct id *member, int bucket, const struct db_result *rows, size_t i)
{
    int64_t wait_ms = db_get_int(rows, i, 7);
    if (wait_ms > 0)
        lane_hold(lane, member, bucket, clock_mono_us(clock_system()) + wait_ms * RELAY_US_PER_MS);
    return wait_ms > 0 || lane_is_held(lane, member);
}

static enum err_code read_bucket(struct batch *b, int bucket, size_t limit, struct err *err)
{
    struct lane *lane = b->lane;
    struct db_session s = session(lane);
    CLEANUP(db_result_clear) struct db_result *rows = NULL;
    enum err_code code = queue_sql_read_events(&s, &rows, err, db_int(bucket), db_text(lane->name),
        db_id(&lane->floor[bucket]), db_int((int64_t)limit));
    if (code != ERR_OK)
        return code;
    size_t i = 0;
    for (; i < db_rows(rows); i++) {
        struct id member = db_get_id(rows, i, 0);
        if (!is_waiting(lane, &member, bucket, rows, i) && !add_event(b, bucket, rows, i))
            break;
        b->last[bucket] = db_get_id(rows, i, 1);
        b->is_read |= lane_bit(bucket);
    }
    if (i == db_rows(rows) && i < limit)
        b->is_drained |= lane_bit(bucket);
    return ERR_OK;
}

/* From all pending buckets in turn, so that one with a backlog does not crowd out the others. */
static enum err_code gather(struct batch *b, struct err *err)
{
    struct lane *lane = b->lane;
    uint64_t wanted = lane->pending & ~lane->blocked;
    size_t n_wanted = (size_t)__builtin_popcountll(wanted);
    size_t part = n_wanted > FAIR_PART ? b->max / FAIR_PART : b->max / (n_wanted ? n_wanted : 1);
    int first = lane->next_bucket;
    for (int i = 0; i < ID_BUCKETS && b->n < b->max; i++) {
        int bucket = (first + i) % ID_BUCKETS;
        if (!(wanted & lane_bit(bucket)))
            continue;
        enum err_code code = read_bucket(b, bucket, part ? part : 1, err);
        if (code != ERR_OK)
            return code;
        lane->next_bucket = (bucket + 1) % ID_BUCKETS;
    }
    return ERR_OK;
}

/* ---- delivering ------------------------------------------------------------------------------ */

static enum err_code call(struct batch *b, Kith__V1__DeliverResponse **out, struct err *err)
{
    char producer[PRODUCER_SIZE];
    (void)snprintf(producer, sizeof(producer), "%s", b->lane->relay->owner);
    Kith__V1__DeliverRequest request = KITH__V1__DELIVER_REQUEST__INIT;
    request.producer = producer;
    request.events = b->events;
    request.n_events = b->n;
    /* A consumer that dies of an event may not get it again before that is counted. */
    const struct rpc_call_options options = {.timeout_ms = CALL_TIMEOUT_MS, .is_begun_once = true};
    ProtobufCMessage *response = NULL;
    enum err_code code = rpc_client_call(b->lane->client, "/kith.v1.QueueService/Deliver", &options,
        &request.base, b->arena, &response, err);
    if (code == ERR_OK)
        *out = (Kith__V1__DeliverResponse *)(void *)response;
    return code;
}

/* Is `id` the next of a list that keeps the batch's order? */
static bool is_next(char **list, size_t n, size_t *at, const char *id)
{
    if (*at == n || strcmp(list[*at], id) != 0)
        return false;
    (*at)++;
    return true;
}

static bool has_failed(const struct batch *b, const struct id *member)
{
    for (size_t i = 0; i < b->n_failures; i++)
        if (id_equal(&b->failures[i].member, member))
            return true;
    return false;
}

static struct failure *add_failure(struct batch *b, size_t i)
{
    struct failure *f = &b->failures[b->n_failures++];
    *f = (struct failure){.member = b->members[i],
        .id = b->ids[i],
        .bucket = (int)b->buckets[i],
        .epoch = b->epochs[i],
        .attempts = b->attempts[i],
        .kind = b->events[i]->kind,
        .code = ERR_UNKNOWN,
        .reason = "",
        .message = ""};
    return f;
}

/* The first refused event of a member is the one that failed; those behind it only wait for it. */
static void note_refusal(struct batch *b, size_t i, const Kith__V1__DeliverResponse *response)
{
    if (has_failed(b, &b->members[i]))
        return;
    struct failure *f = add_failure(b, i);
    for (size_t k = 0; k < response->n_failures; k++) {
        const Kith__V1__DeliveryFailure *why = response->failures[k];
        if (strcmp(why->id, b->events[i]->id) != 0)
            continue;
        f->code = why->status <= ERR_UNAUTHENTICATED ? (enum err_code)why->status : ERR_UNKNOWN;
        f->reason = why->reason;
        f->message = why->message;
    }
}

/*
 * Moves what was acknowledged to the front and returns how much that is; collects what was refused.
 * Buckets of which something was not reached are read again from where they were.
 */
static size_t sort_out(struct batch *b, const Kith__V1__DeliverResponse *response)
{
    size_t n_done = 0;
    size_t n_refused = 0;
    for (size_t i = 0; i < b->n; i++) {
        const char *id = b->events[i]->id;
        int bucket = (int)b->buckets[i];
        if (is_next(response->done, response->n_done, &n_done, id)) {
            b->members[n_done - 1] = b->members[i];
            b->ids[n_done - 1] = b->ids[i];
            b->buckets[n_done - 1] = bucket;
            b->epochs[n_done - 1] = b->epochs[i];
        } else if (is_next(response->refused, response->n_refused, &n_refused, id)) {
            note_refusal(b, i, response);
        } else {
            b->is_read &= ~lane_bit(bucket);
            b->is_drained &= ~lane_bit(bucket);
        }
    }
    return n_done;
}

static enum err_code settle_failures(struct batch *b, struct err *err)
{
    uint64_t dead = 0;
    if (b->n_failures == 0)
        return ERR_OK;
    enum err_code code = failure_settle(b->lane, b->arena, b->failures, b->n_failures, &dead, err);
    b->is_read &= ~dead;
    b->is_drained &= ~dead;
    return code;
}

static enum err_code delete_done(struct batch *b, size_t n, struct err *err)
{
    struct db_session s = session(b->lane);
    CLEANUP(db_result_clear) struct db_result *deleted = NULL;
    return queue_sql_delete_delivered(&s, &deleted, err, db_id_array(b->members, n),
        db_id_array(b->ids, n), db_int_array(b->buckets, n), db_int_array(b->epochs, n),
        db_text(b->lane->name), db_text(b->lane->relay->owner));
}

/* An event that fails even alone is at fault: the others need not wait for it. */
static void put_aside(struct batch *b, const struct err *why)
{
    struct err err;
    if (b->n != 1)
        return;
    struct failure *f = add_failure(b, 0);
    f->code = why->code;
    f->reason = err_reason_info(why->reason)->name;
    f->message = why->msg;
    if (settle_failures(b, &err) != ERR_OK)
        log_warn("queue.delivery_failed", LOG_STR("subscriber", b->lane->name), LOG_ERR(&err));
}

static enum err_code deliver_and_delete(struct batch *b, struct err *err)
{
    Kith__V1__DeliverResponse *response = NULL;
    enum err_code code = call(b, &response, err);
    if (code != ERR_OK) {
        if (!lane_is_down(err))
            put_aside(b, err);
        return code;
    }
    size_t n_done = sort_out(b, response);
    code = n_done > 0 ? delete_done(b, n_done, err) : ERR_OK;
    return code == ERR_OK ? settle_failures(b, err) : code;
}

static void advance(struct batch *b)
{
    struct lane *lane = b->lane;
    int64_t wall_us = clock_wall_us(lane->relay->config.clock);
    for (int bucket = 0; bucket < ID_BUCKETS; bucket++) {
        if (b->is_read & lane_bit(bucket))
            lane->floor[bucket] = b->last[bucket];
        if (b->is_drained & lane_bit(bucket))
            lane_drained(lane, bucket, wall_us);
    }
}

enum err_code deliver_batch(struct lane *lane, struct arena *arena, struct err *err)
{
    arena_reset(arena);
    struct batch b;
    enum err_code code = batch_init(&b, lane, arena, err);
    if (code == ERR_OK)
        code = gather(&b, err);
    if (code != ERR_OK)
        return code;
    if (b.n == 0 && (b.is_read | b.is_drained) == 0)
        return out_of_memory(err);
    if (b.n > 0)
        code = deliver_and_delete(&b, err);
    if (code == ERR_OK)
        advance(&b);
    return code;
}

/* ---- looking --------------------------------------------------------------------------------- */

enum err_code deliver_probe(struct lane *lane, struct err *err)
{
    int64_t buckets[ID_BUCKETS];
    size_t n = 0;
    struct id floor;
    memset(&floor, 0xff, sizeof(floor));
    for (int b = 0; b < ID_BUCKETS; b++) {
        if (lane->own.epoch[b] == 0)
            continue;
        buckets[n++] = b;
        if (memcmp(&lane->floor[b], &floor, sizeof(floor)) < 0)
            floor = lane->floor[b];
    }
    if (n == 0)
        return ERR_OK;
    struct db_session s = session(lane);
    CLEANUP(db_result_clear) struct db_result *found = NULL;
    enum err_code code = queue_sql_find_buckets(
        &s, &found, err, db_int_array(buckets, n), db_text(lane->name), db_id(&floor));
    for (size_t i = 0; code == ERR_OK && i < db_rows(found); i++)
        lane->pending |= lane_bit((int)db_get_int(found, i, 0));
    return code;
}
