/* SPDX-License-Identifier: Apache-2.0 */
#include "events.h"

#include "log/log.h"
#include "service.h"
#include "store.h"

#include <kith/v1/events.pb-c.h>

#include <assert.h>
#include <string.h>

/* How an event's payload tells whom, about whom, about what. All three are fields of type string.
 */
struct event_shape {
    const char *kind;
    const ProtobufCMessageDescriptor *payload;
    enum notice_kind notice;
    size_t recipient, actor, subject; /* offsets in the payload's struct */
};

#define SHAPE(Message, message, notice, recipient, actor, subject)                          \
    {                                                                                       \
        "kith.v1." #Message, &kith__v1__##message##__descriptor, notice,                    \
            offsetof(Kith__V1__##Message, recipient), offsetof(Kith__V1__##Message, actor), \
            offsetof(Kith__V1__##Message, subject)                                          \
    }

static const struct event_shape shapes[] = {
    SHAPE(AskReceived, ask_received, NOTICE_ASK_RECEIVED, to_member_id, from_member_id, ask_id),
    SHAPE(AskAnswered, ask_answered, NOTICE_ASK_ANSWERED, to_member_id, by_member_id, ask_id),
    SHAPE(AskPassed, ask_passed, NOTICE_ASK_PASSED, to_member_id, by_member_id, ask_id),
    SHAPE(InvitationReceived, invitation_received, NOTICE_INVITATION_RECEIVED, to_member_id,
        from_member_id, invitation_id),
    SHAPE(InvitationAccepted, invitation_accepted, NOTICE_INVITATION_ACCEPTED, from_member_id,
        by_member_id, invitation_id),
};

static const struct event_shape *find_shape(const char *kind)
{
    for (size_t i = 0; i < sizeof shapes / sizeof *shapes; i++) {
        if (strcmp(shapes[i].kind, kind) == 0)
            return &shapes[i];
    }
    return NULL;
}

static bool read_id(const ProtobufCMessage *message, size_t offset, struct id *out)
{
    const char *text;
    memcpy(&text, (const char *)message + offset, sizeof text);
    return id_parse(text, out);
}

/* What `event` tells to whom. Needs no database: what it says later is looked up when it is read.
 */
MUST_USE static enum err_code read_event(
    const struct queue_event *event, struct notice *out, struct err *err)
{
    const struct event_shape *shape = find_shape(event->kind);
    assert(shape); /* only kinds of our own table get here */
    ProtobufCMessage *payload =
        protobuf_c_message_unpack(shape->payload, NULL, event->payload.len, event->payload.data);
    struct notice notice = {
        .id = event->id, .kind = shape->notice, .created_us = event->occurred_us};
    bool is_complete = payload && read_id(payload, shape->recipient, &notice.member) &&
                       read_id(payload, shape->actor, &notice.actor) &&
                       read_id(payload, shape->subject, &notice.subject);
    if (payload)
        protobuf_c_message_free_unpacked(payload, NULL);
    if (!is_complete)
        return err_raise(err, REASON_REQUEST_MALFORMED, "the payload of a %s does not name its ids",
            event->kind);
    *out = notice;
    return ERR_OK;
}

/*
 * The channel "log": one line per notification, for whoever wants to act on them from outside.
 * Should the commit fail, the line comes again with the next delivery, under the same id.
 */
static void log_notice(const struct notice *notice, const char *kind, const struct rpc_trace *span)
{
    char id[ID_TEXT_SIZE], member[ID_TEXT_SIZE], subject[ID_TEXT_SIZE];
    const struct rpc_trace_text trace = rpc_trace_text(span);
    id_format(&notice->id, id);
    id_format(&notice->member, member);
    id_format(&notice->subject, subject);
    log_info("inbox.notified", LOG_STR("trace_id", trace.trace_id),
        LOG_STR("span_id", trace.span_id), LOG_STR("channel", "inbox"), LOG_STR("kind", kind),
        LOG_STR("notification_id", id), LOG_STR("member_id", member),
        LOG_STR("subject_id", subject));
}

static enum err_code put_into_inbox(struct rpc_ctx *ctx, const struct queue_event *event)
{
    struct notice notice;
    bool is_new;
    enum err_code code = read_event(event, &notice, &ctx->err);
    if (code == ERR_OK)
        code = store_add(ctx->db, &notice, &is_new, &ctx->err);
    if (code == ERR_OK && is_new)
        log_notice(&notice, event->kind, &ctx->trace);
    return code;
}

static void wake_watchers(void *state, const struct queue_event *event)
{
    struct notification *self = state;
    struct notice notice;
    struct err err;
    if (read_event(event, &notice, &err) == ERR_OK) /* it was, a moment ago */
        rpc_server_wake(self->server, &notice.member);
}

#define HANDLER(Message)                                   \
    {                                                      \
        "kith.v1." #Message, put_into_inbox, wake_watchers \
    }

const struct queue_handler notification_events[] = {
    HANDLER(AskReceived),
    HANDLER(AskAnswered),
    HANDLER(AskPassed),
    HANDLER(InvitationReceived),
    HANDLER(InvitationAccepted),
};
const size_t notification_n_events = sizeof notification_events / sizeof *notification_events;
