/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The whole service in this process, with one worker, spoken to over its socket.
 */
#include "free_port.h"
#include "log/log.h"
#include "people.h"
#include "service.h"
#include "watch.h"

#include <kith/v1/events.pb-c.h>
#include <kith/v1/notification.pb-c.h>
#include <kith/v1/queue.pb-c.h>

#include <poll.h>
#include <sys/socket.h>

static const char LIST[] = "/kith.v1.NotificationService/ListNotifications";
static const char MARK[] = "/kith.v1.NotificationService/MarkRead";
static const char DELIVER[] = "/kith.v1.QueueService/Deliver";

static struct db *admin;
static struct arena memory, replies;
static struct notification service;
static char address[64], service_token[AUTH_TOKEN_SIZE], ana_token[AUTH_TOKEN_SIZE];
static struct person ana, bo;
static struct rpc_client *as_ana, *as_bo, *as_service;

/* ---- the service and its callers --------------------------------------------------------------
 */

static struct rpc_client *dial(const char *token)
{
    const struct rpc_client_config config = {.endpoints = address, .token = token};
    struct rpc_client *client = NULL;
    struct err err = {0};
    assert_ok(rpc_client_new(&client, &config, &err), &err);
    return client;
}

static void new_token(const struct person *member, int scopes, char token[AUTH_TOKEN_SIZE])
{
    uint8_t hash[AUTH_HASH_SIZE];
    char hex[2 * AUTH_HASH_SIZE + 1], number[8];
    struct person id = people_new_id();
    auth_token_new(token);
    auth_token_hash(token, hash);
    for (size_t i = 0; i < AUTH_HASH_SIZE; i++)
        (void)snprintf(&hex[2 * i], 3, "%02x", hash[i]);
    (void)snprintf(number, sizeof(number), "%d", scopes);
    people_sql(admin,
        "INSERT INTO contact.token (member_id, token_id, label, scopes) VALUES ('%s', '%s', '', "
        "%s)",
        member->text, id.text, number);
    people_sql(admin,
        "INSERT INTO contact.token_hash (token_hash, member_id, token_id) "
        "VALUES ('\\x%s', '%s', '%s')",
        hex, member->text, id.text);
}

static struct notification_config config_at(const char *url)
{
    return (struct notification_config){.read_days = 365,
        .service = {
            .listen = url,
            .database_host = getenv("PGHOST"),
            .database_port = 5432,
            .database_name = getenv("PGDATABASE"),
            .database_user = "notification",
            .database_pool = 4,
            .service_token = service_token,
            .workers = 1,
            .queue_limit = 100,
            .allow_unsafe_database = true,
        }};
}

static int start(void **state)
{
    (void)state;
    struct err err = {0};
    log_open("test", NULL, LOG_FORMAT_LOGFMT, LOG_ERROR);
    admin = test_db_open(NULL, "test admin", 2);
    arena_init(&memory, 1 << 20);
    arena_init(&replies, 16 << 20);
    auth_token_new(service_token);
    (void)snprintf(address, sizeof(address), "tcp://127.0.0.1:%d", test_free_port());
    const struct notification_config config = config_at(address);
    assert_ok(notification_start(&service, &memory, &config, &err), &err);
    as_service = dial(service_token);
    return 0;
}

static int stop(void **state)
{
    (void)state;
    rpc_client_free(as_service);
    notification_stop(&service);
    arena_fini(&replies);
    arena_fini(&memory);
    db_close(admin);
    return 0;
}

static int meet(void **state)
{
    (void)state;
    arena_reset(&replies);
    ana = people_new_member(admin, "Ana Costa");
    bo = people_new_member(admin, "Bo Lind");
    char bo_token[AUTH_TOKEN_SIZE];
    new_token(&ana, RPC_SCOPE_READ | RPC_SCOPE_WRITE, ana_token);
    new_token(&bo, RPC_SCOPE_READ | RPC_SCOPE_WRITE, bo_token);
    as_ana = dial(ana_token);
    as_bo = dial(bo_token);
    return 0;
}

static int part(void **state)
{
    (void)state;
    rpc_client_free(as_ana);
    rpc_client_free(as_bo);
    return 0;
}

