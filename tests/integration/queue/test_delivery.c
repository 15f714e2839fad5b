/* SPDX-License-Identifier: Apache-2.0 */
#include "rig.h"

#include <kith/v1/events.pb-c.h>
#include <kith/v1/queue.pb-c.h>

static const char CHANGED[] = "kith.v1.MemberChanged";

static struct rig rig;
static struct rpc_client *client;
static struct queue_relay *relay;

static int open_rig(void **state)
{
    (void)state;
    rig_open(&rig);
    return 0;
}

static int close_rig(void **state)
{
    (void)state;
    rig_close(&rig);
    return 0;
}

static int reset_rig(void **state)
{
    (void)state;
    rig_reset(&rig);
    client = rig_client(&rig);
    relay = NULL;
    return 0;
}

static int stop_all(void **state)
{
    (void)state;
    queue_relay_stop(relay);
    rpc_client_free(client);
    rig_stop_consumer(&rig);
    return 0;
}

static void start_relay(void)
{
    struct err err = {0};
    const struct queue_subscriber subscribers[] = {{"till", client}};
    const struct queue_relay_config config = {.db = rig.producer,
        .clock = clock_system(),
        .owner = "relay",
        .poll_ms = 50,
        .subscribers = subscribers,
        .n_subscribers = 1};
    assert_ok(queue_relay_start(&relay, &config, &err), &err);
}

static void events_have_their_effect_once_and_in_order(void **state)
{
    (void)state;
    rig_start_consumer(&rig);
    start_relay();
    rig_emit(&rig, 1, 100, 10, CHANGED);
    queue_relay_hint(relay);
    rig_await_all_done(&rig, 1000);
    assert_int_equal(atomic_load(&rig.script.n_after), 1000);
}

static void a_consumer_that_was_down_gets_its_events_later(void **state)
{
    (void)state;
    start_relay();
    rig_emit(&rig, 1, 50, 4, CHANGED);
    rig_await(&rig, "SELECT count(*) FROM shop.bucket_owner WHERE owner = 'relay'", 64);
    assert_int_equal(rig_count(&rig, "SELECT count(*) FROM shop.outbox"), 200);
    rig_start_consumer(&rig);
    rig_await_all_done(&rig, 200);
}

static void what_is_written_while_the_relay_is_away_is_delivered_when_it_is_back(void **state)
{
    (void)state;
    rig_start_consumer(&rig);
    rig_emit(&rig, 1, 300, 3, CHANGED);
    start_relay();
    rig_await_all_done(&rig, 900);
}

/* ---- killing the consumer -------------------------------------------------------------------- */

static void a_consumer_killed_before_or_after_its_commit_doubles_and_loses_nothing(void **state)
{
    (void)state;
    enum { LIVES = 6, EVENTS = 300 };
    start_relay();
    rig_emit(&rig, 1, 60, EVENTS / 60, CHANGED);
    for (int life = 0; life < LIVES; life++) {
        bool after_commit = life % 2 == 0;
        rig_run_consumer(&rig, CONSUMER_PROCESS, after_commit ? 11 : 0, after_commit ? 0 : 13);
    }
    /* Each one that died after its commit has left work done that nobody acknowledged. */
    int64_t n_before = rig_count(&rig, "SELECT count(*) FROM till.effect");
    assert_in_range(n_before, LIVES / 2 * 11, EVENTS - 1);
    assert_true(rig_count(&rig, "SELECT count(*) FROM shop.outbox") > EVENTS - n_before);
    rig_start_consumer(&rig);
    rig_await_all_done(&rig, EVENTS);
}

/* ---- refusals -------------------------------------------------------------------------------- */

static void a_refused_event_holds_up_only_its_member(void **state)
{
    (void)state;
    atomic_store(&rig.script.refused_member, 7);
    rig_start_consumer(&rig);
    start_relay();
    rig_emit(&rig, 1, 100, 5, CHANGED);
    rig_await(&rig, "SELECT count(*) FROM shop.outbox", 5);
    rig_await(&rig, "SELECT count(*) FROM shop.outbox WHERE attempts >= 5", 1); /* tried again, … */
    int64_t attempts = rig_count(&rig, "SELECT max(attempts) FROM shop.outbox");
    /* … at most twice an attempt, with the batch and alone, and in between it waits. */
    assert_in_range(atomic_load(&rig.script.n_refused), 5, 2 * attempts + 2);
    rig_await(&rig, "SELECT count(*) FROM shop.outbox WHERE retry_at > now()", 1);
    rig_emit(&rig, 1, 100, 1, CHANGED); /* and the others go on meanwhile */
    rig_await(&rig, "SELECT count(*) FROM shop.outbox", 6);
    rig_assert_once_and_in_order(&rig, 99 * 6);
    atomic_store(&rig.script.refused_member, 0);
    rig_await_all_done(&rig, 600);
}

/* ---- the consumer alone ---------------------------------------------------------------------- */

static size_t deliver(Kith__V1__Event **events, size_t n)
{
    struct err err = {0};
    struct arena arena;
    arena_init(&arena, 1 << 20);
    Kith__V1__DeliverRequest request = KITH__V1__DELIVER_REQUEST__INIT;
    char producer[] = "test";
    request.producer = producer;
    request.events = events;
    request.n_events = n;
    ProtobufCMessage *out = NULL;
    const struct rpc_call_options options = {0};
    assert_ok(rpc_client_call(client, "/kith.v1.QueueService/Deliver", &options, &request.base,
                  &arena, &out, &err),
        &err);
    const Kith__V1__DeliverResponse *response = (const void *)out;
    size_t n_done = response->n_done;
    for (size_t i = 0; n_done == n && i < n; i++)
        assert_string_equal(response->done[i], events[i]->id);
    arena_fini(&arena);
    return n_done;
}

