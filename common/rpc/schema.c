/* SPDX-License-Identifier: Apache-2.0 */
#include "rpc/schema.h"

#include "rpc/schema_options.h"
#include "rpc/wire.h"

#include <kith/v1/wire.pb-c.h>

#include <assert.h>
#include <kith/v1/services.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

struct schema {
    struct schema_method *methods; /* by hash */
    size_t n_methods;
    struct schema_message **messages;
    size_t n_messages;
    const struct schema_message *meta;
};

static struct schema_message *find_message(
    const struct schema *schema, const ProtobufCMessageDescriptor *type)
{
    for (size_t i = 0; i < schema->n_messages; i++)
        if (schema->messages[i]->type == type)
            return schema->messages[i];
    return NULL;
}

static uint8_t wire_type_of(ProtobufCType type)
{
    switch (type) {
    case PROTOBUF_C_TYPE_FIXED64:
    case PROTOBUF_C_TYPE_SFIXED64:
    case PROTOBUF_C_TYPE_DOUBLE:
        return SCHEMA_FIXED64;
    case PROTOBUF_C_TYPE_FIXED32:
    case PROTOBUF_C_TYPE_SFIXED32:
    case PROTOBUF_C_TYPE_FLOAT:
        return SCHEMA_FIXED32;
    case PROTOBUF_C_TYPE_STRING:
    case PROTOBUF_C_TYPE_BYTES:
    case PROTOBUF_C_TYPE_MESSAGE:
        return SCHEMA_BYTES;
    case PROTOBUF_C_TYPE_INT32:
    case PROTOBUF_C_TYPE_SINT32:
    case PROTOBUF_C_TYPE_INT64:
    case PROTOBUF_C_TYPE_SINT64:
    case PROTOBUF_C_TYPE_UINT32:
    case PROTOBUF_C_TYPE_UINT64:
    case PROTOBUF_C_TYPE_BOOL:
    case PROTOBUF_C_TYPE_ENUM:
        break;
    }
    return SCHEMA_VARINT;
}

static uint32_t size_of(ProtobufCType type)
{
    switch (type) {
    case PROTOBUF_C_TYPE_BOOL:
        return sizeof(protobuf_c_boolean);
    case PROTOBUF_C_TYPE_INT32:
    case PROTOBUF_C_TYPE_SINT32:
    case PROTOBUF_C_TYPE_UINT32:
    case PROTOBUF_C_TYPE_FIXED32:
    case PROTOBUF_C_TYPE_SFIXED32:
    case PROTOBUF_C_TYPE_FLOAT:
    case PROTOBUF_C_TYPE_ENUM:
        return sizeof(uint32_t);
    case PROTOBUF_C_TYPE_BYTES:
        return sizeof(ProtobufCBinaryData);
    case PROTOBUF_C_TYPE_STRING:
    case PROTOBUF_C_TYPE_MESSAGE:
        return sizeof(void *);
    case PROTOBUF_C_TYPE_INT64:
    case PROTOBUF_C_TYPE_SINT64:
    case PROTOBUF_C_TYPE_UINT64:
    case PROTOBUF_C_TYPE_FIXED64:
    case PROTOBUF_C_TYPE_SFIXED64:
    case PROTOBUF_C_TYPE_DOUBLE:
        break;
    }
    return sizeof(uint64_t);
}

static uint32_t known_below(const ProtobufCFieldDescriptor *field)
{
    uint32_t n = 0;
    while (field->type == PROTOBUF_C_TYPE_ENUM &&
           protobuf_c_enum_descriptor_get_value(field->descriptor, (int)n))
        n++;
    return n;
}

