/* SPDX-License-Identifier: Apache-2.0 */
#include "fake.h"

#include "clock/clock.h"
#include "free_port.h"
#include "log/log.h"
#include "unit_test.h"

#include <kith/v1/contact.pb-c.h>
#include <kith/v1/notification.pb-c.h>
#include <kith/v1/recommendation.pb-c.h>

#include <poll.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>

static char ask_id[] = "0193a2b4-0000-7000-8000-000000000001";
static char ana[] = "Ana Costa";

rpc_handler_fn rpc_list_contacts, rpc_import_file, rpc_ask, rpc_list_asks, rpc_get_ask, rpc_watch;

static struct fake *noted(struct rpc_ctx *ctx)
{
    struct fake *fake = ctx->service;
    (void)pthread_mutex_lock(&fake->lock);
    rpc_trace_id_format(&ctx->trace, fake->trace_id);
    (void)pthread_mutex_unlock(&fake->lock);
    return fake;
}

RPC_HANDLER(list_contacts, Kith__V1__ListContactsRequest, Kith__V1__ListContactsResponse)
{
    (void)noted(ctx);
    out->n_contacts = 2;
    out->contacts = arena_calloc(ctx->arena, 2, sizeof(*out->contacts));
    for (int i = 0; i < 2; i++) {
        Kith__V1__Contact *contact = arena_alloc(ctx->arena, sizeof(*contact));
        kith__v1__contact__init(contact);
        contact->name = arena_printf(ctx->arena, "Contact %d of \"%s\"", i, in->query);
        contact->is_connected = i == 1;
        out->contacts[i] = contact;
    }
    out->total = 7;
    out->next_page_token = arena_strdup(ctx->arena, *in->page_token == '\0' ? "more" : "");
    return ERR_OK;
}

RPC_HANDLER(import_file, Kith__V1__ImportFileRequest, Kith__V1__ImportFileResponse)
{
    struct fake *fake = noted(ctx);
    if (in->offset != fake->file_len || in->offset + in->chunk.len > FAKE_FILE_SIZE)
        return err_raise(
            &ctx->err, REASON_IMPORT_CHUNK_MISPLACED, "the upload is at %zu", fake->file_len);
    memcpy(fake->file + in->offset, in->chunk.data, in->chunk.len);
    fake->file_len += in->chunk.len;
    fake->chunks++;
    out->import = arena_alloc(ctx->arena, sizeof(*out->import));
    kith__v1__import__init(out->import);
    if (!in->is_last)
        return ERR_OK;
    out->import->dry_run = in->dry_run;
    out->import->created = 3;
    out->import->skipped = 1;
    out->import->n_skips = 1;
    out->import->skips = arena_calloc(ctx->arena, 1, sizeof(*out->import->skips));
    out->import->skips[0] = arena_alloc(ctx->arena, sizeof(**out->import->skips));
    kith__v1__import_skip__init(out->import->skips[0]);
    out->import->skips[0]->row = 12;
    out->import->skips[0]->reason = in->file_name;
    out->import->incomplete = 1;
    out->import->n_gaps = 1;
    out->import->gaps = arena_calloc(ctx->arena, 1, sizeof(*out->import->gaps));
    out->import->gaps[0] = arena_alloc(ctx->arena, sizeof(**out->import->gaps));
    kith__v1__import_gap__init(out->import->gaps[0]);
    out->import->gaps[0]->row = 13;
    out->import->gaps[0]->column = out->import->gaps[0]->reason = in->file_name;
    return ERR_OK;
}

static Kith__V1__Ask *make_ask(struct arena *arena, char *question)
{
    Kith__V1__Ask *ask = arena_alloc(arena, sizeof(*ask));
    kith__v1__ask__init(ask);
    ask->id = ask_id;
    ask->question = question;
    ask->state = KITH__V1__ASK_STATE__ASK_STATE_OPEN;
    ask->is_mine = 1;
    ask->asked_us = 1700000000000000;
    ask->n_targets = 1;
    ask->targets = arena_calloc(arena, 1, sizeof(*ask->targets));
    ask->targets[0] = arena_alloc(arena, sizeof(**ask->targets));
    kith__v1__target__init(ask->targets[0]);
    ask->targets[0]->name = ana;
    ask->targets[0]->reason = arena_strdup(
        arena, "Head swim coach: snorkeling \xe2\x86\x92 skin diving \xe2\x86\x92 swimming");
    return ask;
}

RPC_HANDLER(ask, Kith__V1__AskRequest, Kith__V1__AskResponse)
{
    struct fake *fake = noted(ctx);
    atomic_fetch_add(&fake->asks, 1);
    (void)pthread_mutex_lock(&fake->lock);
    (void)snprintf(fake->last_key, sizeof(fake->last_key), "%s",
        ctx->idempotency_key == NULL ? "" : ctx->idempotency_key);
    (void)pthread_mutex_unlock(&fake->lock);
    if (strcmp(in->question, "nobody") == 0)
        return err_raise(&ctx->err, REASON_NOBODY_FITS, "nobody in your network fits");
    if (strcmp(in->question, "slow") == 0)
        return rpc_park(ctx, &ctx->principal.member);
    out->ask = make_ask(ctx->arena, in->question);
    return ERR_OK;
}

