/* SPDX-License-Identifier: Apache-2.0 */
#include "rpc/socket.h"

#include "rpc/mend.h"
#include "rpc/spare.h"

#include <nng/protocol/reqrep0/rep.h>
#include <nng/protocol/reqrep0/req.h>
#include <pthread.h>
#include <stdint.h>
#include <string.h>
#include <time.h>

enum { PATIENCE_S = 1 };

static int open_by(int (*open)(nng_socket *), nng_socket *out)
{
    (void)mend_nng();
    int rv = open(out);
    if (rv == 0)
        spare_hold();
    return rv;
}

int socket_open_rep(nng_socket *out)
{
    return open_by(nng_rep0_open, out);
}

int socket_open_req(nng_socket *out)
{
    return open_by(nng_req0_open, out);
}

static void *close_it(void *arg)
{
    const nng_socket socket = {(uint32_t)(uintptr_t)arg};
    (void)nng_close(socket);
    return NULL;
}

static bool close_in_time(nng_socket socket)
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

bool socket_close(nng_socket socket)
{
    bool is_closed = close_in_time(socket);
    spare_release();
    return is_closed;
}

/* Zero where NNG was built without statistics. */
static uint64_t value_of(nng_stat *parent, const char *name)
{
    for (nng_stat *stat = nng_stat_child(parent); stat; stat = nng_stat_next(stat))
        if (strcmp(nng_stat_name(stat), name) == 0)
            return nng_stat_value(stat);
    return 0;
}

static void add_listener(nng_stat *listener, struct socket_counts *out)
{
    static const char *const failures[] = {"reject", "oom", "proto", "timeout", "auth", "other"};
    out->n_accepted += value_of(listener, "accept");
    for (size_t i = 0; i < sizeof(failures) / sizeof(failures[0]); i++)
        out->n_rejected += value_of(listener, failures[i]);
}

void socket_count(nng_socket socket, struct socket_counts *out)
{
    nng_stat *all = NULL;
    *out = (struct socket_counts){0};
    if (nng_stats_get(&all) != 0)
        return;
    for (nng_stat *scope = nng_stat_child(all); scope; scope = nng_stat_next(scope)) {
        const char *name = nng_stat_name(scope);
        if (strncmp(name, "socket", 6) == 0 && value_of(scope, "id") == socket.id)
            out->n_pipes = value_of(scope, "pipes");
        if (strncmp(name, "listener", 8) == 0 && value_of(scope, "socket") == socket.id)
            add_listener(scope, out);
    }
    nng_stats_free(all);
}
