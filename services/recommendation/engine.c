/* SPDX-License-Identifier: Apache-2.0 */
#include "engine.h"

#include "engine_load.h"
#include "log/log.h"

#include <pthread.h>
#include <stdatomic.h>
#include <stdlib.h>
#include <string.h>

enum { DEFAULT_MAX_NETWORKS = 4096, BUCKETS = 1024, LOAD_TIMEOUT_MS = 60000 };

/* A network this old is loaded again when it is next used: what no event told us of, for instance
 * one taken by another instance of this service, shows at last. */
static const int64_t MAX_AGE_US = (int64_t)60 * 1000000;

/* After a change, so that a burst of events costs one load; and between tries while the database
 * is away. */
static const int64_t SETTLE_US = 20 * 1000;
static const int64_t RETRY_US = 1000000;

struct engine_network {
    struct network *network;
    struct meanings *meanings;   /* NULL: no encoder */
    struct meaning_slot **slots; /* by statement */
    atomic_int n_holders;        /* the entry is one of them */
};

/* A member whose network is in memory or being loaded for the first time. */
struct entry {
    struct id member;
    struct engine_network *held; /* NULL: being loaded */
    uint64_t n_changes;          /* heard of so far */
    bool is_stale;
    int64_t due_us;    /* when it shall be loaded again, if stale; monotonic */
    int64_t loaded_us; /* monotonic */
    int64_t used_us;   /* monotonic */
    struct entry *next;
};

struct engine {
    struct engine_config config;
    pthread_mutex_t lock; /* of everything below; never held over a load */
    pthread_cond_t changed;
    struct entry *buckets[BUCKETS];
    size_t n;
    bool is_stopping;
    bool has_thread;
    pthread_t thread;
};

const struct network *engine_get(const struct engine_network *held)
{
    return held->network;
}

void engine_release(struct engine_network **held)
{
    struct engine_network *h = *held;
    *held = NULL;
    if (!h || atomic_fetch_sub(&h->n_holders, 1) > 1)
        return;
    if (h->slots)
        meanings_detach(h->meanings, h->slots, h->network->n_statements);
    network_free(h->network);
    free(h);
}

const struct meaning *const *engine_get_meanings(
    const struct engine_network *held, struct arena *arena)
{
    size_t n = held->slots ? held->network->n_statements : 0;
    const struct meaning **meanings =
        held->slots ? arena_calloc(arena, n + 1, sizeof(struct meaning *)) : NULL;
    for (size_t i = 0; meanings && i < n; i++)
        meanings[i] = meanings_get(held->slots[i]);
    return meanings;
}

static int64_t now_us(const struct engine *engine)
{
    return clock_mono_us(engine->config.clock);
}

/* ---- the table; the lock is held ------------------------------------------------------------- */

static struct entry **bucket_of(struct engine *engine, const struct id *member)
{
    uint32_t tail; /* of a UUIDv7, the random part */
    memcpy(&tail, member->bytes + 12, sizeof(tail));
    return &engine->buckets[tail % BUCKETS];
}

static struct entry *find(struct engine *engine, const struct id *member)
{
    struct entry *e = *bucket_of(engine, member);
    while (e && !id_equal(&e->member, member))
        e = e->next;
    return e;
}

static void remove_entry(struct engine *engine, struct entry *entry)
{
    struct entry **at = bucket_of(engine, &entry->member);
    while (*at != entry)
        at = &(*at)->next;
    *at = entry->next;
    engine->n--;
    engine_release(&entry->held);
    free(entry);
}

/* Makes room by dropping the network that was not used for longest. */
static void evict(struct engine *engine)
{
    struct entry *oldest = NULL;
    for (size_t i = 0; i < BUCKETS; i++)
        for (struct entry *e = engine->buckets[i]; e; e = e->next)
            if (e->held && (!oldest || e->used_us < oldest->used_us))
                oldest = e;
    if (oldest)
        remove_entry(engine, oldest);
}

static struct entry *find_or_add(struct engine *engine, const struct id *member)
{
    struct entry *e = find(engine, member);
    if (e)
        return e;
    if (engine->n >= engine->config.max_networks)
        evict(engine);
    e = calloc(1, sizeof(*e));
    if (!e)
        return NULL;
    struct entry **bucket = bucket_of(engine, member);
    *e = (struct entry){.member = *member, .next = *bucket};
    *bucket = e;
    engine->n++;
    return e;
}

