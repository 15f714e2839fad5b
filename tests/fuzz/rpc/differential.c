/* SPDX-License-Identifier: Apache-2.0 */
#include "differential.h"

#include "reference.h"
#include "rpc/unpack.h"

#include <assert.h>
#include <stdlib.h>
#include <string.h>

enum { MAX_MEMORY = 64 << 20 };

struct bytes {
    const uint8_t *at;
    const uint8_t *end;
};

struct writer {
    uint8_t *data; /* as large as what is read: joining makes nothing longer */
    size_t len;
    bool has_joined; /* a message given more than once */
};

struct item {
    uint32_t number;
    unsigned wire_type;
    struct bytes value;          /* the payload of a length-delimited one */
    const uint8_t *start, *next; /* tag included */
};

/* ---- joined: a message given several times becomes one, as the specification reads it ---- */

static bool read_varint(struct bytes *b, size_t max_bytes, uint64_t *out)
{
    uint64_t x = 0;
    for (unsigned i = 0; i < max_bytes && b->at < b->end; i++) {
        uint8_t byte = *b->at++;
        if (i == 9 && byte > 1)
            return false;
        x |= (uint64_t)(byte & 0x7f) << (7 * i);
        if (byte < 0x80) {
            *out = x;
            return true;
        }
    }
    return false;
}

static bool read_payload(struct bytes *b, unsigned wire_type, struct bytes *out)
{
    const uint8_t *start = b->at;
    uint64_t n = 0;
    if (wire_type == SCHEMA_VARINT) {
        bool is_good = read_varint(b, 10, &n);
        *out = (struct bytes){start, b->at};
        return is_good;
    }
    if (wire_type == SCHEMA_FIXED64)
        n = 8;
    else if (wire_type == SCHEMA_FIXED32)
        n = 4;
    else if (wire_type != SCHEMA_BYTES || !read_varint(b, 5, &n))
        return false;
    if (n > (size_t)(b->end - b->at))
        return false;
    *out = (struct bytes){b->at, b->at + n};
    b->at += n;
    return true;
}

static bool read_item(struct bytes *b, struct item *out)
{
    uint64_t tag;
    *out = (struct item){.start = b->at};
    if (!read_varint(b, 5, &tag) || tag >> 3 == 0 || tag >> 32 != 0)
        return false;
    out->number = (uint32_t)(tag >> 3);
    out->wire_type = tag & 7;
    bool is_good = read_payload(b, out->wire_type, &out->value);
    out->next = b->at;
    return is_good;
}

static void append(struct writer *w, const uint8_t *from, const uint8_t *to)
{
    if (to > from)
        memcpy(w->data + w->len, from, (size_t)(to - from));
    w->len += (size_t)(to - from);
}

static void append_varint(struct writer *w, uint64_t n)
{
    for (; n >= 0x80; n >>= 7)
        w->data[w->len++] = (uint8_t)(n | 0x80);
    w->data[w->len++] = (uint8_t)n;
}

static bool is_packed_well(const struct schema_field *field, struct bytes packed)
{
    struct bytes value;
    if (field->type->label != PROTOBUF_C_LABEL_REPEATED)
        return false;
    while (packed.at < packed.end)
        if (!read_payload(&packed, field->wire_type, &value))
            return false;
    return true;
}

static bool is_singular_message(const struct schema_field *field)
{
    return field && field->type->type == PROTOBUF_C_TYPE_MESSAGE &&
           field->type->label != PROTOBUF_C_LABEL_REPEATED;
}

/* Does the one end what was chosen of the other? */
static bool are_rivals(const ProtobufCFieldDescriptor *a, const ProtobufCFieldDescriptor *b)
{
    bool are_of_oneof = (a->flags & b->flags & PROTOBUF_C_FIELD_FLAG_ONEOF) != 0;
    return are_of_oneof && a != b && a->quantifier_offset == b->quantifier_offset;
}

static bool join(const struct schema_message *type, struct bytes in, struct writer *out);

static bool is_well_formed(const struct schema_message *type, struct bytes in)
{
    struct writer ignored = {.data = malloc((size_t)(in.end - in.at) + 1)};
    assert(ignored.data);
    bool is_good = join(type, in, &ignored);
    free(ignored.data);
    return is_good;
}

static bool join_payload(const struct schema_field *field, struct bytes in, struct writer *out)
{
    struct writer joined = {.data = malloc((size_t)(in.end - in.at) + 1)};
    assert(joined.data);
    bool is_good = join(field->message, in, &joined);
    append_varint(out, (uint64_t)field->type->id << 3 | SCHEMA_BYTES);
    append_varint(out, joined.len);
    append(out, joined.data, joined.data + joined.len);
    out->has_joined = out->has_joined || joined.has_joined;
    free(joined.data);
    return is_good;
}

static const ProtobufCFieldDescriptor *field_of(
    const struct schema_message *type, const struct item *item)
{
    return protobuf_c_message_descriptor_get_field(type->type, item->number);
}

