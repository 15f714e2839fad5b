/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Admission: whose call is it, and may there be another of his now? Decided from a frame's header
 * and the bytes of its token, before anything is unpacked or looked up. Who holds a token is learnt
 * from the calls that workers have authenticated; until then a caller is his connection.
 * Private to common/rpc; lock-free, any thread.
 */
#pragma once

#include "rpc/call.h"
#include "rpc/server.h"

struct admission;

/* NULL without memory. */
struct admission *admission_new(const struct rpc_limits *limits);
void admission_free(struct admission *a);

/* Sets call->flow. RATE_LIMITED, with the time to wait, if the caller has had enough. */
MUST_USE enum err_code admission_judge(
    struct admission *a, struct call *call, int64_t now_us, struct err *err);

/*
 * Frames about calls that came before count like calls, but are never refused: calls are instead.
 * False if the connection has sent so many more than it may that it is to be hung up on.
 */
MUST_USE bool admission_charge(struct admission *a, uint32_t pipe, size_t n_frames, int64_t now_us);

/* Whom the call turned out to come from, and, if it failed for its token, that. */
void admission_learn(struct admission *a, const struct call *call, const struct rpc_principal *who,
    enum err_reason failed, int64_t now_us);
