/* SPDX-License-Identifier: Apache-2.0 */
#include "rpc/unpack.h"

#include "rpc/limits.h"

#include <string.h>

enum { MAX_FIELD_NUMBER = (1 << 29) - 1 };

_Static_assert(__BYTE_ORDER__ == __ORDER_LITTLE_ENDIAN__, "fixed numbers are copied as they are");

struct unpacker {
    struct arena *arena;
    struct err *err; /* says why, where a function returns false or NULL */
    bool is_checked; /* against limits */
};

struct value {
    const uint8_t *bytes;
    uint64_t n; /* the number of a varint, else how many bytes */
};

/* A message being filled. */
struct frame {
    const struct schema_message *type;
    ProtobufCMessage *message;
    uint64_t seen;      /* bit n: field n was there */
    struct place place; /* of the field at hand */

    /* The repeated field that was last, and for how many elements it has room. */
    const struct schema_field *last;
    size_t room;
};

/* ---- reading the wire: from `at`; where it goes on, or NULL for what is malformed ---- */

static const uint8_t *read_long_varint(const uint8_t *at, const uint8_t *end, uint64_t *out)
{
    uint64_t x = 0;
    for (unsigned shift = 0; shift < 63 && at < end; shift += 7) {
        uint8_t byte = *at++;
        x |= (uint64_t)(byte & 0x7f) << shift;
        if (byte < 0x80) {
            *out = x;
            return at;
        }
    }
    if (at == end || *at > 1)
        return NULL; /* cut off, or more than 64 bits */
    *out = x | (uint64_t)*at << 63;
    return at + 1;
}

static inline const uint8_t *read_varint(const uint8_t *at, const uint8_t *end, uint64_t *out)
{
    if (at == end || *at >= 0x80)
        return read_long_varint(at, end, out);
    *out = *at;
    return at + 1;
}

/* A tag or a length. protobuf-c reads no more than five bytes of one, however small it is. */
static inline const uint8_t *read_short_varint(const uint8_t *at, const uint8_t *end, uint64_t *out)
{
    enum { MAX_BYTES = 5 };
    if (at == end || *at >= 0x80)
        return read_long_varint(at, end - at > MAX_BYTES ? at + MAX_BYTES : end, out);
    *out = *at;
    return at + 1;
}

static const uint8_t *read_tag(
    const uint8_t *at, const uint8_t *end, uint32_t *number, unsigned *wire_type)
{
    uint64_t tag;
    at = read_short_varint(at, end, &tag);
    if (!at || (tag >> 3) == 0 || (tag >> 3) > MAX_FIELD_NUMBER)
        return NULL;
    *number = (uint32_t)(tag >> 3);
    *wire_type = (unsigned)(tag & 7);
    return at;
}

static inline const uint8_t *read_value(
    const uint8_t *at, const uint8_t *end, unsigned wire_type, struct value *out)
{
    uint64_t n;
    switch (wire_type) {
    case SCHEMA_VARINT:
        at = read_varint(at, end, &n);
        *out = (struct value){at, n};
        return at;
    case SCHEMA_FIXED64:
        n = 8;
        break;
    case SCHEMA_FIXED32:
        n = 4;
        break;
    case SCHEMA_BYTES:
        at = read_short_varint(at, end, &n);
        break;
    default:
        return NULL; /* groups: proto3 has none */
    }
    if (!at || n > (size_t)(end - at))
        return NULL;
    *out = (struct value){at, n};
    return at + n;
}

/* ---- complaints ---- */

static void *malformed(const struct unpacker *u, const struct frame *f)
{
    err_fill(u->err, REASON_REQUEST_MALFORMED, "the bytes are not a valid %s", f->type->type->name);
    return NULL;
}

static bool too_large(const struct unpacker *u)
{
    err_fill(u->err, REASON_REQUEST_TOO_LARGE,
        "the request needs more than the %zu bytes of memory a call may use", u->arena->limit);
    return false;
}

/* ---- values ---- */

static void *member(const struct frame *f, size_t offset)
{
    return (char *)f->message + offset;
}

static uint64_t unzigzag(uint64_t n)
{
    return (n >> 1) ^ (0 - (n & 1));
}

