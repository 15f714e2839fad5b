/* SPDX-License-Identifier: Apache-2.0 */
#include "rpc/batch.h"

#include <stdlib.h>

void batch_pool_init(struct batch_pool *pool)
{
    *pool = (struct batch_pool){0};
    (void)pthread_mutex_init(&pool->lock, NULL);
}

void batch_pool_fini(struct batch_pool *pool)
{
    while (pool->all) {
        struct batch *b = pool->all;
        pool->all = b->next_of_all;
        nng_msg_free(b->request);
        session_release(b->session);
        free(b->calls);
        free(b);
    }
    (void)pthread_mutex_destroy(&pool->lock);
}

static struct batch *add_batch(struct batch_pool *pool)
{
    struct batch *b = calloc(1, sizeof(*b));
    if (!b)
        return NULL;
    (void)pthread_mutex_lock(&pool->lock);
    b->next_of_all = pool->all;
    pool->all = b;
    (void)pthread_mutex_unlock(&pool->lock);
    return b;
}

struct batch *batch_take(struct batch_pool *pool, nng_msg *request)
{
    (void)pthread_mutex_lock(&pool->lock);
    struct batch *b = pool->idle;
    if (b)
        pool->idle = b->next;
    (void)pthread_mutex_unlock(&pool->lock);
    if (!b)
        b = add_batch(pool);
    if (b)
        b->request = request;
    else
        nng_msg_free(request);
    return b;
}

void batch_return(struct batch_pool *pool, struct batch *b)
{
    nng_msg_free(b->request);
    session_release(b->session);
    b->request = NULL;
    b->session = NULL;
    b->lane = NULL;
    b->n_calls = b->n_controls = 0;
    (void)pthread_mutex_lock(&pool->lock);
    b->next = pool->idle;
    pool->idle = b;
    (void)pthread_mutex_unlock(&pool->lock);
}

static struct call *add_call(struct batch *b)
{
    if (b->n_calls == b->capacity) {
        size_t capacity = b->capacity ? b->capacity * 2 : 4;
        struct call *grown = realloc(b->calls, capacity * sizeof(*grown));
        if (!grown)
            return NULL;
        b->calls = grown;
        b->capacity = capacity;
    }
    return &b->calls[b->n_calls++];
}

/* False if the message is broken somewhere: what stands before that place is decoded. */
static bool decode(struct batch *b, uint32_t pipe, int64_t now_us)
{
    struct wire_reader reader;
    struct wire_frame frame;
    if (!wire_open(&reader, nng_msg_body(b->request), nng_msg_len(b->request)))
        return false;
    enum wire_step step;
    while ((step = wire_next(&reader, &frame)) == WIRE_FRAME) {
        b->n_controls += wire_is_control(&frame);
        if (frame.type != WIRE_CALL)
            continue;
        struct call *call = add_call(b);
        if (!call)
            return false;
        *call = (struct call){
            .batch = b, .frame = frame, .pipe = pipe, .arrived_us = now_us, .queued_us = now_us};
    }
    return step == WIRE_DONE;
}

bool batch_decode(struct batch *b, uint32_t pipe, int64_t now_us)
{
    if (decode(b, pipe, now_us))
        return true;
    b->n_calls = b->n_controls = 0;
    return false;
}
