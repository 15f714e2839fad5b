/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Reply: builds the NNG message that answers one or more calls. Private to common/rpc.
 */
#pragma once

#include "rpc/call.h"

#include <nng/nng.h>

/* NULL without memory. */
nng_msg *reply_open(uint64_t session);

/* Add the RESULT of a call. False without memory; the message is as before then. */
bool reply_append(nng_msg *reply, const struct wire_frame *request, const struct outcome *outcome);

/* Write the number of results into the preamble. */
void reply_close(nng_msg *reply, uint32_t n_results);
