/* SPDX-License-Identifier: Apache-2.0 */
/*
 * What a worker does for a stream around a run of its handler. Private to common/rpc.
 */
#pragma once

#include "rpc/stream.h"
#include "rpc/transport.h"

/* May its handler not run now? Then `out` says what becomes of the call: it waits, or ends. */
MUST_USE bool stream_is_held(const struct call *call, struct outcome *out);

/* Why streams_doom() ended it, for a person. */
const char *stream_doom_text(enum err_reason reason);

/* Send what its handler left in `out`; changes that if it fails. */
void stream_send(struct transport *t, struct call *call, struct outcome *out, struct cork *cork);