static void describe_fields(struct schema_message *message)
{
    const ProtobufCMessageDescriptor *type = message->type;
    memset(message->by_number, SCHEMA_NO_FIELD, sizeof(message->by_number));
    memset(message->by_tag, SCHEMA_NO_FIELD, sizeof(message->by_tag));
    for (unsigned i = 0; i < type->n_fields; i++) {
        const ProtobufCFieldDescriptor *field = &type->fields[i];
        unsigned tag = field->id << 3 | wire_type_of(field->type);
        message->by_number[field->id] = (uint8_t)i;
        if (tag < sizeof(message->by_tag))
            message->by_tag[tag] = (uint8_t)i;
        message->fields[i] = (struct schema_field){
            .type = field,
            .offset = field->offset,
            .quantifier_offset = field->quantifier_offset,
            .size = size_of(field->type),
            .wire_type = wire_type_of(field->type),
            .is_repeated = field->label == PROTOBUF_C_LABEL_REPEATED,
            .is_chosen = (field->flags & PROTOBUF_C_FIELD_FLAG_ONEOF) != 0,
            .known_below = known_below(field),
            .max_bytes = UINT32_MAX,
            .max_items = UINT32_MAX,
        };
    }
}

static struct schema_message *append_message(
    struct schema *schema, const ProtobufCMessageDescriptor *type)
{
    struct schema_message **grown =
        realloc(schema->messages, (schema->n_messages + 1) * sizeof(struct schema_message *));
    if (!grown)
        return NULL;
    schema->messages = grown;
    struct schema_message *message = calloc(1, sizeof(*message));
    if (!message)
        return NULL;
    schema->messages[schema->n_messages++] = message;
    message->type = type;
    message->fields = calloc(type->n_fields + 1, sizeof(*message->fields));
    if (!message->fields)
        return NULL;
    describe_fields(message);
    return message;
}

/* What unpack.c relies on. */
static bool is_in_bounds(const ProtobufCMessageDescriptor *type)
{
    for (unsigned i = 0; i < type->n_fields; i++)
        if (type->fields[i].id > SCHEMA_MAX_NUMBER ||
            type->fields[i].label == PROTOBUF_C_LABEL_REQUIRED)
            return false;
    return type->n_fields <= SCHEMA_MAX_FIELDS;
}

/*
 * A message and all it contains. Messages are unpacked by recursion, so one that contains itself
 * would let 30 kB of nesting overflow the stack: refused here, once, at start.
 */
enum err_code schema_add_message(struct schema *schema, const ProtobufCMessageDescriptor *type,
    const struct schema_message **out, struct err *err)
{
    struct schema_message *message = find_message(schema, type);
    if (message && !message->is_complete)
        return err_raise(err, REASON_INTERNAL_ERROR, "message %s contains itself", type->name);
    if (message) {
        *out = message;
        return ERR_OK;
    }
    if (!is_in_bounds(type))
        return err_raise(err, REASON_INTERNAL_ERROR,
            "message %s has more than %d fields, one above %d, or a required one", type->name,
            SCHEMA_MAX_FIELDS, SCHEMA_MAX_NUMBER);
    message = append_message(schema, type);
    if (!message)
        return err_raise(err, REASON_INTERNAL_ERROR, "no memory for the schema");

    for (unsigned i = 0; i < type->n_fields; i++) {
        if (type->fields[i].type != PROTOBUF_C_TYPE_MESSAGE)
            continue;
        enum err_code code = schema_add_message(
            schema, type->fields[i].descriptor, &message->fields[i].message, err);
        if (code != ERR_OK)
            return code;
    }
    message->is_complete = true;
    *out = message;
    return ERR_OK;
}

