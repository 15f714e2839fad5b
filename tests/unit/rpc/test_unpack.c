/* SPDX-License-Identifier: Apache-2.0 */
#include "differential.h"
#include "random.h"
#include "rpc/unpack.h"
#include "unit_test.h"

#include <kinds.pb-c.h>
#include <kith/v1/contact.pb-c.h>
#include <kith/v1/stats.pb-c.h>

#include <kith/v1/services.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum { MAX_TYPES = 200, MAX_BYTES = 1 << 16, MESSAGES = 60, MUTANTS = 6 };

static struct schema *schema;
static const struct schema_message *types[MAX_TYPES];
static size_t n_types;
static const struct schema_message *kinds; /* every kind of field there is */

static void collect(const struct schema_message *type)
{
    for (size_t i = 0; i < n_types; i++)
        if (types[i] == type)
            return;
    assert_true(n_types < MAX_TYPES);
    types[n_types++] = type;
    for (unsigned i = 0; i < type->type->n_fields; i++)
        if (type->fields[i].message)
            collect(type->fields[i].message);
}

static void collect_method(const ProtobufCServiceDescriptor *service, const char *method)
{
    char name[128];
    (void)snprintf(name, sizeof(name), "/%s/%s", service->name, method);
    collect(schema_find_name(schema, name)->in);
    collect(schema_find_name(schema, name)->out);
}

static int set_up(void **state)
{
    struct err err;
    (void)state;
    assert_ok(schema_new(&schema, &err), &err);
    assert_ok(schema_add_message(schema, &kinds__kinds__descriptor, &kinds, &err), &err);
    collect(kinds);
    collect(schema_meta(schema));
    for (size_t i = 0; kith_v1_services[i]; i++)
        for (unsigned m = 0; m < kith_v1_services[i]->n_methods; m++)
            collect_method(kith_v1_services[i], kith_v1_services[i]->methods[m].name);
    return 0;
}

static int tear_down(void **state)
{
    (void)state;
    schema_free(schema);
    return 0;
}

/* ---- random messages, the same in every run ---- */

struct writer {
    uint8_t data[MAX_BYTES];
    size_t len;
};

static uint64_t random_state = 0x9e3779b97f4a7c15;

static uint64_t random_bits(void)
{
    return random_next(&random_state);
}

static size_t below(size_t n)
{
    return n > 0 ? random_bits() % n : 0;
}

static void put(struct writer *w, const void *data, size_t len)
{
    assert_true(w->len + len <= sizeof(w->data));
    memcpy(w->data + w->len, data, len);
    w->len += len;
}

static void put_byte(struct writer *w, uint64_t byte)
{
    put(w, &(uint8_t){(uint8_t)byte}, 1);
}

/* Now and then longer than it need be. */
static void put_varint(struct writer *w, uint64_t n)
{
    size_t max = below(20) == 0 ? 5 : 1;
    for (size_t i = 1; n >= 0x80 || i < max; i++, n >>= 7)
        put_byte(w, n | 0x80);
    put_byte(w, n);
}

static void put_text(struct writer *w, const struct schema_field *field)
{
    static const char uuid[] = "01890a5d-ac96-774B-bcce-b302099a8057";
    static const char *const pieces[] = {
        "a", "Zo\xc3\xab", "swims in open water ", "\xf0\x9f\x90\xa0"};
    struct writer text = {.len = 0};
    size_t max = field->max_bytes < 60 ? field->max_bytes : 60;
    while (below(5) > 0 || text.len < field->min_bytes) {
        const char *piece = text.len + 20 < max ? pieces[below(4)] : "x";
        if (text.len == max)
            break;
        put(&text, piece, strlen(piece));
    }
    if (field->is_uuid)
        text.len = 0;
    if (field->is_uuid && (field->min_bytes > 0 || below(2) > 0))
        put(&text, uuid, 36);
    put_varint(w, text.len);
    put(w, text.data, text.len);
}

static uint64_t some_number(const struct schema_field *field)
{
    if (field->type->type == PROTOBUF_C_TYPE_ENUM) {
        const ProtobufCEnumDescriptor *values = field->type->descriptor;
        return (uint64_t)(int64_t)values->values[below(values->n_values)].value;
    }
    return random_bits() >> below(64);
}

static void put_message(struct writer *w, const struct schema_message *type, unsigned depth);

static void put_value(struct writer *w, const struct schema_field *field, unsigned depth)
{
    uint64_t bits = random_bits();
    if (field->message) {
        struct writer *inner = calloc(1, sizeof(*inner));
        assert_non_null(inner);
        put_message(inner, field->message, depth + 1);
        put_varint(w, inner->len);
        put(w, inner->data, inner->len);
        free(inner);
    } else if (field->wire_type == SCHEMA_BYTES) {
        put_text(w, field);
    } else if (field->wire_type == SCHEMA_VARINT) {
        put_varint(w, some_number(field));
    } else {
        put(w, &bits, field->size);
    }
}

