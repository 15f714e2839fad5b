/* SPDX-License-Identifier: Apache-2.0 */
#include "lookout.h"

#include "log/log.h"
#include "store.h"

#include <pthread.h>
#include <stdlib.h>
#include <string.h>

enum { EVERY_MS = 1000, QUERY_US = 2000000, MAX_MEMBERS = 8192, MEMORY = 4 << 20 };

/* A member watched here, and the newest number when we last looked. */
struct watched {
    struct id member;
    int64_t newest;
};

struct lookout {
    struct db *db;
    struct rpc_server *server;
    struct watched *before; /* by member */
    size_t n_before;
    pthread_t thread;
    pthread_mutex_t lock;
    pthread_cond_t stopped;
    bool is_stopped;
    bool was_failing;
};

static int by_member(const void *a, const void *b)
{
    return memcmp(a, b, sizeof(struct id)); /* of struct watched, the member comes first */
}

/*
 * A member seen for the first time is woken as well: something may have come between the look of
 * her watch and ours.
 */
static void compare(struct lookout *l, const struct watched *now)
{
    const struct watched *before =
        l->n_before > 0 ? bsearch(now, l->before, l->n_before, sizeof(struct watched), by_member)
                        : NULL;
    if (!before || before->newest != now->newest)
        rpc_server_wake(l->server, &now->member);
}

static enum err_code look(struct lookout *l, struct arena *arena, struct err *err)
{
    struct id *members = arena_calloc(arena, MAX_MEMBERS, sizeof(*members));
    if (!members)
        return err_raise(err, REASON_INTERNAL_ERROR, "no memory for the members who watch");
    size_t n = rpc_server_list_parked(l->server, members, MAX_MEMBERS);
    struct newest found = {0};
    struct db_session session = db_session(l->db, clock_mono_us(clock_system()) + QUERY_US);
    enum err_code code = n > 0 ? store_newest(&session, arena, members, n, &found, err) : ERR_OK;
    if (code != ERR_OK)
        return code;
    struct watched *now = calloc(found.n + 1, sizeof(*now));
    if (!now)
        return err_raise(err, REASON_INTERNAL_ERROR, "no memory for the members who watch");
    for (size_t i = 0; i < found.n; i++) {
        now[i] = (struct watched){found.members[i], found.seqs[i]};
        compare(l, &now[i]);
    }
    qsort(now, found.n, sizeof(*now), by_member);
    free(l->before);
    l->before = now;
    l->n_before = found.n;
    return ERR_OK;
}

/* Until the next look; false when it is the last. */
static bool rest(struct lookout *l)
{
    struct timespec until = clock_after_us(EVERY_MS * 1000);
    (void)pthread_mutex_lock(&l->lock);
    int rv = 0;
    while (!l->is_stopped && rv == 0)
        rv = pthread_cond_timedwait(&l->stopped, &l->lock, &until);
    bool goes_on = !l->is_stopped;
    (void)pthread_mutex_unlock(&l->lock);
    return goes_on;
}

static void *run(void *arg)
{
    struct lookout *l = arg;
    struct arena arena;
    arena_init(&arena, MEMORY);
    while (rest(l)) {
        struct err err = {0};
        arena_reset(&arena);
        bool is_failing = look(l, &arena, &err) != ERR_OK;
        if (is_failing && !l->was_failing)
            log_warn("watch.lookout", LOG_ERR(&err));
        l->was_failing = is_failing;
    }
    arena_fini(&arena);
    return NULL;
}

enum err_code lookout_new(
    struct lookout **out, struct db *db, struct rpc_server *server, struct err *err)
{
    struct lookout *l = calloc(1, sizeof(*l));
    if (!l)
        return err_raise(err, REASON_INTERNAL_ERROR, "no memory for the lookout");
    l->db = db;
    l->server = server;
    clock_condition_init(&l->stopped);
    (void)pthread_mutex_init(&l->lock, NULL);
    if (pthread_create(&l->thread, NULL, run, l) != 0) {
        (void)pthread_cond_destroy(&l->stopped);
        (void)pthread_mutex_destroy(&l->lock);
        free(l);
        return err_raise(err, REASON_INTERNAL_ERROR, "cannot start the lookout's thread");
    }
    *out = l;
    return ERR_OK;
}

void lookout_free(struct lookout *l)
{
    if (!l)
        return;
    (void)pthread_mutex_lock(&l->lock);
    l->is_stopped = true;
    (void)pthread_cond_signal(&l->stopped);
    (void)pthread_mutex_unlock(&l->lock);
    (void)pthread_join(l->thread, NULL);
    (void)pthread_cond_destroy(&l->stopped);
    (void)pthread_mutex_destroy(&l->lock);
    free(l->before);
    free(l);
}