/* All payloads of this number from here on, or up to a rival, one after the other, joined
 * themselves. */
static bool join_field(const struct schema_message *type, const struct schema_field *field,
    struct bytes in, struct writer *out)
{
    size_t len = (size_t)(in.end - in.at);
    struct writer all = {.data = malloc(len + 1)};
    struct item item;
    unsigned n = 0;
    bool is_good = true; /* two that are not may be one that is */
    assert(all.data);
    while (in.at < in.end && read_item(&in, &item)) {
        const ProtobufCFieldDescriptor *found = field_of(type, &item);
        if (found && are_rivals(found, field->type))
            break;
        if (found != field->type || item.wire_type != SCHEMA_BYTES)
            continue;
        is_good = is_good && is_well_formed(field->message, item.value);
        append(&all, item.value.at, item.value.end);
        n++;
    }
    is_good = join_payload(field, (struct bytes){all.data, all.data + all.len}, out) && is_good;
    out->has_joined = out->has_joined || n > 1;
    free(all.data);
    return is_good;
}

/* False if the bytes are not well-formed. */
static bool join(const struct schema_message *type, struct bytes in, struct writer *out)
{
    bool is_joined[SCHEMA_MAX_FIELDS] = {false};
    while (in.at < in.end) {
        struct item item;
        if (!read_item(&in, &item))
            return false;
        const ProtobufCFieldDescriptor *descriptor = field_of(type, &item);
        size_t i = descriptor ? (size_t)(descriptor - type->type->fields) : 0;
        const struct schema_field *field = descriptor ? &type->fields[i] : NULL;
        bool is_good = true;
        for (unsigned k = 0; field && k < type->type->n_fields; k++)
            is_joined[k] = is_joined[k] && !are_rivals(&type->type->fields[k], descriptor);
        if (field && item.wire_type != field->wire_type)
            is_good = item.wire_type == SCHEMA_BYTES && is_packed_well(field, item.value);
        if (field && field->message && item.wire_type == SCHEMA_BYTES) {
            if (!is_singular_message(field))
                is_good = join_payload(field, item.value, out);
            else if (!is_joined[i])
                is_good = join_field(type, field, (struct bytes){item.start, in.end}, out);
            is_joined[i] = true;
        } else {
            append(out, item.start, item.next);
        }
        if (!is_good)
            return false;
    }
    return true;
}

/* ---- the same? ---- */

static void check_same(const ProtobufCMessage *a, const ProtobufCMessage *b);

static size_t size_of(const ProtobufCFieldDescriptor *field)
{
    switch (field->type) {
    case PROTOBUF_C_TYPE_INT64:
    case PROTOBUF_C_TYPE_SINT64:
    case PROTOBUF_C_TYPE_UINT64:
    case PROTOBUF_C_TYPE_FIXED64:
    case PROTOBUF_C_TYPE_SFIXED64:
    case PROTOBUF_C_TYPE_DOUBLE:
        return 8;
    case PROTOBUF_C_TYPE_STRING:
    case PROTOBUF_C_TYPE_MESSAGE:
        return sizeof(void *);
    case PROTOBUF_C_TYPE_BYTES:
        return sizeof(ProtobufCBinaryData);
    case PROTOBUF_C_TYPE_INT32:
    case PROTOBUF_C_TYPE_SINT32:
    case PROTOBUF_C_TYPE_UINT32:
    case PROTOBUF_C_TYPE_FIXED32:
    case PROTOBUF_C_TYPE_SFIXED32:
    case PROTOBUF_C_TYPE_FLOAT:
    case PROTOBUF_C_TYPE_BOOL:
    case PROTOBUF_C_TYPE_ENUM:
        break;
    }
    return 4;
}

static void check_same_value(const ProtobufCFieldDescriptor *field, const void *a, const void *b)
{
    if (field->type == PROTOBUF_C_TYPE_STRING) {
        const char *x = *(char *const *)a, *y = *(char *const *)b;
        assert((x == NULL) == (y == NULL));
        assert((x == field->default_value) == (y == field->default_value));
        assert(!x || strcmp(x, y) == 0);
    } else if (field->type == PROTOBUF_C_TYPE_BYTES) {
        const ProtobufCBinaryData *x = a, *y = b;
        assert(x->len == y->len && (x->data == NULL) == (y->data == NULL));
        assert(x->len == 0 || memcmp(x->data, y->data, x->len) == 0);
    } else if (field->type == PROTOBUF_C_TYPE_MESSAGE) {
        const ProtobufCMessage *x = *(ProtobufCMessage *const *)a;
        const ProtobufCMessage *y = *(ProtobufCMessage *const *)b;
        assert((x == NULL) == (y == NULL));
        if (x)
            check_same(x, y);
    } else {
        assert(memcmp(a, b, size_of(field)) == 0);
    }
}

