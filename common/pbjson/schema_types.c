/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Makes protobuf-c's descriptors, which it otherwise only gets from generated code: the layout of a
 * struct nobody compiled, and the tables by number and by name that protobuf-c searches.
 */
#include "pbjson/schema_types.h"

#include "pbjson/wellformed.h"

#include <stdlib.h>
#include <string.h>

enum { ALIGNMENT = 8 }; /* of every member; a little room for a lot of simplicity */

MUST_USE static enum err_code out_of_memory(struct err *err)
{
    return err_raise(err, REASON_REQUEST_TOO_LARGE, "the descriptor set is too large");
}

MUST_USE static enum err_code malformed(struct err *err, const char *message, const char *what)
{
    return err_raise(err, REASON_REQUEST_MALFORMED, "descriptor set: %s: %s", message, what);
}

/* ---- ranges: numbers that follow one another share one; the last row holds the count --------- */

static ProtobufCIntRange *make_ranges(
    struct arena *arena, const int *numbers, unsigned n, unsigned *n_ranges)
{
    ProtobufCIntRange *ranges = arena_calloc(arena, n + 1, sizeof(*ranges));
    if (ranges == NULL)
        return NULL;
    unsigned count = 0;
    for (unsigned i = 0; i < n; i++)
        if (i == 0 || numbers[i] != numbers[i - 1] + 1)
            ranges[count++] = (ProtobufCIntRange){numbers[i], i};
    ranges[count] = (ProtobufCIntRange){0, n};
    *n_ranges = count;
    return ranges;
}

/* ---- enums ----------------------------------------------------------------------------------- */

static int by_value(const void *a, const void *b)
{
    int x = ((const ProtobufCEnumValue *)a)->value;
    int y = ((const ProtobufCEnumValue *)b)->value;
    return (x > y) - (x < y);
}

static int by_value_name(const void *a, const void *b)
{
    return strcmp(
        ((const ProtobufCEnumValueIndex *)a)->name, ((const ProtobufCEnumValueIndex *)b)->name);
}

/* Aliases of a number are found by name only, as in generated code. */
static unsigned drop_aliases(ProtobufCEnumValue *values, unsigned n)
{
    unsigned kept = 0;
    for (unsigned i = 0; i < n; i++)
        if (kept == 0 || values[i].value != values[kept - 1].value)
            values[kept++] = values[i];
    return kept;
}

static unsigned index_of(const ProtobufCEnumValue *values, unsigned n, int number)
{
    for (unsigned i = 0; i < n; i++)
        if (values[i].value == number)
            return i;
    return 0;
}

MUST_USE static enum err_code make_enum(
    struct arena *arena, const struct schema_enum *e, struct err *err)
{
    unsigned n = (unsigned)e->source->n_value;
    ProtobufCEnumValue *values = arena_calloc(arena, n + 1, sizeof(*values));
    ProtobufCEnumValueIndex *names = arena_calloc(arena, n + 1, sizeof(*names));
    int *numbers = arena_calloc(arena, n + 1, sizeof(*numbers));
    if (values == NULL || names == NULL || numbers == NULL)
        return out_of_memory(err);
    for (unsigned i = 0; i < n; i++) {
        const Google__Protobuf__EnumValueDescriptorProto *v = e->source->value[i];
        if (v->name == NULL)
            return malformed(err, e->made->name, "a value has no name");
        values[i] = (ProtobufCEnumValue){v->name, v->name, v->number};
    }
    qsort(values, n, sizeof(*values), by_value);
    unsigned kept = drop_aliases(values, n);
    for (unsigned i = 0; i < n; i++) {
        const Google__Protobuf__EnumValueDescriptorProto *v = e->source->value[i];
        names[i] = (ProtobufCEnumValueIndex){v->name, index_of(values, kept, v->number)};
    }
    qsort(names, n, sizeof(*names), by_value_name);
    for (unsigned i = 0; i < kept; i++)
        numbers[i] = values[i].value;
    e->made->values = values;
    e->made->n_values = kept;
    e->made->values_by_name = names;
    e->made->n_value_names = n;
    e->made->value_ranges = make_ranges(arena, numbers, kept, &e->made->n_value_ranges);
    return e->made->value_ranges == NULL ? out_of_memory(err) : ERR_OK;
}

/* ---- messages -------------------------------------------------------------------------------- */

