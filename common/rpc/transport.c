/* SPDX-License-Identifier: Apache-2.0 */
#include "log/log.h"
#include "rpc/socket.h"
#include "rpc/transport_state.h"

#include <stdlib.h>

enum {
    LANE_REST_US = 30 * 1000 * 1000, /* a lane returns after so long, empty … */
    DESERTED_US = 60 * 1000 * 1000,  /* … and a client to whom something is owed sends another */
    GOODBYE_MS = 200,                /* so long a client may take to answer a GOAWAY */
    QUIET_MS = 10, /* … and, before connections are closed, nobody has said anything */
    QUIET_TRIES = 10,
};

/* ---- counting what is owed ---- */

void transport_owe(struct transport *t, size_t n)
{
    atomic_fetch_add(&t->n_unanswered, n);
}

void transport_settle(struct transport *t, size_t n)
{
    if (n > 0 && atomic_fetch_sub(&t->n_unanswered, n) == n)
        transport_nudge(t);
}

void transport_nudge(struct transport *t)
{
    if (!atomic_load(&t->is_leaving))
        return;
    (void)pthread_mutex_lock(&t->lock);
    (void)pthread_cond_broadcast(&t->idle);
    (void)pthread_mutex_unlock(&t->lock);
}

/* ---- connections: under NNG's locks, only take note ---- */

/* Before the first message of the connection. */
static void on_pipe_new(nng_pipe pipe, nng_pipe_ev event, void *arg)
{
    (void)event;
    struct transport *t = arg;
    uint32_t closed;
    if (!connections_add(&t->connections, (uint32_t)nng_pipe_id(pipe), &closed))
        (void)nng_pipe_close(pipe);
    if (closed != 0)
        (void)nng_pipe_close((nng_pipe){closed});
}

/* The lane of its session is seen off later, by the ticker. */
static void on_pipe_gone(nng_pipe pipe, nng_pipe_ev event, void *arg)
{
    (void)event;
    struct transport *t = arg;
    uint32_t id = (uint32_t)nng_pipe_id(pipe);
    transport_settle(t, connections_remove(&t->connections, id));
    transport_nudge(t);
    t->events.on_gone(t->events.self, id);
}

/* At most a line every tick, however many come. */
static void log_crowd(struct transport *t)
{
    unsigned n_refused = atomic_exchange(&t->connections.n_refused, 0);
    unsigned n_evicted = atomic_exchange(&t->connections.n_evicted, 0);
    unsigned n_hung_up =
        atomic_exchange(&t->unread.n_hung_up, 0) + atomic_exchange(&t->n_floods, 0);
    if (n_refused + n_evicted + n_hung_up > 0)
        log_warn("rpc.crowd", LOG_INT("max_connections", t->config.max_connections),
            LOG_INT("refused", n_refused), LOG_INT("made_room", n_evicted),
            LOG_INT("hung_up", n_hung_up));
}

static void close_pipe(uint32_t pipe)
{
    (void)nng_pipe_close((nng_pipe){pipe});
}

/* Who went without a word, as when a network fails, is known by the lane that does not come. */
static void close_deserted(struct transport *t, int64_t now_us)
{
    unsigned n = connections_close_deserted(&t->connections, now_us - DESERTED_US, close_pipe);
    if (n > 0)
        log_info("rpc.deserted", LOG_INT("connections", n));
}

/* Lanes that waited long go home, so that no connection is silent for ever. */
static void on_tick(void *arg)
{
    struct transport *t = arg;
    if (nng_aio_result(t->ticker) != 0)
        return;
    connections_see_off(&t->connections, exchange_send);
    int64_t now_us = clock_mono_us(t->config.clock);
    connections_refresh(&t->connections, now_us - LANE_REST_US, exchange_send);
    close_deserted(t, now_us);
    unread_tick(&t->unread);
    log_crowd(t);
    nng_sleep_aio(UNREAD_TICK_MS, t->ticker);
}

/* ---- life ---- */

static enum err_code nng_fault(struct err *err, const char *what, int rv)
{
    enum err_code code = err_raise(err, REASON_INTERNAL_ERROR, "%s failed", what);
    err_detail(err, "%s: %s", what, nng_strerror(rv));
    return code;
}

