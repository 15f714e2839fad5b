/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Reply: builds the NNG message that answers one or more calls. Private to common/rpc.
 */
#pragma once

#include "rpc/call.h"

#include <nng/nng.h>

/* With room for results of so many bytes, for a start. NULL without memory. */
nng_msg *reply_open(uint64_t session, size_t room);

/* Add the RESULT of a call, or the END of a stream. False without memory; the message is as before
 * then. */
bool reply_append(nng_msg *reply, const struct call *call, const struct outcome *outcome);

/* Add an ITEM of a stream. Likewise. */
bool reply_append_item(nng_msg *reply, const struct call *call, const struct db_bytes *payload);

/* Add a GOAWAY: no more calls, please. False without memory. */
bool reply_append_goaway(nng_msg *reply);

/* Write the number of results into the preamble. */
void reply_close(nng_msg *reply, uint32_t n_results);
