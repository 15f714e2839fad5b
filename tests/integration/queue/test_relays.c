/* SPDX-License-Identifier: Apache-2.0 */
#include "rig.h"

static const char CHANGED[] = "kith.v1.MemberChanged";
static const char FOR_TWO[] = "kith.v1.ContactsChanged";
enum { LONG_LEASE_MS = 60000, SHORT_LEASE_MS = 600, BATCH = 20 };

static struct rig rig;
static struct rpc_client *client;
static struct rpc_client *nobody; /* a subscriber that is never there */

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
    nobody = rig_client(&rig);
    rig_reset(&rig);
    client = rig_client(&rig);
    rig_start_consumer(&rig);
    return 0;
}

static int stop_all(void **state)
{
    (void)state;
    rpc_client_free(client);
    rpc_client_free(nobody);
    rig_stop_consumer(&rig);
    return 0;
}

static struct queue_relay *start_relay(const char *owner, int64_t lease_ms)
{
    struct err err = {0};
    struct queue_relay *relay = NULL;
    const struct queue_subscriber subscribers[] = {{"till", client}, {"nobody", nobody}};
    const struct queue_relay_config config = {.db = rig.producer,
        .clock = clock_system(),
        .owner = owner,
        .lease_ms = lease_ms,
        .poll_ms = 50,
        .batch = BATCH,
        .subscribers = subscribers,
        .n_subscribers = 2};
    assert_ok(queue_relay_start(&relay, &config, &err), &err);
    return relay;
}

static void two_relays_share_the_buckets_and_lose_and_double_nothing(void **state)
{
    (void)state;
    struct queue_relay *a = start_relay("a", SHORT_LEASE_MS);
    rig_await(&rig, "SELECT count(*) FROM shop.bucket_owner WHERE owner = 'a'", 64);
    struct queue_relay *b = start_relay("b", SHORT_LEASE_MS);
    for (int i = 0; i < 20; i++)
        rig_emit(&rig, 1, 100, 1, CHANGED); /* while buckets change hands */
    rig_await(&rig, "SELECT count(*) FROM shop.bucket_owner WHERE owner = 'b'", 32);
    rig_emit(&rig, 1, 100, 5, CHANGED);
    queue_relay_stop(a);
    rig_emit(&rig, 1, 100, 5, CHANGED);
    rig_await(&rig, "SELECT count(*) FROM shop.bucket_owner WHERE owner = 'b'", 64);
    rig_await_all_done(&rig, 3000);
    queue_relay_stop(b);
    assert_int_equal(
        rig_count(&rig, "SELECT count(*) FROM shop.bucket_owner WHERE owner IS NOT NULL"), 0);
}

static void buckets_of_a_relay_that_vanished_are_taken_when_its_lease_ends(void **state)
{
    (void)state;
    test_sql(rig.admin, "UPDATE shop.bucket_owner SET owner = 'ghost', epoch = epoch + 1, "
                        "leased_until = now() + interval '700 ms'");
    rig_emit(&rig, 1, 10, 1, CHANGED);
    struct queue_relay *relay = start_relay("heir", LONG_LEASE_MS);
    assert_int_equal(rig_count(&rig, "SELECT count(*) FROM till.effect"), 0);
    rig_await_all_done(&rig, 10);
    assert_int_equal(rig_count(&rig, "SELECT count(*) FROM shop.bucket_owner WHERE "
                                     "leased_until < now() OR owner <> 'heir'"),
        0);
    queue_relay_stop(relay);
}

static void a_process_that_takes_the_name_goes_on_at_once_and_the_old_one_stops(void **state)
{
    (void)state;
    struct queue_relay *old = start_relay("contact", LONG_LEASE_MS);
    rig_await(&rig, "SELECT count(*) FROM shop.bucket_owner WHERE owner = 'contact'", 64);
    int64_t epochs = rig_count(&rig, "SELECT sum(epoch)::int8 FROM shop.bucket_owner");
    struct queue_relay *young = start_relay("contact", LONG_LEASE_MS);
    assert_int_equal(
        rig_count(&rig, "SELECT sum(epoch)::int8 FROM shop.bucket_owner"), epochs + 64);
    rig_emit(&rig, 1, 100, 2, CHANGED);
    rig_await_all_done(&rig, 200);
    queue_relay_stop(old); /* it gives back nothing that is not its own any more */
    assert_int_equal(
        rig_count(&rig, "SELECT count(*) FROM shop.bucket_owner WHERE owner = 'contact'"), 64);
    queue_relay_stop(young);
}

static void a_stale_owner_deletes_nothing(void **state)
{
    (void)state;
    atomic_store(&rig.script.is_gate_closed, true);
    struct queue_relay *relay = start_relay("sleeper", LONG_LEASE_MS);
    rig_emit(&rig, 1, 1, 1, CHANGED);
    rig_await_that(atomic_load(&rig.script.n_in_gate) > 0);
    /* Its lease ends and another takes the buckets while it waits for the acknowledgement. */
    test_sql(rig.admin, "UPDATE shop.bucket_owner SET owner = 'other', epoch = epoch + 1, "
                        "leased_until = now() + interval '1 hour'");
    atomic_store(&rig.script.is_gate_closed, false);
    rig_await(&rig, "SELECT count(*) FROM till.effect", 1);
    queue_relay_stop(relay); /* has handled the reply */
    assert_int_equal(rig_count(&rig, "SELECT count(*) FROM shop.outbox"), 1);

    test_sql(rig.admin, "UPDATE shop.bucket_owner SET leased_until = '-infinity'");
    relay = start_relay("heir", LONG_LEASE_MS);
    rig_await_all_done(&rig, 1);
    queue_relay_stop(relay);
}