static enum err_code add_method(struct schema *schema, const ProtobufCServiceDescriptor *service,
    const ProtobufCMethodDescriptor *descriptor, struct err *err)
{
    struct schema_method *grown =
        realloc(schema->methods, (schema->n_methods + 1) * sizeof(*schema->methods));
    if (!grown)
        return err_raise(err, REASON_INTERNAL_ERROR, "no memory for the schema");
    schema->methods = grown;
    struct schema_method *method = &schema->methods[schema->n_methods];
    *method = (struct schema_method){0};
    if (asprintf(&method->name, "/%s/%s", service->name, descriptor->name) < 0)
        return err_raise(err, REASON_INTERNAL_ERROR, "no memory for the schema");
    schema->n_methods++;
    method->hash = wire_method_hash(method->name);

    enum err_code code = schema_add_message(schema, descriptor->input, &method->in, err);
    if (code != ERR_OK)
        return code;
    return schema_add_message(schema, descriptor->output, &method->out, err);
}

static enum err_code add_services(struct schema *schema, struct err *err)
{
    for (size_t s = 0; kith_v1_services[s]; s++) {
        const ProtobufCServiceDescriptor *service = kith_v1_services[s];
        for (unsigned m = 0; m < service->n_methods; m++) {
            enum err_code code = add_method(schema, service, &service->methods[m], err);
            if (code != ERR_OK)
                return code;
        }
    }
    return schema_add_message(schema, &kith__v1__meta__descriptor, &schema->meta, err);
}

static int by_hash(const void *a, const void *b)
{
    uint32_t x = ((const struct schema_method *)a)->hash;
    uint32_t y = ((const struct schema_method *)b)->hash;
    return (x > y) - (x < y);
}

static enum err_code sort_methods(struct schema *schema, struct err *err)
{
    if (schema->n_methods > 0)
        qsort(schema->methods, schema->n_methods, sizeof(*schema->methods), by_hash);
    for (size_t i = 1; i < schema->n_methods; i++)
        if (schema->methods[i].hash == schema->methods[i - 1].hash)
            return err_raise(err, REASON_INTERNAL_ERROR,
                "methods %s and %s have the same hash; rename one", schema->methods[i].name,
                schema->methods[i - 1].name);
    return ERR_OK;
}

/* ---- what the options say ---- */

static void take_limits(void *arg, const char *message, uint32_t number, const ProtobufCMessage *m)
{
    struct schema *schema = arg;
    const Kith__V1__FieldLimits *limits = (const Kith__V1__FieldLimits *)(const void *)m;
    for (size_t i = 0; i < schema->n_messages; i++) {
        struct schema_message *known = schema->messages[i];
        unsigned index = schema_field_index(known, number);
        if (strcmp(known->type->name, message) != 0 || index == SCHEMA_NO_FIELD)
            continue;
        struct schema_field *target = &known->fields[index];
        target->min_bytes = limits->min_bytes;
        target->max_bytes = limits->max_bytes ? limits->max_bytes : UINT32_MAX;
        target->max_items = limits->max_items ? limits->max_items : UINT32_MAX;
        target->is_uuid = limits->uuid;
        target->is_multiline = limits->multiline;
        target->is_secret = limits->secret;
        target->is_hidden = limits->secret || limits->grants;
        if (limits->min_bytes > 0 && !target->is_repeated && !target->is_chosen)
            known->obligatory |= UINT64_C(1) << index;
    }
}

static unsigned caller_bit(Kith__V1__Caller caller)
{
    switch (caller) {
    case KITH__V1__CALLER__CALLER_ANYBODY:
        return 1u << RPC_CALLER_ANYBODY;
    case KITH__V1__CALLER__CALLER_MEMBER:
        return 1u << RPC_CALLER_MEMBER;
    case KITH__V1__CALLER__CALLER_OPERATOR:
        return 1u << RPC_CALLER_OPERATOR;
    case KITH__V1__CALLER__CALLER_SERVICE:
        return 1u << RPC_CALLER_SERVICE;
    case KITH__V1__CALLER__CALLER_UNSPECIFIED:
    case _KITH__V1__CALLER_IS_INT_SIZE:
        break;
    }
    return 0;
}