struct sent {
    Kith__V1__Event event;
    char id[ID_TEXT_SIZE];
    char member[ID_TEXT_SIZE];
    char kind[64];
    char empty[1];
};

static void make_event(struct sent *sent, int member, const char *kind)
{
    struct id id = id_new(clock_system());
    struct id member_id = rig_member(member);
    kith__v1__event__init(&sent->event);
    id_format(&id, sent->id);
    id_format(&member_id, sent->member);
    (void)snprintf(sent->kind, sizeof(sent->kind), "%s", kind);
    sent->empty[0] = '\0';
    sent->event.id = sent->id;
    sent->event.member_id = sent->member;
    sent->event.kind = sent->kind;
    sent->event.traceparent = sent->empty;
}

static void a_duplicate_is_acknowledged_without_effect(void **state)
{
    (void)state;
    rig_start_consumer(&rig);
    struct sent sent;
    make_event(&sent, 1, CHANGED);
    Kith__V1__Event *twice[] = {&sent.event, &sent.event};
    assert_int_equal(deliver(twice, 2), 2);
    assert_int_equal(deliver(twice, 1), 1);
    rig_assert_once_and_in_order(&rig, 1);
}

static void effects_of_a_batch_run_by_member_and_are_acknowledged_as_they_came(void **state)
{
    (void)state;
    static const int members[] = {3, 1, 2, 1, 3, 2};
    enum { N = sizeof(members) / sizeof(members[0]) };
    rig_start_consumer(&rig);
    struct sent sent[N];
    Kith__V1__Event *events[N];
    for (size_t i = 0; i < N; i++) {
        make_event(&sent[i], members[i], CHANGED);
        events[i] = &sent[i].event;
    }
    assert_int_equal(deliver(events, N), N);
    rig_assert_once_and_in_order(&rig, N);
    assert_int_equal(rig_count(&rig, "SELECT count(*) FROM till.effect AS a JOIN till.effect AS b "
                                     "ON a.number < b.number WHERE a.member_id > b.member_id"),
        0);
}

static void a_kind_nobody_handles_is_acknowledged(void **state)
{
    (void)state;
    rig_start_consumer(&rig);
    struct sent sent;
    make_event(&sent, 1, "kith.v9.Unheard");
    Kith__V1__Event *event = &sent.event;
    assert_int_equal(deliver(&event, 1), 1);
    rig_assert_once_and_in_order(&rig, 0);
}

static void a_refused_effect_leaves_nothing_behind(void **state)
{
    (void)state;
    atomic_store(&rig.script.refused_member, 1);
    rig_start_consumer(&rig);
    struct sent sent;
    make_event(&sent, 1, CHANGED);
    Kith__V1__Event *event = &sent.event;
    assert_int_equal(deliver(&event, 1), 0);
    assert_int_equal(rig_count(&rig, "SELECT count(*) FROM till.inbox"), 0);
    assert_int_equal(rig_count(&rig, "SELECT count(*) FROM till.effect"), 0);
    assert_int_equal(atomic_load(&rig.script.n_after), 0);
}

/* ---- packing --------------------------------------------------------------------------------- */

static void an_event_is_packed_with_what_the_outbox_needs(void **state)
{
    (void)state;
    struct err err = {0};
    struct arena arena;
    arena_init(&arena, 1 << 20);
    struct rpc_ctx ctx = {.arena = &arena, .clock = clock_system(), .trace = rpc_trace_new()};
    const struct id member = rig_member(9);
    Kith__V1__MemberChanged event = KITH__V1__MEMBER_CHANGED__INIT;
    char text[] = "x";
    event.member_id = text;
    struct queue_outgoing out;
    assert_ok(queue_pack(&ctx, &member, &event.base, &out, &err), &err);
    assert_string_equal(out.kind, CHANGED);
    assert_int_equal(out.bucket, id_bucket(&member));
    assert_int_equal(out.payload.len, 3);
    struct rpc_trace trace;
    assert_true(rpc_trace_parse(out.traceparent, &trace));
    assert_memory_equal(trace.trace_id, ctx.trace.trace_id, sizeof(trace.trace_id));

    static char large[20000];
    memset(large, 'x', sizeof(large) - 1);
    event.member_id = large;
    assert_int_equal(queue_pack(&ctx, &member, &event.base, &out, &err), ERR_RESOURCE_EXHAUSTED);
    arena_fini(&arena);
}

#define TEST(f) cmocka_unit_test_setup_teardown(f, reset_rig, stop_all)

int main(void)
{
    const struct CMUnitTest tests[] = {
        TEST(events_have_their_effect_once_and_in_order),
        TEST(a_consumer_that_was_down_gets_its_events_later),
        TEST(what_is_written_while_the_relay_is_away_is_delivered_when_it_is_back),
        TEST(a_consumer_killed_before_or_after_its_commit_doubles_and_loses_nothing),
        TEST(a_refused_event_holds_up_only_its_member),
        TEST(a_duplicate_is_acknowledged_without_effect),
        TEST(effects_of_a_batch_run_by_member_and_are_acknowledged_as_they_came),
        TEST(a_kind_nobody_handles_is_acknowledged),
        TEST(a_refused_effect_leaves_nothing_behind),
        TEST(an_event_is_packed_with_what_the_outbox_needs),
    };
    return cmocka_run_group_tests(tests, open_rig, close_rig);
}
