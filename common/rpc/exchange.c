/* SPDX-License-Identifier: Apache-2.0 */
#include "rpc/transport_state.h"

#include <stdlib.h>

enum {
    SPARE_EXCHANGES = 16, /* contexts that always wait for a message */
    MAX_EXCHANGES = 16 * 1024,
};

static void on_event(void *arg);

static struct exchange *exchange_new(struct transport *t)
{
    struct exchange *x = calloc(1, sizeof(*x));
    if (!x)
        return NULL;
    x->transport = t;
    if (nng_ctx_open(&x->ctx, t->socket) != 0) {
        free(x);
        return NULL;
    }
    if (nng_aio_alloc(&x->aio, on_event, x) != 0) {
        (void)nng_ctx_close(x->ctx);
        free(x);
        return NULL;
    }
    return x;
}

/* One that never received; NULL is none. */
static void exchange_free(struct exchange *x)
{
    if (!x)
        return;
    (void)nng_ctx_close(x->ctx);
    nng_aio_free(x->aio);
    free(x);
}

/* False if there is none, or the transport began to close meanwhile: exchanges_stop() sees it not.
 */
static bool link_exchange(struct transport *t, struct exchange *x)
{
    (void)pthread_mutex_lock(&t->lock);
    bool is_linked = x && !t->is_closing;
    if (is_linked) {
        x->next = t->exchanges;
        t->exchanges = x;
    } else {
        t->n_exchanges--;
    }
    (void)pthread_mutex_unlock(&t->lock);
    return is_linked;
}

void exchange_receive(struct exchange *x)
{
    x->state = EXCHANGE_RECEIVING;
    atomic_fetch_add(&x->transport->n_receiving, 1);
    nng_ctx_recv(x->ctx, x->aio);
}

void exchanges_add(struct transport *t)
{
    while (atomic_load(&t->n_receiving) < SPARE_EXCHANGES) {
        (void)pthread_mutex_lock(&t->lock);
        bool is_wanted = !t->is_closing && t->n_exchanges < MAX_EXCHANGES;
        t->n_exchanges += is_wanted;
        (void)pthread_mutex_unlock(&t->lock);
        if (!is_wanted)
            return;
        struct exchange *x = exchange_new(t);
        if (!link_exchange(t, x)) {
            exchange_free(x);
            return;
        }
        exchange_receive(x);
    }
}

void exchange_send(const struct departure *out)
{
    struct exchange *x = out->lane;
    if (!x)
        return;
    struct transport *t = x->transport;
    bool is_stranger = connections_are_strange(&t->connections, x->pipe);
    if (!out->msg || !unread_add(&t->unread, x->pipe, is_stranger, nng_msg_len(out->msg))) {
        nng_msg_free(out->msg); /* NULL without memory: the client will see its deadline pass */
        transport_settle(t, out->n_results);
        exchange_receive(x);
        return;
    }
    x->n_results = out->n_results;
    x->n_bytes = nng_msg_len(out->msg);
    x->state = EXCHANGE_SENDING;
    nng_aio_set_msg(x->aio, out->msg);
    nng_ctx_send(x->ctx, x->aio);
}

/* ---- NNG is done with something ---- */

static void on_received(struct exchange *x, int rv)
{
    struct transport *t = x->transport;
    atomic_fetch_sub(&t->n_receiving, 1);
    if (rv == NNG_ECLOSED || rv == NNG_ECANCELED)
        return;
    if (rv != 0) {
        exchange_receive(x);
        return;
    }
    nng_msg *msg = nng_aio_get_msg(x->aio);
    nng_aio_set_msg(x->aio, NULL);
    atomic_fetch_add(&t->n_received, 1);
    x->state = EXCHANGE_WORKING;
    exchanges_add(t);
    transport_take(x, msg);
}

static void on_sent(struct exchange *x, int rv)
{
    if (rv != 0)
        nng_msg_free(nng_aio_get_msg(x->aio));
    nng_aio_set_msg(x->aio, NULL);
    unread_remove(&x->transport->unread, x->pipe, x->n_bytes);
    transport_settle(x->transport, x->n_results);
    if (rv != NNG_ECLOSED)
        exchange_receive(x);
}

static void on_event(void *arg)
{
    struct exchange *x = arg;
    int rv = nng_aio_result(x->aio);
    switch (x->state) {
    case EXCHANGE_RECEIVING:
        on_received(x, rv);
        return;
    case EXCHANGE_SENDING:
        on_sent(x, rv);
        return;
    case EXCHANGE_WORKING:
        return;
    }
}

/* ---- life ---- */

void exchanges_stop(struct transport *t)
{
    (void)pthread_mutex_lock(&t->lock);
    struct exchange *first = t->exchanges; /* while it closes, none comes before it */
    (void)pthread_mutex_unlock(&t->lock);
    for (struct exchange *x = first; x; x = x->next)
        nng_aio_stop(x->aio);
}

void exchanges_free(struct transport *t)
{
    while (t->exchanges) {
        struct exchange *x = t->exchanges;
        t->exchanges = x->next;
        /* One that was stopped refused to send, and no callback came: the reply is still ours. */
        if (x->state == EXCHANGE_SENDING)
            nng_msg_free(nng_aio_get_msg(x->aio));
        nng_aio_free(x->aio);
        free(x);
    }
}
