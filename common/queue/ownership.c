/* SPDX-License-Identifier: Apache-2.0 */
#include "log/log.h"
#include "queue/relay.h"
#include "queue_sql.h"

enum { TIMEOUT_US = 5000000, US_PER_MS = 1000 };

static struct db_session session(const struct queue_relay *relay)
{
    return db_session(relay->config.db, clock_mono_us(clock_system()) + TIMEOUT_US);
}

static enum err_code take_name(struct queue_relay *relay, bool only_if_dead, struct err *err)
{
    struct db_session s = session(relay);
    CLEANUP(db_result_clear) struct db_result *named = NULL;
    enum err_code code = queue_sql_register_relay(&s, &named, err, db_text(relay->owner),
        db_int(relay->config.lease_ms), db_bool(only_if_dead));
    if (code != ERR_OK || db_rows(named) == 0)
        return code;
    relay->generation = db_get_int(named, 0, 0);
    CLEANUP(db_result_clear) struct db_result *adopted = NULL;
    return queue_sql_adopt_buckets(
        &s, &adopted, err, db_text(relay->owner), db_int(relay->config.lease_ms));
}

enum err_code ownership_register(struct queue_relay *relay, struct err *err)
{
    return take_name(relay, false, err);
}

/* Two processes under one name: the younger one works, the older one stands by. */
static enum err_code stand_by(struct queue_relay *relay, struct err *err)
{
    if (relay->generation != 0)
        log_warn("queue.relay_replaced", LOG_STR("owner", relay->owner));
    relay->generation = 0;
    return take_name(relay, true, err);
}

static enum err_code renew_name(
    struct queue_relay *relay, struct db_session *s, bool *is_ours, struct err *err)
{
    CLEANUP(db_result_clear) struct db_result *renewed = NULL;
    enum err_code code = queue_sql_renew_relay(s, &renewed, err, db_text(relay->owner),
        db_int(relay->generation), db_int(relay->config.lease_ms));
    if (code == ERR_OK)
        *is_ours = db_rows(renewed) == 1;
    return code;
}

static int add_buckets(struct ownership *own, const struct db_result *rows)
{
    for (size_t i = 0; i < db_rows(rows); i++)
        own->epoch[db_get_int(rows, i, 0)] = db_get_int(rows, i, 1);
    return (int)db_rows(rows);
}

static enum err_code claim(struct queue_relay *relay, struct db_session *s, int n,
    struct ownership *own, int *n_claimed, struct err *err)
{
    CLEANUP(db_result_clear) struct db_result *claimed = NULL;
    enum err_code code = queue_sql_claim_buckets(s, &claimed, err, db_text(relay->owner),
        db_int(relay->generation), db_int(relay->config.lease_ms), db_int(n));
    if (code == ERR_OK)
        *n_claimed = add_buckets(own, claimed);
    return code;
}

static enum err_code release(
    struct queue_relay *relay, struct db_session *s, int n, struct ownership *own, struct err *err)
{
    int64_t buckets[ID_BUCKETS];
    size_t n_buckets = 0;
    for (int b = ID_BUCKETS; b-- > 0 && n > 0;) {
        if (own->epoch[b] == 0)
            continue;
        own->epoch[b] = 0;
        buckets[n_buckets++] = b;
        n--;
    }
    CLEANUP(db_result_clear) struct db_result *released = NULL;
    return queue_sql_release_buckets(s, &released, err, db_text(relay->owner),
        db_int(relay->generation), db_int_array(buckets, n_buckets));
}

/* As many as everybody alive may have; the rest is for the others. */
static enum err_code count_share(struct db_session *s, int *share, struct err *err)
{
    CLEANUP(db_result_clear) struct db_result *relays = NULL;
    enum err_code code = queue_sql_count_relays(s, &relays, err);
    if (code != ERR_OK)
        return code;
    int n = (int)db_get_int(relays, 0, 0);
    *share = n > 0 ? (ID_BUCKETS + n - 1) / n : ID_BUCKETS;
    return ERR_OK;
}

static enum err_code renew_buckets(struct queue_relay *relay, struct db_session *s,
    struct ownership *own, int *n_own, struct err *err)
{
    CLEANUP(db_result_clear) struct db_result *renewed = NULL;
    enum err_code code = queue_sql_renew_buckets(s, &renewed, err, db_text(relay->owner),
        db_int(relay->generation), db_int(relay->config.lease_ms));
    if (code == ERR_OK)
        *n_own = add_buckets(own, renewed);
    return code;
}

static enum err_code balance(struct queue_relay *relay, struct db_session *s, int n_own,
    struct ownership *own, bool *is_settled, struct err *err)
{
    int share = ID_BUCKETS;
    int n_claimed = 0;
    enum err_code code = count_share(s, &share, err);
    if (code == ERR_OK && n_own > share)
        code = release(relay, s, n_own - share, own, err);
    if (code == ERR_OK && n_own < share)
        code = claim(relay, s, share - n_own, own, &n_claimed, err);
    if (n_claimed > 0)
        log_info("queue.claimed", LOG_INT("buckets", n_claimed), LOG_INT("share", share));
    *is_settled = n_own + n_claimed >= share;
    return code;
}

enum err_code ownership_renew(
    struct queue_relay *relay, struct ownership *out, bool *is_settled, struct err *err)
{
    struct ownership own = {
        .until_us = clock_mono_us(clock_system()) + relay->config.lease_ms * US_PER_MS};
    struct db_session s = session(relay);
    bool is_ours = false;
    *is_settled = false;
    enum err_code code = renew_name(relay, &s, &is_ours, err);
    if (code != ERR_OK)
        return code;
    if (!is_ours) {
        code = stand_by(relay, err);
        if (code == ERR_OK)
            *out = own; /* nothing */
        return code;
    }
    int n_own;
    code = renew_buckets(relay, &s, &own, &n_own, err);
    if (code == ERR_OK)
        code = balance(relay, &s, n_own, &own, is_settled, err);
    if (code == ERR_OK)
        *out = own;
    return code;
}

void ownership_resign(struct queue_relay *relay)
{
    struct db_session s = session(relay);
    struct ownership own = {.until_us = 0};
    for (int b = 0; b < ID_BUCKETS; b++)
        own.epoch[b] = 1;
    struct err err;
    CLEANUP(db_result_clear) struct db_result *retired = NULL;
    enum err_code code = release(relay, &s, ID_BUCKETS, &own, &err);
    if (code == ERR_OK)
        code = queue_sql_retire_relay(
            &s, &retired, &err, db_text(relay->owner), db_int(relay->generation));
    if (code != ERR_OK) /* the leases run out by themselves */
        log_warn("queue.resign_failed", LOG_ERR(&err));
}
