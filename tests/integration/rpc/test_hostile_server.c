/* SPDX-License-Identifier: Apache-2.0 */
/*
 * A client of a server that means harm, or is broken: every call ends, memory stays bounded, and
 * what other servers answer stands. KITH_TEST_SEED replays a run.
 */
#include "clock/clock.h"
#include "liar.h"
#include "log/log.h"
#include "loop.h"
#include "random.h"
#include "raw.h"
#include "rpc/client_call.h"
#include "rpc/client_stream.h"
#include "unit_test.h"

#include <kith/v1/wire.pb-c.h>

#include <inttypes.h>
#include <stdatomic.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

static const char PING[] = "/kith.v1.HealthService/Ping";
static const char WATCH[] = "/kith.v1.NotificationService/WatchNotifications";
static const char DELIVER[] = "/kith.v1.QueueService/Deliver";

static const struct db_bytes nothing = {"", 0};
static uint64_t seed;

static uint32_t chance(uint32_t n)
{
    return random_below(&seed, n);
}

static struct rpc_client *connect_to(const char *urls)
{
    struct rpc_client *client;
    struct err err;
    const struct rpc_client_config config = {.endpoints = urls, .token = "member"};
    assert_ok(rpc_client_new(&client, &config, &err), &err);
    return client;
}

/* The id of the first call of a message; 0: it has none. */
static uint64_t first_call(const uint8_t *message, size_t len, uint64_t *session)
{
    struct wire_reader reader;
    struct wire_frame frame;
    if (!wire_open(&reader, message, len))
        return 0;
    *session = reader.session;
    while (wire_next(&reader, &frame) == WIRE_FRAME)
        if (frame.type == WIRE_CALL)
            return frame.call_id;
    return 0;
}

static size_t put_result(uint8_t *out, uint64_t id)
{
    return raw_put_frame(out, &(struct wire_frame){.type = WIRE_RESULT, .call_id = id});
}

/* ---- answers that were not asked for ---- */

/* The call asked about and, before it, every other the client might have made. */
static size_t answer_everybodys_calls(
    void *arg, const uint8_t *message, size_t len, uint8_t reply[LIAR_BUFFER_SIZE])
{
    enum { SLOTS = 16, USES = 8 };
    uint64_t session = 0;
    uint64_t id = first_call(message, len, &session);
    size_t n = WIRE_PREAMBLE_SIZE;
    uint32_t n_frames = 0;
    (void)arg;
    for (uint64_t slot = 0; id != 0 && slot < SLOTS; slot++)
        for (uint64_t use = 0; use < USES; use++, n_frames++)
            n += put_result(reply + n, use << CALL_SLOT_BITS | slot);
    if (id != 0) {
        n += put_result(reply + n, id);
        n_frames++;
    }
    wire_put_preamble(reply, n_frames, session);
    return n;
}

static void count_end(void *arg, const struct db_bytes *out, const struct err *err)
{
    (void)out;
    (void)err;
    atomic_fetch_add((atomic_int *)arg, 1);
}

static void a_server_answers_for_itself_only(void **state)
{
    (void)state;
    static struct loop loop;
    char urls[160];
    struct err err;
    const struct db_bytes delivery = {"\n\1x", 3};
    struct db_bytes out;
    atomic_int n_ended = 0;
    int n_lies = 0;
    loop_start(&loop, &(struct loop_config){0});
    struct liar *liar = liar_start(answer_everybodys_calls, NULL);
    (void)snprintf(urls, sizeof(urls), "%s,%s", loop.url, liar_url(liar));
    struct rpc_client *client = connect_to(urls);
    rpc_client_set_token(client, "service");
    atomic_store(&loop.is_gate_closed, true);
    for (; atomic_load(&loop.n_in_gate) == 0; n_lies = atomic_load(&n_ended)) {
        rpc_client_call_async(client, DELIVER, NULL, &delivery, count_end, &n_ended);
        loop_await(atomic_load(&loop.n_in_gate) == 1 || atomic_load(&n_ended) > n_lies);
    }
    /* Whoever has less to do is asked, so this one is, and both when it is done. */
    for (int i = 0; i < 20; i++)
        assert_ok(
            rpc_client_call_bytes(client, PING, NULL, &nothing, &loop.arena, &out, &err), &err);
    assert_int_equal(atomic_load(&n_ended), n_lies);
    atomic_store(&loop.is_gate_closed, false);
    loop_await(atomic_load(&n_ended) == n_lies + 1);
    rpc_client_free(client);
    liar_stop(liar);
    loop_stop(&loop);
}

