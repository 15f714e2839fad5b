/* SPDX-License-Identifier: Apache-2.0 */
/*
 * A connection of NNG reads a message in two steps: its length, then the rest. When it is closed
 * between the two (by who writes to it and fails, say) the second read is refused without a word,
 * because its aio was stopped: nng_stream_recv() returns and the callback never comes. Whoever
 * waits for the message waits for ever then, and that is NNG's only reaper. From that moment the
 * whole process closes nothing: nng_close() hangs, dialers do not dial again, the ends of
 * connections are not told, and each leaves its descriptor behind. Under load it takes about a
 * thousand broken connections. Writing has the same flaw after half a write.
 *
 * It is https://github.com/nanomsg/nng/pull/1636, which 1.6.0 mended for plain TCP only; Debian 12
 * has 1.5.2. As libnng calls these two functions of its by way of the dynamic linker, a program's
 * own come first. They do what NNG's do, and see to it that the callback does come.
 */
#include "rpc/mend.h"

#include <assert.h>
#include <dlfcn.h>
#include <nng/nng.h>
#include <pthread.h>
#include <string.h>

typedef void transfer_fn(nng_stream *stream, nng_aio *aio);

static transfer_fn *original_recv, *original_send;
static pthread_once_t once = PTHREAD_ONCE_INIT;

/* ISO C has no cast from the one kind of pointer to the other. */
static transfer_fn *find(void *where, const char *name)
{
    transfer_fn *found = NULL;
    void *symbol = dlsym(where, name);
    memcpy(&found, &symbol, sizeof(found));
    return found;
}

static void find_originals(void)
{
    original_recv = find(RTLD_NEXT, "nng_stream_recv");
    original_send = find(RTLD_NEXT, "nng_stream_send");
    assert(original_recv && original_send);
}

/*
 * A transfer that was begun has the result 0 so far, or that of its end, which is another than that
 * of a refused one: NNG closes the aios of its connections before it stops them, and a closed one
 * ends by NNG_ECLOSED. Where it cancels singly (HTTP below WebSocket, TLS above TCP), it does so
 * under the lock that who began the transfer still holds. So it is in 1.5.2 and in 1.10.1, over
 * TCP, TLS, WebSocket and IPC, but for one instant: TLS that is freed closes its TCP connection,
 * not the aios it uses it by, before it stops these. A transfer that begins right after that close,
 * and is stopped before the look below, would end twice.
 */
static void end_if_refused(nng_aio *aio)
{
    if (nng_aio_result(aio) == NNG_ECANCELED)
        nng_aio_finish(aio, NNG_ECONNSHUT); /* NNG_ECLOSED would end the listener as well */
}

__attribute__((visibility("default"))) void nng_stream_recv(nng_stream *stream, nng_aio *aio)
{
    (void)pthread_once(&once, find_originals);
    original_recv(stream, aio);
    end_if_refused(aio);
}

__attribute__((visibility("default"))) void nng_stream_send(nng_stream *stream, nng_aio *aio)
{
    (void)pthread_once(&once, find_originals);
    original_send(stream, aio);
    end_if_refused(aio);
}

bool mend_nng(void)
{
    return find(RTLD_DEFAULT, "nng_stream_recv") == nng_stream_recv;
}
