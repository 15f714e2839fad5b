/* SPDX-License-Identifier: Apache-2.0 */
#include "rpc/connections.h"

#include <stdlib.h>

enum { MAX_LANE_REPLY = 256 * 1024 };

struct connection {
    struct connection *next;
    uint32_t pipe;
    struct session *session;
    struct ring strangers; /* its place among them; alone: it is none */
    bool makes_room;       /* for another */
    struct departure last; /* of one that is gone */
};

static void free_list(struct connection *connection)
{
    while (connection) {
        struct connection *next = connection->next;
        session_release(connection->session);
        free(connection);
        connection = next;
    }
}

void connections_init(struct connections *c, size_t max)
{
    *c = (struct connections){.max = max};
    ring_init(&c->strangers);
    (void)pthread_mutex_init(&c->lock, NULL);
}

void connections_fini(struct connections *c)
{
    for (size_t slot = 0; slot < CONNECTION_SLOTS; slot++)
        free_list(c->slots[slot]);
    for (const struct connection *gone = c->gone; gone; gone = gone->next)
        nng_msg_free(gone->last.msg);
    free_list(c->gone);
    (void)pthread_mutex_destroy(&c->lock);
}

/* Under the lock. */
static struct connection **find(struct connections *c, uint32_t pipe)
{
    struct connection **at = &c->slots[pipe % CONNECTION_SLOTS];
    while (*at && (*at)->pipe != pipe)
        at = &(*at)->next;
    return at;
}

/* Under the lock: is there room for one more? */
static bool make_room(struct connections *c, uint32_t *closed)
{
    *closed = 0;
    if (c->max == 0 || c->n < c->max)
        return true;
    if (ring_is_empty(&c->strangers))
        return false;
    struct connection *oldest = RING_OF(c->strangers.next, struct connection, strangers);
    ring_remove(&oldest->strangers);
    ring_init(&oldest->strangers);
    oldest->makes_room = true;
    c->n--;
    *closed = oldest->pipe;
    return true;
}

bool connections_add(struct connections *c, uint32_t pipe, uint32_t *closed)
{
    struct connection *connection = calloc(1, sizeof(*connection));
    struct connection **slot = &c->slots[pipe % CONNECTION_SLOTS];
    (void)pthread_mutex_lock(&c->lock);
    bool has_room = make_room(c, closed);
    if (has_room && connection) {
        connection->pipe = pipe;
        connection->next = *slot;
        *slot = connection;
        ring_add(&c->strangers, &connection->strangers);
        c->n++;
    }
    (void)pthread_mutex_unlock(&c->lock);
    if (!has_room) {
        free(connection);
        atomic_fetch_add(&c->n_refused, 1);
    } else if (*closed != 0) {
        atomic_fetch_add(&c->n_evicted, 1);
    }
    return has_room;
}

void connections_recognise(struct connections *c, uint32_t pipe)
{
    if (!connections_are_strange(c, pipe))
        return;
    (void)pthread_mutex_lock(&c->lock);
    struct connection *connection = *find(c, pipe);
    if (connection) {
        ring_remove(&connection->strangers);
        ring_init(&connection->strangers);
        atomic_store_explicit(&c->known[pipe % KNOWN_PIPES], pipe, memory_order_relaxed);
    }
    (void)pthread_mutex_unlock(&c->lock);
}

bool connections_are_strange(struct connections *c, uint32_t pipe)
{
    return atomic_load_explicit(&c->known[pipe % KNOWN_PIPES], memory_order_relaxed) != pipe;
}

uint32_t connections_remove(struct connections *c, uint32_t pipe)
{
    uint32_t n_dropped = 0;
    (void)pthread_mutex_lock(&c->lock);
    struct connection **at = find(c, pipe);
    struct connection *gone = *at;
    if (gone) {
        *at = gone->next;
        ring_remove(&gone->strangers);
        c->n -= !gone->makes_room;
    }
    (void)pthread_mutex_unlock(&c->lock);
    if (!gone)
        return 0;
    if (gone->session)
        n_dropped = session_close(gone->session, &gone->last);
    (void)pthread_mutex_lock(&c->lock);
    gone->next = c->gone;
    c->gone = gone;
    (void)pthread_mutex_unlock(&c->lock);
    return n_dropped;
}

