/* SPDX-License-Identifier: Apache-2.0 */
/*
 * A port of loopback that nobody listens at just now; the kernel does not give it out again soon.
 */
#pragma once

#include <arpa/inet.h>
#include <assert.h>
#include <sys/socket.h>
#include <unistd.h>

static inline int test_free_port(void)
{
    struct sockaddr_in address = {.sin_family = AF_INET};
    address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
    socklen_t len = sizeof(address);
    int fd = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
    int failed = bind(fd, (const struct sockaddr *)(const void *)&address, len);
    assert(failed == 0);
    failed = getsockname(fd, (struct sockaddr *)(void *)&address, &len);
    assert(failed == 0);
    (void)close(fd);
    return ntohs(address.sin_port);
}