static void put_packed(struct writer *w, const struct schema_field *field)
{
    struct writer *packed = calloc(1, sizeof(*packed));
    assert_non_null(packed);
    for (size_t n = below(4); n > 0; n--)
        put_value(packed, field, 0);
    put_varint(w, field->type->id << 3 | SCHEMA_BYTES);
    put_varint(w, packed->len);
    put(w, packed->data, packed->len);
    free(packed);
}

static void put_field(struct writer *w, const struct schema_field *field, unsigned depth)
{
    if (field->is_repeated && field->wire_type != SCHEMA_BYTES && below(2) > 0) {
        put_packed(w, field);
        return;
    }
    for (size_t n = field->is_repeated ? below(4) : 1; n > 0; n--) {
        put_varint(w, field->type->id << 3 | field->wire_type);
        put_value(w, field, depth);
    }
}

static void put_unknown(struct writer *w)
{
    static const struct schema_field newer = {.max_bytes = 100};
    if (below(2) > 0) {
        put_varint(w, (100 + below(1000)) << 3 | SCHEMA_BYTES);
        put_text(w, &newer);
    } else {
        put_varint(w, (100 + below(1000)) << 3 | SCHEMA_VARINT);
        put_varint(w, random_bits() >> below(64));
    }
}

/* In any order, some twice, and all that must be there. */
static void put_message(struct writer *w, const struct schema_message *type, unsigned depth)
{
    for (unsigned i = 0; i < type->type->n_fields; i++)
        if ((type->obligatory >> i & 1) != 0)
            put_field(w, &type->fields[i], depth);
    for (size_t n = below(depth > 1 ? 3 : 8); n > 0 && type->type->n_fields > 0; n--) {
        put_field(w, &type->fields[below(type->type->n_fields)], depth);
        if (below(10) == 0)
            put_unknown(w);
    }
}

static void mutate(struct writer *w)
{
    size_t at = below(w->len), to = below(w->len);
    switch (below(5)) {
    case 0:
        w->len = at; /* cut */
        break;
    case 1:
        w->data[at] = (uint8_t)random_bits();
        break;
    case 2:
        w->data[at] ^= (uint8_t)(1u << below(8));
        break;
    case 3:
        w->data[at] = w->data[to];
        break;
    default: /* twice */
        if (w->len * 2 <= sizeof(w->data))
            put(w, w->data, w->len);
        break;
    }
}

/* ---- tests ---- */

static void every_message_is_unpacked_as_protobuf_c_does(void **state)
{
    struct writer *w = calloc(1, sizeof(*w));
    size_t n_valid = 0;
    (void)state;
    assert_non_null(w);
    assert_true(n_types > 100);
    for (size_t i = 0; i < n_types * MESSAGES; i++) {
        w->len = 0;
        put_message(w, types[i % n_types], 0);
        n_valid += differential_check(types[i % n_types], w->data, w->len);
    }
    free(w);
    /* The others have too many elements by chance. */
    assert_true(n_valid > n_types * MESSAGES * 9 / 10);
}

static void what_became_of_messages_is_judged_alike(void **state)
{
    struct writer *w = calloc(1, sizeof(*w));
    size_t n_valid = 0;
    (void)state;
    assert_non_null(w);
    for (size_t i = 0; i < n_types * MESSAGES; i++) {
        w->len = 0;
        put_message(w, types[i % n_types], 0);
        for (int m = 0; m < MUTANTS && w->len > 0; m++) {
            mutate(w);
            n_valid += differential_check(types[i % n_types], w->data, w->len);
        }
    }
    free(w);
    assert_true(n_valid > 0 && n_valid < n_types * MESSAGES * MUTANTS);
}

static ProtobufCMessage *unpack(struct arena *arena, const char *method, const void *data, size_t n)
{
    ProtobufCMessage *message;
    struct err err;
    const struct db_bytes bytes = {data, n};
    assert_ok(
        unpack_request(schema_find_name(schema, method)->in, &bytes, arena, &message, &err), &err);
    return message;
}

static void a_message_given_twice_is_read_as_one(void **state)
{
    /* Of the fact the first part has a kind and a value, the second another value. */
    static const char bytes[] = "\n\x24"
                                "01890a5d-ac96-774b-bcce-b302099a8057"
                                "\x12\x08\x10\x01\x1a\x04swim\x12\x06\x1a\x04"
                                "dive";
    struct arena arena;
    (void)state;
    arena_init(&arena, 1 << 16);
    const Kith__V1__AddFactRequest *in =
        (void *)unpack(&arena, "/kith.v1.ContactService/AddFact", bytes, sizeof(bytes) - 1);
    assert_int_equal(in->fact->kind, 1);
    assert_string_equal(in->fact->value, "dive");
    arena_fini(&arena);
}

static const Kinds__Kinds *unpack_kinds(struct arena *arena, const char *data, size_t n)
{
    ProtobufCMessage *message;
    struct err err;
    const struct db_bytes bytes = {data, n};
    assert_ok(unpack_request(kinds, &bytes, arena, &message, &err), &err);
    assert_true(differential_check(kinds, (const uint8_t *)data, n));
    return (const void *)message;
}

