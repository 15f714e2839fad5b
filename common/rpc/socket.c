/* SPDX-License-Identifier: Apache-2.0 */
#include "rpc/socket.h"

#include <pthread.h>
#include <stdint.h>
#include <time.h>

enum { PATIENCE_S = 2 };

static void *close_it(void *arg)
{
    const nng_socket socket = {(uint32_t)(uintptr_t)arg};
    (void)nng_close(socket);
    return NULL;
}

bool socket_close(nng_socket socket)
{
    pthread_t thread;
    struct timespec until;
    (void)clock_gettime(CLOCK_REALTIME, &until);
    until.tv_sec += PATIENCE_S;
    if (pthread_create(&thread, NULL, close_it, (void *)(uintptr_t)socket.id) != 0)
        return nng_close(socket) == 0;
    if (pthread_timedjoin_np(thread, NULL, &until) == 0)
        return true;
    (void)pthread_detach(thread);
    return false;
}
