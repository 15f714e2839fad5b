/* SPDX-License-Identifier: Apache-2.0 */
/*
 * A producer's and a consumer's schema in the test's database, a consumer that serves
 * QueueService, and the questions every test asks in the end.
 */
#pragma once

#include "db_test.h"
#include "queue/queue.h"

#include <stdatomic.h>

enum { US_PER_MS = 1000 };

/* How the consumer's effect behaves; set from any thread. */
struct script {
    atomic_bool is_gate_closed; /* effects wait while it is */
    atomic_int n_in_gate;
    _Atomic uint8_t refused_member;  /* first byte of the member whose events fail; 0: none */
    _Atomic enum err_reason refusal; /* why they do; REASON_NONE: for something that may pass */
    atomic_int n_refused;
    atomic_int n_after;
    int kill_after; /* this process dies in its n-th `after`; 0: never */
    int kill_in;    /* … or in its n-th effect */
    atomic_int n_effects;
};

struct rig {
    struct db *admin;
    struct db *producer; /* as role "shop" */
    struct db *consumer; /* as role "till" */
    char url[64];
    struct script script;
    struct queue_consumer handlers;
    struct rpc_server *server; /* NULL while the consumer is down */
};

void rig_open(struct rig *rig);
void rig_close(struct rig *rig);

/* Empty all tables, free all buckets, take a new address. */
void rig_reset(struct rig *rig);

/* An address nobody listens at; overwritten by the next call. */
const char *rig_free_url(void);

/* Only what the consumer needs; for a process of its own. */
void rig_open_consumer(struct rig *rig, const char *url);
void rig_start_consumer(struct rig *rig);
void rig_stop_consumer(struct rig *rig);

/* A consumer in a process of its own, until it dies by the kill it was told (see struct script). */
void rig_run_consumer(struct rig *rig, const char *program, int kill_after, int kill_in);

struct rpc_client *rig_client(const struct rig *rig);

/* `each` events for each of members first … first + n - 1, one statement per event number. */
void rig_emit(struct rig *rig, int first, int n, int each, const char *kind);
struct id rig_member(int number);

int64_t rig_count(struct rig *rig, const char *text);
void rig_await(struct rig *rig, const char *count, int64_t expected);

/* All `n` events had their effect, once, in order per member, and the outbox is empty. */
void rig_await_all_done(struct rig *rig, int64_t n);
void rig_assert_once_and_in_order(struct rig *rig, int64_t n);

/* Until the condition holds; fails the test after a while. */
#define rig_await_that(condition)                                \
    do {                                                         \
        for (int tries_ = 0; !(condition); tries_++) {           \
            if (tries_ > RIG_MAX_TRIES)                          \
                fail_msg("waited in vain until %s", #condition); \
            rig_pause();                                         \
        }                                                        \
    } while (0)
enum { RIG_MAX_TRIES = 10000 };
void rig_pause(void);
