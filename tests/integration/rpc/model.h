/* SPDX-License-Identifier: Apache-2.0 */
/*
 * What the processes of the model test share: servers that come and go, and a board in shared
 * memory, which outlives them, of what their stream has to send. Effects of calls are rows of
 * PostgreSQL. So all that is held against the reference lies outside of who is tested.
 */
#pragma once

#include <stdatomic.h>
#include <stdbool.h>
#include <stddef.h>
#include <sys/types.h>

struct board {
    atomic_int n_items; /* of the stream, so far */
    atomic_bool is_complete;
};

enum { MODEL_MAX_ITEM = 6000 };

/* Item `n` carries a title of so many bytes. */
static inline size_t model_item_len(int n)
{
    return n % 20 == 0 ? MODEL_MAX_ITEM : (size_t)(n % 50);
}

/* ---- the servers' side ---- */

/* Arguments of a process that serves; serve_model() is its main function. */
bool model_is_server(int argc, char *argv[]);
int model_serve(char *argv[]);

/* ---- the side of who starts them ---- */

/* New, and inherited by servers started from now on. */
struct board *model_board_new(void);

struct model_server {
    char url[64];
    bool forgets; /* idempotency keys */
    pid_t pid;
};

/* Returns once it listens at its address. */
void model_server_start(struct model_server *server);
void model_server_kill(struct model_server *server);

/* Fails the test if it has not left by itself within 30 s. */
void model_server_stop(struct model_server *server);