/* ---- calls ------------------------------------------------------------------------------------
 */

static enum err_reason try_call(struct rpc_client *client, const char *method,
    const ProtobufCMessage *in, int64_t timeout_ms, const void **out)
{
    const struct rpc_call_options options = {.timeout_ms = timeout_ms};
    struct err err = {0};
    ProtobufCMessage *reply = NULL;
    if (rpc_client_call(client, method, &options, in, &replies, &reply, &err) != ERR_OK)
        return err.reason;
    *out = reply;
    return REASON_NONE;
}

static const void *call(struct rpc_client *client, const char *method, const ProtobufCMessage *in)
{
    const void *out = NULL;
    assert_int_equal(try_call(client, method, in, 0, &out), REASON_NONE);
    return out;
}

static const Kith__V1__ListNotificationsResponse *list(struct rpc_client *client)
{
    const Kith__V1__ListNotificationsRequest in = KITH__V1__LIST_NOTIFICATIONS_REQUEST__INIT;
    return call(client, LIST, &in.base);
}

/* protobuf-c's structs have no const strings, but nobody writes into them. */
static char *text(const char *s)
{
    return (char *)(uintptr_t)s;
}

static const Kith__V1__WatchNotificationsResponse *next_of(struct rpc_stream *stream)
{
    enum err_reason failure;
    const Kith__V1__WatchNotificationsResponse *item =
        next_within(&replies, stream, 20000, &failure);
    assert_int_equal(failure, REASON_NONE);
    assert_non_null(item);
    return item;
}

/* What a watch says at first: nothing, when it goes well. */
static enum err_reason try_watch(struct rpc_client *client, const char *cursor)
{
    enum err_reason failure;
    struct rpc_stream *stream = watch(client, cursor, 0);
    (void)next_within(&replies, stream, 20000, &failure);
    rpc_stream_close(stream);
    return failure;
}

/* One event to deliver. */
struct parcel {
    struct person id;
    Kith__V1__Event event;
    uint8_t payload[512];
};

static void wrap(struct parcel *p, const char *kind, const ProtobufCMessage *payload)
{
    p->id = people_new_id();
    kith__v1__event__init(&p->event);
    p->event.id = p->id.text;
    p->event.member_id = bo.text;
    p->event.kind = text(kind);
    p->event.occurred_us = 1700000000000000;
    p->event.payload.data = p->payload;
    p->event.payload.len = protobuf_c_message_pack(payload, p->payload);
}

static void wrap_ask(struct parcel *p, const struct person *from, const struct person *to)
{
    static struct person ask;
    ask = people_new_id();
    Kith__V1__AskReceived payload = KITH__V1__ASK_RECEIVED__INIT;
    payload.ask_id = ask.text;
    payload.from_member_id = text(from->text);
    payload.to_member_id = text(to->text);
    wrap(p, "kith.v1.AskReceived", &payload.base);
}

static const Kith__V1__DeliverResponse *deliver(struct parcel *parcels, size_t n)
{
    Kith__V1__Event *events[8];
    Kith__V1__DeliverRequest in = KITH__V1__DELIVER_REQUEST__INIT;
    for (size_t i = 0; i < n; i++)
        events[i] = &parcels[i].event;
    in.producer = text("test");
    in.events = events;
    in.n_events = n;
    return call(as_service, DELIVER, &in.base);
}

/* ---- who may call -----------------------------------------------------------------------------
 */

static enum err_reason refusal(struct rpc_client *client, const char *method)
{
    const Kith__V1__ListNotificationsRequest list_in = KITH__V1__LIST_NOTIFICATIONS_REQUEST__INIT;
    const Kith__V1__MarkReadRequest mark_in = KITH__V1__MARK_READ_REQUEST__INIT;
    Kith__V1__DeliverRequest deliver_in = KITH__V1__DELIVER_REQUEST__INIT;
    deliver_in.producer = text("test");
    const ProtobufCMessage *in = method == LIST   ? &list_in.base
                                 : method == MARK ? &mark_in.base
                                                  : &deliver_in.base;
    const void *out;
    return try_call(client, method, in, 0, &out);
}

