/* SPDX-License-Identifier: Apache-2.0 */
#include "pbjson/schema.h"

#include "pbjson/pbjson.h"
#include "pbjson/schema_types.h"

#include <stdlib.h>
#include <string.h>

enum {
    SCHEMA_MEMORY = 64 << 20,
    /* Field numbers of descriptor.proto, as paths name them. */
    FILE_MESSAGE = 4,
    FILE_ENUM = 5,
    FILE_SERVICE = 6,
    MESSAGE_FIELD = 2,
    MESSAGE_MESSAGE = 3,
    MESSAGE_ENUM = 4,
    ENUM_VALUE = 2,
    SERVICE_METHOD = 2,
    /* Where policy.proto extends the options of methods and fields. */
    EXTENSION_NUMBER = 50010,
};

struct collector {
    struct pbjson_schema *schema;
    const Google__Protobuf__FileDescriptorProto *file;
    struct err *err;
};

MUST_USE static enum err_code out_of_memory(struct err *err)
{
    return err_raise(err, REASON_REQUEST_TOO_LARGE, "the descriptor set is too large");
}

/* Room for one more row at the end of a table in the schema's arena. */
static void *grow(struct arena *arena, void *rows, size_t n, size_t *max, size_t size)
{
    if (n < *max)
        return rows;
    size_t wanted = *max == 0 ? 64 : *max * 2;
    void *more = arena_calloc(arena, wanted, size);
    if (more == NULL)
        return NULL;
    if (n > 0)
        memcpy(more, rows, n * size);
    *max = wanted;
    return more;
}

static struct schema_path below(const struct schema_path *path, int32_t field, size_t index)
{
    struct schema_path longer = *path;
    if (longer.len + 2 <= SCHEMA_PATH_MAX) {
        longer.numbers[longer.len++] = field;
        longer.numbers[longer.len++] = (int32_t)index;
    }
    return longer;
}

static const uint8_t *skip_length(const uint8_t *data, size_t len, size_t *rest)
{
    size_t i = 0;
    while (i < len && (data[i] & 0x80) != 0)
        i++;
    *rest = i < len ? len - i - 1 : 0;
    return data + i + 1;
}

/* Protobuf-c keeps extensions as unknown fields, with the length before the bytes. */
static const void *find_extension(
    struct arena *arena, const ProtobufCMessage *options, const ProtobufCMessageDescriptor *type)
{
    for (unsigned i = 0; options != NULL && i < options->n_unknown_fields; i++) {
        const ProtobufCMessageUnknownField *field = &options->unknown_fields[i];
        if (field->tag != EXTENSION_NUMBER ||
            field->wire_type != PROTOBUF_C_WIRE_TYPE_LENGTH_PREFIXED)
            continue;
        size_t len;
        const uint8_t *data = skip_length(field->data, field->len, &len);
        struct err ignored;
        ProtobufCMessage *out = NULL;
        if (pbjson_unpack(type, data, len, arena, &out, &ignored) == ERR_OK)
            return out;
    }
    return NULL;
}

/* Note an element under its full name; NULL when memory is short or it has no name. */
static const char *add_element(struct collector *c, const char *scope, const char *name,
    const struct schema_path *path, const Kith__V1__FieldLimits *limits)
{
    struct pbjson_schema *s = c->schema;
    const char *full =
        name == NULL ? NULL
                     : arena_printf(&s->arena, "%s%s%s", scope, *scope == '\0' ? "" : ".", name);
    struct schema_element *rows =
        grow(&s->arena, s->elements, s->n_elements, &s->max_elements, sizeof(*rows));
    if (full == NULL || rows == NULL)
        return NULL;
    s->elements = rows;
    s->elements[s->n_elements++] = (struct schema_element){full, c->file, *path, limits};
    return full;
}

/* "kith.v1.Ask" → "Ask" */
static const char *short_name(const char *full)
{
    const char *dot = strrchr(full, '.');
    return dot == NULL ? full : dot + 1;
}

