/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The inbox in the database, seen as the service's own role.
 */
#include "notification_sql.h"
#include "people.h"
#include "store.h"

#include <pthread.h>
#include <stdatomic.h>

enum { ARENA_LIMIT = 16 << 20 };

static struct db *admin, *db;
static struct arena arena;
static struct person ana, bo;

static int open_database(void **state)
{
    (void)state;
    admin = test_db_open(NULL, "test admin", 2);
    db = test_db_open("notification", "test notification", 12);
    arena_init(&arena, ARENA_LIMIT);
    return 0;
}

static int close_database(void **state)
{
    (void)state;
    arena_fini(&arena);
    db_close(db);
    db_close(admin);
    return 0;
}

/* Two members nobody told anything yet. */
static int meet(void **state)
{
    (void)state;
    arena_reset(&arena);
    ana = people_new_member(admin, "Ana Costa");
    bo = people_new_member(admin, "Bo Lind");
    return 0;
}

static struct notice notice_to(const struct person *member, enum notice_kind kind)
{
    return (struct notice){
        .id = id_new(clock_system()),
        .member = member->id,
        .actor = bo.id,
        .subject = id_new(clock_system()),
        .kind = kind,
        .created_us = clock_wall_us(clock_system()),
    };
}

static bool add(const struct notice *notice)
{
    struct db_session s = db_session(db, 0);
    struct err err = {0};
    bool is_new = false;
    assert_ok(store_add(&s, notice, &is_new, &err), &err);
    return is_new;
}

static struct notices list(const struct person *member, int64_t before, bool only_unread, int64_t n)
{
    struct db_session s = db_session(db, 0);
    struct err err = {0};
    struct notices found = {0};
    const struct store_page page = {before, only_unread, n};
    assert_ok(store_list(&s, &arena, &member->id, &page, &found, &err), &err);
    return found;
}

static struct notices watch(const struct person *member, int64_t after, int64_t n)
{
    struct db_session s = db_session(db, 0);
    struct err err = {0};
    struct notices found = {0};
    assert_ok(store_watch(&s, &arena, &member->id, after, n, &found, &err), &err);
    return found;
}

static enum err_code mark(const struct person *member, const struct id *ids, size_t n,
    const struct id *up_to, int64_t *marked)
{
    struct db_session s = db_session(db, 0);
    struct err err = {0};
    struct store_marking what = {ids, n, up_to, clock_wall_us(clock_system())};
    return store_mark_read(&s, &member->id, &what, marked, &err);
}

static void every_statement_prepares_as_the_service(void **state)
{
    (void)state;
    struct err err = {0};
#define CHECK(stmt) assert_ok(db_check(db, &(stmt), &err), &err);
    NOTIFICATION_SQL_ALL(CHECK)
#undef CHECK
}

static void the_inbox_of_somebody_never_told_anything_is_empty(void **state)
{
    (void)state;
    struct notices found = list(&ana, INT64_MAX, false, 10);
    assert_int_equal(found.n, 0);
    assert_int_equal(found.unread, 0);
    assert_int_equal(found.newest, 0);
    assert_int_equal(watch(&ana, 0, 10).n, 0);
}

static void the_newest_comes_first_in_a_list_and_last_in_a_watch(void **state)
{
    (void)state;
    struct notice first = notice_to(&ana, NOTICE_INVITATION_RECEIVED);
    struct notice second = notice_to(&ana, NOTICE_INVITATION_ACCEPTED);
    assert_true(add(&first) && add(&second));
    struct notices listed = list(&ana, INT64_MAX, false, 10);
    assert_int_equal(listed.n, 2);
    assert_true(id_equal(&listed.items[0].id, &second.id));
    assert_int_equal(listed.items[0].kind, NOTICE_INVITATION_ACCEPTED);
    assert_true(id_equal(&listed.items[1].id, &first.id));
    assert_int_equal(listed.items[1].created_us, first.created_us);
    assert_true(id_equal(&listed.items[1].subject, &first.subject));
    assert_int_equal(listed.items[1].read_us, 0);
    struct notices watched = watch(&ana, 0, 10);
    assert_int_equal(watched.n, 2);
    assert_true(id_equal(&watched.items[0].id, &first.id));
    assert_int_equal(watch(&ana, watched.items[0].seq, 10).n, 1);
    assert_int_equal(watch(&ana, listed.newest, 10).n, 0);
}

