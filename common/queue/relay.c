/* SPDX-License-Identifier: Apache-2.0 */
#include "queue/relay.h"

#include "log/log.h"
#include "queue_sql.h"

#include <stdatomic.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

enum {
    DEFAULT_LEASE_MS = 30000,
    DEFAULT_POLL_MS = 1000,
    DEFAULT_BATCH = 200,
    MAX_BATCH = 500,
    DEFAULT_ATTEMPTS = 16,
    DEFAULT_RETRY_FIRST_MS = 100,
    DEFAULT_RETRY_LAST_MS = 10 * 60 * 1000,
    UNSETTLED_MS = 1000,
    HINT_PAUSE_US = 10000, /* hints within this become one look */
    LANE_MEMORY = 8 << 20,
    COUNT_TIMEOUT_US = 5000000,
    US_PER_S = 1000000,
    NS_PER_US = 1000,
};

static int64_t now_us(void)
{
    return clock_mono_us(clock_system());
}

/* ---- waiting: all under the relay's lock ----------------------------------------------------- */

static void wait_until(struct queue_relay *relay, int64_t until_us)
{
    struct timespec until = {until_us / US_PER_S, until_us % US_PER_S * NS_PER_US};
    (void)pthread_cond_timedwait(&relay->wake, &relay->lock, &until);
}

static void hint_all(struct queue_relay *relay)
{
    for (size_t i = 0; i < relay->n_lanes; i++)
        relay->lanes[i].is_hinted = true;
    (void)pthread_cond_broadcast(&relay->wake);
}

/* False once the relay is to stop. */
static bool keeper_wait(struct queue_relay *relay, int64_t until_us)
{
    (void)pthread_mutex_lock(&relay->lock);
    while (!relay->is_stopping && now_us() < until_us)
        wait_until(relay, until_us);
    bool goes_on = !relay->is_stopping;
    (void)pthread_mutex_unlock(&relay->lock);
    return goes_on;
}

/*
 * Until something may be there: a hint, but not sooner than a moment after the last look; the poll;
 * or the end of a back-off, which hints do not shorten.
 */
static bool lane_wait(struct lane *lane, int64_t looked_us, struct ownership *own)
{
    struct queue_relay *relay = lane->relay;
    int64_t next_us = lane_next_us(lane, looked_us);
    int64_t hint_us = looked_us + HINT_PAUSE_US;
    if (hint_us < lane->blocked_us)
        hint_us = lane->blocked_us;
    (void)pthread_mutex_lock(&relay->lock);
    for (;;) {
        int64_t until_us = lane->is_hinted && hint_us < next_us ? hint_us : next_us;
        if (relay->is_stopping || now_us() >= until_us)
            break;
        wait_until(relay, until_us);
    }
    lane->is_hinted = false;
    if (lane->is_to_look_back)
        lane->sweep_us = 0;
    lane->is_to_look_back = false;
    *own = relay->own;
    bool goes_on = !relay->is_stopping;
    (void)pthread_mutex_unlock(&relay->lock);
    return goes_on;
}

static bool is_stopping(struct queue_relay *relay)
{
    (void)pthread_mutex_lock(&relay->lock);
    bool is = relay->is_stopping;
    (void)pthread_mutex_unlock(&relay->lock);
    return is;
}

/* ---- the keeper ------------------------------------------------------------------------------ */

static void publish(struct queue_relay *relay, const struct ownership *own)
{
    (void)pthread_mutex_lock(&relay->lock);
    bool has_changed = memcmp(relay->own.epoch, own->epoch, sizeof(own->epoch)) != 0;
    relay->own = *own;
    if (has_changed)
        hint_all(relay);
    (void)pthread_mutex_unlock(&relay->lock);
}

static void count_dead_letters(struct queue_relay *relay, const struct ownership *own)
{
    int64_t buckets[ID_BUCKETS];
    size_t n = 0;
    for (int b = 0; b < ID_BUCKETS; b++)
        if (own->epoch[b] != 0)
            buckets[n++] = b;
    struct err err;
    struct db_session s = db_session(relay->config.db, now_us() + COUNT_TIMEOUT_US);
    CLEANUP(db_result_clear) struct db_result *counted = NULL;
    if (queue_sql_count_dead_letters(&s, &counted, &err, db_int_array(buckets, n)) == ERR_OK)
        atomic_store(&relay->n_dead_letters, db_get_int(counted, 0, 0));
}

static void *run_keeper(void *arg)
{
    struct queue_relay *relay = arg;
    int64_t pause_ms;
    do {
        struct ownership own;
        struct err err = {0};
        bool is_settled = false;
        if (ownership_renew(relay, &own, &is_settled, &err) == ERR_OK)
            publish(relay, &own);
        else
            log_warn("queue.renew_failed", LOG_ERR(&err));
        if (err.code == ERR_OK)
            count_dead_letters(relay, &own);
        pause_ms = relay->config.lease_ms / 3;
        if (!is_settled && pause_ms > UNSETTLED_MS)
            pause_ms = UNSETTLED_MS;
    } while (keeper_wait(relay, now_us() + pause_ms * RELAY_US_PER_MS));
    return NULL;
}

/* ---- a lane ---------------------------------------------------------------------------------- */

static void note_outcome(struct lane *lane, enum err_code code, const struct err *err)
{
    bool was_down = lane->failures > 0;
    if (code != ERR_OK)
        lane_failed(lane, err, now_us());
    else
        lane_succeeded(lane);
    if (code != ERR_OK && !was_down)
        log_warn("queue.delivery_failed", LOG_STR("subscriber", lane->name), LOG_ERR(err));
    if (code == ERR_OK && was_down)
        log_info("queue.delivery_resumed", LOG_STR("subscriber", lane->name));
}

