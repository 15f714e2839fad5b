/* SPDX-License-Identifier: Apache-2.0 */
#include "rpc/wire.h"
#include "unit_test.h"

#include <stdlib.h>
#include <string.h>

enum { BUFFER_SIZE = 1024 };

/* One message of two frames: a call with Meta and payload, and a bare ping. */
static size_t write_message(uint8_t *out)
{
    const struct wire_frame call = {
        .type = WIRE_CALL,
        .flags = WIRE_IDEMPOTENT,
        .call_id = 0x0102030405060708,
        .method = 0x11223344,
        .value = 5000,
        .sequence = 9,
        .meta_len = 3,
        .payload_len = 4,
    };
    const struct wire_frame ping = {.type = WIRE_PING};
    wire_put_preamble(out, 2, 77);
    wire_put_frame(out + 16, &call);
    memcpy(out + 48, "metload", 7);
    wire_put_frame(out + 55, &ping);
    return 55 + WIRE_FRAME_SIZE;
}

static void a_message_is_read_as_it_was_written(void **state)
{
    (void)state;
    uint8_t bytes[BUFFER_SIZE];
    struct wire_reader reader;
    struct wire_frame frame;
    assert_true(wire_open(&reader, bytes, write_message(bytes)));
    assert_int_equal(reader.session, 77);
    assert_int_equal(wire_next(&reader, &frame), WIRE_FRAME);
    assert_int_equal(frame.type, WIRE_CALL);
    assert_int_equal(frame.flags, WIRE_IDEMPOTENT | WIRE_HAS_META);
    assert_int_equal(frame.call_id, 0x0102030405060708);
    assert_int_equal(frame.method, 0x11223344);
    assert_int_equal(frame.value, 5000);
    assert_int_equal(frame.sequence, 9);
    assert_int_equal(frame.meta_len, 3);
    assert_memory_equal(frame.meta, "met", 3);
    assert_int_equal(frame.payload_len, 4);
    assert_memory_equal(frame.payload, "load", 4);
    assert_int_equal(wire_next(&reader, &frame), WIRE_FRAME);
    assert_int_equal(frame.type, WIRE_PING);
    assert_int_equal(wire_next(&reader, &frame), WIRE_DONE);
}

static void numbers_are_little_endian(void **state)
{
    (void)state;
    uint8_t bytes[BUFFER_SIZE];
    (void)write_message(bytes);
    const uint8_t expected[] = {'K', 'T', 'H', '1', 2, 0, 0, 0, 77, 0, 0, 0, 0, 0, 0, 0, 7, 0, 0, 0,
        1, 2, 3, 0, 8, 7, 6, 5, 4, 3, 2, 1, 0x44, 0x33, 0x22, 0x11, 0x88, 0x13, 0, 0, 3, 0, 0, 0, 9,
        0, 0, 0};
    assert_memory_equal(bytes, expected, sizeof(expected));
}

/* Reads all of it; true if it was whole. */
static bool is_readable(const uint8_t *bytes, size_t len)
{
    struct wire_reader reader;
    struct wire_frame frame;
    if (!wire_open(&reader, bytes, len))
        return false;
    enum wire_step step;
    while ((step = wire_next(&reader, &frame)) == WIRE_FRAME) {
        assert_true(frame.payload + frame.payload_len <= bytes + len);
        assert_true(frame.meta_len == 0 || frame.meta + frame.meta_len == frame.payload);
    }
    return step == WIRE_DONE;
}

static void a_message_cut_anywhere_is_broken(void **state)
{
    (void)state;
    uint8_t bytes[BUFFER_SIZE];
    size_t len = write_message(bytes);
    assert_true(is_readable(bytes, len));
    for (size_t cut = 0; cut < len; cut++) {
        /* A copy of exactly that size, so that a sanitizer sees a byte too many read. */
        uint8_t *copy = malloc(cut + (cut == 0));
        memcpy(copy, bytes, cut);
        assert_false(is_readable(copy, cut));
        free(copy);
    }
}

static void bytes_after_the_last_frame_are_refused(void **state)
{
    (void)state;
    uint8_t bytes[BUFFER_SIZE] = {0};
    assert_false(is_readable(bytes, write_message(bytes) + 1));
}

static void impossible_lengths_and_counts_are_refused(void **state)
{
    (void)state;
    static const struct {
        size_t at;
        uint8_t byte;
    } changes[] = {
        {0, 'X'},   /* magic */
        {5, 0xff},  /* number of frames */
        {7, 0xff},  /* the same, huge */
        {19, 0x7f}, /* length of the frame */
        {20, 2},    /* version */
        {40, 9},    /* Meta longer than the frame */
        {22, 0},    /* Meta without its flag */
        {40, 0},    /* flag without Meta */
    };
    for (size_t i = 0; i < sizeof(changes) / sizeof(changes[0]); i++) {
        uint8_t bytes[BUFFER_SIZE];
        size_t len = write_message(bytes);
        bytes[changes[i].at] = changes[i].byte;
        assert_false(is_readable(bytes, len));
    }
}

static void the_method_hash_is_fnv_1a(void **state)
{
    (void)state;
    assert_int_equal(wire_method_hash(""), 0x811c9dc5);
    assert_int_equal(wire_method_hash("foobar"), 0xbf9cf968);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_message_is_read_as_it_was_written),
        cmocka_unit_test(numbers_are_little_endian),
        cmocka_unit_test(a_message_cut_anywhere_is_broken),
        cmocka_unit_test(bytes_after_the_last_frame_are_refused),
        cmocka_unit_test(impossible_lengths_and_counts_are_refused),
        cmocka_unit_test(the_method_hash_is_fnv_1a),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
