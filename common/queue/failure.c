/* SPDX-License-Identifier: Apache-2.0 */
#include "log/log.h"
#include "queue/relay.h"
#include "queue_sql.h"

#include <sodium.h>

enum { DB_TIMEOUT_US = 10000000 };

/* The columns of a statement about several events; arrays of as many elements as there may be. */
struct columns {
    size_t n;
    struct id *members;
    struct id *ids;
    int64_t *buckets;
    int64_t *epochs;
    int64_t *delays_ms;
    const char **reasons;
    const char **messages;
};

static bool columns_init(struct columns *c, struct arena *arena, size_t max)
{
    *c = (struct columns){
        .members = arena_calloc(arena, max, sizeof(*c->members)),
        .ids = arena_calloc(arena, max, sizeof(*c->ids)),
        .buckets = arena_calloc(arena, max, sizeof(*c->buckets)),
        .epochs = arena_calloc(arena, max, sizeof(*c->epochs)),
        .delays_ms = arena_calloc(arena, max, sizeof(*c->delays_ms)),
        .reasons = arena_calloc(arena, max, sizeof(*c->reasons)),
        .messages = arena_calloc(arena, max, sizeof(*c->messages)),
    };
    return c->members && c->ids && c->buckets && c->epochs && c->delays_ms && c->reasons &&
           c->messages;
}

static void columns_add(struct columns *c, const struct failure *f, int64_t delay_ms)
{
    c->members[c->n] = f->member;
    c->ids[c->n] = f->id;
    c->buckets[c->n] = f->bucket;
    c->epochs[c->n] = f->epoch;
    c->delays_ms[c->n] = delay_ms;
    c->reasons[c->n] = f->reason;
    c->messages[c->n] = f->message;
    c->n++;
}

/* Would another try end the same way? The event is at fault then, not the moment. */
static bool is_permanent(enum err_code code)
{
    return code == ERR_INVALID_ARGUMENT || code == ERR_NOT_FOUND || code == ERR_ALREADY_EXISTS ||
           code == ERR_FAILED_PRECONDITION || code == ERR_OUT_OF_RANGE || code == ERR_DATA_LOSS;
}

/* Full jitter: anything up to a bound that doubles with every attempt. */
static int64_t delay_ms(const struct queue_relay_config *config, int64_t attempts)
{
    int64_t bound = config->retry_first_ms;
    for (int64_t i = 0; i < attempts && bound < config->retry_last_ms; i++)
        bound *= 2;
    if (bound > config->retry_last_ms)
        bound = config->retry_last_ms;
    return 1 + randombytes_uniform((uint32_t)bound);
}

static void log_dead(const struct lane *lane, const struct failure *f)
{
    char id[ID_TEXT_SIZE];
    id_format(&f->id, id);
    log_error("queue.dead_letter", LOG_STR("event", id), LOG_STR("kind", f->kind),
        LOG_STR("subscriber", lane->name), LOG_INT("attempts", f->attempts + 1),
        LOG_STR("reason", f->reason), LOG_STR("err", f->message));
}

static enum err_code note(
    struct lane *lane, struct db_session *s, const struct columns *c, struct err *err)
{
    CLEANUP(db_result_clear) struct db_result *noted = NULL;
    return queue_sql_note_failures(s, &noted, err, db_id_array(c->members, c->n),
        db_id_array(c->ids, c->n), db_int_array(c->buckets, c->n), db_int_array(c->epochs, c->n),
        db_int_array(c->delays_ms, c->n), db_text(lane->name), db_text(lane->relay->owner));
}

static enum err_code bury(
    struct lane *lane, struct db_session *s, const struct columns *c, struct err *err)
{
    CLEANUP(db_result_clear) struct db_result *buried = NULL;
    return queue_sql_bury_events(s, &buried, err, db_id_array(c->members, c->n),
        db_id_array(c->ids, c->n), db_int_array(c->buckets, c->n), db_int_array(c->epochs, c->n),
        db_text_array(c->reasons, c->n), db_text_array(c->messages, c->n), db_text(lane->name),
        db_text(lane->relay->owner));
}

enum err_code failure_settle(struct lane *lane, struct arena *arena, const struct failure *failures,
    size_t n, uint64_t *dead, struct err *err)
{
    const struct queue_relay_config *config = &lane->relay->config;
    int64_t now_us = clock_mono_us(clock_system());
    struct columns waiting, hopeless;
    *dead = 0;
    if (!columns_init(&waiting, arena, n) || !columns_init(&hopeless, arena, n))
        return err_raise(err, REASON_INTERNAL_ERROR, "the failures do not fit into memory");
    for (size_t i = 0; i < n; i++) {
        const struct failure *f = &failures[i];
        int64_t wait_ms = delay_ms(config, f->attempts);
        if (is_permanent(f->code) || f->attempts + 1 >= config->max_attempts) {
            columns_add(&hopeless, f, 0);
            *dead |= lane_bit(f->bucket);
            log_dead(lane, f);
        } else {
            columns_add(&waiting, f, wait_ms);
            lane_hold(lane, &f->member, f->bucket, now_us + wait_ms * RELAY_US_PER_MS);
        }
    }
    struct db_session s = db_session(config->db, now_us + DB_TIMEOUT_US);
    enum err_code code = waiting.n > 0 ? note(lane, &s, &waiting, err) : ERR_OK;
    if (code == ERR_OK && hopeless.n > 0)
        code = bury(lane, &s, &hopeless, err);
    return code;
}
