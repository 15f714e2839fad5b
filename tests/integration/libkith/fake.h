/* SPDX-License-Identifier: Apache-2.0 */
/*
 * A process that serves all of Kith with made-up answers: the token "reader" may read, "member" may
 * all. The question decides what Ask says, so that a test can have every outcome.
 */
#pragma once

#include "rpc/server.h"

#include <pthread.h>
#include <stdatomic.h>

enum { FAKE_FILE_SIZE = 4 << 20 };

struct fake {
    struct rpc_server *server;
    char url[64];
    atomic_int asks;                  /* that reached the handler */
    pthread_mutex_t lock;             /* of the two that follow */
    char last_key[65];                /* idempotency key of the last Ask */
    char trace_id[RPC_TRACE_ID_SIZE]; /* of the last call of a handler */
    char file[FAKE_FILE_SIZE];        /* what was imported */
    size_t file_len;
    int chunks;
};

void fake_start(struct fake *fake);
void fake_stop(struct fake *fake);
