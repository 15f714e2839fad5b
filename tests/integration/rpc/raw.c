/* SPDX-License-Identifier: Apache-2.0 */
#include "raw.h"

#include "unit_test.h"

#include <arpa/inet.h>
#include <endian.h>
#include <netinet/tcp.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

enum { HEADER_SIZE = 12 };

int raw_try_connect(const char *url)
{
    struct sockaddr_in address = {.sin_family = AF_INET};
    address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
    address.sin_port = htons((uint16_t)strtol(strrchr(url, ':') + 1, NULL, 10));
    int fd = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
    int on = 1;
    if (connect(fd, (const struct sockaddr *)(const void *)&address, sizeof(address)) != 0) {
        (void)close(fd);
        return -1;
    }
    (void)setsockopt(fd, IPPROTO_TCP, TCP_NODELAY, &on, sizeof(on));
    return fd;
}

int raw_connect(const char *url)
{
    int fd = raw_try_connect(url);
    assert_true(fd >= 0);
    return fd;
}

bool raw_write(int fd, const void *data, size_t len)
{
    const uint8_t *bytes = data;
    while (len > 0) {
        ssize_t n = send(fd, bytes, len, MSG_NOSIGNAL);
        if (n <= 0)
            return false;
        bytes += n;
        len -= (size_t)n;
    }
    return true;
}

bool raw_read(int fd, void *out, size_t len)
{
    uint8_t *bytes = out;
    while (len > 0) {
        ssize_t n = read(fd, bytes, len);
        if (n <= 0)
            return false;
        bytes += n;
        len -= (size_t)n;
    }
    return true;
}

void raw_greet(int fd)
{
    uint8_t greeting[8];
    assert_true(raw_write(fd, "\0SP\0\0\x30\0\0", 8));
    assert_true(raw_read(fd, greeting, 8));
    assert_memory_equal(greeting, "\0SP\0\0\x31\0\0", 8);
}

bool raw_send(int fd, uint32_t request_id, const void *body, size_t len)
{
    uint8_t header[HEADER_SIZE];
    uint64_t size = htobe64(len + 4);
    uint32_t id = htobe32(request_id | 0x80000000u);
    memcpy(header, &size, 8);
    memcpy(header + 8, &id, 4);
    return raw_write(fd, header, sizeof(header)) && raw_write(fd, body, len);
}

size_t raw_receive(int fd, uint32_t *request_id, void *out, size_t size)
{
    uint8_t header[HEADER_SIZE];
    uint64_t len;
    uint32_t id;
    if (!raw_read(fd, header, sizeof(header)))
        return SIZE_MAX;
    memcpy(&len, header, 8);
    memcpy(&id, header + 8, 4);
    len = be64toh(len) - 4;
    assert_true(len <= size);
    *request_id = be32toh(id) & 0x7fffffff;
    return raw_read(fd, out, (size_t)len) ? (size_t)len : SIZE_MAX;
}

size_t raw_put_frame(uint8_t *out, const struct wire_frame *frame)
{
    wire_put_frame(out, frame);
    uint8_t *at = out + WIRE_FRAME_SIZE;
    if (frame->meta_len > 0)
        memcpy(at, frame->meta, frame->meta_len);
    at += frame->meta_len;
    if (frame->payload_len > 0)
        memcpy(at, frame->payload, frame->payload_len);
    return WIRE_FRAME_SIZE + frame->meta_len + frame->payload_len;
}

size_t raw_put_call(
    uint8_t *out, uint64_t id, const char *method, const char *token, const char *request)
{
    char name[128];
    uint8_t meta[128];
    size_t len = strlen(token);
    assert_in_range(len, 0, sizeof(meta) - 2);
    meta[0] = 1 << 3 | 2;
    meta[1] = (uint8_t)len;
    memcpy(meta + 2, token, len);
    (void)snprintf(name, sizeof(name), "/kith.v1.%s", method);
    return raw_put_frame(out, &(struct wire_frame){.type = WIRE_CALL,
                                  .call_id = id,
                                  .method = wire_method_hash(name),
                                  .value = 60 * 1000,
                                  .meta = meta,
                                  .meta_len = len > 0 ? (uint32_t)len + 2 : 0,
                                  .payload = (const uint8_t *)request,
                                  .payload_len = (uint32_t)strlen(request)});
}

bool raw_send_frames(int fd, uint32_t request_id, uint64_t session, uint32_t n_frames,
    const void *frames, size_t len)
{
    uint8_t *message = malloc(WIRE_PREAMBLE_SIZE + len);
    assert_non_null(message);
    wire_put_preamble(message, n_frames, session);
    if (len > 0)
        memcpy(message + WIRE_PREAMBLE_SIZE, frames, len);
    bool is_sent = raw_send(fd, request_id, message, WIRE_PREAMBLE_SIZE + len);
    free(message);
    return is_sent;
}