MUST_USE static enum err_code collect_enum(struct collector *c, const char *scope,
    const struct schema_path *path, const Google__Protobuf__EnumDescriptorProto *source)
{
    struct pbjson_schema *s = c->schema;
    const char *name = add_element(c, scope, source->name, path, NULL);
    ProtobufCEnumDescriptor *made = arena_alloc(&s->arena, sizeof(*made));
    struct schema_enum *rows = grow(&s->arena, s->enums, s->n_enums, &s->max_enums, sizeof(*rows));
    if (name == NULL || made == NULL || rows == NULL)
        return out_of_memory(c->err);
    made->magic = PROTOBUF_C__ENUM_DESCRIPTOR_MAGIC;
    made->name = name;
    made->short_name = short_name(name);
    s->enums = rows;
    s->enums[s->n_enums++] = (struct schema_enum){source, made};
    for (size_t i = 0; i < source->n_value; i++) {
        struct schema_path at = below(path, ENUM_VALUE, i);
        if (add_element(c, name, source->value[i]->name, &at, NULL) == NULL)
            return out_of_memory(c->err);
    }
    return ERR_OK;
}

MUST_USE static enum err_code add_message(
    struct collector *c, const char *name, const Google__Protobuf__DescriptorProto *source)
{
    struct pbjson_schema *s = c->schema;
    ProtobufCMessageDescriptor *made = arena_alloc(&s->arena, sizeof(*made));
    struct schema_message *rows =
        grow(&s->arena, s->messages, s->n_messages, &s->max_messages, sizeof(*rows));
    if (name == NULL || made == NULL || rows == NULL)
        return out_of_memory(c->err);
    made->magic = PROTOBUF_C__MESSAGE_DESCRIPTOR_MAGIC;
    made->name = name;
    made->short_name = short_name(name);
    s->messages = rows;
    s->messages[s->n_messages++] = (struct schema_message){source, made};
    return ERR_OK;
}

// NOLINTNEXTLINE(misc-no-recursion): unpacking bounds the nesting
MUST_USE static enum err_code collect_message(struct collector *c, const char *scope,
    const struct schema_path *path, const Google__Protobuf__DescriptorProto *source)
{
    const char *name = add_element(c, scope, source->name, path, NULL);
    enum err_code code = add_message(c, name, source);
    for (size_t i = 0; code == ERR_OK && i < source->n_field; i++) {
        const Google__Protobuf__FieldDescriptorProto *field = source->field[i];
        struct schema_path at = below(path, MESSAGE_FIELD, i);
        const void *limits = find_extension(
            &c->schema->arena, (const void *)field->options, &kith__v1__field_limits__descriptor);
        if (add_element(c, name, field->name, &at, limits) == NULL)
            return out_of_memory(c->err);
    }
    for (size_t i = 0; code == ERR_OK && i < source->n_enum_type; i++) {
        struct schema_path at = below(path, MESSAGE_ENUM, i);
        code = collect_enum(c, name, &at, source->enum_type[i]);
    }
    for (size_t i = 0; code == ERR_OK && i < source->n_nested_type; i++) {
        struct schema_path at = below(path, MESSAGE_MESSAGE, i);
        code = collect_message(c, name, &at, source->nested_type[i]);
    }
    return code;
}

MUST_USE static enum err_code collect_file(
    struct collector *c, const Google__Protobuf__FileDescriptorProto *file)
{
    c->file = file;
    const char *package = file->package == NULL ? "" : file->package;
    struct schema_path top = {.len = 0};
    enum err_code code = ERR_OK;
    for (size_t i = 0; code == ERR_OK && i < file->n_enum_type; i++) {
        struct schema_path at = below(&top, FILE_ENUM, i);
        code = collect_enum(c, package, &at, file->enum_type[i]);
    }
    for (size_t i = 0; code == ERR_OK && i < file->n_message_type; i++) {
        struct schema_path at = below(&top, FILE_MESSAGE, i);
        code = collect_message(c, package, &at, file->message_type[i]);
    }
    return code;
}

/* ---- services -------------------------------------------------------------------------------- */