/* Deliver until nothing is pending. Looks at the clock and at stopping between two batches. */
static void deliver_pending(struct lane *lane, struct arena *arena)
{
    struct err err;
    while ((lane->pending & ~lane->blocked) != 0 && now_us() < lane->own.until_us) {
        enum err_code code = deliver_batch(lane, arena, &err);
        note_outcome(lane, code, &err);
        if (code != ERR_OK || is_stopping(lane->relay))
            return;
    }
}

static void *run_lane(void *arg)
{
    struct lane *lane = arg;
    struct ownership own;
    struct arena arena;
    arena_init(&arena, LANE_MEMORY);
    for (int64_t looked_us = 0; lane_wait(lane, looked_us, &own);) {
        looked_us = now_us();
        if (!lane_refresh(lane, &own, looked_us))
            continue;
        struct err err;
        if ((lane->pending & ~lane->blocked) == 0 && deliver_probe(lane, &err) != ERR_OK)
            note_outcome(lane, err.code, &err);
        deliver_pending(lane, &arena);
    }
    arena_fini(&arena);
    return NULL;
}

/* ---- life ------------------------------------------------------------------------------------ */

static void apply_defaults(struct queue_relay_config *config)
{
    if (config->lease_ms <= 0)
        config->lease_ms = DEFAULT_LEASE_MS;
    if (config->poll_ms <= 0)
        config->poll_ms = DEFAULT_POLL_MS;
    if (config->batch <= 0 || config->batch > MAX_BATCH)
        config->batch = DEFAULT_BATCH;
    if (config->max_attempts <= 0)
        config->max_attempts = DEFAULT_ATTEMPTS;
    if (config->retry_first_ms <= 0)
        config->retry_first_ms = DEFAULT_RETRY_FIRST_MS;
    if (config->retry_last_ms <= 0)
        config->retry_last_ms = DEFAULT_RETRY_LAST_MS;
}

static struct queue_relay *new_relay(const struct queue_relay_config *config)
{
    struct queue_relay *relay = calloc(1, sizeof(*relay));
    if (!relay)
        return NULL;
    relay->config = *config;
    apply_defaults(&relay->config);
    clock_condition_init(&relay->wake);
    (void)pthread_mutex_init(&relay->lock, NULL);
    relay->owner = strdup(config->owner);
    relay->lanes = calloc(config->n_subscribers + 1, sizeof(*relay->lanes));
    if (relay->owner && relay->lanes) {
        relay->n_lanes = config->n_subscribers;
        for (size_t i = 0; i < relay->n_lanes; i++)
            lane_init(&relay->lanes[i], relay, &config->subscribers[i]);
    }
    return relay;
}

static void free_relay(struct queue_relay *relay)
{
    free(relay->owner);
    free(relay->lanes);
    (void)pthread_cond_destroy(&relay->wake);
    (void)pthread_mutex_destroy(&relay->lock);
    free(relay);
}

static void end_threads(struct queue_relay *relay)
{
    (void)pthread_mutex_lock(&relay->lock);
    relay->is_stopping = true;
    (void)pthread_cond_broadcast(&relay->wake);
    (void)pthread_mutex_unlock(&relay->lock);
    for (size_t i = 0; i < relay->n_started; i++)
        (void)pthread_join(i == 0 ? relay->keeper : relay->lanes[i - 1].thread, NULL);
}

static bool start_threads(struct queue_relay *relay)
{
    if (pthread_create(&relay->keeper, NULL, run_keeper, relay) != 0)
        return false;
    relay->n_started = 1;
    for (size_t i = 0; i < relay->n_lanes; i++) {
        if (pthread_create(&relay->lanes[i].thread, NULL, run_lane, &relay->lanes[i]) != 0)
            return false;
        relay->n_started++;
    }
    return true;
}

enum err_code queue_relay_start(
    struct queue_relay **out, const struct queue_relay_config *config, struct err *err)
{
    struct queue_relay *relay = new_relay(config);
    if (!relay || !relay->owner || !relay->lanes) {
        if (relay)
            free_relay(relay);
        return err_raise(err, REASON_INTERNAL_ERROR, "out of memory");
    }
    enum err_code code = ownership_register(relay, err);
    if (code == ERR_OK && !start_threads(relay))
        code = err_raise(err, REASON_INTERNAL_ERROR, "no more threads");
    if (code != ERR_OK) {
        end_threads(relay);
        free_relay(relay);
        return code;
    }
    *out = relay;
    return ERR_OK;
}

void queue_relay_hint(struct queue_relay *relay)
{
    if (!relay)
        return;
    (void)pthread_mutex_lock(&relay->lock);
    hint_all(relay);
    (void)pthread_mutex_unlock(&relay->lock);
}

void queue_relay_look_back(struct queue_relay *relay)
{
    if (!relay)
        return;
    (void)pthread_mutex_lock(&relay->lock);
    for (size_t i = 0; i < relay->n_lanes; i++)
        relay->lanes[i].is_to_look_back = true;
    hint_all(relay);
    (void)pthread_mutex_unlock(&relay->lock);
}

static void hint_relay(void *relay)
{
    queue_relay_hint(relay);
}

void queue_hint_after(struct rpc_ctx *ctx, struct queue_relay *relay)
{
    rpc_after_commit(ctx, hint_relay, relay);
}

int64_t queue_relay_dead_letters(const struct queue_relay *relay)
{
    return relay ? atomic_load(&relay->n_dead_letters) : 0;
}

void queue_relay_stop(struct queue_relay *relay)
{
    if (!relay)
        return;
    end_threads(relay);
    ownership_resign(relay);
    free_relay(relay);
}
