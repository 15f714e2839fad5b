/* SPDX-License-Identifier: Apache-2.0 */
/* Streams of any method that returns one. */
#include "client.h"
#include "pbjson/pbjson.h"
#include "rpc/client_stream.h"

#include <kith/v1/contact.pb-c.h>
#include <kith/v1/notification.pb-c.h>

#include <stdlib.h>
#include <string.h>

enum { WATCH_MS = 30000, WATCHED_AT_ONCE = 50 };

struct kith_stream {
    struct rpc_stream *rpc;
    const ProtobufCMessageDescriptor *type; /* of its items */
    bool is_over;
    struct err trouble;
};

static enum err_code begin(struct kith_client *client, const struct call *call,
    const ProtobufCMessage *in, const ProtobufCMessageDescriptor *type, struct kith_stream **out,
    struct err *err)
{
    if (!call->method->is_stream)
        return err_raise(err, REASON_METHOD_STREAMS,
            "%s returns no stream; call it instead (kith_call)", call->method->path);
    struct kith_stream *stream = calloc(1, sizeof(*stream));
    if (stream == NULL)
        return err_raise(err, REASON_INTERNAL_ERROR, "out of memory");
    stream->type = type;
    enum err_code code = client_open_stream(client, call, in, &stream->rpc, err);
    if (code == ERR_OK)
        *out = stream;
    else
        free(stream);
    return code;
}

static enum kith_code deliver(enum err_code code, const struct err *err, struct kith_stream *made,
    struct kith_stream **stream, struct kith_error **error)
{
    if (code == ERR_OK)
        *stream = made;
    return code == ERR_OK ? KITH_OK : error_give_local(err, error);
}

enum kith_code kith_stream_open(struct kith_client *client, const char *method, const char *json,
    const struct kith_call_options *options, struct kith_stream **stream, struct kith_error **error)
{
    struct call call = {.options = call_options(options)};
    struct kith_stream *made = NULL;
    struct arena arena;
    struct err err;
    ProtobufCMessage *in = NULL;
    arena_init(&arena, RESULT_MEMORY);
    enum err_code code = client_resolve(client, method, &call, &err);
    if (code == ERR_OK)
        code = pbjson_parse(call.method->in, json, strlen(json), &arena, &in, &err);
    if (code == ERR_OK)
        code = begin(client, &call, in, call.method->out, &made, &err);
    arena_fini(&arena);
    return deliver(code, &err, made, stream, error);
}

static enum kith_code open_known(struct kith_client *client, const char *method,
    const ProtobufCMessage *in, const ProtobufCMessageDescriptor *type,
    const struct kith_call_options *options, struct kith_stream **stream, struct kith_error **error)
{
    struct call call = {
        .options = call_options(options),
        .method = pbjson_schema_method(client->built_in, method),
    };
    struct kith_stream *made = NULL;
    struct err err;
    if (call.method == NULL)
        return error_out_of_memory(error);
    call.process = client_process_of(call.method->service);
    enum err_code code = begin(client, &call, in, type, &made, &err);
    return deliver(code, &err, made, stream, error);
}

enum kith_code kith_stream_notifications(struct kith_client *client, const char *cursor,
    const struct kith_call_options *options, struct kith_stream **stream, struct kith_error **error)
{
    Kith__V1__WatchNotificationsRequest in = KITH__V1__WATCH_NOTIFICATIONS_REQUEST__INIT;
    in.cursor = request_text(cursor);
    return open_known(client, "kith.v1.NotificationService/WatchNotifications", &in.base,
        &kith__v1__watch_notifications_response__descriptor, options, stream, error);
}

enum kith_code kith_stream_contacts(struct kith_client *client, const char *cursor,
    const struct kith_call_options *options, struct kith_stream **stream, struct kith_error **error)
{
    Kith__V1__ExportContactsRequest in = KITH__V1__EXPORT_CONTACTS_REQUEST__INIT;
    in.cursor = request_text(cursor);
    return open_known(client, "kith.v1.ContactService/ExportContacts", &in.base,
        &kith__v1__export_contacts_response__descriptor, options, stream, error);
}