static void take_policy(void *arg, const char *service,
    const Google__Protobuf__MethodDescriptorProto *method, const ProtobufCMessage *m)
{
    struct schema *schema = arg;
    const Kith__V1__MethodPolicy *policy = (const Kith__V1__MethodPolicy *)(const void *)m;
    size_t prefix = strlen(service);
    for (size_t i = 0; i < schema->n_methods; i++) {
        struct schema_method *known = &schema->methods[i];
        const char *name = known->name + 1;
        if (strncmp(name, service, prefix) != 0 || name[prefix] != '/' ||
            strcmp(name + prefix + 1, method->name) != 0)
            continue;
        for (size_t c = 0; c < policy->n_callers; c++)
            known->callers |= caller_bit(policy->callers[c]);
        known->scope = (unsigned)policy->scope;
        known->is_idempotent = policy->idempotent;
        known->is_stream = method->server_streaming;
        known->is_client_stream = method->client_streaming;
        known->default_timeout_ms = policy->default_timeout_ms;
    }
}

/* ---- rules ---- */

static void mark_request(const struct schema *schema, const struct schema_message *message)
{
    struct schema_message *mine = find_message(schema, message->type);
    assert(mine); /* all messages were collected before */
    mine->is_request = true;
    for (unsigned i = 0; i < mine->type->n_fields; i++)
        if (mine->fields[i].message)
            mark_request(schema, mine->fields[i].message);
}

static enum err_code check_limits(const struct schema_message *message, struct err *err)
{
    for (unsigned i = 0; i < message->type->n_fields; i++) {
        const ProtobufCFieldDescriptor *field = &message->type->fields[i];
        const struct schema_field *limits = &message->fields[i];
        bool has_bytes =
            field->type == PROTOBUF_C_TYPE_STRING || field->type == PROTOBUF_C_TYPE_BYTES;
        if ((has_bytes && limits->max_bytes == UINT32_MAX) ||
            (field->label == PROTOBUF_C_LABEL_REPEATED && limits->max_items == UINT32_MAX))
            return err_raise(err, REASON_INTERNAL_ERROR,
                "field %s.%s is part of a request and has no (limits)", message->type->name,
                field->name);
    }
    return ERR_OK;
}

static bool has_cursor(const struct schema_message *message)
{
    const ProtobufCFieldDescriptor *field =
        protobuf_c_message_descriptor_get_field_by_name(message->type, "cursor");
    return field && field->type == PROTOBUF_C_TYPE_STRING &&
           field->label != PROTOBUF_C_LABEL_REPEATED;
}

/* A stream may break anywhere, and goes on by calling again from the last cursor. */
static enum err_code check_stream(const struct schema_method *method, struct err *err)
{
    if (method->is_client_stream)
        return err_raise(
            err, REASON_INTERNAL_ERROR, "method %s takes a stream; send in parts", method->name);
    if (method->is_stream &&
        !(method->is_idempotent && has_cursor(method->in) && has_cursor(method->out)))
        return err_raise(err, REASON_INTERNAL_ERROR,
            "method %s returns a stream: it must be idempotent, and request and reply need a "
            "string `cursor`",
            method->name);
    return ERR_OK;
}

static enum err_code check_rules(const struct schema *schema, struct err *err)
{
    for (size_t i = 0; i < schema->n_methods; i++) {
        const struct schema_method *method = &schema->methods[i];
        if (method->callers == 0 || method->default_timeout_ms == 0)
            return err_raise(err, REASON_INTERNAL_ERROR,
                "method %s has no (policy) with callers and default_timeout_ms", method->name);
        enum err_code code = check_stream(method, err);
        if (code != ERR_OK)
            return code;
        mark_request(schema, method->in);
    }
    for (size_t i = 0; i < schema->n_messages; i++) {
        enum err_code code =
            schema->messages[i]->is_request ? check_limits(schema->messages[i], err) : ERR_OK;
        if (code != ERR_OK)
            return code;
    }
    return ERR_OK;
}

/* ---- life ---- */

