/* SPDX-License-Identifier: Apache-2.0 */
#include "rpc/connections.h"
#include "unit_test.h"

static struct connections connections;

static int begin(void **state)
{
    (void)state;
    connections_init(&connections, 3);
    return 0;
}

static int end(void **state)
{
    (void)state;
    connections_fini(&connections);
    return 0;
}

/* Which makes room for it; 0: none. */
static uint32_t add(uint32_t pipe)
{
    uint32_t closed;
    assert_true(connections_add(&connections, pipe, &closed));
    return closed;
}

static void the_oldest_stranger_makes_room(void **state)
{
    (void)state;
    for (uint32_t pipe = 1; pipe <= 3; pipe++)
        assert_int_equal(add(pipe), 0);
    connections_recognise(&connections, 1);
    assert_int_equal(add(4), 2);
    assert_int_equal(add(5), 3);
    assert_int_equal(connections_remove(&connections, 2), 0);
    assert_int_equal(connections_remove(&connections, 3), 0);
    assert_int_equal(add(6), 4);
    assert_int_equal(atomic_load(&connections.n_evicted), 3);
    connections_remove(&connections, 4);
    connections_remove(&connections, 5);
    assert_int_equal(add(7), 0);
}

static void where_all_are_known_nobody_else_comes_in(void **state)
{
    (void)state;
    uint32_t closed;
    for (uint32_t pipe = 1; pipe <= 3; pipe++) {
        assert_int_equal(add(pipe), 0);
        connections_recognise(&connections, pipe);
        connections_recognise(&connections, pipe);
    }
    assert_false(connections_add(&connections, 4, &closed));
    assert_int_equal(atomic_load(&connections.n_refused), 1);
    assert_null(connections_join(&connections, 4, 42));
    connections_remove(&connections, 4);
    connections_remove(&connections, 2);
    assert_int_equal(add(5), 0);
}

static void who_is_recognised_is_no_stranger_until_the_end(void **state)
{
    (void)state;
    assert_int_equal(add(1), 0);
    assert_true(connections_are_strange(&connections, 1));
    connections_recognise(&connections, 1);
    assert_false(connections_are_strange(&connections, 1));
    assert_true(connections_are_strange(&connections, 1 + KNOWN_PIPES));
    connections_recognise(&connections, 2); /* gone already */
    assert_true(connections_are_strange(&connections, 2));
}

/* Else who is told another's number would get her results. */
static void a_session_belongs_to_its_connection(void **state)
{
    (void)state;
    (void)add(1);
    (void)add(2);
    struct session *first = connections_join(&connections, 1, 42);
    struct session *second = connections_join(&connections, 2, 42);
    assert_non_null(first);
    assert_non_null(second);
    assert_ptr_not_equal(first, second);
    assert_null(connections_join(&connections, 1, 43));
    session_release(first);
    session_release(second);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup_teardown(the_oldest_stranger_makes_room, begin, end),
        cmocka_unit_test_setup_teardown(where_all_are_known_nobody_else_comes_in, begin, end),
        cmocka_unit_test_setup_teardown(who_is_recognised_is_no_stranger_until_the_end, begin, end),
        cmocka_unit_test_setup_teardown(a_session_belongs_to_its_connection, begin, end),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
