/* SPDX-License-Identifier: Apache-2.0 */
#include "rpc/unpack.h"
#include "unit_test.h"

#include <kith/v1/contact.pb-c.h>
#include <kith/v1/queue.pb-c.h>

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define A_UUID "01890a5d-ac96-774b-bcce-b302099a8057"

static struct schema *schema;
static struct err err;

static int make_schema(void **state)
{
    (void)state;
    assert_ok(schema_new(&schema, &err), &err);
    return 0;
}

static int drop_schema(void **state)
{
    (void)state;
    schema_free(schema);
    return 0;
}

static enum err_code check_bytes(const void *data, size_t len)
{
    const struct schema_method *deliver = schema_find_name(schema, "/kith.v1.QueueService/Deliver");
    err = (struct err){0};
    /* A copy of exactly that size, so that a sanitizer sees a byte too many read. */
    void *copy = malloc(len + (len == 0));
    memcpy(copy, data, len);
    const struct db_bytes request_bytes = {copy, len};
    ProtobufCMessage *message;
    struct arena arena;
    arena_init(&arena, 1 << 20);
    enum err_code code = unpack_request(deliver->in, &request_bytes, &arena, &message, &err);
    arena_fini(&arena);
    free(copy);
    return code;
}

static enum err_code check(const Kith__V1__DeliverRequest *in)
{
    uint8_t bytes[65536];
    assert_true(kith__v1__deliver_request__get_packed_size(in) <= sizeof(bytes));
    return check_bytes(bytes, kith__v1__deliver_request__pack(in, bytes));
}

static Kith__V1__Event event;
static Kith__V1__Event *events[600];
static Kith__V1__DeliverRequest request;

static int make_request(void **state)
{
    (void)state;
    static char id[] = A_UUID, kind[] = "kith.v1.MemberChanged", producer[] = "contact";
    kith__v1__event__init(&event);
    kith__v1__deliver_request__init(&request);
    event.id = id;
    event.member_id = id;
    event.kind = kind;
    for (size_t i = 0; i < 600; i++)
        events[i] = &event;
    request.producer = producer;
    request.events = events;
    request.n_events = 2;
    return 0;
}

static void a_good_request_passes(void **state)
{
    (void)state;
    assert_ok(check(&request), &err);
}

static void limits_name_the_field_by_its_path(void **state)
{
    (void)state;
    Kith__V1__Event bad = event;
    char long_kind[102] = {0};
    memset(long_kind, 'k', 101);
    bad.kind = long_kind;
    events[1] = &bad;
    assert_int_equal(check(&request), ERR_INVALID_ARGUMENT);
    assert_int_equal(err.reason, REASON_FIELD_INVALID);
    assert_string_equal(err.field, "events[1].kind");
    assert_string_equal(err.msg, "kind is 101 bytes long; at most 100 are allowed");
    long_kind[100] = '\0';
    assert_ok(check(&request), &err);
}

static void a_field_that_must_be_there_is_missed(void **state)
{
    (void)state;
    char empty[] = "";
    request.producer = empty;
    assert_int_equal(check(&request), ERR_INVALID_ARGUMENT);
    assert_string_equal(err.field, "producer");
    assert_string_equal(err.msg, "producer is missing");
    assert_int_equal(check_bytes("\n\0", 2), ERR_INVALID_ARGUMENT);
    assert_string_equal(err.msg, "producer is missing");
}

static void too_many_elements_are_refused(void **state)
{
    (void)state;
    request.n_events = 500;
    assert_ok(check(&request), &err);
    request.n_events = 501;
    assert_int_equal(check(&request), ERR_INVALID_ARGUMENT);
    assert_string_equal(err.field, "events[500]");
}

static void what_is_no_uuid_is_refused(void **state)
{
    (void)state;
    char id[] = A_UUID;
    id[8] = 'x';
    Kith__V1__Event bad = event;
    bad.id = id;
    events[0] = &bad;
    assert_int_equal(check(&request), ERR_INVALID_ARGUMENT);
    assert_string_equal(err.msg, "id is not a UUID");
}