RPC_HANDLER(list_asks, Kith__V1__ListAsksRequest, Kith__V1__ListAsksResponse)
{
    (void)noted(ctx);
    (void)in;
    out->n_asks = 1;
    out->asks = arena_calloc(ctx->arena, 1, sizeof(*out->asks));
    out->asks[0] = make_ask(ctx->arena, arena_strdup(ctx->arena, "?"));
    return ERR_OK;
}

RPC_HANDLER(get_ask, Kith__V1__GetAskRequest, Kith__V1__GetAskResponse)
{
    (void)noted(ctx);
    out->ask = make_ask(ctx->arena, arena_strdup(ctx->arena, in->ask_id));
    out->ask->n_answers = 1;
    out->ask->answers = arena_calloc(ctx->arena, 1, sizeof(*out->ask->answers));
    out->ask->answers[0] = arena_alloc(ctx->arena, sizeof(**out->ask->answers));
    kith__v1__answer_entry__init(out->ask->answers[0]);
    out->ask->answers[0]->name = ana;
    out->ask->answers[0]->text = arena_strdup(ctx->arena, "A low-volume mask.");
    return ERR_OK;
}

RPC_HANDLER(watch, Kith__V1__WatchNotificationsRequest, Kith__V1__WatchNotificationsResponse)
{
    (void)noted(ctx);
    Kith__V1__Notification news = KITH__V1__NOTIFICATION__INIT;
    int n = (int)strtol(in->cursor, NULL, 10);
    news.kind = KITH__V1__NOTIFICATION_KIND__NOTIFICATION_KIND_ASK_ANSWERED;
    news.subject_id = ask_id;
    out->notification = *in->cursor == '\0' ? NULL : &news;
    out->cursor = arena_printf(ctx->arena, "%d", n + 1);
    return n < 3 ? rpc_send(ctx, &out->base) : rpc_park(ctx, &(struct id){{1}});
}

/* Methods nobody here asks for. */
static enum err_code absent(struct rpc_ctx *ctx, const ProtobufCMessage *in, ProtobufCMessage *out)
{
    (void)in;
    (void)out;
    return err_raise(&ctx->err, REASON_MEMBER_NOT_FOUND, "this server only pretends");
}

static rpc_handler_fn *handler_of(const char *method)
{
    static const struct rpc_method known[] = {
        {"ListContacts", rpc_list_contacts, DB_TX_NONE},
        {"ImportFile", rpc_import_file, DB_TX_NONE},
        {"Ask", rpc_ask, DB_TX_NONE},
        {"ListAsks", rpc_list_asks, DB_TX_NONE},
        {"GetAsk", rpc_get_ask, DB_TX_NONE},
        {"WatchNotifications", rpc_watch, DB_TX_NONE},
    };
    for (size_t i = 0; i < sizeof(known) / sizeof(known[0]); i++)
        if (strcmp(known[i].name, method) == 0)
            return known[i].handler;
    return absent;
}

static enum err_code authenticate(void *self, struct db_session *db, const char *token,
    struct rpc_principal *out, struct err *err)
{
    (void)self;
    (void)db;
    *out = (struct rpc_principal){.caller = RPC_CALLER_MEMBER, .scopes = RPC_SCOPE_READ};
    if (strcmp(token, "member") == 0)
        out->scopes |= RPC_SCOPE_WRITE;
    else if (strcmp(token, "reader") != 0)
        return err_raise(err, REASON_TOKEN_UNKNOWN, "the token is unknown");
    return ERR_OK;
}

enum { N_SERVICES = 3, MAX_METHODS = 32 };

void fake_start(struct fake *fake)
{
    static struct rpc_method methods[N_SERVICES][MAX_METHODS];
    static struct rpc_service services[N_SERVICES];
    static const ProtobufCServiceDescriptor *const descriptors[N_SERVICES] = {
        &kith__v1__contact_service__descriptor, &kith__v1__recommendation_service__descriptor,
        &kith__v1__notification_service__descriptor};
    struct rpc_registration registrations[N_SERVICES];
    (void)pthread_mutex_init(&fake->lock, NULL);
    for (int i = 0; i < N_SERVICES; i++) {
        assert_true(descriptors[i]->n_methods <= MAX_METHODS);
        for (unsigned k = 0; k < descriptors[i]->n_methods; k++) {
            const char *name = descriptors[i]->methods[k].name;
            methods[i][k] = (struct rpc_method){name, handler_of(name), DB_TX_NONE};
        }
        services[i] = (struct rpc_service){descriptors[i], methods[i], descriptors[i]->n_methods};
        registrations[i] = (struct rpc_registration){&services[i], fake};
    }
    memset(fake, 0, sizeof(*fake));
    (void)snprintf(fake->url, sizeof(fake->url), "tcp://127.0.0.1:%d", test_free_port());
    const struct rpc_server_config config = {
        .listen = fake->url,
        .workers = 2,
        .queue_limit = 100,
        .max_message = 1 << 20,
        .max_memory = 4 << 20,
        .clock = clock_system(),
        .authenticate = authenticate,
    };
    log_open("fake", "test", LOG_FORMAT_LOGFMT, LOG_WARN);
    struct err err;
    assert_ok(rpc_server_new(&fake->server, &config, registrations, N_SERVICES, &err), &err);
    assert_ok(rpc_server_listen(fake->server, &err), &err);
}

void fake_stop(struct fake *fake)
{
    rpc_server_free(fake->server);
    (void)pthread_mutex_destroy(&fake->lock);
}