static enum err_code build(struct schema *schema, struct err *err)
{
    enum err_code code = add_services(schema, err);
    if (code != ERR_OK)
        return code;
    code = sort_methods(schema, err);
    if (code != ERR_OK)
        return code;
    const struct schema_options options = {take_limits, take_policy, schema};
    code = schema_read_options(schema_descriptor_set(), &options, err);
    if (code != ERR_OK)
        return code;
    return check_rules(schema, err);
}

enum err_code schema_new(struct schema **out, struct err *err)
{
    struct schema *schema = calloc(1, sizeof(*schema));
    if (!schema)
        return err_raise(err, REASON_INTERNAL_ERROR, "no memory for the schema");
    enum err_code code = build(schema, err);
    if (code != ERR_OK) {
        schema_free(schema);
        return code;
    }
    *out = schema;
    return ERR_OK;
}

void schema_free(struct schema *schema)
{
    if (!schema)
        return;
    for (size_t i = 0; i < schema->n_messages; i++) {
        free(schema->messages[i]->fields);
        free(schema->messages[i]);
    }
    for (size_t i = 0; i < schema->n_methods; i++)
        free(schema->methods[i].name);
    free(schema->messages);
    free(schema->methods);
    free(schema);
}

const struct schema_method *schema_find(const struct schema *schema, uint32_t hash)
{
    const struct schema_method key = {.hash = hash};
    return bsearch(&key, schema->methods, schema->n_methods, sizeof(key), by_hash);
}

const struct schema_method *schema_find_name(const struct schema *schema, const char *name)
{
    const struct schema_method *method = schema_find(schema, wire_method_hash(name));
    return method && strcmp(method->name, name) == 0 ? method : NULL;
}

size_t schema_index(const struct schema *schema, const struct schema_method *method)
{
    return (size_t)(method - schema->methods);
}

size_t schema_count(const struct schema *schema)
{
    return schema->n_methods;
}

const struct schema_message *schema_meta(const struct schema *schema)
{
    return schema->meta;
}

struct db_bytes schema_descriptor_set(void)
{
    return (struct db_bytes){
        kith_v1_descriptor_set, (size_t)(kith_v1_descriptor_set_end - kith_v1_descriptor_set)};
}

/* ---- what is not for everybody ---- */

/* The field's values: the first, and how many. None of a oneof that is not chosen. */
static void *values_of(const struct schema_field *field, ProtobufCMessage *message, size_t *n)
{
    char *value = (char *)message + field->offset;
    *n = 1;
    if (field->is_repeated) {
        *n = *(size_t *)(void *)((char *)message + field->quantifier_offset);
        return *(void **)(void *)value;
    }
    if (field->is_chosen)
        *n = *(uint32_t *)(void *)((char *)message + field->quantifier_offset) == field->type->id;
    return value;
}

static void empty(const struct schema_field *field, ProtobufCMessage *message)
{
    size_t n;
    const char **texts = values_of(field, message, &n);
    for (size_t i = 0; i < n; i++)
        texts[i] = protobuf_c_empty_string;
}

bool schema_clear_secrets(const struct schema_message *type, ProtobufCMessage *message)
{
    bool has_secret = false;
    for (unsigned i = 0; i < type->type->n_fields; i++)
        if (type->fields[i].is_secret) {
            empty(&type->fields[i], message);
            has_secret = true;
        }
    return has_secret;
}

/* No type holds itself (schema_new), so it ends. */
void schema_clear_hidden(const struct schema_message *type, ProtobufCMessage *message)
{
    for (unsigned i = 0; i < type->type->n_fields; i++) {
        const struct schema_field *field = &type->fields[i];
        size_t n = 0;
        if (field->is_hidden)
            empty(field, message);
        ProtobufCMessage **parts = field->message ? values_of(field, message, &n) : NULL;
        for (size_t part = 0; part < n; part++)
            if (parts[part])
                schema_clear_hidden(field->message, parts[part]);
    }
}