static void who_may_call_what_is_enforced(void **state)
{
    (void)state;
    char reader[AUTH_TOKEN_SIZE], writer[AUTH_TOKEN_SIZE], unknown[AUTH_TOKEN_SIZE];
    new_token(&ana, RPC_SCOPE_READ, reader);
    new_token(&ana, RPC_SCOPE_WRITE, writer);
    auth_token_new(unknown);
    const struct {
        const char *token;
        enum err_reason list, watch, mark, deliver;
    } rows[] = {
        {NULL, REASON_TOKEN_MISSING, REASON_TOKEN_MISSING, REASON_TOKEN_MISSING,
            REASON_TOKEN_MISSING},
        {"kith_mistyped", REASON_TOKEN_MALFORMED, REASON_TOKEN_MALFORMED, REASON_TOKEN_MALFORMED,
            REASON_TOKEN_MALFORMED},
        {unknown, REASON_TOKEN_UNKNOWN, REASON_TOKEN_UNKNOWN, REASON_TOKEN_UNKNOWN,
            REASON_TOKEN_UNKNOWN},
        {reader, REASON_NONE, REASON_NONE, REASON_SCOPE_MISSING, REASON_CALLER_NOT_ALLOWED},
        {writer, REASON_SCOPE_MISSING, REASON_SCOPE_MISSING, REASON_NONE,
            REASON_CALLER_NOT_ALLOWED},
        {service_token, REASON_CALLER_NOT_ALLOWED, REASON_CALLER_NOT_ALLOWED,
            REASON_CALLER_NOT_ALLOWED, REASON_NONE},
    };
    for (size_t i = 0; i < sizeof(rows) / sizeof(*rows); i++) {
        struct rpc_client *client = dial(rows[i].token);
        assert_int_equal(refusal(client, LIST), rows[i].list);
        assert_int_equal(try_watch(client, ""), rows[i].watch);
        assert_int_equal(refusal(client, MARK), rows[i].mark);
        assert_int_equal(refusal(client, DELIVER), rows[i].deliver);
        rpc_client_free(client);
    }
}

static void nobody_sees_or_marks_what_others_were_told(void **state)
{
    (void)state;
    struct parcel parcel;
    wrap_ask(&parcel, &bo, &ana);
    assert_int_equal(deliver(&parcel, 1)->n_done, 1);
    assert_int_equal(list(as_bo)->n_notifications, 0);
    char *ids[] = {list(as_ana)->notifications[0]->id};
    Kith__V1__MarkReadRequest in = KITH__V1__MARK_READ_REQUEST__INIT;
    in.notification_ids = ids;
    in.n_notification_ids = 1;
    const Kith__V1__MarkReadResponse *marked = call(as_bo, MARK, &in.base);
    assert_int_equal(marked->marked, 0);
    in.up_to_id = ids[0];
    const void *out;
    assert_int_equal(try_call(as_bo, MARK, &in.base, 0, &out), REASON_NOTIFICATION_NOT_FOUND);
    assert_int_equal(list(as_ana)->unread, 1);
    marked = call(as_ana, MARK, &in.base);
    assert_int_equal(marked->marked, 1);
    assert_int_equal(list(as_ana)->unread, 0);
}

/* ---- events become notifications --------------------------------------------------------------
 */