MUST_USE static enum err_code collect_method(struct collector *c, const char *service,
    const struct schema_path *path, const Google__Protobuf__MethodDescriptorProto *source)
{
    struct pbjson_schema *s = c->schema;
    const ProtobufCMessage *options = (const void *)source->options;
    struct pbjson_method *rows =
        grow(&s->arena, s->methods, s->n_methods, &s->max_methods, sizeof(*rows));
    const char *full = add_element(c, service, source->name, path, NULL);
    if (rows == NULL || full == NULL)
        return out_of_memory(c->err);
    struct pbjson_method method = {
        .path = arena_printf(&s->arena, "%s/%s", service, source->name),
        .service = service,
        .name = source->name,
        .policy = find_extension(&s->arena, options, &kith__v1__method_policy__descriptor),
        .is_stream = source->server_streaming,
    };
    for (size_t i = 0; i < s->n_messages; i++) {
        const char *name = s->messages[i].made->name;
        if (source->input_type != NULL && strcmp(source->input_type + 1, name) == 0)
            method.in = s->messages[i].made;
        if (source->output_type != NULL && strcmp(source->output_type + 1, name) == 0)
            method.out = s->messages[i].made;
    }
    if (method.in == NULL || method.out == NULL)
        return err_raise(c->err, REASON_REQUEST_MALFORMED,
            "descriptor set: the types of method %s are not in it", full);
    s->methods = rows;
    s->methods[s->n_methods++] = method;
    return method.path == NULL ? out_of_memory(c->err) : ERR_OK;
}

MUST_USE static enum err_code collect_services(
    struct collector *c, const Google__Protobuf__FileDescriptorProto *file)
{
    c->file = file;
    const char *package = file->package == NULL ? "" : file->package;
    struct schema_path top = {.len = 0};
    for (size_t i = 0; i < file->n_service; i++) {
        const Google__Protobuf__ServiceDescriptorProto *service = file->service[i];
        struct schema_path path = below(&top, FILE_SERVICE, i);
        const char *name = add_element(c, package, service->name, &path, NULL);
        if (name == NULL)
            return out_of_memory(c->err);
        for (size_t j = 0; j < service->n_method; j++) {
            struct schema_path at = below(&path, SERVICE_METHOD, j);
            enum err_code code = collect_method(c, name, &at, service->method[j]);
            if (code != ERR_OK)
                return code;
        }
    }
    return ERR_OK;
}

/* ---- life cycle ------------------------------------------------------------------------------ */

MUST_USE static enum err_code build(
    struct pbjson_schema *schema, const void *data, size_t len, struct err *err)
{
    ProtobufCMessage *unpacked = NULL;
    enum err_code code = pbjson_unpack(&google__protobuf__file_descriptor_set__descriptor, data,
        len, &schema->arena, &unpacked, err);
    if (code != ERR_OK)
        return code;
    const Google__Protobuf__FileDescriptorSet *set = (const void *)unpacked;
    struct collector collector = {schema, NULL, err};
    for (size_t i = 0; code == ERR_OK && i < set->n_file; i++)
        code = collect_file(&collector, set->file[i]);
    for (size_t i = 0; code == ERR_OK && i < set->n_file; i++)
        code = collect_services(&collector, set->file[i]);
    return code == ERR_OK ? schema_make_types(schema, err) : code;
}

enum err_code pbjson_schema_load(
    struct pbjson_schema **out, const void *set, size_t len, struct err *err)
{
    struct pbjson_schema *schema = calloc(1, sizeof(*schema));
    if (schema == NULL)
        return out_of_memory(err);
    arena_init(&schema->arena, SCHEMA_MEMORY);
    enum err_code code = build(schema, set, len, err);
    if (code != ERR_OK) {
        pbjson_schema_free(schema);
        return code;
    }
    *out = schema;
    return ERR_OK;
}

void pbjson_schema_free(struct pbjson_schema *schema)
{
    if (schema == NULL)
        return;
    arena_fini(&schema->arena);
    free(schema);
}
