/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Socket: opening one, closing it without waiting for ever, and what NNG counted of it. Private to
 * common/rpc.
 */
#pragma once

#include <nng/nng.h>
#include <stdbool.h>
#include <stdint.h>

/* Of one that answers, and of one that asks; what NNG returns. */
int socket_open_rep(nng_socket *out);
int socket_open_req(nng_socket *out);

/*
 * False if NNG did not finish closing within a second: what its callbacks use must then live on.
 * That is for programs in which NNG is not mended (see mend.h).
 */
bool socket_close(nng_socket socket);

struct socket_counts {
    uint64_t n_pipes;    /* connections now */
    uint64_t n_accepted; /* by its listeners */
    uint64_t n_rejected; /* … turned away */
};

/* By NNG's own statistics; zeros where it was built without. Allocates: not for every call. */
void socket_count(nng_socket socket, struct socket_counts *out);