static void make_stale(struct engine *engine, struct entry *e, int64_t delay_us)
{
    e->n_changes++;
    if (e->is_stale)
        return;
    e->is_stale = true;
    e->due_us = now_us(engine) + delay_us;
    (void)pthread_cond_signal(&engine->changed);
}

static struct engine_network *hold(struct engine *engine, struct entry *e)
{
    e->used_us = now_us(engine);
    if (e->used_us - e->loaded_us > MAX_AGE_US)
        make_stale(engine, e, 0);
    atomic_fetch_add(&e->held->n_holders, 1);
    return e->held;
}

/* A load that began after `n_changes` changes is done. Later ones make it stale at once. */
static void replace(
    struct engine *engine, struct entry *e, struct engine_network *loaded, uint64_t n_changes)
{
    struct engine_network *old = e->held;
    e->held = loaded;
    e->loaded_us = now_us(engine);
    e->is_stale = false;
    if (e->n_changes != n_changes)
        make_stale(engine, e, SETTLE_US);
    engine_release(&old);
}

/* ---- loading; the lock is not held ----------------------------------------------------------- */

static enum err_code load(struct engine *engine, struct db_session *db, const struct id *member,
    struct engine_network **out, struct err *err)
{
    struct engine_network *loaded = calloc(1, sizeof(*loaded));
    if (!loaded)
        return err_raise(err, REASON_INTERNAL_ERROR, "out of memory");
    enum err_code code = engine_load(db, engine->config.wordnet, member,
        clock_wall_us(engine->config.clock), &loaded->network, err);
    if (code != ERR_OK) {
        free(loaded);
        return code;
    }
    atomic_init(&loaded->n_holders, 1);
    loaded->meanings = engine->config.meanings;
    if (loaded->meanings) /* without memory for it, words have to do */
        loaded->slots = meanings_attach(loaded->meanings, loaded->network);
    *out = loaded;
    return ERR_OK;
}

/* The first load of a member's network, on the thread of the call that needs it. Two calls may do
 * it at once; then the network of the one that began last stays. */
static enum err_code load_first(struct engine *engine, struct db_session *db,
    const struct id *member, uint64_t n_changes, struct engine_network **out, struct err *err)
{
    struct engine_network *loaded = NULL;
    enum err_code code = load(engine, db, member, &loaded, err);
    if (code != ERR_OK)
        return code;
    (void)pthread_mutex_lock(&engine->lock);
    struct entry *e = find_or_add(engine, member);
    if (e) {
        atomic_fetch_add(&loaded->n_holders, 1);
        e->used_us = now_us(engine);
        replace(engine, e, loaded, n_changes);
    }
    (void)pthread_mutex_unlock(&engine->lock);
    *out = loaded;
    return ERR_OK;
}

enum err_code engine_acquire(struct engine *engine, struct db_session *db, const struct id *member,
    struct engine_network **out, struct err *err)
{
    struct engine_network *held = NULL;
    uint64_t n_changes = 0;
    (void)pthread_mutex_lock(&engine->lock);
    struct entry *e = find_or_add(engine, member);
    if (e && e->held)
        held = hold(engine, e);
    else if (e)
        n_changes = e->n_changes;
    (void)pthread_mutex_unlock(&engine->lock);
    if (!held)
        return load_first(engine, db, member, n_changes, out, err);
    *out = held;
    return ERR_OK;
}

/* ---- staying fresh --------------------------------------------------------------------------- */

void engine_contacts_changed(struct engine *engine, const struct id *member)
{
    (void)pthread_mutex_lock(&engine->lock);
    struct entry *e = find_or_add(engine, member);
    if (e)
        make_stale(engine, e, SETTLE_US);
    (void)pthread_mutex_unlock(&engine->lock);
}

static bool knows(const struct entry *e, const struct id *member)
{
    if (!e->held || id_equal(&e->member, member))
        return true;
    const struct network *net = e->held->network;
    for (uint32_t i = 0; i < net->n_contacts; i++)
        if (id_equal(&net->contacts[i].member, member))
            return true;
    return false;
}

void engine_member_changed(struct engine *engine, const struct id *member)
{
    (void)pthread_mutex_lock(&engine->lock);
    for (size_t i = 0; i < BUCKETS; i++)
        for (struct entry *e = engine->buckets[i]; e; e = e->next)
            if (knows(e, member))
                make_stale(engine, e, SETTLE_US);
    (void)pthread_mutex_unlock(&engine->lock);
}

