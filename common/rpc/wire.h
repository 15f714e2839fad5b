/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Wire codec: messages of one preamble and any number of frames, as proto/README.md specifies.
 *
 * Pure functions over bytes; nothing is trusted, nothing is allocated, decoded frames point into
 * the bytes given.
 */
#pragma once

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

enum {
    WIRE_PREAMBLE_SIZE = 16,
    WIRE_FRAME_SIZE = 32, /* of a frame's header */
    WIRE_VERSION = 1,
    WIRE_MAX_FRAMES = 4096,                       /* of one message */
    WIRE_MAX_MESSAGE = 1024 * 1024,               /* bytes of one message, unless set otherwise */
    WIRE_MAX_REPLY = WIRE_MAX_MESSAGE - 8 * 1024, /* of one payload; leaves room for the rest */
};

enum wire_type {
    WIRE_HELLO = 1,
    WIRE_CALL = 2,
    WIRE_RESULT = 3,
    WIRE_ITEM = 4,
    WIRE_END = 5,
    WIRE_CANCEL = 6,
    WIRE_CREDIT = 7,
    WIRE_PING = 8,
    WIRE_GOAWAY = 9,
};

enum wire_flag {
    WIRE_HAS_META = 1 << 0,
    WIRE_IDEMPOTENT = 1 << 1,
    WIRE_MORE = 1 << 2, /* of an END: there may be more from the last cursor on */
};
enum { WIRE_ATTEMPT_SHIFT = 13, WIRE_ATTEMPT_MASK = 7 }; /* bits 13…15 of the flags */

struct wire_frame {
    uint8_t type;
    uint16_t flags;
    uint64_t call_id;
    uint32_t method;
    uint32_t
        value; /* CALL: timeout in ms; RESULT, END: status; CREDIT: bytes; GOAWAY: calls made */
    uint32_t sequence;   /* ITEM, END: see there; GOAWAY of a client: calls it still waits for */
    const uint8_t *meta; /* NULL where meta_len is 0 */
    uint32_t meta_len;
    const uint8_t *payload;
    uint32_t payload_len;
};

/* ---- reading ---- */

struct wire_reader {
    const uint8_t *data;
    size_t left;
    uint32_t n_frames; /* still to come */
    uint64_t session;
};

enum wire_step { WIRE_FRAME, WIRE_DONE, WIRE_BROKEN };

/* False unless the bytes begin with a preamble whose frame count could fit. */
bool wire_open(struct wire_reader *reader, const void *data, size_t len);

/* WIRE_BROKEN: what follows is not a frame of this version, or is cut; nothing more can be read. */
enum wire_step wire_next(struct wire_reader *reader, struct wire_frame *out);

/* ---- writing ---- */

void wire_put_preamble(uint8_t out[WIRE_PREAMBLE_SIZE], uint32_t n_frames, uint64_t session);

/* The header alone; meta and payload follow it in this order. */
void wire_put_frame(uint8_t out[WIRE_FRAME_SIZE], const struct wire_frame *frame);

/* Is the frame about calls that were made before? CREDIT, CANCEL, GOAWAY. */
bool wire_is_control(const struct wire_frame *frame);

/* Change timeout and attempt of a CALL's header already written. */
void wire_restamp(uint8_t header[WIRE_FRAME_SIZE], uint32_t timeout_ms, unsigned attempt);

/* FNV-1a of "/package.Service/Method". */
uint32_t wire_method_hash(const char *full_name);
