/* SPDX-License-Identifier: Apache-2.0 */
#include "rpc/schema_options.h"

#include <stdio.h>

enum { OPTION_NUMBER = 50010, NAME_SIZE = 256 };

/*
 * protobuf-c knows no extensions: an option of ours arrives as an unknown field, its data still
 * with the length in front.
 */
static ProtobufCMessage *unpack_option(
    const ProtobufCMessage *options, const ProtobufCMessageDescriptor *type)
{
    if (!options)
        return NULL;
    for (unsigned i = 0; i < options->n_unknown_fields; i++) {
        const ProtobufCMessageUnknownField *field = &options->unknown_fields[i];
        if (field->tag != OPTION_NUMBER || field->wire_type != PROTOBUF_C_WIRE_TYPE_LENGTH_PREFIXED)
            continue;
        size_t skip = 0;
        while (skip < field->len && (field->data[skip] & 0x80) != 0)
            skip++;
        skip++;
        return skip > field->len
                   ? NULL
                   : protobuf_c_message_unpack(type, NULL, field->len - skip, field->data + skip);
    }
    return NULL;
}

static void read_message(const char *scope, const Google__Protobuf__DescriptorProto *message,
    const struct schema_options *options)
{
    char name[NAME_SIZE];
    (void)snprintf(name, sizeof(name), "%s.%s", scope, message->name);
    for (size_t i = 0; i < message->n_field; i++) {
        const Google__Protobuf__FieldDescriptorProto *field = message->field[i];
        const ProtobufCMessage *base = field->options ? &field->options->base : NULL;
        ProtobufCMessage *limits = unpack_option(base, &kith__v1__field_limits__descriptor);
        if (limits)
            options->limits(options->arg, name, (uint32_t)field->number, limits);
        protobuf_c_message_free_unpacked(limits, NULL);
    }
    for (size_t i = 0; i < message->n_nested_type; i++)
        read_message(name, message->nested_type[i], options);
}

static void read_service(const char *package,
    const Google__Protobuf__ServiceDescriptorProto *service, const struct schema_options *options)
{
    char name[NAME_SIZE];
    (void)snprintf(name, sizeof(name), "%s.%s", package, service->name);
    for (size_t i = 0; i < service->n_method; i++) {
        const Google__Protobuf__MethodDescriptorProto *method = service->method[i];
        const ProtobufCMessage *base = method->options ? &method->options->base : NULL;
        ProtobufCMessage *policy = unpack_option(base, &kith__v1__method_policy__descriptor);
        if (policy)
            options->policy(options->arg, name, method, policy);
        protobuf_c_message_free_unpacked(policy, NULL);
    }
}

enum err_code schema_read_options(
    struct db_bytes descriptor_set, const struct schema_options *options, struct err *err)
{
    Google__Protobuf__FileDescriptorSet *set = google__protobuf__file_descriptor_set__unpack(
        NULL, descriptor_set.len, descriptor_set.data);
    if (!set)
        return err_raise(err, REASON_INTERNAL_ERROR, "the embedded descriptor set is malformed");
    for (size_t f = 0; f < set->n_file; f++) {
        const Google__Protobuf__FileDescriptorProto *file = set->file[f];
        const char *package = file->package ? file->package : "";
        for (size_t i = 0; i < file->n_message_type; i++)
            read_message(package, file->message_type[i], options);
        for (size_t i = 0; i < file->n_service; i++)
            read_service(package, file->service[i], options);
    }
    google__protobuf__file_descriptor_set__free_unpacked(set, NULL);
    return ERR_OK;
}