enum err_code transport_new(struct transport **out, const struct transport_config *config,
    const struct transport_events *events, struct err *err)
{
    struct transport *t = calloc(1, sizeof(*t));
    if (!t)
        return err_raise(err, REASON_INTERNAL_ERROR, "no memory for the transport");
    t->config = *config;
    t->events = *events;
    int rv = socket_open_rep(&t->socket);
    if (rv != 0) {
        free(t);
        return nng_fault(err, "nng_rep0_open", rv);
    }
    clock_condition_init(&t->idle);
    (void)pthread_mutex_init(&t->lock, NULL);
    batch_pool_init(&t->batches);
    connections_init(&t->connections, (size_t)config->max_connections);
    (void)nng_pipe_notify(t->socket, NNG_PIPE_EV_ADD_PRE, on_pipe_new, t);
    (void)nng_pipe_notify(t->socket, NNG_PIPE_EV_REM_POST, on_pipe_gone, t);
    /* Unlimited unless set, and with TLS a huge length then corrupts the heap. */
    rv = nng_socket_set_size(t->socket, NNG_OPT_RECVMAXSZ, (size_t)config->max_message);
    if (rv == 0)
        rv = nng_aio_alloc(&t->ticker, on_tick, t);
    if (rv != 0) {
        (void)!transport_free(t);
        return nng_fault(err, "preparing the socket", rv);
    }
    (void)nng_socket_set_bool(t->socket, NNG_OPT_TCP_KEEPALIVE, true);
    nng_sleep_aio(UNREAD_TICK_MS, t->ticker);
    *out = t;
    return ERR_OK;
}

enum err_code transport_listen(
    struct transport *t, const struct listen_config *config, struct err *err)
{
    exchanges_add(t);
    return listeners_open(&t->listeners, t->socket, config, err);
}

struct listeners *transport_listeners(struct transport *t)
{
    return &t->listeners;
}

bool transport_has(struct transport *t, uint32_t pipe)
{
    return connections_has(&t->connections, pipe);
}

void transport_count(struct transport *t, struct transport_counts *out)
{
    struct socket_counts socket;
    socket_count(t->socket, &socket);
    *out = (struct transport_counts){
        .n_open = socket.n_pipes,
        .n_accepted = socket.n_accepted,
        .n_rejected = socket.n_rejected,
        .n_received = atomic_load(&t->n_received),
    };
}

/* Under the lock: no message and no end of a connection for a while? */
static bool is_quiet(struct transport *t)
{
    struct timespec until = clock_after_us(QUIET_MS * 1000);
    return pthread_cond_timedwait(&t->idle, &t->lock, &until) != 0;
}

/* Under the lock. */
static void await_answers(struct transport *t, const struct timespec *until)
{
    int rv = 0;
    while (rv == 0 && atomic_load(&t->n_unanswered) > 0)
        rv = pthread_cond_timedwait(&t->idle, &t->lock, until);
}

/* Under the lock: until all is answered or, at most for the time of a good-bye, told by the
 * clients. */
static void await_goodbyes(struct transport *t, int64_t timeout_ms)
{
    struct timespec until =
        clock_after_us((timeout_ms < GOODBYE_MS ? timeout_ms : GOODBYE_MS) * 1000);
    int rv = 0;
    while (
        rv == 0 && (atomic_load(&t->n_unanswered) > 0 || connections_are_awaited(&t->connections)))
        rv = pthread_cond_timedwait(&t->idle, &t->lock, &until);
}

/*
 * NNG calls a reply sent once it has taken it: it may still have to write it. Clients with a
 * session say when they have all; the others get a moment.
 */
bool transport_drain(struct transport *t, int64_t timeout_ms)
{
    struct timespec until = clock_after_us(timeout_ms * 1000);
    atomic_store(&t->is_leaving, true);
    connections_leave(&t->connections, exchange_send);
    (void)pthread_mutex_lock(&t->lock);
    await_goodbyes(t, timeout_ms); /* calls on their way */
    await_answers(t, &until);
    if (atomic_load(&t->n_unanswered) == 0)
        await_goodbyes(t, timeout_ms); /* results on theirs */
    for (int i = 0; i < QUIET_TRIES && !connections_have_all(&t->connections); i++)
        if (is_quiet(t))
            break;
    await_answers(t, &until); /* who comes now is refused */
    (void)pthread_mutex_unlock(&t->lock);
    return atomic_load(&t->n_unanswered) == 0;
}

bool transport_free(struct transport *t)
{
    if (!t)
        return true;
    (void)pthread_mutex_lock(&t->lock);
    t->is_closing = true;
    (void)pthread_mutex_unlock(&t->lock);
    nng_aio_free(t->ticker);
    exchanges_stop(t); /* before the socket closes, as in endpoint_stop() */
    bool is_closed = socket_close(t->socket);
    if (!is_closed)
        return false;
    exchanges_free(t);
    listeners_fini(&t->listeners);
    connections_fini(&t->connections);
    batch_pool_fini(&t->batches);
    (void)pthread_cond_destroy(&t->idle);
    (void)pthread_mutex_destroy(&t->lock);
    free(t);
    return true;
}