static bool store_number(
    const struct unpacker *u, const struct place *place, uint64_t n, void *slot)
{
    const struct schema_field *field = place->field;
    ProtobufCType type = field->type->type;
    if (type == PROTOBUF_C_TYPE_ENUM && u->is_checked && n >= field->known_below &&
        limits_check_enum(place, n, u->err) != ERR_OK)
        return false;
    if (type == PROTOBUF_C_TYPE_BOOL)
        n = n != 0;
    else if (type == PROTOBUF_C_TYPE_SINT32)
        n = unzigzag((uint32_t)n);
    else if (type == PROTOBUF_C_TYPE_SINT64)
        n = unzigzag(n);
    if (field->size == sizeof(uint32_t))
        memcpy(slot, &(uint32_t){(uint32_t)n}, sizeof(uint32_t));
    else
        memcpy(slot, &n, sizeof(n));
    return true;
}

static void store_fixed(const struct schema_field *field, const uint8_t *bytes, void *slot)
{
    if (field->size == sizeof(uint32_t))
        memcpy(slot, bytes, sizeof(uint32_t));
    else
        memcpy(slot, bytes, sizeof(uint64_t));
}

static bool store_text(
    const struct unpacker *u, const struct place *place, struct value text, void *slot)
{
    bool is_string = place->field->size == sizeof(char *);
    uint8_t *copy = NULL; /* of bytes, if there are none */
    if (u->is_checked && limits_check_text(place, text.bytes, text.n, u->err) != ERR_OK)
        return false;
    if (is_string || text.n > 0) {
        copy = arena_alloc_raw(u->arena, text.n + 1);
        if (!copy)
            return too_large(u);
        memcpy(copy, text.bytes, text.n);
        copy[text.n] = '\0';
    }
    if (is_string)
        memcpy(slot, &copy, sizeof(copy));
    else
        memcpy(slot, &(ProtobufCBinaryData){text.n, copy}, sizeof(ProtobufCBinaryData));
    return true;
}

static bool fill(const struct unpacker *u, struct frame *f, const uint8_t *at, const uint8_t *end);

static ProtobufCMessage *new_message(
    const struct unpacker *u, const ProtobufCMessageDescriptor *type)
{
    ProtobufCMessage *message = arena_alloc_raw(u->arena, type->sizeof_message);
    if (message)
        type->message_init(message);
    return message;
}

/* Into the message that is there already, if it is given a second time. */
static bool store_message(
    const struct unpacker *u, const struct place *place, struct value v, ProtobufCMessage **slot)
{
    const struct schema_message *type = place->field->message;
    if (!*slot)
        *slot = new_message(u, type->type);
    if (!*slot)
        return too_large(u);
    struct frame inner = {.type = type, .message = *slot, .place = {.outer = place}};
    return fill(u, &inner, v.bytes, v.bytes + v.n);
}

/* A value of the wire type of the field at hand. */
static bool store(const struct unpacker *u, const struct place *place, struct value v, void *slot)
{
    const struct schema_field *field = place->field;
    switch (field->wire_type) {
    case SCHEMA_VARINT:
        return store_number(u, place, v.n, slot);
    case SCHEMA_BYTES:
        return field->message ? store_message(u, place, v, slot) : store_text(u, place, v, slot);
    default:
        store_fixed(field, v.bytes, slot);
        return true;
    }
}

/* ---- repeated fields ---- */

static size_t *count_of(const struct frame *f, const struct schema_field *field)
{
    return member(f, field->quantifier_offset);
}

/* How many values of this field follow one another, the one before `at` included. */
static size_t count_run(const struct schema_field *field, const uint8_t *at, const uint8_t *end)
{
    size_t n = 0;
    uint32_t number;
    unsigned wire_type;
    struct value v;
    do {
        n++;
        at = read_tag(at, end, &number, &wire_type);
        if (!at || number != field->type->id || wire_type != field->wire_type)
            return n;
        at = read_value(at, end, wire_type, &v);
    } while (at);
    return n;
}

static size_t count_packed(const struct schema_field *field, struct value packed)
{
    size_t n = 0;
    if (field->wire_type != SCHEMA_VARINT)
        return packed.n / field->size;
    for (size_t i = 0; i < packed.n; i++)
        n += packed.bytes[i] < 0x80;
    return n;
}

/*
 * Room for `more` elements. An array has room for a power of two: how many, once all of a run are
 * in, follows from how many those are.
 */
