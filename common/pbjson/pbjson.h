/* SPDX-License-Identifier: Apache-2.0 */
/*
 * pbjson: protobuf messages to and from JSON, by the proto3 JSON mapping.
 *
 * Works on any ProtobufCMessage, generated or described at run time (pbjson/schema.h). Out: field
 * names in lowerCamelCase, fields at their default left out, 64-bit integers as strings, enums by
 * name, bytes as base64. In: also the names of the .proto file and plain numbers. Maps, groups and
 * google.protobuf's own special forms are not supported; Kith uses none.
 *
 * Callable from any thread.
 */
#pragma once

#include "arena/arena.h"
#include "err/err.h"

#include <protobuf-c/protobuf-c.h>
#include <stdio.h>

/* Deepest nesting of messages read or unpacked. Protobuf-c's own recursion has no limit. */
enum { PBJSON_MAX_DEPTH = 32 };

/* Write `message` as compact JSON, without a newline. Bytes that are not UTF-8 become U+FFFD. */
void pbjson_print(const ProtobufCMessage *message, FILE *out);

/* The same into a string to be freed with free(); NULL when memory is short. */
char *pbjson_format(const ProtobufCMessage *message);

/*
 * Read JSON into a message of `type`; `*out` and all it points to is in `arena`. JSON_INVALID when
 * it is not JSON; FIELD_INVALID, with the path of the field, when it does not fit the type. An
 * unknown field is an error that names the nearest known one.
 */
MUST_USE enum err_code pbjson_parse(const ProtobufCMessageDescriptor *type, const char *json,
    size_t len, struct arena *arena, ProtobufCMessage **out, struct err *err);

/* Unpack bytes into `arena`; REQUEST_MALFORMED when they are no such message or nested too deep. */
MUST_USE enum err_code pbjson_unpack(const ProtobufCMessageDescriptor *type, const void *data,
    size_t len, struct arena *arena, ProtobufCMessage **out, struct err *err);

/* "opt_time_zone" → "optTimeZone". Cut to fit. */
void pbjson_camel_name(const char *name, char *out, size_t size);
