/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Socket: closing one without waiting for ever, and what NNG counted of it. Private to common/rpc.
 */
#pragma once

#include <nng/nng.h>
#include <stdbool.h>
#include <stdint.h>

/*
 * False if NNG did not finish closing within two seconds: what its callbacks use must then live on.
 * NNG 1.5 loses track of about one in a thousand connections that break while they are made or used
 * first; it then never finishes.
 */
bool socket_close(nng_socket socket);

struct socket_counts {
    uint64_t n_pipes;    /* connections now */
    uint64_t n_accepted; /* by its listeners */
    uint64_t n_rejected; /* … turned away */
};

/* By NNG's own statistics; zeros where it was built without. Allocates: not for every call. */
void socket_count(nng_socket socket, struct socket_counts *out);
