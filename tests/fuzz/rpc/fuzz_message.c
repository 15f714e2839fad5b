/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Any bytes as a message: frames lie inside it, and what was read can be written again.
 */
#include "fuzz.h"
#include "rpc/wire.h"

#include <assert.h>
#include <string.h>

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    struct wire_reader reader;
    struct wire_frame frame;
    const uint8_t *end = data + WIRE_PREAMBLE_SIZE;
    if (!wire_open(&reader, data, size))
        return 0;
    enum wire_step step;
    while ((step = wire_next(&reader, &frame)) == WIRE_FRAME) {
        uint8_t header[WIRE_FRAME_SIZE];
        assert(frame.payload >= end + WIRE_FRAME_SIZE);
        assert(frame.payload + frame.payload_len <= data + size);
        assert(frame.meta_len == 0 || frame.meta + frame.meta_len == frame.payload);
        wire_put_frame(header, &frame);
        assert(memcmp(header, end, sizeof(header)) == 0);
        end = frame.payload + frame.payload_len;
    }
    assert(step == WIRE_BROKEN || end == data + size);
    return 0;
}