static void text_must_be_clean_utf_8(void **state)
{
    (void)state;
    static const struct {
        const char *bytes;
        size_t len;
        const char *complaint; /* NULL: fine */
    } cases[] = {
        {"plain", 5, NULL},
        {"Zo\xc3\xab \xf0\x9f\x90\xa0", 9, NULL},
        {"a\0b", 3, "producer contains a NUL character"},
        {"\xff", 1, "producer is not valid UTF-8"},
        {"\xc3", 1, "producer is not valid UTF-8"},
        {"\xc0\x80", 2, "producer is not valid UTF-8"},         /* NUL, overlong */
        {"\xed\xa0\x80", 3, "producer is not valid UTF-8"},     /* a surrogate */
        {"\xf4\x90\x80\x80", 4, "producer is not valid UTF-8"}, /* past the last character */
        {"a\nb", 3, "producer contains a control character"},
        {"a\x1b[0m", 5, "producer contains a control character"},
        {"a\xc2\x85", 3, "producer contains a control character"},
    };
    for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
        uint8_t bytes[64] = {0x0a, (uint8_t)cases[i].len};
        memcpy(bytes + 2, cases[i].bytes, cases[i].len);
        enum err_code code = check_bytes(bytes, 2 + cases[i].len);
        if (!cases[i].complaint)
            assert_ok(code, &err);
        else
            assert_string_equal(err.msg, cases[i].complaint);
    }
}

static void bytes_that_are_no_message_are_malformed(void **state)
{
    (void)state;
    static const struct {
        const char *bytes;
        size_t len;
    } cases[] = {
        {"\n\5ab", 4},                                            /* cut */
        {"\n", 1},                                                /* cut before the length */
        {"\x08\x01", 2},                                          /* a number where text belongs */
        {"\x0b\x0c", 2},                                          /* a group */
        {"\x00\x01", 2},                                          /* field 0 */
        {"\xff\xff\xff\xff\xff\xff\xff\xff\xff\xff\x01", 11},     /* endless tag */
        {"\n\xff\xff\xff\xff\xff\xff\xff\xff\xff\x01", 11},       /* length 2^64-1 */
        {"\x88\x80\x80\x80\x80\x00\x01", 7},                      /* tag in six bytes */
        {"\n\x81\x80\x80\x80\x80\x00x", 8},                       /* length in six bytes */
        {"\xa8\x06\xff\xff\xff\xff\xff\xff\xff\xff\xff\x02", 12}, /* more than 64 bits */
        {"\x12\x02\n\x7f", 4},                                    /* cut inside an element */
    };
    for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
        assert_int_equal(check_bytes(cases[i].bytes, cases[i].len), ERR_INVALID_ARGUMENT);
        assert_int_equal(err.reason, REASON_REQUEST_MALFORMED);
    }
}

static void fields_of_newer_clients_are_skipped(void **state)
{
    (void)state;
    assert_ok(check_bytes("\n\1x\xa2\x06\3abc\xa8\x06\x05", 12), &err);
}

static void every_cut_of_a_good_request_is_survived(void **state)
{
    (void)state;
    uint8_t bytes[1024];
    size_t len = kith__v1__deliver_request__pack(&request, bytes);
    size_t n_refused = 0;
    for (size_t cut = 0; cut < len; cut++)
        n_refused += check_bytes(bytes, cut) != ERR_OK;
    assert_int_equal(n_refused, len - 2); /* whole without its last element, or without both */
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup(a_good_request_passes, make_request),
        cmocka_unit_test_setup(limits_name_the_field_by_its_path, make_request),
        cmocka_unit_test_setup(a_field_that_must_be_there_is_missed, make_request),
        cmocka_unit_test_setup(too_many_elements_are_refused, make_request),
        cmocka_unit_test_setup(what_is_no_uuid_is_refused, make_request),
        cmocka_unit_test(text_must_be_clean_utf_8),
        cmocka_unit_test(bytes_that_are_no_message_are_malformed),
        cmocka_unit_test(fields_of_newer_clients_are_skipped),
        cmocka_unit_test_setup(every_cut_of_a_good_request_is_survived, make_request),
    };
    return cmocka_run_group_tests(tests, make_schema, drop_schema);
}
