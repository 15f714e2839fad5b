/* SPDX-License-Identifier: Apache-2.0 */
/* What printing, parsing and unpacking share. Not for other modules. */
#pragma once

#include <protobuf-c/protobuf-c.h>
#include <stdbool.h>
#include <stddef.h>

/* Bytes of one value of this type in a message struct. */
size_t pbjson_value_size(ProtobufCType type);

/* Enum value of a field; the pointers of a descriptor are untyped. */
const ProtobufCEnumDescriptor *pbjson_field_enum(const ProtobufCFieldDescriptor *field);
const ProtobufCMessageDescriptor *pbjson_field_message(const ProtobufCFieldDescriptor *field);

/* Does any message in these packed bytes lie deeper than PBJSON_MAX_DEPTH? */
bool pbjson_is_too_deep(const ProtobufCMessageDescriptor *type, const void *data, size_t len);