static void every_kind_of_event_tells_the_right_member(void **state)
{
    (void)state;
    struct person subject = people_new_id();
    Kith__V1__AskReceived received = KITH__V1__ASK_RECEIVED__INIT;
    Kith__V1__AskAnswered answered = KITH__V1__ASK_ANSWERED__INIT;
    Kith__V1__AskPassed passed = KITH__V1__ASK_PASSED__INIT;
    Kith__V1__InvitationReceived invited = KITH__V1__INVITATION_RECEIVED__INIT;
    Kith__V1__InvitationAccepted accepted = KITH__V1__INVITATION_ACCEPTED__INIT;
    received.ask_id = answered.ask_id = passed.ask_id = subject.text;
    invited.invitation_id = accepted.invitation_id = subject.text;
    received.from_member_id = answered.by_member_id = passed.by_member_id = bo.text;
    invited.from_member_id = accepted.by_member_id = bo.text;
    received.to_member_id = answered.to_member_id = passed.to_member_id = ana.text;
    invited.to_member_id = accepted.from_member_id = ana.text;
    struct parcel parcels[5];
    wrap(&parcels[0], "kith.v1.AskReceived", &received.base);
    wrap(&parcels[1], "kith.v1.AskAnswered", &answered.base);
    wrap(&parcels[2], "kith.v1.AskPassed", &passed.base);
    wrap(&parcels[3], "kith.v1.InvitationReceived", &invited.base);
    wrap(&parcels[4], "kith.v1.InvitationAccepted", &accepted.base);
    static const char *const titles[] = {"Bo Lind asks you", "Bo Lind answered your question",
        "Bo Lind can not answer your question", "Bo Lind invites you to connect",
        "Bo Lind accepted your invitation"};
    assert_int_equal(deliver(parcels, 5)->n_done, 5);
    const Kith__V1__ListNotificationsResponse *inbox = list(as_ana);
    assert_int_equal(inbox->n_notifications, 5);
    for (size_t i = 0; i < 5; i++) {
        const Kith__V1__Notification *n = inbox->notifications[4 - i];
        assert_int_equal(n->kind, i + 1);
        assert_string_equal(n->title, titles[i]);
        assert_string_equal(n->id, parcels[i].id.text);
        assert_string_equal(n->subject_id, subject.text);
        assert_string_equal(n->actor_id, bo.text);
        assert_string_equal(n->actor_name, "Bo Lind");
        assert_int_equal(n->created_us, 1700000000000000);
    }
    assert_int_equal(list(as_bo)->n_notifications, 0);
}

static void a_batch_delivered_twice_tells_once(void **state)
{
    (void)state;
    struct parcel parcels[2];
    wrap_ask(&parcels[0], &bo, &ana);
    wrap_ask(&parcels[1], &bo, &ana);
    assert_int_equal(deliver(parcels, 2)->n_done, 2);
    assert_int_equal(deliver(parcels, 2)->n_done, 2);
    assert_int_equal(list(as_ana)->n_notifications, 2);
    assert_int_equal(list(as_ana)->unread, 2);
}

static void an_event_without_its_ids_is_not_acknowledged(void **state)
{
    (void)state;
    struct parcel parcels[2];
    const Kith__V1__AskReceived empty = KITH__V1__ASK_RECEIVED__INIT;
    wrap(&parcels[0], "kith.v1.AskReceived", &empty.base);
    wrap_ask(&parcels[1], &bo, &ana);
    parcels[1].event.member_id = ana.text; /* another producer's member: not held up */
    const Kith__V1__DeliverResponse *done = deliver(parcels, 2);
    assert_int_equal(done->n_done, 1);
    assert_string_equal(done->done[0], parcels[1].id.text);
    assert_int_equal(list(as_ana)->n_notifications, 1);
}

/* ---- watching ---------------------------------------------------------------------------------
 */

static void a_watch_holds_no_worker_and_wakes_for_what_comes(void **state)
{
    (void)state;
    enum { WATCHERS = 5 };
    struct rpc_stream *watchers[WATCHERS];
    struct parcel parcels[2];
    for (size_t i = 0; i < WATCHERS; i++)
        watchers[i] = watch(as_ana, list(as_ana)->cursor, 0);
    for (size_t round = 0; round < 2; round++) {
        /* The one worker there is still serves others. */
        for (int i = 0; i < 20; i++)
            assert_int_equal(list(as_bo)->n_notifications, 0);
        wrap_ask(&parcels[round], &bo, &ana);
        assert_int_equal(deliver(&parcels[round], 1)->n_done, 1);
        for (size_t i = 0; i < WATCHERS; i++)
            assert_string_equal(next_of(watchers[i])->notification->id, parcels[round].id.text);
    }
    for (size_t i = 0; i < WATCHERS; i++)
        rpc_stream_close(watchers[i]);
}

