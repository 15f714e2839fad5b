/* SPDX-License-Identifier: Apache-2.0 */
/*
 * A TCP relay in front of a server that breaks connections: after a random number of bytes in
 * either direction, wherever that is in a message.
 */
#pragma once

#include <stdatomic.h>
#include <stdint.h>

struct proxy;

/* Listens at a port of its own and relays to `target`; both are "tcp://127.0.0.1:PORT". */
struct proxy *proxy_start(const char *target, uint64_t seed);
const char *proxy_url(const struct proxy *proxy);

/* Connections from now on live for up to so many bytes; 0: for ever. */
void proxy_set_life(struct proxy *proxy, uint32_t max_bytes);

/* Break the connection that next carries a reply, at the moment the server has sent it. */
void proxy_lose_reply(struct proxy *proxy);

/* As if the network were gone: what there is goes on, but nothing passes any more, not even its
 * end. Connections made later are fine. */
void proxy_freeze(struct proxy *proxy);

/* How many connections it broke so far. */
unsigned proxy_count_broken(const struct proxy *proxy);

void proxy_stop(struct proxy *proxy);