static void a_message_of_a_oneof_given_twice_is_read_as_one(void **state)
{
    /* chosen_leaf{word: "oak"}, chosen_leaf{color: RED} */
    static const char twice[] = "\xb2\x01\x05\n\x03oak\xb2\x01\x02\x10\x01";
    /* The same with chosen_number in between. */
    static const char apart[] = "\xb2\x01\x05\n\x03oak\xa8\x01\x07\xb2\x01\x02\x10\x01";
    struct arena arena;
    (void)state;
    arena_init(&arena, 1 << 16);
    const Kinds__Kinds *in = unpack_kinds(&arena, twice, sizeof(twice) - 1);
    assert_int_equal(in->choice_case, KINDS__KINDS__CHOICE_CHOSEN_LEAF);
    assert_string_equal(in->chosen_leaf->word, "oak");
    assert_int_equal(in->chosen_leaf->color, KINDS__COLOR__COLOR_RED);
    in = unpack_kinds(&arena, apart, sizeof(apart) - 1);
    assert_string_equal(in->chosen_leaf->word, "");
    assert_int_equal(in->chosen_leaf->color, KINDS__COLOR__COLOR_RED);
    arena_fini(&arena);
}

static void whatever_is_chosen_one_after_the_other_is_unpacked_as_protobuf_c_does(void **state)
{
    enum { FIRST = 20, MEMBERS = 4 };
    struct writer *w = calloc(1, sizeof(*w));
    (void)state;
    assert_non_null(w);
    for (size_t i = 0; i < n_types * MESSAGES; i++) {
        w->len = 0;
        for (size_t n = below(6); n > 0; n--) {
            unsigned number = FIRST + (unsigned)below(MEMBERS);
            put_field(w, &kinds->fields[schema_field_index(kinds, number)], 0);
        }
        assert_true(differential_check(kinds, w->data, w->len));
    }
    free(w);
}

static void two_lists_that_alternate_cost_no_more_than_twice_their_room(void **state)
{
    enum { EACH = 10000, LIMIT = 4 * 8 * EACH * 2 };
    static uint8_t data[4 * EACH];
    for (size_t i = 0; i < sizeof(data); i += 4)
        memcpy(data + i, "\x08\x07\x10\x09", 4);
    const struct schema_message *type = NULL;
    for (size_t i = 0; i < n_types; i++)
        if (types[i]->type == &kith__v1__durations__descriptor)
            type = types[i];
    const struct db_bytes bytes = {data, sizeof(data)};
    ProtobufCMessage *message;
    struct arena arena;
    struct err err;
    (void)state;
    arena_init(&arena, LIMIT);
    assert_ok(unpack_reply(type, &bytes, &arena, &message, &err), &err);
    const Kith__V1__Durations *durations = (void *)message;
    assert_int_equal(durations->n_from_us, EACH);
    assert_int_equal(durations->n_counts, EACH);
    assert_int_equal(durations->from_us[EACH - 1], 7);
    assert_int_equal(durations->counts[0], 9);
    arena_fini(&arena);
}

static void more_than_the_memory_is_refused_as_too_large(void **state)
{
    Kith__V1__CreateMemberRequest in = KITH__V1__CREATE_MEMBER_REQUEST__INIT;
    uint8_t packed[256];
    char name[] = "Dana Whitlock", email[] = "dana.whitlock@example.org";
    struct arena arena;
    struct err err;
    ProtobufCMessage *message;
    (void)state;
    in.name = name;
    in.email = email;
    const struct db_bytes bytes = {packed, kith__v1__create_member_request__pack(&in, packed)};
    const struct schema_message *type =
        schema_find_name(schema, "/kith.v1.ContactService/CreateMember")->in;
    unsigned n_refused = 0;
    for (size_t limit = 0; limit < 400; limit += 16) {
        arena_init(&arena, limit);
        if (unpack_request(type, &bytes, &arena, &message, &err) != ERR_OK) {
            assert_int_equal(err.reason, REASON_REQUEST_TOO_LARGE);
            n_refused++;
        }
        arena_fini(&arena);
    }
    assert_in_range(n_refused, 5, 20);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(every_message_is_unpacked_as_protobuf_c_does),
        cmocka_unit_test(what_became_of_messages_is_judged_alike),
        cmocka_unit_test(a_message_given_twice_is_read_as_one),
        cmocka_unit_test(a_message_of_a_oneof_given_twice_is_read_as_one),
        cmocka_unit_test(whatever_is_chosen_one_after_the_other_is_unpacked_as_protobuf_c_does),
        cmocka_unit_test(two_lists_that_alternate_cost_no_more_than_twice_their_room),
        cmocka_unit_test(more_than_the_memory_is_refused_as_too_large),
    };
    return cmocka_run_group_tests(tests, set_up, tear_down);
}