static void a_watch_goes_on_where_the_one_before_ended(void **state)
{
    (void)state;
    struct parcel parcels[3];
    const char *cursor = list(as_ana)->cursor;
    for (size_t i = 0; i < 3; i++) {
        wrap_ask(&parcels[i], &bo, &ana);
        assert_int_equal(deliver(&parcels[i], 1)->n_done, 1);
    }
    for (size_t i = 0; i < 3; i++) {
        struct rpc_stream *stream = watch(as_ana, cursor, 0);
        const Kith__V1__WatchNotificationsResponse *out = next_of(stream);
        assert_string_equal(out->notification->id, parcels[i].id.text);
        cursor = out->cursor;
        rpc_stream_close(stream);
    }
}

static void a_watch_without_cursor_begins_now_and_says_where_that_is(void **state)
{
    (void)state;
    struct parcel parcels[2];
    wrap_ask(&parcels[0], &bo, &ana);
    assert_int_equal(deliver(&parcels[0], 1)->n_done, 1);
    struct rpc_stream *stream = watch(as_ana, "", 0);
    const Kith__V1__WatchNotificationsResponse *out = next_of(stream);
    assert_null(out->notification);
    assert_string_equal(out->cursor, list(as_ana)->cursor);
    wrap_ask(&parcels[1], &bo, &ana);
    assert_int_equal(deliver(&parcels[1], 1)->n_done, 1);
    assert_string_equal(next_of(stream)->notification->id, parcels[1].id.text);
    rpc_stream_close(stream);
}

static void a_watch_ends_when_its_token_is_revoked_and_tells_nothing_more(void **state)
{
    (void)state;
    struct parcel parcel;
    enum err_reason failure;
    struct rpc_stream *stream = watch(as_ana, list(as_ana)->cursor, 0);
    assert_null(next_within(&replies, stream, 50, &failure));
    assert_int_equal(failure, REASON_NONE);
    people_sql(admin, "UPDATE contact.token SET revoked_at = now() WHERE member_id = '%s'",
        ana.text, "", "");
    /* Nobody keeps a token's answer for longer than a second. */
    int64_t until_us = clock_mono_us(clock_system()) + 1100000;
    while (clock_mono_us(clock_system()) < until_us)
        (void)poll(NULL, 0, 10);
    wrap_ask(&parcel, &bo, &ana);
    assert_int_equal(deliver(&parcel, 1)->n_done, 1);
    assert_null(next_within(&replies, stream, 20000, &failure));
    assert_int_equal(failure, REASON_TOKEN_UNKNOWN);
    rpc_stream_close(stream);
}

static void a_watch_hears_within_two_seconds_what_another_instance_stored(void **state)
{
    (void)state;
    struct notification other = {0};
    char other_address[64];
    struct parcel parcels[3];
    struct err err = {0};
    (void)snprintf(other_address, sizeof(other_address), "tcp://127.0.0.1:%d", test_free_port());
    const struct notification_config config = config_at(other_address);
    assert_ok(notification_start(&other, &memory, &config, &err), &err);
    const struct rpc_client_config there = {.endpoints = other_address, .token = ana_token};
    struct rpc_client *client = NULL;
    assert_ok(rpc_client_new(&client, &there, &err), &err);
    struct rpc_stream *stream = watch(client, "", 0);
    assert_null(next_of(stream)->notification);
    for (size_t i = 0; i < 3; i++) {
        wrap_ask(&parcels[i], &bo, &ana);
        assert_int_equal(deliver(&parcels[i], 1)->n_done, 1);
        int64_t begin_us = clock_mono_us(clock_system());
        assert_string_equal(next_of(stream)->notification->id, parcels[i].id.text);
        assert_in_range(clock_mono_us(clock_system()) - begin_us, 0, 2000000);
    }
    rpc_stream_close(stream);
    rpc_client_free(client);
    notification_stop(&other);
}

/* ---- lists ------------------------------------------------------------------------------------
 */