static void nobody_is_told_twice_of_one_event(void **state)
{
    (void)state;
    struct notice notice = notice_to(&ana, NOTICE_ASK_RECEIVED);
    assert_true(add(&notice));
    assert_false(add(&notice));
    struct notices found = list(&ana, INT64_MAX, false, 10);
    assert_int_equal(found.n, 1);
    assert_int_equal(found.unread, 1);
}

static void pages_cover_the_inbox_without_gap_or_overlap(void **state)
{
    (void)state;
    struct id sent[7];
    for (size_t i = 0; i < 7; i++) {
        struct notice notice = notice_to(&ana, NOTICE_ASK_RECEIVED);
        assert_true(add(&notice));
        sent[i] = notice.id;
    }
    int64_t before = INT64_MAX;
    for (size_t seen = 0; seen < 7;) {
        struct notices page = list(&ana, before, false, 3);
        assert_int_equal(page.n, seen == 6 ? 1 : 3);
        assert_int_equal(page.unread, 7);
        for (size_t i = 0; i < page.n; i++, seen++)
            assert_true(id_equal(&page.items[i].id, &sent[6 - seen]));
        before = page.items[page.n - 1].seq;
    }
    assert_int_equal(list(&ana, before, false, 3).n, 0);
}

static void the_actor_goes_by_the_name_in_the_members_own_address_book(void **state)
{
    (void)state;
    struct notice notice = notice_to(&ana, NOTICE_INVITATION_RECEIVED);
    assert_true(add(&notice));
    assert_string_equal(list(&ana, INT64_MAX, false, 1).items[0].actor_name, "Bo Lind");
    people_know(admin, &ana, &bo, "Bo from the choir");
    assert_string_equal(list(&ana, INT64_MAX, false, 1).items[0].actor_name, "Bo from the choir");
    assert_string_equal(watch(&ana, 0, 1).items[0].actor_name, "Bo from the choir");
}

static void an_actor_who_is_gone_has_no_name(void **state)
{
    (void)state;
    struct notice notice = notice_to(&ana, NOTICE_INVITATION_RECEIVED);
    notice.actor = id_new(clock_system());
    assert_true(add(&notice));
    struct notices found = list(&ana, INT64_MAX, false, 1);
    assert_null(found.items[0].actor_name);
    assert_null(found.items[0].question);
}

static void marking_counts_each_once_and_only_ones_own(void **state)
{
    (void)state;
    struct notice mine[3], hers = notice_to(&bo, NOTICE_ASK_RECEIVED);
    assert_true(add(&hers));
    for (size_t i = 0; i < 3; i++) {
        mine[i] = notice_to(&ana, NOTICE_ASK_RECEIVED);
        assert_true(add(&mine[i]));
    }
    struct id ids[] = {mine[2].id, hers.id, id_new(clock_system()), mine[2].id};
    int64_t marked = -1;
    assert_int_equal(mark(&ana, ids, 4, NULL, &marked), ERR_OK);
    assert_int_equal(marked, 1);
    assert_int_equal(mark(&ana, ids, 4, NULL, &marked), ERR_OK);
    assert_int_equal(marked, 0);
    struct notices unread = list(&ana, INT64_MAX, true, 10);
    assert_int_equal(unread.n, 2);
    assert_int_equal(unread.unread, 2);
    assert_true(list(&ana, INT64_MAX, false, 10).items[0].read_us > 0);
    assert_int_equal(list(&bo, INT64_MAX, true, 10).n, 1);
}

static void marking_up_to_one_takes_it_and_the_older_ones(void **state)
{
    (void)state;
    struct notice mine[3];
    for (size_t i = 0; i < 3; i++) {
        mine[i] = notice_to(&ana, NOTICE_ASK_RECEIVED);
        assert_true(add(&mine[i]));
    }
    int64_t marked = -1;
    assert_int_equal(mark(&ana, NULL, 0, &mine[1].id, &marked), ERR_OK);
    assert_int_equal(marked, 2);
    struct notices unread = list(&ana, INT64_MAX, true, 10);
    assert_int_equal(unread.n, 1);
    assert_true(id_equal(&unread.items[0].id, &mine[2].id));
}