static bool make_room(
    const struct unpacker *u, struct frame *f, const struct schema_field *field, size_t more)
{
    size_t n = *count_of(f, field), room = n > 0;
    if (u->is_checked && more > field->max_items)
        more = field->max_items; /* the one too many is refused before it is stored */
    while (room < n)
        room *= 2;
    f->last = field;
    f->room = room;
    if (more <= room - n)
        return true;
    for (room += room == 0; room < n + more;)
        room *= 2;

    void **array = member(f, field->offset);
    void *grown = arena_alloc_raw(u->arena, room * field->size);
    if (!grown)
        return too_large(u);
    if (n > 0)
        memcpy(grown, *array, n * field->size);
    *array = grown;
    f->room = room;
    return true;
}

static bool has_room(const struct frame *f, const struct schema_field *field)
{
    return f->last == field && *count_of(f, field) < f->room;
}

/* Where the next element goes, for which there is room. */
static void *next_slot(const struct unpacker *u, struct frame *f, const struct schema_field *field)
{
    size_t *n = count_of(f, field);
    f->place.item = *n;
    if (u->is_checked && *n >= field->max_items) {
        (void)!limits_refuse_item(&f->place, u->err);
        return NULL;
    }
    char **array = member(f, field->offset);
    void *slot = *array + *n * field->size;
    if (field->message)
        memset(slot, 0, field->size);
    ++*n;
    return slot;
}

/* Numbers, packed into one length-delimited value. */
static const uint8_t *take_packed(
    const struct unpacker *u, struct frame *f, unsigned index, struct value packed)
{
    const struct schema_field *field = &f->type->fields[index];
    const uint8_t *at = packed.bytes, *end = at + packed.n;
    f->place.field = field;
    if (!field->is_repeated)
        return malformed(u, f);
    if (!make_room(u, f, field, count_packed(field, packed)))
        return NULL;
    while (at < end) {
        struct value v;
        at = read_value(at, end, field->wire_type, &v);
        if (!at)
            return malformed(u, f);
        void *slot = next_slot(u, f, field);
        if (!slot)
            return NULL;
        if (field->wire_type != SCHEMA_VARINT)
            store_fixed(field, v.bytes, slot);
        else if (!store_number(u, &f->place, v.n, slot))
            return NULL;
    }
    return at;
}

/* ---- fields ---- */

/* The last of a oneof wins; another before it leaves no trace, a message that is chosen again is
 * the same one still. */
static void choose(const struct frame *f, const struct schema_field *field)
{
    uint32_t *chosen = member(f, field->quantifier_offset);
    if (*chosen != 0 && *chosen != field->type->id) {
        unsigned before = schema_field_index(f->type, *chosen);
        memset(member(f, field->offset), 0, f->type->fields[before].size);
    }
    *chosen = field->type->id;
}

/* Where a value goes of which the struct says that, or how often, it is there; NULL: nowhere. */
static void *quantified_slot(const struct unpacker *u, struct frame *f,
    const struct schema_field *field, const uint8_t *at, const uint8_t *end)
{
    if (field->is_repeated) {
        if (!has_room(f, field) && !make_room(u, f, field, count_run(field, at, end)))
            return NULL;
        return next_slot(u, f, field);
    }
    if (field->is_chosen)
        choose(f, field);
    else
        *(protobuf_c_boolean *)member(f, field->quantifier_offset) = true;
    return member(f, field->offset);
}

/* What follows the tag of a field that is of its own wire type. NULL: it is refused. */
static const uint8_t *take_field(const struct unpacker *u, struct frame *f, unsigned index,
    const uint8_t *at, const uint8_t *end)
{
    const struct schema_field *field = &f->type->fields[index];
    struct value v;
    at = read_value(at, end, field->wire_type, &v);
    if (!at)
        return malformed(u, f);
    f->seen |= UINT64_C(1) << index;
    f->place.field = field;
    void *slot = field->quantifier_offset != 0 ? quantified_slot(u, f, field, at, end)
                                               : member(f, field->offset);
    return slot && store(u, &f->place, v, slot) ? at : NULL;
}

