/* SPDX-License-Identifier: Apache-2.0 */
/*
 * What a client takes for a connection that is stuck, and what not.
 */
#include "clock/clock.h"
#include "free_port.h"
#include "loop.h"
#include "raw.h"
#include "unit_test.h"

#include <arpa/inet.h>
#include <stdio.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

enum { REST_US = 2500 * 1000, MOMENT_US = 1300 * 1000, PAYLOAD = 600 * 1000, FRONT = 12 + 16 + 32 };

static void wait_us(int64_t us)
{
    const int64_t until_us = clock_mono_us(clock_system()) + us;
    loop_await(clock_mono_us(clock_system()) > until_us);
}

/* A server that only takes what it reads: little fits between the two. */
static int listen_narrowly(char *url, size_t size)
{
    struct sockaddr_in address = {.sin_family = AF_INET};
    const int narrow = 4096, port = test_free_port();
    address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
    address.sin_port = htons((uint16_t)port);
    int fd = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
    assert_int_equal(setsockopt(fd, SOL_SOCKET, SO_RCVBUF, &narrow, sizeof(narrow)), 0);
    assert_int_equal(bind(fd, (const struct sockaddr *)(const void *)&address, sizeof(address)), 0);
    assert_int_equal(listen(fd, 4), 0);
    (void)snprintf(url, size, "tcp://127.0.0.1:%d", port);
    return fd;
}

static void note_end(void *arg, const struct db_bytes *out, const struct err *err)
{
    (void)out;
    (void)err;
    atomic_bool *is_over = arg;
    atomic_store(is_over, true);
}

static void a_slow_send_after_a_rest_keeps_its_connection(void **state)
{
    (void)state;
    static uint8_t bytes[FRONT + PAYLOAD];
    char url[64];
    struct err err;
    struct rpc_client *client = NULL;
    atomic_bool is_over = false;
    int listener = listen_narrowly(url, sizeof(url));
    const struct rpc_client_config config = {.endpoints = url};
    assert_ok(rpc_client_new(&client, &config, &err), &err);
    int fd = accept(listener, NULL, NULL);
    assert_true(raw_write(fd, "\0SP\0\0\x31\0\0", 8));
    assert_true(raw_read(fd, bytes, 8));
    wait_us(REST_US);

    const struct rpc_call_options options = {.timeout_ms = 20000};
    const struct db_bytes in = {bytes, PAYLOAD};
    rpc_client_call_async(client, "/kith.v1.HealthService/Ping", &options, &in, note_end, &is_over);
    wait_us(MOMENT_US); /* the keeper looks every second */
    assert_true(raw_read(fd, bytes, sizeof(bytes)));
    assert_false(atomic_load(&is_over));
    rpc_client_free(client);
    assert_true(atomic_load(&is_over));
    (void)close(fd);
    (void)close(listener);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_slow_send_after_a_rest_keeps_its_connection),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
