/* SPDX-License-Identifier: Apache-2.0 */
#include "proxy.h"

#include "random.h"
#include "raw.h"
#include "unit_test.h"

#include <arpa/inet.h>
#include <poll.h>
#include <pthread.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

enum { MAX_LINKS = 64, CHUNK_SIZE = 4096, POLL_MS = 10 };

/* Two sockets whose bytes are relayed to each other. */
struct link {
    int fds[2];
    bool is_frozen;
    uint64_t left;   /* bytes until it breaks */
    uint64_t n_back; /* bytes the server has sent */
};

struct proxy {
    char url[64];
    char target[64];
    int listener;
    pthread_t thread;
    atomic_bool is_stopping;
    atomic_uint max_bytes;
    atomic_bool loses_reply;
    atomic_bool is_freezing;
    atomic_uint n_broken;
    uint64_t random;
    struct link links[MAX_LINKS];
    size_t n_links;
};

static uint64_t life(struct proxy *p)
{
    uint32_t max = atomic_load(&p->max_bytes);
    uint64_t random = random_next(&p->random);
    return max == 0 ? UINT64_MAX : random % max;
}

static void break_link(struct proxy *p, size_t i)
{
    (void)close(p->links[i].fds[0]);
    (void)close(p->links[i].fds[1]);
    p->links[i] = p->links[--p->n_links];
}

static void add_link(struct proxy *p)
{
    int fd = accept4(p->listener, NULL, NULL, SOCK_CLOEXEC);
    if (fd < 0)
        return;
    int target = p->n_links < MAX_LINKS ? raw_try_connect(p->target) : -1;
    if (target < 0) {
        (void)close(fd);
        return;
    }
    p->links[p->n_links++] = (struct link){.fds = {fd, target}, .left = life(p)};
}

/* The first bytes of a server are its greeting; what comes after them replies to something. */
static bool is_lost_reply(struct proxy *p, struct link *link, int from, size_t n)
{
    enum { GREETING = 8, SERVER = 1 };
    if (from != SERVER)
        return false;
    link->n_back += n;
    return link->n_back > GREETING && atomic_exchange(&p->loses_reply, false);
}

/* False if the link is at its end: one side closed, or its life is over. */
static bool relay(struct proxy *p, struct link *link, int from)
{
    uint8_t chunk[CHUNK_SIZE];
    size_t room = link->left < sizeof(chunk) ? (size_t)link->left : sizeof(chunk);
    if (room == 0)
        return false;
    ssize_t n = recv(link->fds[from], chunk, room, MSG_DONTWAIT);
    if (n <= 0 || is_lost_reply(p, link, from, (size_t)n))
        return false;
    link->left -= (uint64_t)n;
    return raw_write(link->fds[1 - from], chunk, (size_t)n) && link->left > 0;
}

static void freeze(struct proxy *p)
{
    for (size_t i = 0; i < p->n_links; i++)
        p->links[i].is_frozen = true;
    atomic_store(&p->is_freezing, false);
}

static void *run(void *arg)
{
    struct proxy *p = arg;
    while (!atomic_load(&p->is_stopping)) {
        if (atomic_load(&p->is_freezing))
            freeze(p);
        struct pollfd fds[1 + 2 * MAX_LINKS] = {{.fd = p->listener, .events = POLLIN}};
        size_t n_links = p->n_links;
        for (size_t i = 0; i < 2 * n_links; i++)
            fds[1 + i] = (struct pollfd){
                .fd = p->links[i / 2].is_frozen ? -1 : p->links[i / 2].fds[i % 2],
                .events = POLLIN,
            };
        if (poll(fds, (nfds_t)(1 + 2 * n_links), POLL_MS) <= 0)
            continue;
        /* From the last one: breaking a link moves the last into its place. */
        for (size_t i = n_links; i-- > 0;) {
            bool lives = true;
            for (int from = 0; from < 2 && lives; from++)
                if (fds[1 + 2 * i + (size_t)from].revents != 0)
                    lives = relay(p, &p->links[i], from);
            if (!lives) {
                atomic_fetch_add(&p->n_broken, 1);
                break_link(p, i);
            }
        }
        if (fds[0].revents != 0)
            add_link(p);
    }
    return NULL;
}

struct proxy *proxy_start(const char *target, uint64_t seed)
{
    struct proxy *p = calloc(1, sizeof(*p));
    struct sockaddr_in address = {.sin_family = AF_INET};
    address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
    socklen_t len = sizeof(address);
    p->listener = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
    assert_int_equal(bind(p->listener, (const struct sockaddr *)(const void *)&address, len), 0);
    assert_int_equal(listen(p->listener, MAX_LINKS), 0);
    assert_int_equal(getsockname(p->listener, (struct sockaddr *)(void *)&address, &len), 0);
    (void)snprintf(p->url, sizeof(p->url), "tcp://127.0.0.1:%d", ntohs(address.sin_port));
    (void)snprintf(p->target, sizeof(p->target), "%s", target);
    p->random = seed | 1;
    assert_int_equal(pthread_create(&p->thread, NULL, run, p), 0);
    return p;
}

const char *proxy_url(const struct proxy *p)
{
    return p->url;
}

void proxy_set_life(struct proxy *p, uint32_t max_bytes)
{
    atomic_store(&p->max_bytes, max_bytes);
}

void proxy_lose_reply(struct proxy *p)
{
    atomic_store(&p->loses_reply, true);
}

void proxy_freeze(struct proxy *p)
{
    atomic_store(&p->is_freezing, true);
    while (atomic_load(&p->is_freezing))
        (void)poll(NULL, 0, 1);
}

unsigned proxy_count_broken(const struct proxy *p)
{
    return atomic_load(&p->n_broken);
}

void proxy_stop(struct proxy *p)
{
    atomic_store(&p->is_stopping, true);
    (void)pthread_join(p->thread, NULL);
    while (p->n_links > 0)
        break_link(p, 0);
    (void)close(p->listener);
    free(p);
}