static bool type_of(Google__Protobuf__FieldDescriptorProto__Type type, ProtobufCType *out)
{
    static const struct {
        Google__Protobuf__FieldDescriptorProto__Type theirs;
        ProtobufCType ours;
    } types[] = {
#define ROW(name) \
    {GOOGLE__PROTOBUF__FIELD_DESCRIPTOR_PROTO__TYPE__TYPE_##name, PROTOBUF_C_TYPE_##name}
        ROW(INT32),
        ROW(SINT32),
        ROW(SFIXED32),
        ROW(INT64),
        ROW(SINT64),
        ROW(SFIXED64),
        ROW(UINT32),
        ROW(FIXED32),
        ROW(UINT64),
        ROW(FIXED64),
        ROW(FLOAT),
        ROW(DOUBLE),
        ROW(BOOL),
        ROW(ENUM),
        ROW(STRING),
        ROW(BYTES),
        ROW(MESSAGE),
#undef ROW
    };
    for (size_t i = 0; i < sizeof(types) / sizeof(types[0]); i++)
        if (types[i].theirs == type) {
            *out = types[i].ours;
            return true;
        }
    return false;
}

/* What a field of a message or enum type points to; names in sets begin with a dot. */
static const void *find_type(
    const struct pbjson_schema *schema, ProtobufCType type, const char *dotted)
{
    const char *name = dotted == NULL ? "" : dotted + (*dotted == '.' ? 1 : 0);
    for (size_t i = 0; type == PROTOBUF_C_TYPE_MESSAGE && i < schema->n_messages; i++)
        if (strcmp(schema->messages[i].made->name, name) == 0)
            return schema->messages[i].made;
    for (size_t i = 0; type == PROTOBUF_C_TYPE_ENUM && i < schema->n_enums; i++)
        if (strcmp(schema->enums[i].made->name, name) == 0)
            return schema->enums[i].made;
    return NULL;
}

static unsigned take(size_t *size, size_t bytes)
{
    size_t at = *size;
    *size = (at + bytes + ALIGNMENT - 1) / ALIGNMENT * ALIGNMENT;
    return (unsigned)at;
}

/* Where in the struct: members of a oneof share their place and the word that says which it is. */
struct oneof_place {
    bool is_placed;
    unsigned which, value;
};

static void place_field(ProtobufCFieldDescriptor *made,
    const Google__Protobuf__FieldDescriptorProto *source, struct oneof_place *oneofs, size_t *size)
{
    size_t widest = sizeof(ProtobufCBinaryData);
    if (source->has_oneof_index) {
        struct oneof_place *place = &oneofs[source->oneof_index];
        if (!place->is_placed)
            *place = (struct oneof_place){true, take(size, sizeof(uint32_t)), take(size, widest)};
        made->flags |= PROTOBUF_C_FIELD_FLAG_ONEOF;
        made->quantifier_offset = place->which;
        made->offset = place->value;
        return;
    }
    if (made->label == PROTOBUF_C_LABEL_REPEATED)
        made->quantifier_offset = take(size, sizeof(size_t));
    made->offset = take(size, widest);
    if (made->type == PROTOBUF_C_TYPE_STRING && made->label != PROTOBUF_C_LABEL_REPEATED)
        made->default_value = &protobuf_c_empty_string;
}

/* Proto3 packs numbers unless told otherwise. */
static bool is_packed(const Google__Protobuf__FieldDescriptorProto *source, ProtobufCType type)
{
    if (type == PROTOBUF_C_TYPE_STRING || type == PROTOBUF_C_TYPE_BYTES ||
        type == PROTOBUF_C_TYPE_MESSAGE)
        return false;
    return source->options == NULL || !source->options->has_packed || source->options->packed;
}

MUST_USE static enum err_code make_field(const struct pbjson_schema *schema, const char *message,
    const Google__Protobuf__FieldDescriptorProto *source, ProtobufCFieldDescriptor *made,
    struct err *err)
{
    ProtobufCType type;
    if (source->name == NULL || source->number <= 0 || !type_of(source->type, &type))
        return malformed(err, message, "a field has no name, no number or a type not known here");
    bool is_repeated =
        source->label == GOOGLE__PROTOBUF__FIELD_DESCRIPTOR_PROTO__LABEL__LABEL_REPEATED;
    *made = (ProtobufCFieldDescriptor){
        .name = source->name,
        .id = (uint32_t)source->number,
        .label = is_repeated ? PROTOBUF_C_LABEL_REPEATED : PROTOBUF_C_LABEL_NONE,
        .type = type,
        .flags = is_repeated && is_packed(source, type) ? PROTOBUF_C_FIELD_FLAG_PACKED : 0,
        .descriptor = find_type(schema, type, source->type_name),
    };
    bool needs_type = type == PROTOBUF_C_TYPE_MESSAGE || type == PROTOBUF_C_TYPE_ENUM;
    if (needs_type && made->descriptor == NULL)
        return malformed(err, message, "the type of a field is not in the set");
    return ERR_OK;
}

static int by_number(const void *a, const void *b)
{
    uint32_t x = (*(Google__Protobuf__FieldDescriptorProto *const *)a)->number > 0
                     ? (uint32_t)(*(Google__Protobuf__FieldDescriptorProto *const *)a)->number
                     : 0;
    uint32_t y = (*(Google__Protobuf__FieldDescriptorProto *const *)b)->number > 0
                     ? (uint32_t)(*(Google__Protobuf__FieldDescriptorProto *const *)b)->number
                     : 0;
    return (x > y) - (x < y);
}

/* The table of positions in order of name, for protobuf-c's binary search. */
static unsigned *sort_by_name(
    struct arena *arena, const ProtobufCFieldDescriptor *fields, unsigned n)
{
    unsigned *order = arena_calloc(arena, n + 1, sizeof(*order));
    for (unsigned i = 0; order != NULL && i < n; i++) {
        unsigned at = i;
        while (at > 0 && strcmp(fields[order[at - 1]].name, fields[i].name) > 0) {
            order[at] = order[at - 1];
            at--;
        }
        order[at] = i;
    }
    return order;
}

static bool is_oneof_sound(const Google__Protobuf__DescriptorProto *message,
    const Google__Protobuf__FieldDescriptorProto *field)
{
    if (!field->has_oneof_index)
        return true;
    return field->oneof_index >= 0 && (size_t)field->oneof_index < message->n_oneof_decl &&
           field->label != GOOGLE__PROTOBUF__FIELD_DESCRIPTOR_PROTO__LABEL__LABEL_REPEATED;
}

MUST_USE static enum err_code make_fields(struct pbjson_schema *schema,
    const struct schema_message *m, ProtobufCFieldDescriptor *fields, int *numbers, struct err *err)
{
    struct oneof_place *oneofs =
        arena_calloc(&schema->arena, m->source->n_oneof_decl + 1, sizeof(*oneofs));
    if (oneofs == NULL)
        return out_of_memory(err);
    size_t size = 0;
    (void)take(&size, sizeof(ProtobufCMessage));
    for (size_t i = 0; i < m->source->n_field; i++) {
        const Google__Protobuf__FieldDescriptorProto *source = m->source->field[i];
        enum err_code code = make_field(schema, m->made->name, source, &fields[i], err);
        if (code != ERR_OK)
            return code;
        numbers[i] = source->number;
        if (i > 0 && numbers[i] == numbers[i - 1])
            return malformed(err, m->made->name, "two fields share a number");
        if (!is_oneof_sound(m->source, source))
            return malformed(err, m->made->name, "a oneof is not there, or has a repeated field");
        place_field(&fields[i], source, oneofs, &size);
    }
    m->made->sizeof_message = size;
    return ERR_OK;
}

MUST_USE static enum err_code make_message(
    struct pbjson_schema *schema, const struct schema_message *m, struct err *err)
{
    unsigned n = (unsigned)m->source->n_field;
    ProtobufCFieldDescriptor *fields = arena_calloc(&schema->arena, n + 1, sizeof(*fields));
    int *numbers = arena_calloc(&schema->arena, n + 1, sizeof(*numbers));
    if (fields == NULL || numbers == NULL)
        return out_of_memory(err);
    if (n > 1)
        qsort(m->source->field, n, sizeof(void *), by_number);
    enum err_code code = make_fields(schema, m, fields, numbers, err);
    if (code != ERR_OK)
        return code;
    m->made->fields = fields;
    m->made->n_fields = n;
    m->made->fields_sorted_by_name = sort_by_name(&schema->arena, fields, n);
    m->made->field_ranges = make_ranges(&schema->arena, numbers, n, &m->made->n_field_ranges);
    if (m->made->fields_sorted_by_name == NULL || m->made->field_ranges == NULL)
        return out_of_memory(err);
    return ERR_OK;
}

enum err_code schema_make_types(struct pbjson_schema *schema, struct err *err)
{
    enum err_code code = ERR_OK;
    for (size_t i = 0; code == ERR_OK && i < schema->n_enums; i++)
        code = make_enum(&schema->arena, &schema->enums[i], err);
    for (size_t i = 0; code == ERR_OK && i < schema->n_messages; i++)
        code = make_message(schema, &schema->messages[i], err);
    return code;
}
