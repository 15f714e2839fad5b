/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Report: what a server has counted, for who asks (kith.v1.StatsService) and for the log. Private
 * to common/rpc.
 */
#pragma once

#include "rpc/call_queue.h"
#include "rpc/dispatch.h"
#include "rpc/transport.h"

/* Where the figures come from; borrowed. */
struct report_sources {
    const struct dispatch *dispatch;
    struct call_queue *queue;
    struct transport *transport;
};

struct report;

/* NULL without memory. */
struct report *report_new(const struct report_sources *sources);
void report_free(struct report *r);

/* One line of what happened since the line before. One thread at a time. */
void report_log(struct report *r);

/* kith.v1.StatsService; its state is the struct report. */
extern const struct rpc_service stats_service;
