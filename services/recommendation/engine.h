/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Engine: members' networks in memory. A network is loaded from the database when its member first
 * asks or changes it. It never changes; one that is out of date is replaced by a thread of the
 * engine while calls go on with the old one. All functions may be called from any thread.
 */
#pragma once

#include "clock/clock.h"
#include "db/db.h"
#include "domain/network.h"
#include "meanings.h"

struct engine;

struct engine_config {
    struct db *db;
    const struct clock *clock;
    const struct wordnet *wordnet; /* may be NULL; outlives the engine */
    struct meanings *meanings;     /* may be NULL; outlives the engine */
    size_t max_networks;           /* kept in memory; 0: 4096 */
};

MUST_USE enum err_code engine_new(
    struct engine **out, const struct engine_config *config, struct err *err);

/* Ends the thread. Networks that are still held must be released before. NULL is fine. */
void engine_free(struct engine *engine);

/* A network that stays as it is until it is released. */
struct engine_network;

/* The member's network as it was at most a second after her last change; loads it if need be. */
MUST_USE enum err_code engine_acquire(struct engine *engine, struct db_session *db,
    const struct id *member, struct engine_network **out, struct err *err);
void engine_release(struct engine_network **held); /* NULL is fine; for CLEANUP */
const struct network *engine_get(const struct engine_network *held);

/* What its statements mean, as far as that is known by now, by statement; in `arena`. NULL without
 * an encoder, or if the arena is full. */
const struct meaning *const *engine_get_meanings(
    const struct engine_network *held, struct arena *arena);

/* Something of this member's contacts or asks changed. Also loads the network of a member who has
 * not asked yet, so that its evidence is encoded by the time she does. */
void engine_contacts_changed(struct engine *engine, const struct id *member);

/* Something this member says of herself changed: concerns all who have her among their contacts. */
void engine_member_changed(struct engine *engine, const struct id *member);

/* Networks in memory, and how many of them are out of date: for tests and the log. */
void engine_count(struct engine *engine, size_t *n, size_t *n_stale);
