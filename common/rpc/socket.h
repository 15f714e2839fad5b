/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Socket: closing one without waiting for ever. Private to common/rpc.
 */
#pragma once

#include <nng/nng.h>
#include <stdbool.h>

/*
 * False if NNG did not finish closing within two seconds: what its callbacks use must then live on.
 * NNG 1.5 loses track of about one in a thousand connections that break while they are made or used
 * first; it then never finishes.
 */
bool socket_close(nng_socket socket);
