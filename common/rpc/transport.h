/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Transport: the server's side of NNG. Receives messages, decodes them into calls, sends the
 * reply of a message once all its calls are answered. Private to common/rpc.
 *
 * NNG's callbacks run on its few task threads and never block: the functions of transport_events
 * are called there and must only queue work.
 */
#pragma once

#include "rpc/call.h"

struct transport;

struct transport_events {
    /* A call arrived; it must be answered by transport_reply, here or later. */
    void (*on_call)(void *self, struct call *call);
    /* A connection is gone, and with it whoever waits for these replies. */
    void (*on_gone)(void *self, uint32_t pipe);
    void *self;
};

struct transport_config {
    int64_t max_message;
    const struct clock *clock;
};

MUST_USE enum err_code transport_new(struct transport **out, const struct transport_config *config,
    const struct transport_events *events, struct err *err);

/* `urls` comma separated. ADDRESS_IN_USE, CONFIG_INVALID. */
MUST_USE enum err_code transport_listen(struct transport *t, const char *urls, struct err *err);

/* Answer a call; it does not exist afterwards. */
void transport_reply(struct transport *t, struct call *call, const struct outcome *outcome);

/* Wait until every message received is answered and sent. False if that took too long. */
bool transport_wait_idle(struct transport *t, int64_t timeout_ms);

/* No callback runs afterwards; calls not answered are forgotten. */
void transport_free(struct transport *t);