static void marking_up_to_what_is_not_hers_is_refused_and_marks_nothing(void **state)
{
    (void)state;
    struct notice mine = notice_to(&ana, NOTICE_ASK_RECEIVED);
    struct notice hers = notice_to(&bo, NOTICE_ASK_RECEIVED);
    assert_true(add(&mine) && add(&hers));
    int64_t marked = -1;
    assert_int_equal(mark(&ana, &mine.id, 1, &hers.id, &marked), ERR_NOT_FOUND);
    assert_int_equal(marked, -1);
    assert_int_equal(list(&ana, INT64_MAX, true, 10).n, 1);
}

/* ---- many at once ---------------------------------------------------------------------------- */

enum { WRITERS = 6, EACH = 60, TOTAL = WRITERS * EACH };

/* Adds in transactions of two, so that some commit long after their number was given. */
static void *write_many(void *arg)
{
    (void)arg;
    for (size_t i = 0; i < EACH; i += 2) {
        struct db_session s = db_session(db, 0);
        struct err err = {0};
        assert_ok(db_begin(&s, DB_TX_WRITE, &err), &err);
        for (size_t k = 0; k < 2; k++) {
            struct notice notice = notice_to(&ana, NOTICE_ASK_RECEIVED);
            bool is_new = false;
            assert_ok(store_add(&s, &notice, &is_new, &err), &err);
            assert_true(is_new);
        }
        assert_ok(db_commit(&s, &err), &err);
    }
    return NULL;
}

static void a_watcher_misses_nothing_while_many_write(void **state)
{
    (void)state;
    pthread_t writers[WRITERS];
    for (size_t i = 0; i < WRITERS; i++)
        assert_int_equal(pthread_create(&writers[i], NULL, write_many, NULL), 0);
    int64_t cursor = 0;
    size_t seen = 0;
    while (seen < TOTAL) {
        arena_reset(&arena);
        struct notices found = watch(&ana, cursor, 7);
        for (size_t i = 0; i < found.n; i++, seen++) {
            assert_int_equal(found.items[i].seq, cursor + 1);
            cursor = found.items[i].seq;
        }
    }
    for (size_t i = 0; i < WRITERS; i++)
        (void)pthread_join(writers[i], NULL);
    assert_int_equal(list(&ana, INT64_MAX, false, 1000).n, TOTAL);
}

static struct notice contended;
static atomic_int n_new;

static void *write_the_same(void *arg)
{
    (void)arg;
    if (add(&contended))
        atomic_fetch_add(&n_new, 1);
    return NULL;
}

static void one_event_delivered_by_many_at_once_tells_once(void **state)
{
    (void)state;
    for (int round = 0; round < 20; round++) {
        contended = notice_to(&ana, NOTICE_ASK_RECEIVED);
        atomic_store(&n_new, 0);
        pthread_t writers[WRITERS];
        for (size_t i = 0; i < WRITERS; i++)
            assert_int_equal(pthread_create(&writers[i], NULL, write_the_same, NULL), 0);
        for (size_t i = 0; i < WRITERS; i++)
            (void)pthread_join(writers[i], NULL);
        assert_int_equal(atomic_load(&n_new), 1);
    }
    assert_int_equal(list(&ana, INT64_MAX, false, 1000).n, 20);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup(every_statement_prepares_as_the_service, meet),
        cmocka_unit_test_setup(the_inbox_of_somebody_never_told_anything_is_empty, meet),
        cmocka_unit_test_setup(the_newest_comes_first_in_a_list_and_last_in_a_watch, meet),
        cmocka_unit_test_setup(nobody_is_told_twice_of_one_event, meet),
        cmocka_unit_test_setup(pages_cover_the_inbox_without_gap_or_overlap, meet),
        cmocka_unit_test_setup(the_actor_goes_by_the_name_in_the_members_own_address_book, meet),
        cmocka_unit_test_setup(an_actor_who_is_gone_has_no_name, meet),
        cmocka_unit_test_setup(marking_counts_each_once_and_only_ones_own, meet),
        cmocka_unit_test_setup(marking_up_to_one_takes_it_and_the_older_ones, meet),
        cmocka_unit_test_setup(marking_up_to_what_is_not_hers_is_refused_and_marks_nothing, meet),
        cmocka_unit_test_setup(a_watcher_misses_nothing_while_many_write, meet),
        cmocka_unit_test_setup(one_event_delivered_by_many_at_once_tells_once, meet),
    };
    return cmocka_run_group_tests(tests, open_database, close_database);
}
