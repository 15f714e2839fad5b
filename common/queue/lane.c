/* SPDX-License-Identifier: Apache-2.0 */
#include "queue/relay.h"

#include <sodium.h>
#include <string.h>

enum {
    US_PER_MS = 1000,
    US_PER_S = 1000000,
    SWEEP_EVERY_US = 60 * US_PER_S,
    LATE_COMMIT_MS = 60000, /* no transaction of ours lives longer */
    BACKOFF_FIRST_US = 100 * US_PER_MS,
    DOWN_LAST_US = 5 * US_PER_S,
    TIME_BYTES = 6,
};

uint64_t lane_bit(int bucket)
{
    return UINT64_C(1) << bucket;
}

/* Doubles up to `last`; the upper half of it is random. */
static int64_t backoff_us(unsigned failures)
{
    int64_t delay = BACKOFF_FIRST_US;
    for (unsigned i = 1; i < failures && delay < DOWN_LAST_US; i++)
        delay *= 2;
    if (delay > DOWN_LAST_US)
        delay = DOWN_LAST_US;
    return delay / 2 + randombytes_uniform((uint32_t)(delay / 2));
}

void lane_init(struct lane *lane, struct queue_relay *relay, const struct queue_subscriber *to)
{
    *lane = (struct lane){.relay = relay,
        .name = to->name,
        .client = to->client,
        .is_hinted = true,
        .limit = (size_t)relay->config.batch};
}

/* ---- what is held ---------------------------------------------------------------------------- */

bool lane_is_held(const struct lane *lane, const struct id *member)
{
    for (size_t i = 0; i < lane->n_held; i++)
        if (id_equal(&lane->held[i].member, member))
            return true;
    return false;
}

void lane_hold(struct lane *lane, const struct id *member, int bucket, int64_t until_us)
{
    if (lane->retry_us == 0 || until_us < lane->retry_us)
        lane->retry_us = until_us;
    if (lane_is_held(lane, member))
        return;
    if (lane->n_held == HELD_MAX)
        lane->blocked |= lane_bit(bucket);
    else
        lane->held[lane->n_held++] = (struct held){*member, bucket};
}

static void read_from_start(struct lane *lane, int bucket)
{
    memset(&lane->floor[bucket], 0, sizeof(struct id));
    if (lane->own.epoch[bucket] != 0)
        lane->pending |= lane_bit(bucket);
    else
        lane->pending &= ~lane_bit(bucket);
}

/* Who is to wait longer is held again when her events are read: the rows say so. */
static void retry_held(struct lane *lane)
{
    for (int b = 0; b < ID_BUCKETS; b++)
        if (lane->blocked & lane_bit(b))
            read_from_start(lane, b);
    for (size_t i = 0; i < lane->n_held; i++)
        read_from_start(lane, lane->held[i].bucket);
    lane->blocked = 0;
    lane->n_held = 0;
    lane->retry_us = 0;
}

/* ---- ownership and floors -------------------------------------------------------------------- */

static void follow(struct lane *lane, const struct ownership *own)
{
    for (int b = 0; b < ID_BUCKETS; b++) {
        bool has_changed = own->epoch[b] != lane->own.epoch[b];
        lane->own.epoch[b] = own->epoch[b];
        if (has_changed)
            read_from_start(lane, b);
    }
    lane->own.until_us = own->until_us;
}

static void sweep(struct lane *lane)
{
    for (int b = 0; b < ID_BUCKETS; b++)
        read_from_start(lane, b);
}

bool lane_refresh(struct lane *lane, const struct ownership *own, int64_t now_us)
{
    follow(lane, own);
    if (now_us >= lane->own.until_us)
        return false;
    if (now_us >= lane->sweep_us) {
        sweep(lane);
        lane->sweep_us = now_us + SWEEP_EVERY_US;
    }
    if (lane->retry_us != 0 && now_us >= lane->retry_us)
        retry_held(lane);
    return true;
}

/* The smallest UUIDv7 of a moment: nothing made earlier is greater. */
static struct id floor_of(int64_t wall_us)
{
    int64_t ms = wall_us / US_PER_MS - LATE_COMMIT_MS;
    struct id id = {{0}};
    for (int i = 0; i < TIME_BYTES; i++)
        id.bytes[i] = (uint8_t)(ms >> (8 * (TIME_BYTES - 1 - i)));
    return id;
}

void lane_drained(struct lane *lane, int bucket, int64_t wall_us)
{
    lane->pending &= ~lane_bit(bucket);
    struct id lagging = floor_of(wall_us);
    if (memcmp(&lagging, &lane->floor[bucket], sizeof(lagging)) < 0)
        lane->floor[bucket] = lagging;
}

/* ---- failures -------------------------------------------------------------------------------- */

/* Nobody is there, or not for us: the events are not to blame. */
bool lane_is_down(const struct err *err)
{
    return err->reason == REASON_SERVER_UNREACHABLE || err->reason == REASON_SERVER_DRAINING ||
           err->reason == REASON_SERVER_BUSY || err->reason == REASON_CALL_THROTTLED ||
           err->reason == REASON_DATABASE_UNAVAILABLE || err->code == ERR_UNAUTHENTICATED ||
           err->code == ERR_PERMISSION_DENIED;
}

void lane_failed(struct lane *lane, const struct err *err, int64_t now_us)
{
    lane->blocked_us = now_us + backoff_us(++lane->failures);
    if (!lane_is_down(err) && lane->limit > 1)
        lane->limit /= 2; /* close in on the event that cannot be delivered */
}

void lane_succeeded(struct lane *lane)
{
    lane->failures = 0;
    lane->limit = (size_t)lane->relay->config.batch;
}

int64_t lane_next_us(const struct lane *lane, int64_t now_us)
{
    if (lane->blocked_us > now_us)
        return lane->blocked_us;
    int64_t next_us = now_us + lane->relay->config.poll_ms * US_PER_MS;
    if (lane->retry_us != 0 && lane->retry_us < next_us)
        next_us = lane->retry_us;
    return next_us;
}
