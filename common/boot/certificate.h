/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Certificate: that of a server, as its health and its log speak of it. Private to common/boot;
 * main thread only.
 */
#pragma once

#include "rpc/server.h"

/* What was said already; a zeroed one has said nothing. */
struct certificate_watch {
    int64_t warned_at_days; /* left, when last warned; 0: not yet */
    bool is_warned;
    bool is_refused; /* the files hold one that cannot be used */
};

/* Two weeks before it expires, the server's health is degraded and the log says so, once a day. */
void certificate_check(struct certificate_watch *watch, struct rpc_server *server);

/* Put to use what the files hold now, or say why not. */
void certificate_renew(struct certificate_watch *watch, struct rpc_server *server);
