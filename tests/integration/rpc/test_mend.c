/* SPDX-License-Identifier: Apache-2.0 */
#include "free_port.h"
#include "loop.h"
#include "rpc/mend.h"
#include "unit_test.h"

#include <nng/nng.h>
#include <stdio.h>

/* Both ends of a connection. */
struct ends {
    nng_stream_listener *listener;
    nng_stream_dialer *dialer;
    nng_stream *streams[2];
};

static nng_stream *made_by(nng_aio *aio)
{
    nng_aio_wait(aio);
    assert_int_equal(nng_aio_result(aio), 0);
    nng_stream *stream = nng_aio_get_output(aio, 0);
    nng_aio_free(aio);
    return stream;
}

static void connect_ends(struct ends *e, const char *scheme)
{
    char url[64];
    nng_aio *accepting, *dialing;
    (void)snprintf(url, sizeof(url), "%s://127.0.0.1:%d/", scheme, test_free_port());
    assert_int_equal(nng_aio_alloc(&accepting, NULL, NULL), 0);
    assert_int_equal(nng_aio_alloc(&dialing, NULL, NULL), 0);
    assert_int_equal(nng_stream_listener_alloc(&e->listener, url), 0);
    assert_int_equal(nng_stream_listener_listen(e->listener), 0);
    assert_int_equal(nng_stream_dialer_alloc(&e->dialer, url), 0);
    nng_stream_listener_accept(e->listener, accepting);
    nng_stream_dialer_dial(e->dialer, dialing);
    e->streams[0] = made_by(accepting);
    e->streams[1] = made_by(dialing);
}

static void free_ends(struct ends *e)
{
    nng_stream_free(e->streams[0]);
    nng_stream_free(e->streams[1]);
    nng_stream_dialer_free(e->dialer);
    nng_stream_listener_free(e->listener);
}

static void count(void *arg)
{
    atomic_int *n = arg;
    atomic_fetch_add(n, 1);
}

/* Begin a transfer with an aio that is stopped, as NNG does where a connection is closed between
 * two steps of its own. */
static int result_of_refused(void (*transfer)(nng_stream *, nng_aio *), nng_stream *stream)
{
    atomic_int n_ended = 0;
    nng_aio *aio;
    char byte = 'x';
    const nng_iov iov = {&byte, 1};
    assert_int_equal(nng_aio_alloc(&aio, count, &n_ended), 0);
    assert_int_equal(nng_aio_set_iov(aio, 1, &iov), 0);
    nng_aio_stop(aio);
    transfer(stream, aio);
    loop_await(atomic_load(&n_ended) > 0);
    int result = nng_aio_result(aio);
    nng_aio_free(aio);
    assert_int_equal(atomic_load(&n_ended), 1);
    return result;
}

static void a_refused_transfer_ends(void **state)
{
    (void)state;
    static const char *const schemes[] = {"tcp", "ws"};
    for (size_t i = 0; i < 2; i++) {
        struct ends e;
        connect_ends(&e, schemes[i]);
        assert_int_equal(result_of_refused(nng_stream_recv, e.streams[0]), NNG_ECONNSHUT);
        assert_int_equal(result_of_refused(nng_stream_send, e.streams[0]), NNG_ECONNSHUT);
        free_ends(&e);
    }
}

static void nng_itself_uses_the_mended_functions(void **state)
{
    (void)state;
    assert_true(mend_nng());
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_refused_transfer_ends),
        cmocka_unit_test(nng_itself_uses_the_mended_functions),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
