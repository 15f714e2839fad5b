/* SPDX-License-Identifier: Apache-2.0 */
#include "loop.h"

#include "clock/clock.h"
#include "free_port.h"
#include "unit_test.h"

#include <kith/v1/health.pb-c.h>
#include <kith/v1/notification.pb-c.h>
#include <kith/v1/queue.pb-c.h>

#include <poll.h>
#include <pthread.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>

rpc_handler_fn rpc_list, rpc_watch, rpc_mark_read, rpc_deliver;

/*
 * NNG 1.5 itself loses a message whose sending is cancelled and parts of a connection that is
 * closed as it is made (https://github.com/nanomsg/nng/issues/1713): not for the leak checker to
 * report.
 */
/* NOLINTBEGIN(readability-identifier-naming): the checker's name */
__attribute__((visibility("default"))) const char *__lsan_default_suppressions(void);
const char *__lsan_default_suppressions(void)
/* NOLINTEND(readability-identifier-naming) */
{
    return "leak:libnng";
}

/* Polls instead of sleeping on a guess: the caller's condition decides. */
void loop_pause(void)
{
    (void)poll(NULL, 0, 1);
}

RPC_HANDLER(list, Kith__V1__ListNotificationsRequest, Kith__V1__ListNotificationsResponse)
{
    static pthread_mutex_t lock = PTHREAD_MUTEX_INITIALIZER;
    struct loop *loop = ctx->service;
    (void)pthread_mutex_lock(&lock);
    loop->caller = ctx->principal;
    (void)pthread_mutex_unlock(&lock);
    out->unread = (uint32_t)atomic_load(&loop->unread);
    if (!in->only_unread)
        return ERR_OK;
    atomic_fetch_add(&loop->wait_runs, 1);
    if (out->unread > 0 || ctx->is_last_try)
        return ERR_OK;
    return rpc_park(ctx, &loop->watched);
}

RPC_HANDLER(watch, Kith__V1__WatchNotificationsRequest, Kith__V1__WatchNotificationsResponse)
{
    struct loop *loop = ctx->service;
    Kith__V1__Notification notification = KITH__V1__NOTIFICATION__INIT;
    char cursor[16], title[LOOP_MAX_TITLE + 1];
    atomic_fetch_add(&loop->watch_runs, 1);
    int begin = (int)strtol(in->cursor, NULL, 10), n = begin;
    memset(title, 't', (size_t)atomic_load(&loop->title_len));
    title[atomic_load(&loop->title_len)] = '\0';
    notification.title = title;
    for (; n < atomic_load(&loop->unread) && rpc_has_room(ctx); n++) {
        (void)snprintf(cursor, sizeof(cursor), "%d", n + 1);
        out->notification = &notification;
        out->cursor = cursor;
        enum err_code code = rpc_send(ctx, &out->base);
        if (code != ERR_OK)
            return code;
    }
    bool is_over = n > 0 && n == atomic_load(&loop->last);
    if (n > begin || is_over)
        return ERR_OK;
    return rpc_park(ctx, &loop->watched);
}

RPC_HANDLER(mark_read, Kith__V1__MarkReadRequest, Kith__V1__MarkReadResponse)
{
    (void)in;
    (void)out;
    struct loop *loop = ctx->service;
    if (loop->on_mark)
        loop->on_mark(ctx, loop->on_mark_arg);
    if (atomic_load(&loop->mark_failures) > 0)
        return err_raise(&ctx->err, REASON_NOTIFICATION_NOT_FOUND, "no such notification");
    return ERR_OK;
}

RPC_HANDLER(deliver, Kith__V1__DeliverRequest, Kith__V1__DeliverResponse)
{
    struct loop *loop = ctx->service;
    atomic_fetch_add(&loop->deliveries, 1);
    atomic_fetch_add(&loop->n_in_gate, 1);
    while (atomic_load(&loop->is_gate_closed))
        loop_pause();
    atomic_fetch_sub(&loop->n_in_gate, 1);
    out->done = arena_calloc(ctx->arena, in->n_events, sizeof(char *));
    if (!out->done)
        return err_raise(&ctx->err, REASON_INTERNAL_ERROR, "no memory");
    for (; out->n_done < in->n_events; out->n_done++)
        out->done[out->n_done] = in->events[out->n_done]->id;
    return ERR_OK;
}

