/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Call: one request a server has received, from its frame to its reply. Private to common/rpc.
 */
#pragma once

#include "rpc/ring.h"
#include "rpc/schema.h"
#include "rpc/wire.h"

#include <stddef.h>
#include <string.h>

struct batch;
struct flow;
struct stream;

struct call {
    struct call *next;       /* in the list it is handed over in */
    struct ring waiting;     /* in the row it waits in, or with those parked for like keys */
    struct ring by_id;       /* while it waits or is parked: for who looks for it by its id … */
    struct ring by_pipe;     /* … and, parked, by its connection */
    struct flow *row;        /* of the fair queue: where it waits; NULL: in none */
    struct batch *batch;     /* the message it came in */
    struct wire_frame frame; /* points into that message */
    uint32_t pipe;           /* the connection it came over */
    uint64_t flow;           /* whose turn it takes: calls of one caller have the same */
    uint32_t cost_us;        /* how much of a turn: what its method takes, lately */
    int64_t arrived_us;
    int64_t deadline_us;
    int64_t queued_us;     /* when it was put into the queue last */
    uint64_t looked_at;    /* the count of wakes when it came, or its handler began to look */
    uint32_t away_ms;      /* refused: how long its caller should stay away; 0: who knows */
    struct id key;         /* what it waits for while it is parked */
    struct stream *stream; /* of a method that returns a stream; else NULL */
    bool is_quick;         /* takes so little that it may run in a row with others */
    bool is_shared;        /* runs side by side with the others of its row */
    bool is_instant;       /* waits for nothing: may run where it was received */
    bool is_brisk;         /* takes so little that results before it may wait for it */
    bool is_last_try;
    bool is_abandoned;                    /* its client is gone */
    bool is_returned;                     /* was let in before, and parked */
    bool is_late;                         /* waited longer than a busy server lets calls wait */
    const struct db_interrupt *interrupt; /* of the worker that runs it */
};

static inline bool call_id_is_among(uint64_t id, const uint64_t *ids, size_t n)
{
    while (n > 0 && ids[n - 1] != id)
        n--;
    return n > 0;
}

/* One message of a stream. */
struct item {
    struct item *next;
    struct db_bytes payload;
};

/* What became of a call. */
struct outcome {
    struct db_bytes payload; /* of a reply; in the worker's arena */
    bool is_parked;          /* no answer yet: set aside until `key` is woken */
    struct id key;
    struct rpc_principal caller; /* as far as it was found out */
    /* Of a stream: what goes before its end, which comes only if it is over. */
    const struct item *items;
    const char *cursor; /* of the last item */
    bool goes_on;       /* run it again */
    bool is_over;       /* there is nothing more from the last cursor on */
    struct err err;     /* code ERR_OK: answered */
};
_Static_assert(offsetof(struct outcome, err) + sizeof(struct err) == sizeof(struct outcome),
    "outcome_begin() sets what is before the error");

/* Nothing came out yet. */
static inline void outcome_begin(struct outcome *o)
{
    memset(o, 0, offsetof(struct outcome, err));
    err_clear(&o->err);
}