void engine_count(struct engine *engine, size_t *n, size_t *n_stale)
{
    *n_stale = 0;
    (void)pthread_mutex_lock(&engine->lock);
    *n = engine->n;
    for (size_t i = 0; i < BUCKETS; i++)
        for (struct entry *e = engine->buckets[i]; e; e = e->next)
            *n_stale += e->is_stale;
    (void)pthread_mutex_unlock(&engine->lock);
}

/* The stale entry that is due first; NULL if there is none. The lock is held. */
static struct entry *next_due(struct engine *engine)
{
    struct entry *first = NULL;
    for (size_t i = 0; i < BUCKETS; i++)
        for (struct entry *e = engine->buckets[i]; e; e = e->next)
            if (e->is_stale && (!first || e->due_us < first->due_us))
                first = e;
    return first;
}

/* Waits, the lock given up meanwhile, until something changes or `us` are over. */
static void wait_us(struct engine *engine, int64_t us)
{
    struct timespec until = clock_after_us(us);
    (void)pthread_cond_timedwait(&engine->changed, &engine->lock, &until);
}

/* Loads one entry again. The lock is held, and given up while it loads. */
static void refresh(struct engine *engine, struct entry *e)
{
    struct id member = e->member;
    uint64_t n_changes = e->n_changes;
    struct engine_network *loaded = NULL;
    struct err err = {0};
    (void)pthread_mutex_unlock(&engine->lock);
    struct db_session db = db_session(
        engine->config.db, clock_mono_us(clock_system()) + (int64_t)LOAD_TIMEOUT_MS * 1000);
    enum err_code code = load(engine, &db, &member, &loaded, &err);
    if (code != ERR_OK)
        log_warn("engine.refresh_failed", LOG_ERR(&err));
    (void)pthread_mutex_lock(&engine->lock);
    e = find(engine, &member); /* it may have been evicted */
    if (e && code == ERR_OK)
        replace(engine, e, loaded, n_changes);
    else if (e)
        e->due_us = now_us(engine) + RETRY_US;
    else
        engine_release(&loaded);
}

static void *keep_fresh(void *arg)
{
    struct engine *engine = arg;
    (void)pthread_mutex_lock(&engine->lock);
    while (!engine->is_stopping) {
        struct entry *e = next_due(engine);
        int64_t left_us = e ? e->due_us - now_us(engine) : 0;
        if (!e)
            (void)pthread_cond_wait(&engine->changed, &engine->lock);
        else if (left_us > 0)
            wait_us(engine, left_us);
        else
            refresh(engine, e);
    }
    (void)pthread_mutex_unlock(&engine->lock);
    return NULL;
}

/* ---- life ------------------------------------------------------------------------------------ */

static bool start_thread(struct engine *engine)
{
    clock_condition_init(&engine->changed);
    engine->has_thread = pthread_create(&engine->thread, NULL, keep_fresh, engine) == 0;
    if (!engine->has_thread)
        (void)pthread_cond_destroy(&engine->changed);
    return engine->has_thread;
}

enum err_code engine_new(struct engine **out, const struct engine_config *config, struct err *err)
{
    struct engine *engine = calloc(1, sizeof(*engine));
    if (!engine)
        return err_raise(err, REASON_INTERNAL_ERROR, "out of memory");
    engine->config = *config;
    if (engine->config.max_networks == 0)
        engine->config.max_networks = DEFAULT_MAX_NETWORKS;
    if (pthread_mutex_init(&engine->lock, NULL) != 0 || !start_thread(engine)) {
        free(engine);
        return err_raise(err, REASON_INTERNAL_ERROR, "the engine's thread could not be started");
    }
    *out = engine;
    return ERR_OK;
}

void engine_free(struct engine *engine)
{
    if (!engine)
        return;
    (void)pthread_mutex_lock(&engine->lock);
    engine->is_stopping = true;
    (void)pthread_cond_signal(&engine->changed);
    (void)pthread_mutex_unlock(&engine->lock);
    (void)pthread_join(engine->thread, NULL);
    for (size_t i = 0; i < BUCKETS; i++)
        for (struct entry *e = engine->buckets[i], *next; e; e = next) {
            next = e->next;
            engine_release(&e->held);
            free(e);
        }
    (void)pthread_cond_destroy(&engine->changed);
    (void)pthread_mutex_destroy(&engine->lock);
    free(engine);
}