static const struct rpc_method notification_methods[] = {
    {"ListNotifications", rpc_list, DB_TX_NONE},
    {"WatchNotifications", rpc_watch, DB_TX_NONE},
    {"MarkRead", rpc_mark_read, DB_TX_WRITE},
};
static const struct rpc_method queue_methods[] = {{"Deliver", rpc_deliver, DB_TX_NONE}};
static const struct rpc_service notification = {
    &kith__v1__notification_service__descriptor, notification_methods, 3};
static const struct rpc_service queue = {&kith__v1__queue_service__descriptor, queue_methods, 1};

static enum err_code authenticate(void *self, struct db_session *db, const char *token,
    struct rpc_principal *out, struct err *err)
{
    (void)self;
    (void)db;
    *out = (struct rpc_principal){.caller = RPC_CALLER_MEMBER, .scopes = RPC_SCOPE_READ};
    out->member.bytes[0] = strcmp(token, "other") == 0 ? 8 : 7;
    if (strcmp(token, "member") == 0 || strcmp(token, "other") == 0)
        out->scopes |= RPC_SCOPE_WRITE;
    else if (strcmp(token, "service") == 0)
        out->caller = RPC_CALLER_SERVICE;
    else if (strcmp(token, "reader") != 0)
        return err_raise(err, REASON_TOKEN_UNKNOWN, "the token is unknown");
    return ERR_OK;
}

void loop_serve(struct loop *loop, const struct loop_config *config)
{
    const struct rpc_server_config server = {
        .listen = loop->url,
        .workers = config->workers ? config->workers : 2,
        .queue_limit = config->queue_limit ? config->queue_limit : 1000,
        .max_message = 1 << 20,
        .max_memory = 4 << 20,
        .db = config->db,
        .clock = config->clock ? config->clock : clock_system(),
        .authenticate = authenticate,
        .limits = config->limits,
        .has_no_desks = !config->has_desks && !getenv("LOOP_HAS_DESKS"),
        .may_be_tapped = config->may_be_tapped,
    };
    const struct rpc_registration services[] = {{&notification, loop}, {&queue, loop}};
    assert_ok(rpc_server_new(&loop->server, &server, services, 2, &loop->err), &loop->err);
    assert_ok(rpc_server_listen(loop->server, &loop->err), &loop->err);
}

void loop_start(struct loop *loop, const struct loop_config *config)
{
    memset(loop, 0, sizeof(*loop));
    arena_init(&loop->arena, 16 << 20);
    (void)snprintf(loop->url, sizeof(loop->url), "tcp://127.0.0.1:%d", test_free_port());
    loop_serve(loop, config);
    const struct rpc_client_config client = {.endpoints = loop->url, .token = config->token};
    assert_ok(rpc_client_new(&loop->client, &client, &loop->err), &loop->err);
}

void loop_stop(struct loop *loop)
{
    rpc_client_free(loop->client);
    rpc_server_free(loop->server);
    arena_fini(&loop->arena);
}

enum err_code loop_try_ping(struct loop *loop)
{
    const struct db_bytes in = {"", 0};
    struct db_bytes out;
    return rpc_client_call_bytes(
        loop->client, "/kith.v1.HealthService/Ping", NULL, &in, &loop->arena, &out, &loop->err);
}

void loop_ping(struct loop *loop, size_t len)
{
    Kith__V1__PingRequest in = KITH__V1__PING_REQUEST__INIT;
    ProtobufCMessage *out = NULL;
    in.payload.data = malloc(len + 1);
    in.payload.len = len;
    memset(in.payload.data, 'p', len);
    arena_reset(&loop->arena);
    enum err_code code = rpc_client_call(loop->client, "/kith.v1.HealthService/Ping", NULL,
        &in.base, &loop->arena, &out, &loop->err);
    if (code != ERR_OK)
        print_error("%s: %s\n", err_code_name(code), loop->err.msg);
    assert_int_equal(code, ERR_OK);
    const Kith__V1__PingResponse *reply = (const Kith__V1__PingResponse *)(const void *)out;
    assert_int_equal(reply->payload.len, len);
    assert_memory_equal(reply->payload.data, in.payload.data, len);
    free(in.payload.data);
}