/* ---- more than was asked for ---- */

/* Items that cost it nothing, and can never be taken for want of the first. */
static size_t flood_with_items(
    void *arg, const uint8_t *message, size_t len, uint8_t reply[LIAR_BUFFER_SIZE])
{
    static uint64_t stream;
    static uint32_t sequence;
    atomic_uint *n_sent = arg;
    uint64_t session = 0;
    size_t n = WIRE_PREAMBLE_SIZE;
    uint64_t id = first_call(message, len, &session);
    if (id != 0) {
        stream = id;
        sequence = 0;
    }
    for (uint32_t i = 0; i < WIRE_MAX_FRAMES; i++)
        n += raw_put_frame(reply + n,
            &(struct wire_frame){.type = WIRE_ITEM, .call_id = stream, .sequence = ++sequence});
    atomic_fetch_add(n_sent, WIRE_MAX_FRAMES);
    wire_put_preamble(reply, WIRE_MAX_FRAMES, session);
    return n;
}

static void items_nobody_granted_end_a_stream_be_they_empty(void **state)
{
    (void)state;
    enum { MANY = 50000 };
    atomic_uint n_sent = 0;
    struct arena arena;
    struct rpc_stream *stream;
    enum rpc_next what;
    struct db_bytes item;
    struct err err = {0};
    struct liar *liar = liar_start(flood_with_items, &n_sent);
    struct rpc_client *client = connect_to(liar_url(liar));
    const struct rpc_call_options options = {.timeout_ms = 20000};
    arena_init(&arena, 1 << 20);
    assert_ok(rpc_stream_open(&stream, client, WATCH, &options, &nothing, &err), &err);
    assert_int_equal(rpc_stream_next(stream, -1, &arena, &what, &item, &err), ERR_INTERNAL);
    assert_in_range(atomic_load(&n_sent), 1, MANY);
    rpc_stream_close(stream);
    rpc_client_free(client);
    liar_stop(liar);
    arena_fini(&arena);
}

static void advice_to_wait_for_weeks_is_not_taken(void **state)
{
    (void)state;
    uint8_t packed[64];
    struct schema *schema;
    struct err err = {0};
    Kith__V1__Meta meta = KITH__V1__META__INIT;
    meta.retry_after_ms = UINT32_MAX;
    assert_ok(schema_new(&schema, &err), &err);
    const struct wire_frame frame = {.type = WIRE_RESULT,
        .value = ERR_RESOURCE_EXHAUSTED,
        .meta = packed,
        .meta_len = (uint32_t)kith__v1__meta__pack(&meta, packed)};
    assert_int_equal(client_read_failure(schema, &frame, &err), ERR_RESOURCE_EXHAUSTED);
    assert_in_range(err.retry_after_ms, 1, 60 * 1000);
    schema_free(schema);
}

/* ---- anything ---- */

