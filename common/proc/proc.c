/* SPDX-License-Identifier: Apache-2.0 */
#include "proc/proc.h"

#include <errno.h>
#include <pthread.h>
#include <signal.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <time.h>
#include <unistd.h>

static const int64_t NS_PER_S = 1000000000;
static const int64_t NS_PER_MS = 1000000;

static sigset_t awaited_signals(void)
{
    sigset_t set;
    (void)sigemptyset(&set);
    (void)sigaddset(&set, SIGTERM);
    (void)sigaddset(&set, SIGINT);
    (void)sigaddset(&set, SIGHUP);
    return set;
}

void proc_block_signals(void)
{
    sigset_t set = awaited_signals();
    (void)pthread_sigmask(SIG_BLOCK, &set, NULL);
    (void)signal(SIGPIPE, SIG_IGN);
}

static int64_t mono_ns(void)
{
    struct timespec now;
    (void)clock_gettime(CLOCK_MONOTONIC, &now);
    return (int64_t)now.tv_sec * NS_PER_S + now.tv_nsec;
}

/* The signal that came, or -1 with errno EAGAIN (time is up) or EINTR (a debugger, a stop). */
static int wait_once(const sigset_t *set, int64_t left_ns)
{
    if (left_ns < 0)
        return sigwaitinfo(set, NULL);
    struct timespec left = {
        .tv_sec = (time_t)(left_ns / NS_PER_S),
        .tv_nsec = (long)(left_ns % NS_PER_S),
    };
    return sigtimedwait(set, NULL, &left);
}

enum proc_event proc_wait(int timeout_ms)
{
    sigset_t set = awaited_signals();
    int64_t left_ns = timeout_ms * NS_PER_MS;
    int64_t until_ns = mono_ns() + left_ns;
    for (;;) {
        int signal_number = wait_once(&set, left_ns);
        if (signal_number == SIGHUP)
            return PROC_RELOAD;
        if (signal_number > 0)
            return PROC_STOP;
        if (errno != EINTR)
            return PROC_TIMEOUT;
        if (timeout_ms >= 0) {
            left_ns = until_ns - mono_ns();
            left_ns = left_ns > 0 ? left_ns : 0;
        }
    }
}

/* A path, or with a leading '@' a name in Linux's abstract namespace. */
static bool socket_address(const char *name, struct sockaddr_un *address, socklen_t *len)
{
    size_t n = strlen(name);
    if ((name[0] != '/' && name[0] != '@') || n < 2 || n >= sizeof(address->sun_path))
        return false;
    *address = (struct sockaddr_un){.sun_family = AF_UNIX};
    memcpy(address->sun_path, name, n);
    bool is_abstract = name[0] == '@';
    if (is_abstract)
        address->sun_path[0] = '\0';
    *len = (socklen_t)(offsetof(struct sockaddr_un, sun_path) + n + (is_abstract ? 0 : 1));
    return true;
}

void proc_notify(const char *state)
{
    const char *name = getenv("NOTIFY_SOCKET");
    struct sockaddr_un address;
    socklen_t len = 0;
    if (!name || !socket_address(name, &address, &len))
        return;
    int fd = socket(AF_UNIX, SOCK_DGRAM | SOCK_CLOEXEC, 0);
    if (fd < 0)
        return;
    /* Advice to a supervisor: where it does not listen, nothing is lost that we could mend. */
    (void)sendto(fd, state, strlen(state), MSG_NOSIGNAL, (const struct sockaddr *)&address, len);
    (void)close(fd);
}
