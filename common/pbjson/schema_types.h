/* SPDX-License-Identifier: Apache-2.0 */
/* Inside of a schema: its tables, and how descriptors are made. Not for other modules. */
#pragma once

#include "arena/arena.h"
#include "pbjson/schema.h"

#include <google/protobuf/descriptor.pb-c.h>

#include <stdbool.h>

enum { SCHEMA_PATH_MAX = 16 }; /* numbers in the path of an element in its file */

struct schema_path {
    int32_t numbers[SCHEMA_PATH_MAX];
    size_t len;
};

/* Everything of a file that has a name. */
struct schema_element {
    const char *name; /* full, without the leading dot */
    const Google__Protobuf__FileDescriptorProto *file;
    struct schema_path path;
    const Kith__V1__FieldLimits *limits; /* NULL: none */
};

struct schema_message {
    const Google__Protobuf__DescriptorProto *source;
    ProtobufCMessageDescriptor *made;
};

struct schema_enum {
    const Google__Protobuf__EnumDescriptorProto *source;
    ProtobufCEnumDescriptor *made;
};

struct pbjson_schema {
    struct arena arena; /* the set, and all that is made of it */
    struct schema_element *elements;
    size_t n_elements, max_elements;
    struct schema_message *messages;
    size_t n_messages, max_messages;
    struct schema_enum *enums;
    size_t n_enums, max_enums;
    struct pbjson_method *methods;
    size_t n_methods, max_methods;
};

/* Fill the descriptors of all messages and enums collected; their names are set already. */
MUST_USE enum err_code schema_make_types(struct pbjson_schema *schema, struct err *err);