static void check_same_field(
    const ProtobufCFieldDescriptor *field, const ProtobufCMessage *a, const ProtobufCMessage *b)
{
    const char *x = (const char *)a + field->offset, *y = (const char *)b + field->offset;
    const char *n = (const char *)a + field->quantifier_offset;
    const char *m = (const char *)b + field->quantifier_offset;
    if (field->label == PROTOBUF_C_LABEL_REPEATED) {
        size_t count = *(const size_t *)(const void *)n;
        assert(count == *(const size_t *)(const void *)m);
        const char *xs = *(char *const *)(const void *)x, *ys = *(char *const *)(const void *)y;
        assert((xs == NULL) == (ys == NULL));
        for (size_t i = 0; i < count; i++)
            check_same_value(field, xs + i * size_of(field), ys + i * size_of(field));
        return;
    }
    if (field->quantifier_offset != 0)
        assert(memcmp(n, m, 4) == 0); /* has, or which of a oneof */
    bool is_oneof = (field->flags & PROTOBUF_C_FIELD_FLAG_ONEOF) != 0;
    if (!is_oneof || *(const uint32_t *)(const void *)n == field->id)
        check_same_value(field, x, y);
}

static void check_same(const ProtobufCMessage *a, const ProtobufCMessage *b)
{
    assert(a->descriptor == b->descriptor);
    for (unsigned i = 0; i < a->descriptor->n_fields; i++)
        check_same_field(&a->descriptor->fields[i], a, b);
    assert(a->n_unknown_fields == b->n_unknown_fields);
    for (unsigned i = 0; i < a->n_unknown_fields; i++) {
        const ProtobufCMessageUnknownField *x = &a->unknown_fields[i], *y = &b->unknown_fields[i];
        assert(x->tag == y->tag && x->wire_type == y->wire_type && x->len == y->len);
        assert(memcmp(x->data, y->data, x->len) == 0);
    }
}

/* ---- all three ---- */

/* What our message packs to is a valid request again. */
static void check_again(
    const struct schema_message *type, const ProtobufCMessage *message, struct arena *arena)
{
    struct err err;
    ProtobufCMessage *again;
    size_t len = protobuf_c_message_get_packed_size(message);
    uint8_t *packed = arena_alloc(arena, len);
    assert(packed);
    assert(protobuf_c_message_pack(message, packed) == len);
    const struct db_bytes bytes = {packed, len};
    assert(unpack_request(type, &bytes, arena, &again, &err) == ERR_OK);
}

static bool check_request(const struct schema_message *type, const struct db_bytes *bytes,
    const struct writer *joined, const ProtobufCMessage *expected)
{
    struct arena arena;
    struct err err = {0}, reference = {0};
    ProtobufCMessage *message = NULL;
    arena_init(&arena, MAX_MEMORY);
    enum err_code code = unpack_request(type, bytes, &arena, &message, &err);
    enum err_code right = reference_validate(type, bytes->data, bytes->len, &reference);
    if (right != ERR_OK) {
        assert(code == right);
        /* Of a message given twice we see too many elements earlier. */
        if (!joined->has_joined) {
            assert(err.reason == reference.reason && strcmp(err.field, reference.field) == 0);
            assert(strcmp(err.msg, reference.msg) == 0);
        }
    } else {
        right = reference_validate(type, joined->data, joined->len, &reference);
        assert((code == ERR_OK) == (right == ERR_OK) && expected);
    }
    assert(
        (code == ERR_OK) == (message != NULL) && (code == ERR_OK) == (err.reason == REASON_NONE));
    if (message) {
        check_same(message, expected);
        check_again(type, message, &arena);
    }
    arena_fini(&arena);
    return code == ERR_OK;
}

static void check_reply(const struct schema_message *type, const struct db_bytes *bytes,
    const ProtobufCMessage *expected)
{
    struct arena arena;
    struct err err = {0};
    ProtobufCMessage *message = NULL;
    arena_init(&arena, MAX_MEMORY);
    enum err_code code = unpack_reply(type, bytes, &arena, &message, &err);
    assert((code == ERR_OK) == (expected != NULL));
    assert(code == ERR_OK || err.reason == REASON_REQUEST_MALFORMED);
    if (message)
        check_same(message, expected);
    arena_fini(&arena);
}

bool differential_check(const struct schema_message *type, const uint8_t *data, size_t len)
{
    /* Copies of exactly that size, so that a sanitizer sees a byte too many read. */
    uint8_t *copy = malloc(len + (len == 0));
    struct writer joined = {.data = malloc(len + 1)};
    assert(copy && joined.data);
    if (len > 0)
        memcpy(copy, data, len);
    ProtobufCMessage *expected = NULL;
    if (join(type, (struct bytes){copy, copy + len}, &joined)) {
        expected = protobuf_c_message_unpack(type->type, NULL, joined.len, joined.data);
        assert(expected);
    }
    const struct db_bytes bytes = {copy, len};
    bool is_valid = check_request(type, &bytes, &joined, expected);
    check_reply(type, &bytes, expected);
    if (expected)
        protobuf_c_message_free_unpacked(expected, NULL);
    free(joined.data);
    free(copy);
    return is_valid;
}