static void a_subscriber_that_is_down_does_not_delay_another(void **state)
{
    (void)state;
    struct queue_relay *relay = start_relay("a", LONG_LEASE_MS);
    rig_emit(&rig, 1, 100, 3, FOR_TWO);
    rig_await_all_done(&rig, 300);
    assert_int_equal(
        rig_count(&rig, "SELECT count(*) FROM shop.outbox WHERE subscriber = 'nobody'"), 300);
    queue_relay_stop(relay);
}

static void a_snapshot_held_for_long_does_not_stop_delivery(void **state)
{
    (void)state;
    struct err err = {0};
    struct db_result *r = NULL;
    struct db_session holder = db_session(rig.admin, 0);
    assert_ok(db_begin(&holder, DB_TX_READ, &err), &err);
    test_sql_in(&holder, "SELECT count(*) FROM shop.outbox", &r);
    db_result_clear(&r);
    struct queue_relay *relay = start_relay("a", LONG_LEASE_MS);
    for (int i = 0; i < 10; i++) {
        rig_emit(&rig, 1, 200, 1, CHANGED);
        rig_await(&rig, "SELECT count(*) FROM shop.outbox", 0);
    }
    rig_await_all_done(&rig, 2000);
    queue_relay_stop(relay);
    db_rollback(&holder);
}

static void an_event_committed_after_younger_ones_is_not_lost(void **state)
{
    (void)state;
    struct err err = {0};
    struct db_session late = db_session(rig.producer, 0);
    struct db_result *r = NULL;
    struct queue_relay *relay = start_relay("a", LONG_LEASE_MS);
    const struct id member = rig_member(1);
    const struct id id = id_new(clock_system());
    const struct db_param params[] = {
        db_id(&member), db_id(&id), db_int(id_bucket(&member)), db_text(CHANGED)};
    assert_ok(db_begin(&late, DB_TX_WRITE, &err), &err);
    assert_ok(db_query(&late,
                  test_stmt("INSERT INTO outbox (member_id, id, bucket, kind, traceparent, payload,"
                            " subscriber) VALUES ($1::uuid, $2::uuid, $3::int4, $4::text, '', "
                            "'\\x00', 'till')",
                      4),
                  params, &r, &err),
        &err);
    db_result_clear(&r);
    rig_emit(&rig, 1, 100, 1, CHANGED);
    rig_await(&rig, "SELECT count(*) FROM shop.outbox", 0);
    assert_ok(db_commit(&late, &err), &err);
    rig_await(&rig, "SELECT count(*) FROM till.effect", 101);
    queue_relay_stop(relay);
}

/* A member whose bucket the relay visits after that of member 1. */
static int member_visited_later(void)
{
    const struct id first = rig_member(1);
    int number = 2;
    for (;; number++) {
        const struct id member = rig_member(number);
        if (id_bucket(&member) > id_bucket(&first))
            return number;
    }
}

static void a_backlog_of_one_bucket_does_not_crowd_out_the_others(void **state)
{
    (void)state;
    int later = member_visited_later();
    rig_emit(&rig, 1, 1, 400, CHANGED);
    rig_emit(&rig, later, 1, 1, CHANGED);
    struct queue_relay *relay = start_relay("a", LONG_LEASE_MS);
    rig_await_all_done(&rig, 401);
    queue_relay_stop(relay);

    char member[ID_TEXT_SIZE];
    char place[256];
    const struct id id = rig_member(later);
    id_format(&id, member);
    (void)snprintf(place, sizeof(place),
        "SELECT count(*) FROM till.effect WHERE number <= (SELECT number FROM till.effect WHERE "
        "member_id = '%s')",
        member);
    assert_in_range(rig_count(&rig, place), 1, BATCH); /* it came with the first delivery */
}

#define TEST(f) cmocka_unit_test_setup_teardown(f, reset_rig, stop_all)

int main(void)
{
    const struct CMUnitTest tests[] = {
        TEST(two_relays_share_the_buckets_and_lose_and_double_nothing),
        TEST(buckets_of_a_relay_that_vanished_are_taken_when_its_lease_ends),
        TEST(a_process_that_takes_the_name_goes_on_at_once_and_the_old_one_stops),
        TEST(a_stale_owner_deletes_nothing),
        TEST(a_subscriber_that_is_down_does_not_delay_another),
        TEST(a_snapshot_held_for_long_does_not_stop_delivery),
        TEST(an_event_committed_after_younger_ones_is_not_lost),
        TEST(a_backlog_of_one_bucket_does_not_crowd_out_the_others),
    };
    return cmocka_run_group_tests(tests, open_rig, close_rig);
}
