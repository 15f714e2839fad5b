/* SPDX-License-Identifier: Apache-2.0 */
/*
 * A client without NNG: the SP protocol over a plain TCP socket, so that a test can say anything.
 */
#pragma once

#include "rpc/wire.h"

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/* A TCP connection to "tcp://127.0.0.1:PORT", before any greeting. */
int raw_connect(const char *url);

/* The same; -1: nobody listens there. */
int raw_try_connect(const char *url);

/* Greet as a REQ socket and read the greeting of the other side. */
void raw_greet(int fd);

/* All of it, or false: the other side closed the connection. */
bool raw_write(int fd, const void *data, size_t len);
bool raw_read(int fd, void *out, size_t len);

/* One message with NNG's header. */
bool raw_send(int fd, uint32_t request_id, const void *body, size_t len);

/* One message of at most `size` bytes; its length without NNG's header, or SIZE_MAX if closed. */
size_t raw_receive(int fd, uint32_t *request_id, void *out, size_t size);

/* A frame with all it has, for messages put together by hand; returns its length. */
size_t raw_put_frame(uint8_t *out, const struct wire_frame *frame);

/* A call of "/kith.v1.<method>" by this token, with a minute of time and this request. */
size_t raw_put_call(
    uint8_t *out, uint64_t id, const char *method, const char *token, const char *request);

/* One message of so many frames. */
bool raw_send_frames(int fd, uint32_t request_id, uint64_t session, uint32_t n_frames,
    const void *frames, size_t len);