static enum err_code next(struct kith_stream *stream, int64_t wait_ms, struct kith_result *made,
    bool *is_item, struct err *err)
{
    enum rpc_next what = RPC_NEXT_NONE;
    struct db_bytes item;
    enum err_code code = rpc_stream_next(stream->rpc, wait_ms, &made->arena, &what, &item, err);
    *is_item = code == ERR_OK && what == RPC_NEXT_ITEM;
    stream->is_over = code != ERR_OK || what == RPC_NEXT_END;
    if (!*is_item)
        return code;
    ProtobufCMessage *message = NULL;
    code = pbjson_unpack(stream->type, item.data, item.len, &made->arena, &message, err);
    made->message = message;
    return code;
}

enum kith_code kith_stream_next(struct kith_stream *stream, int64_t wait_ms,
    struct kith_result **result, struct kith_error **error)
{
    struct err err;
    bool is_item = false;
    struct kith_result *made = result_new();
    if (made == NULL)
        return error_out_of_memory(error);
    rpc_stream_trace_id(stream->rpc, made->trace_id);
    enum err_code code = next(stream, wait_ms, made, &is_item, &err);
    if (code != ERR_OK || is_item)
        return result_deliver(made, code, &err, result, error);
    kith_result_free(made);
    *result = NULL;
    return KITH_OK;
}

/* ---- a watch that is one call ---------------------------------------------------------------- */

static void add_item(
    Kith__V1__ListNotificationsResponse *list, const Kith__V1__WatchNotificationsResponse *item)
{
    list->cursor = item->cursor;
    if (item->notification != NULL)
        list->notifications[list->n_notifications++] = item->notification;
}

/* Waits for the first, and takes what came with it. */
static enum err_code collect(struct kith_stream *stream, int64_t wait_ms,
    Kith__V1__ListNotificationsResponse *list, struct kith_result *made, struct err *err)
{
    bool is_item = true;
    for (size_t n = 0; is_item && n < WATCHED_AT_ONCE; n++) {
        enum err_code code = next(stream, n == 0 ? wait_ms : 0, made, &is_item, err);
        if (code != ERR_OK)
            return code;
        if (is_item)
            add_item(list, (const void *)made->message);
        else if (n == 0 && rpc_stream_trouble(stream->rpc, err))
            return err->code;
    }
    made->message = &list->base;
    return ERR_OK;
}

static enum err_code watch(struct kith_stream *stream, int64_t wait_ms, const char *cursor,
    struct kith_result *made, struct err *err)
{
    Kith__V1__ListNotificationsResponse *list = arena_alloc(&made->arena, sizeof(*list));
    if (list == NULL)
        return err_raise(err, REASON_INTERNAL_ERROR, "out of memory");
    kith__v1__list_notifications_response__init(list);
    list->cursor = arena_strdup(&made->arena, cursor == NULL ? "" : cursor);
    list->notifications = arena_calloc(&made->arena, WATCHED_AT_ONCE, sizeof(*list->notifications));
    if (list->cursor == NULL || list->notifications == NULL)
        return err_raise(err, REASON_INTERNAL_ERROR, "out of memory");
    rpc_stream_trace_id(stream->rpc, made->trace_id);
    return collect(stream, wait_ms, list, made, err);
}

enum kith_code kith_watch_notifications(struct kith_client *client, const char *cursor,
    const struct kith_call_options *options, struct kith_result **result, struct kith_error **error)
{
    struct kith_call_options known = call_options(options);
    int64_t wait_ms = known.timeout_ms > 0 ? known.timeout_ms : WATCH_MS;
    known.timeout_ms = 0;
    struct kith_stream *stream = NULL;
    struct kith_result *made = result_new();
    if (made == NULL)
        return error_out_of_memory(error);
    enum kith_code opened = kith_stream_notifications(client, cursor, &known, &stream, error);
    if (stream == NULL) {
        kith_result_free(made);
        return opened;
    }
    struct err err;
    enum err_code code = watch(stream, wait_ms, cursor, made, &err);
    kith_stream_close(stream);
    return result_deliver(made, code, &err, result, error);
}

/* ---- streams of any kind --------------------------------------------------------------------- */

bool kith_stream_is_over(const struct kith_stream *stream)
{
    return stream == NULL || stream->is_over;
}

const char *kith_stream_trouble(struct kith_stream *stream)
{
    return rpc_stream_trouble(stream->rpc, &stream->trouble) ? stream->trouble.msg : "";
}

void kith_stream_stop(struct kith_stream *stream)
{
    rpc_stream_stop(stream->rpc);
}

void kith_stream_close(struct kith_stream *stream)
{
    if (stream == NULL)
        return;
    rpc_stream_close(stream->rpc);
    free(stream);
}
