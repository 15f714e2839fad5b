/* SPDX-License-Identifier: Apache-2.0 */
#include "model_reader.h"

#include "loop.h"
#include "model.h"
#include "random.h"
#include "rpc/client_stream.h"
#include "unit_test.h"

#include <kith/v1/notification.pb-c.h>

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum { ITEMS_OF_A_STREAM = 200, WAIT_MS = 1000, MEMORY = 1 << 20 };

static const char WATCH[] = "/kith.v1.NotificationService/WatchNotifications";

static uint32_t chance(struct reader *r, uint32_t n)
{
    return random_below(&r->random, n);
}

static struct rpc_stream *open_stream(struct reader *r)
{
    uint8_t packed[64];
    char cursor[16] = "";
    struct rpc_stream *stream = NULL;
    struct err err = {0};
    Kith__V1__WatchNotificationsRequest in = KITH__V1__WATCH_NOTIFICATIONS_REQUEST__INIT;
    if (r->n > 0)
        (void)snprintf(cursor, sizeof(cursor), "%d", r->n);
    in.cursor = cursor;
    const struct db_bytes bytes = {
        packed, kith__v1__watch_notifications_request__pack(&in, packed)};
    if (rpc_stream_open(&stream, r->client, WATCH, NULL, &bytes, &err) != ERR_OK)
        (void)snprintf(r->failure, sizeof(r->failure), "could not be opened: %s", err.msg);
    return stream;
}

static void check_item(struct reader *r, const struct db_bytes *item)
{
    Kith__V1__WatchNotificationsResponse *message =
        kith__v1__watch_notifications_response__unpack(NULL, item->len, item->data);
    int n = message ? (int)strtol(message->cursor, NULL, 10) : -1;
    if (n != r->n + 1)
        (void)snprintf(r->failure, sizeof(r->failure), "item %d came after %d", n, r->n);
    else if (strlen(message->notification->title) != model_item_len(n))
        (void)snprintf(r->failure, sizeof(r->failure), "item %d is not whole", n);
    if (message)
        kith__v1__watch_notifications_response__free_unpacked(message, NULL);
    r->n++;
}

/* Until the stream is over, or there was enough of it; true if it is over. */
static bool read_some(struct reader *r, struct rpc_stream *stream, struct arena *arena)
{
    for (uint32_t n = chance(r, ITEMS_OF_A_STREAM); n > 0 && !r->failure[0]; n--) {
        enum rpc_next what = RPC_NEXT_NONE;
        struct db_bytes item;
        struct err err = {0};
        arena_reset(arena);
        if (rpc_stream_next(stream, WAIT_MS, arena, &what, &item, &err) != ERR_OK)
            (void)snprintf(r->failure, sizeof(r->failure), "ended after %d: %s", r->n, err.msg);
        else if (what == RPC_NEXT_END)
            return true;
        else if (what == RPC_NEXT_ITEM)
            check_item(r, &item);
        if (chance(r, 10) == 0)
            loop_pause();
    }
    return r->failure[0] != '\0';
}

static void *run(void *arg)
{
    struct reader *r = arg;
    struct arena arena;
    bool is_over = false;
    arena_init(&arena, MEMORY);
    while (!is_over) {
        struct rpc_stream *stream = open_stream(r);
        is_over = !stream || read_some(r, stream, &arena);
        rpc_stream_close(stream);
        r->n_reopened += !is_over;
    }
    arena_fini(&arena);
    return NULL;
}

void reader_start(struct reader *reader, struct rpc_client *client, uint64_t seed)
{
    *reader = (struct reader){.client = client, .random = seed | 1};
    assert_int_equal(pthread_create(&reader->thread, NULL, run, reader), 0);
}

void reader_join(struct reader *reader)
{
    assert_int_equal(pthread_join(reader->thread, NULL), 0);
}