/* One of what a server may say, about a call or none, with numbers that fit or do not. */
static size_t put_anything(uint8_t *out, uint64_t id)
{
    static const uint8_t types[] = {WIRE_RESULT, WIRE_RESULT, WIRE_RESULT, WIRE_ITEM, WIRE_END,
        WIRE_GOAWAY, WIRE_CALL, WIRE_CANCEL, WIRE_CREDIT, WIRE_HELLO, WIRE_PING, 200};
    static const uint64_t strangers[] = {0, 1, UINT64_MAX, UINT64_C(1) << CALL_SLOT_BITS, 0xffffff};
    uint8_t bytes[300];
    for (size_t i = 0; i < sizeof(bytes); i++)
        bytes[i] = (uint8_t)chance(256);
    const struct wire_frame frame = {
        .type = types[chance(sizeof(types))],
        .flags = chance(2) ? (uint16_t)chance(0x10000) : 0,
        .call_id = chance(4) ? id : strangers[chance(5)],
        .value = chance(2) ? chance(20) : (uint32_t)chance(UINT32_MAX),
        .sequence = chance(2) ? chance(4) : (uint32_t)chance(UINT32_MAX),
        .meta = bytes,
        .meta_len = chance(2) ? chance(100) : 0,
        .payload = bytes + 100,
        .payload_len = chance(2) ? chance(200) : 0,
    };
    return raw_put_frame(out, &frame);
}

static size_t answer_anything(
    void *arg, const uint8_t *message, size_t len, uint8_t reply[LIAR_BUFFER_SIZE])
{
    uint64_t session = 0;
    uint64_t id = first_call(message, len, &session);
    size_t n = WIRE_PREAMBLE_SIZE;
    uint32_t n_frames = 0;
    if (!atomic_load((atomic_bool *)arg)) { /* it has become honest */
        n += id != 0 ? put_result(reply + n, id) : 0;
        wire_put_preamble(reply, id != 0, session);
        return n;
    }
    for (uint32_t i = chance(6); i > 0; i--, n_frames++)
        n += put_anything(reply + n, id);
    wire_put_preamble(reply, n_frames, chance(8) ? session : chance(UINT32_MAX));
    if (chance(8) == 0)
        reply[chance((uint32_t)n)] ^= (uint8_t)(1 << chance(8));
    if (chance(8) == 0)
        n = chance((uint32_t)n);
    return n;
}

static void whatever_a_server_answers_every_call_ends(void **state)
{
    (void)state;
    enum { N_ROUNDS = 60, N_CALLS = 16 };
    atomic_bool is_hostile = true;
    atomic_int n_ended = 0;
    struct arena arena;
    struct err err;
    struct db_bytes out;
    struct liar *liar = liar_start(answer_anything, &is_hostile);
    struct rpc_client *client = connect_to(liar_url(liar));
    const struct rpc_call_options options = {.timeout_ms = 50};
    arena_init(&arena, 1 << 20);
    for (int round = 1; round <= N_ROUNDS; round++) {
        for (int i = 0; i < N_CALLS; i++)
            rpc_client_call_async(client, PING, &options, &nothing, count_end, &n_ended);
        loop_await(atomic_load(&n_ended) == round * N_CALLS);
        struct rpc_stream *stream;
        struct db_bytes item;
        enum rpc_next what;
        assert_ok(rpc_stream_open(&stream, client, WATCH, &options, &nothing, &err), &err);
        while (rpc_stream_next(stream, -1, &arena, &what, &item, &err) == ERR_OK &&
               what == RPC_NEXT_ITEM)
            arena_reset(&arena);
        rpc_stream_close(stream);
    }
    atomic_store(&is_hostile, false);
    rpc_client_free(client);
    client = connect_to(liar_url(liar));
    assert_ok(rpc_client_call_bytes(client, PING, NULL, &nothing, &arena, &out, &err), &err);
    rpc_client_free(client);
    liar_stop(liar);
    arena_fini(&arena);
}

int main(void)
{
    seed = random_told("KITH_TEST_SEED", (uint64_t)getpid() * UINT64_C(0x9e3779b97f4a7c15));
    print_message("KITH_TEST_SEED=%" PRIu64 "\n", seed);
    log_open("test", "hostile_server", LOG_FORMAT_JSON, LOG_FATAL);
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_server_answers_for_itself_only),
        cmocka_unit_test(items_nobody_granted_end_a_stream_be_they_empty),
        cmocka_unit_test(advice_to_wait_for_weeks_is_not_taken),
        cmocka_unit_test(whatever_a_server_answers_every_call_ends),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
