/* SPDX-License-Identifier: Apache-2.0 */
/*
 * A reader of the board's stream, on a thread of its own: it takes items at chance speed, closes
 * the stream now and then and goes on from its last cursor, and expects all items, in order, each
 * once.
 */
#pragma once

#include "rpc/client.h"

#include <pthread.h>

struct reader {
    struct rpc_client *client;
    uint64_t random;
    pthread_t thread;
    int n;               /* items read */
    unsigned n_reopened; /* streams */
    char failure[400];   /* "": none */
};

void reader_start(struct reader *reader, struct rpc_client *client, uint64_t seed);

/* Waits for the end of the stream. */
void reader_join(struct reader *reader);
