/* SPDX-License-Identifier: Apache-2.0 */
#include "liar.h"

#include "raw.h"
#include "unit_test.h"

#include <arpa/inet.h>
#include <pthread.h>
#include <stdatomic.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

struct liar {
    char url[64];
    liar_answer_fn *answer;
    void *arg;
    int listener;
    pthread_mutex_t lock;
    int fd; /* of the connection it serves; -1: none. Under the lock, as it is closed */
    bool is_stopping;
    pthread_t thread;
    uint8_t message[LIAR_BUFFER_SIZE], reply[LIAR_BUFFER_SIZE];
};

static bool begin(struct liar *l, int fd)
{
    (void)pthread_mutex_lock(&l->lock);
    bool may_begin = !l->is_stopping;
    l->fd = fd;
    (void)pthread_mutex_unlock(&l->lock);
    return may_begin;
}

static void end(struct liar *l)
{
    (void)pthread_mutex_lock(&l->lock);
    (void)close(l->fd);
    l->fd = -1;
    (void)pthread_mutex_unlock(&l->lock);
}

static void serve(struct liar *l, int fd)
{
    uint8_t greeting[8];
    if (!raw_read(fd, greeting, sizeof(greeting)) || !raw_write(fd, "\0SP\0\0\x31\0\0", 8))
        return;
    for (;;) {
        uint32_t id;
        size_t len = raw_receive(fd, &id, l->message, sizeof(l->message));
        if (len == SIZE_MAX)
            return;
        size_t n = l->answer(l->arg, l->message, len, l->reply);
        if (n > 0 && !raw_send(fd, id, l->reply, n))
            return;
    }
}

static void *run(void *arg)
{
    struct liar *l = arg;
    int fd;
    while ((fd = accept4(l->listener, NULL, NULL, SOCK_CLOEXEC)) >= 0) {
        if (begin(l, fd))
            serve(l, fd);
        end(l);
    }
    return NULL;
}

struct liar *liar_start(liar_answer_fn *answer, void *arg)
{
    struct liar *l = calloc(1, sizeof(*l));
    struct sockaddr_in address = {.sin_family = AF_INET};
    address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
    socklen_t len = sizeof(address);
    assert_non_null(l);
    l->answer = answer;
    l->arg = arg;
    l->fd = -1;
    (void)pthread_mutex_init(&l->lock, NULL);
    l->listener = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
    assert_int_equal(bind(l->listener, (const struct sockaddr *)(const void *)&address, len), 0);
    assert_int_equal(listen(l->listener, 8), 0);
    assert_int_equal(getsockname(l->listener, (struct sockaddr *)(void *)&address, &len), 0);
    (void)snprintf(l->url, sizeof(l->url), "tcp://127.0.0.1:%d", ntohs(address.sin_port));
    assert_int_equal(pthread_create(&l->thread, NULL, run, l), 0);
    return l;
}

const char *liar_url(const struct liar *l)
{
    return l->url;
}

void liar_stop(struct liar *l)
{
    (void)shutdown(l->listener, SHUT_RDWR);
    (void)pthread_mutex_lock(&l->lock);
    l->is_stopping = true;
    if (l->fd >= 0)
        (void)shutdown(l->fd, SHUT_RDWR);
    (void)pthread_mutex_unlock(&l->lock);
    (void)pthread_join(l->thread, NULL);
    (void)close(l->listener);
    (void)pthread_mutex_destroy(&l->lock);
    free(l);
}