/* Of a newer program. Kept, so that who passes the message on loses nothing. */
static bool keep_unknown(
    const struct unpacker *u, ProtobufCMessage *m, const ProtobufCMessageUnknownField *field)
{
    unsigned n = m->n_unknown_fields;
    if ((n & (n - 1)) == 0) { /* as many as there is room for: a power of two */
        ProtobufCMessageUnknownField *grown =
            arena_alloc_raw(u->arena, (n ? 2 * (size_t)n : 1) * sizeof(*grown));
        if (!grown)
            return too_large(u);
        if (n > 0)
            memcpy(grown, m->unknown_fields, n * sizeof(*grown));
        m->unknown_fields = grown;
    }
    uint8_t *copy = arena_memdup(u->arena, field->data, field->len);
    if (!copy)
        return too_large(u);
    m->unknown_fields[n] = *field;
    m->unknown_fields[n].data = copy;
    m->n_unknown_fields++;
    return true;
}

/* A field that is unknown, or not of the wire type it should have. */
static const uint8_t *take_odd(
    const struct unpacker *u, struct frame *f, const uint8_t *at, const uint8_t *end)
{
    uint32_t number;
    unsigned wire_type;
    struct value v;
    const uint8_t *start = read_tag(at, end, &number, &wire_type);
    at = start ? read_value(start, end, wire_type, &v) : NULL;
    if (!at)
        return malformed(u, f);
    unsigned index = schema_field_index(f->type, number);
    if (index != SCHEMA_NO_FIELD)
        return wire_type == SCHEMA_BYTES ? take_packed(u, f, index, v) : malformed(u, f);
    const ProtobufCMessageUnknownField unknown = {
        number, (ProtobufCWireType)wire_type, (size_t)(at - start), (uint8_t *)(uintptr_t)start};
    return keep_unknown(u, f->message, &unknown) ? at : NULL;
}

/* Which field begins here, and with what its value: NULL if it is an odd one. */
static const uint8_t *find_field(
    const struct schema_message *type, const uint8_t *at, const uint8_t *end, unsigned *index)
{
    uint32_t number;
    unsigned wire_type;
    at = read_tag(at, end, &number, &wire_type);
    *index = at ? schema_field_index(type, number) : SCHEMA_NO_FIELD;
    return *index != SCHEMA_NO_FIELD && wire_type == type->fields[*index].wire_type ? at : NULL;
}

/* Fields that must be there and are not. */
static bool has_all(const struct unpacker *u, struct frame *f)
{
    uint64_t absent = f->type->obligatory & ~f->seen;
    if (!u->is_checked || absent == 0)
        return true;
    f->place.field = &f->type->fields[__builtin_ctzll(absent)];
    (void)!limits_refuse_absent(&f->place, u->err);
    return false;
}

static bool fill(const struct unpacker *u, struct frame *f, const uint8_t *at, const uint8_t *end)
{
    while (at < end) {
        const uint8_t *value = at + 1;
        unsigned index = *at < 0x80 ? f->type->by_tag[*at] : SCHEMA_NO_FIELD;
        if (index == SCHEMA_NO_FIELD) {
            unsigned found;
            value = find_field(f->type, at, end, &found);
            index = found;
        }
        at = value ? take_field(u, f, index, value, end) : take_odd(u, f, at, end);
        if (!at)
            return false;
    }
    return has_all(u, f);
}

static enum err_code unpack(const struct unpacker *u, const struct schema_message *type,
    const struct db_bytes *bytes, ProtobufCMessage **out)
{
    static const uint8_t nothing[1];
    const uint8_t *data = bytes->len > 0 ? bytes->data : nothing;
    struct frame f = {.type = type, .message = new_message(u, type->type)};
    if (!f.message)
        (void)too_large(u);
    if (!f.message || !fill(u, &f, data, data + bytes->len))
        return err_failed(u->err->code);
    *out = f.message;
    return ERR_OK;
}

enum err_code unpack_request(const struct schema_message *type, const struct db_bytes *bytes,
    struct arena *arena, ProtobufCMessage **out, struct err *err)
{
    const struct unpacker u = {arena, err, true};
    return unpack(&u, type, bytes, out);
}

enum err_code unpack_reply(const struct schema_message *type, const struct db_bytes *bytes,
    struct arena *arena, ProtobufCMessage **out, struct err *err)
{
    const struct unpacker u = {arena, err, false};
    return unpack(&u, type, bytes, out);
}
