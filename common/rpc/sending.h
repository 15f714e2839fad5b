/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Sending: the items of one run of a stream's handler, in the arena of its call. Private to
 * common/rpc.
 */
#pragma once

#include "rpc/call.h"

struct rpc_sending {
    struct arena *arena;
    int64_t room; /* bytes */
    struct item *items;
    struct item **end;
    const char *cursor; /* of the last item */
    uint32_t n_items;
    size_t n_bytes;
};

void sending_begin(struct rpc_sending *s, struct arena *arena, int64_t room);

/* Put the cursor of a stream that goes on into a request unpacked. */
void sending_resume(ProtobufCMessage *in, const char *cursor);