static void the_cursor_of_a_later_page_is_that_of_the_first(void **state)
{
    (void)state;
    struct parcel parcels[3];
    for (size_t i = 0; i < 3; i++)
        wrap_ask(&parcels[i], &bo, &ana);
    assert_int_equal(deliver(parcels, 2)->n_done, 2);
    Kith__V1__ListNotificationsRequest in = KITH__V1__LIST_NOTIFICATIONS_REQUEST__INIT;
    in.page_size = 1;
    const Kith__V1__ListNotificationsResponse *first = call(as_ana, LIST, &in.base);
    assert_string_equal(first->notifications[0]->id, parcels[1].id.text);
    assert_int_equal(deliver(&parcels[2], 1)->n_done, 1);
    in.page_token = first->next_page_token;
    const Kith__V1__ListNotificationsResponse *second = call(as_ana, LIST, &in.base);
    assert_string_equal(second->notifications[0]->id, parcels[0].id.text);
    assert_string_equal(second->next_page_token, "");
    assert_string_equal(second->cursor, first->cursor);
    struct rpc_stream *since = watch(as_ana, second->cursor, 0);
    assert_string_equal(next_of(since)->notification->id, parcels[2].id.text);
    rpc_stream_close(since);
}

static void sizes_and_tokens_out_of_bounds_are_refused(void **state)
{
    (void)state;
    const void *out;
    Kith__V1__ListNotificationsRequest in = KITH__V1__LIST_NOTIFICATIONS_REQUEST__INIT;
    in.page_size = 1001;
    assert_int_equal(try_call(as_ana, LIST, &in.base, 0, &out), REASON_FIELD_INVALID);
    in.page_size = 1000;
    in.page_token = text("a7");
    assert_int_equal(try_call(as_ana, LIST, &in.base, 0, &out), REASON_PAGE_TOKEN_INVALID);
    assert_int_equal(try_watch(as_ana, "b7a7"), REASON_PAGE_TOKEN_INVALID);
    Kith__V1__MarkReadRequest mark = KITH__V1__MARK_READ_REQUEST__INIT;
    mark.up_to_id = text("not-an-id");
    assert_int_equal(try_call(as_ana, MARK, &mark.base, 0, &out), REASON_FIELD_INVALID);
}

static void notifications_read_long_ago_are_forgotten_unread_ones_stay(void **state)
{
    (void)state;
    struct err err = {0};
    people_sql(admin,
        "INSERT INTO notification.notification (member_id, id, seq, kind, subject_id, actor_id, "
        "created_at, read_at) SELECT '%s', gen_random_uuid(), 1000 + n, 1, gen_random_uuid(), "
        "gen_random_uuid(), now() - interval '900 days', CASE WHEN n < 2 THEN now() - n * "
        "interval '%s days' END FROM generate_series(0, %s) AS n",
        ana.text, "400", "2");
    const struct housekeeping_config config = {.db = service.db,
        .clock = clock_system(),
        .tasks = service.old_rows,
        .n_tasks = sizeof service.old_rows / sizeof *service.old_rows};
    assert_ok(housekeeping_run(&config, &err), &err);
    assert_int_equal(test_sql_int(admin, "SELECT sum(seq)::int8 FROM notification.notification "
                                         "WHERE seq >= 1000"),
        1000 + 1002);
}

#define TEST(name) cmocka_unit_test_setup_teardown(name, meet, part)

int main(void)
{
    const struct CMUnitTest tests[] = {
        TEST(who_may_call_what_is_enforced),
        TEST(nobody_sees_or_marks_what_others_were_told),
        TEST(every_kind_of_event_tells_the_right_member),
        TEST(a_batch_delivered_twice_tells_once),
        TEST(an_event_without_its_ids_is_not_acknowledged),
        TEST(a_watch_holds_no_worker_and_wakes_for_what_comes),
        TEST(a_watch_goes_on_where_the_one_before_ended),
        TEST(a_watch_without_cursor_begins_now_and_says_where_that_is),
        TEST(a_watch_ends_when_its_token_is_revoked_and_tells_nothing_more),
        TEST(a_watch_hears_within_two_seconds_what_another_instance_stored),
        TEST(the_cursor_of_a_later_page_is_that_of_the_first),
        TEST(sizes_and_tokens_out_of_bounds_are_refused),
        TEST(notifications_read_long_ago_are_forgotten_unread_ones_stay),
    };
    return cmocka_run_group_tests(tests, start, stop);
}
