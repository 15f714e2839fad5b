/* SPDX-License-Identifier: Apache-2.0 */
#include "rpc/stream_serve.h"

#include <stdio.h>

bool stream_is_held(const struct call *call, struct outcome *out)
{
    struct stream *stream = call->stream;
    bool has_credit = atomic_load(&stream->credit) > 0;
    outcome_begin(out);
    out->is_parked = true;
    int doom = atomic_load(&stream->doom);
    if (doom != 0) {
        out->is_parked = false;
        err_fill(&out->err, (enum err_reason)doom, "%s", stream_doom_text((enum err_reason)doom));
    } else if (!has_credit && call->is_last_try) {
        out->is_parked = false; /* ends, with more to come */
    } else if (!has_credit) {
        out->key = stream_credit_key(call->pipe, call->frame.call_id);
    } else if (!call->is_last_try && transport_is_congested(call)) {
        out->key = stream_lane_key(call->pipe);
    } else {
        return false;
    }
    return true;
}

const char *stream_doom_text(enum err_reason reason)
{
    return reason == REASON_STREAM_OVERDRAWN ? "more credit was granted than a stream may have"
                                             : "the client gave the call up";
}

void stream_send(struct transport *t, struct call *call, struct outcome *out, struct cork *cork)
{
    struct stream *stream = call->stream;
    int64_t cost = 0;
    if (!out->items)
        return;
    for (const struct item *item = out->items; item; item = item->next)
        cost += stream_cost(&item->payload);
    atomic_fetch_sub(&stream->credit, cost);
    (void)snprintf(stream->cursor, sizeof(stream->cursor), "%s", out->cursor);
    if (!transport_send_items(t, call, out->items, cork)) {
        err_fill(&out->err, REASON_INTERNAL_ERROR, "no memory for the items of the stream");
        out->goes_on = false;
    }
    /* Who takes it up next must not overtake these. */
    if (out->goes_on)
        transport_uncork(t, cork);
}