struct session *connections_join(struct connections *c, uint32_t pipe, uint64_t session)
{
    struct session *found = NULL;
    (void)pthread_mutex_lock(&c->lock);
    struct connection *connection = *find(c, pipe);
    if (connection && !connection->session) {
        struct departure none;
        connection->session = session_new(session, MAX_LANE_REPLY);
        if (connection->session && c->is_leaving)
            session_leave(connection->session, &none);
    }
    if (connection && connection->session && session_id(connection->session) == session)
        found = session_hold(connection->session);
    (void)pthread_mutex_unlock(&c->lock);
    return found;
}

bool connections_has(struct connections *c, uint32_t pipe)
{
    (void)pthread_mutex_lock(&c->lock);
    bool is_there = *find(c, pipe) != NULL;
    (void)pthread_mutex_unlock(&c->lock);
    return is_there;
}

void connections_see_off(struct connections *c, connections_send_fn *send)
{
    (void)pthread_mutex_lock(&c->lock);
    struct connection *gone = c->gone;
    c->gone = NULL;
    (void)pthread_mutex_unlock(&c->lock);
    for (const struct connection *connection = gone; connection; connection = connection->next)
        send(&connection->last);
    free_list(gone);
}

/* May return the lane of a session, parked before some time or at all. */
typedef void depart_fn(struct session *s, int64_t parked_before_us, struct departure *out);

/* The first lane of the slot that has to go. */
static struct departure depart_one(
    struct connections *c, size_t slot, depart_fn *depart, int64_t parked_before_us)
{
    struct departure out = {0};
    (void)pthread_mutex_lock(&c->lock);
    for (const struct connection *at = c->slots[slot]; at && !out.lane; at = at->next)
        if (at->session)
            depart(at->session, parked_before_us, &out);
    (void)pthread_mutex_unlock(&c->lock);
    return out;
}

static void depart_all(
    struct connections *c, depart_fn *depart, int64_t parked_before_us, connections_send_fn *send)
{
    for (size_t slot = 0; slot < CONNECTION_SLOTS; slot++) {
        struct departure out;
        while ((out = depart_one(c, slot, depart, parked_before_us)).lane)
            send(&out);
    }
}

void connections_refresh(struct connections *c, int64_t parked_before_us, connections_send_fn *send)
{
    depart_all(c, session_refresh, parked_before_us, send);
}

/* 0: none. */
static uint32_t find_deserted(struct connections *c, size_t slot, int64_t since_us)
{
    uint32_t pipe = 0;
    (void)pthread_mutex_lock(&c->lock);
    for (const struct connection *at = c->slots[slot]; at && pipe == 0; at = at->next)
        if (at->session && session_is_deserted(at->session, since_us))
            pipe = at->pipe;
    (void)pthread_mutex_unlock(&c->lock);
    return pipe;
}

unsigned connections_close_deserted(
    struct connections *c, int64_t since_us, connections_close_fn *close)
{
    unsigned n = 0;
    for (size_t slot = 0; slot < CONNECTION_SLOTS; slot++) {
        uint32_t pipe = find_deserted(c, slot, since_us);
        if (pipe == 0)
            continue;
        close(pipe);
        n++;
    }
    return n;
}

static void leave(struct session *s, int64_t ignored, struct departure *out)
{
    (void)ignored;
    session_leave(s, out);
}

void connections_leave(struct connections *c, connections_send_fn *send)
{
    (void)pthread_mutex_lock(&c->lock);
    c->is_leaving = true;
    (void)pthread_mutex_unlock(&c->lock);
    depart_all(c, leave, 0, send);
}

static bool is_any(struct connections *c, bool (*is_such)(const struct connection *connection))
{
    bool is_found = false;
    (void)pthread_mutex_lock(&c->lock);
    for (size_t slot = 0; slot < CONNECTION_SLOTS && !is_found; slot++)
        for (const struct connection *at = c->slots[slot]; at && !is_found; at = at->next)
            is_found = is_such(at);
    (void)pthread_mutex_unlock(&c->lock);
    return is_found;
}

static bool is_awaited(const struct connection *connection)
{
    return connection->session && session_is_awaited(connection->session);
}

bool connections_are_awaited(struct connections *c)
{
    return is_any(c, is_awaited);
}

static bool may_lack_some(const struct connection *connection)
{
    return !connection->session || !session_has_all(connection->session);
}

bool connections_have_all(struct connections *c)
{
    return !is_any(c, may_lack_some);
}
