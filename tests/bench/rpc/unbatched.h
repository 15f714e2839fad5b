/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The simplest client there can be: each call is a message without session, by a REQ context of its
 * own. What a call costs when it shares nothing.
 */
#pragma once

#include "rpc/client.h"

struct unbatched;

/* One of any number of contexts of one socket; one call at a time. NULL: no connection. */
struct unbatched *unbatched_new(const char *url, const char *method);

/* `done` as of rpc_client_call_async, on a thread of NNG's. */
void unbatched_call(struct unbatched *u, const struct db_bytes *in, rpc_done_fn *done, void *arg);
