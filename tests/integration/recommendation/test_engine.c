/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The engine alone: networks are shared, replaced and dropped while calls hold them.
 */
#include "world.h"

#include <pthread.h>
#include <stdatomic.h>

enum { N_MEMBERS = 3, N_THREADS = 4, N_LOOKS = 200, N_CHANGES = 60 };

static struct world w;
static struct engine *engine;
static struct someone members[N_MEMBERS];

static int start(void **state)
{
    (void)state;
    world_start(&w, "/nonexistent", NULL);
    return 0;
}

static int stop(void **state)
{
    (void)state;
    world_stop(&w);
    return 0;
}

/* An engine with room for all members but one. */
static int meet(void **state)
{
    (void)state;
    const struct engine_config config = {
        .db = w.service.db, .clock = clock_system(), .max_networks = N_MEMBERS - 1};
    for (int i = 0; i < N_MEMBERS; i++)
        members[i] = world_member(&w, "Somebody");
    for (int i = 0; i < N_MEMBERS; i++)
        (void)world_contact(&w, &members[i], "First", "", "Coach", &members[(i + 1) % N_MEMBERS]);
    assert_ok(engine_new(&engine, &config, &w.err), &w.err);
    return 0;
}

static int part(void **state)
{
    (void)state;
    engine_free(engine);
    for (int i = 0; i < N_MEMBERS; i++)
        world_forget(&members[i]);
    return 0;
}

static uint32_t count_contacts(const struct someone *who)
{
    struct db_session s = db_session(w.service.db, 0);
    struct engine_network *held = NULL;
    struct err err = {0};
    if (engine_acquire(engine, &s, &who->id, &held, &err) != ERR_OK)
        return 0;
    uint32_t n = engine_get(held)->n_contacts;
    engine_release(&held);
    return n;
}

static void settle(void)
{
    size_t n = 0, n_stale = 1;
    for (int tries = 0; n_stale > 0; tries++) {
        assert_true(tries < 60000);
        engine_count(engine, &n, &n_stale);
        world_pause();
    }
}

static void a_held_network_outlives_its_replacement(void **state)
{
    (void)state;
    struct db_session s = db_session(w.service.db, 0);
    struct engine_network *held = NULL;
    assert_ok(engine_acquire(engine, &s, &members[0].id, &held, &w.err), &w.err);
    (void)world_contact(&w, &members[0], "Second", "", "Baker", NULL);
    engine_contacts_changed(engine, &members[0].id);
    settle();
    assert_int_equal(engine_get(held)->n_contacts, 1);
    assert_int_equal(count_contacts(&members[0]), 2);
    engine_release(&held);
}

static void a_change_of_a_member_reaches_who_knows_her(void **state)
{
    (void)state;
    assert_int_equal(count_contacts(&members[0]), 1); /* knows members[1] */
    (void)world_contact(&w, &members[0], "Second", "", "Baker", NULL);
    engine_member_changed(engine, &members[1].id);
    settle();
    assert_int_equal(count_contacts(&members[0]), 2);
}

static void the_least_used_network_makes_room(void **state)
{
    (void)state;
    size_t n = 0, n_stale = 0;
    for (int i = 0; i < N_MEMBERS; i++)
        assert_int_equal(count_contacts(&members[i]), 1);
    engine_count(engine, &n, &n_stale);
    assert_int_equal(n, N_MEMBERS - 1);
    assert_int_equal(count_contacts(&members[0]), 1);
}

static atomic_uint n_empty;

static void *look(void *arg)
{
    (void)arg;
    for (int i = 0; i < N_LOOKS; i++)
        if (count_contacts(&members[i % N_MEMBERS]) == 0)
            atomic_fetch_add(&n_empty, 1);
    return NULL;
}

static void calls_go_on_while_networks_change(void **state)
{
    (void)state;
    pthread_t threads[N_THREADS];
    atomic_store(&n_empty, 0);
    for (int i = 0; i < N_THREADS; i++)
        assert_int_equal(pthread_create(&threads[i], NULL, look, NULL), 0);
    for (int i = 0; i < N_CHANGES; i++) {
        engine_contacts_changed(engine, &members[i % N_MEMBERS].id);
        engine_member_changed(engine, &members[(i + 1) % N_MEMBERS].id);
        world_pause();
    }
    for (int i = 0; i < N_THREADS; i++)
        assert_int_equal(pthread_join(threads[i], NULL), 0);
    assert_int_equal(atomic_load(&n_empty), 0);
    settle();
}

int main(void)
{
#define TEST(name) cmocka_unit_test_setup_teardown(name, meet, part)
    const struct CMUnitTest tests[] = {
        TEST(a_held_network_outlives_its_replacement),
        TEST(a_change_of_a_member_reaches_who_knows_her),
        TEST(the_least_used_network_makes_room),
        TEST(calls_go_on_while_networks_change),
    };
    return cmocka_run_group_tests(tests, start, stop);
}
