/* SPDX-License-Identifier: Apache-2.0 */
#include "rpc/running.h"

enum err_code running_init(struct running *r, struct err *err)
{
    *r = (struct running){0};
    enum err_code code = db_interrupt_init(&r->interrupt, err);
    if (code == ERR_OK)
        (void)pthread_mutex_init(&r->lock, NULL);
    return code;
}

void running_fini(struct running *r)
{
    db_interrupt_fini(&r->interrupt);
    (void)pthread_mutex_destroy(&r->lock);
}

void running_begin(struct running *r, struct call *call)
{
    (void)pthread_mutex_lock(&r->lock);
    r->is_busy = true;
    r->pipe = call->pipe;
    r->call_id = call->frame.call_id;
    (void)pthread_mutex_unlock(&r->lock);
    call->interrupt = &r->interrupt;
}

bool running_end(struct running *r)
{
    (void)pthread_mutex_lock(&r->lock);
    bool was_interrupted = db_interrupt_is_set(&r->interrupt);
    db_interrupt_clear(&r->interrupt);
    r->is_busy = false;
    (void)pthread_mutex_unlock(&r->lock);
    return was_interrupted;
}

void running_interrupt(struct running *r, uint32_t pipe, const uint64_t *ids, size_t n)
{
    (void)pthread_mutex_lock(&r->lock);
    if (r->is_busy && r->pipe == pipe && (!ids || call_id_is_among(r->call_id, ids, n)))
        db_interrupt_set(&r->interrupt);
    (void)pthread_mutex_unlock(&r->lock);
}
