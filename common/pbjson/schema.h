/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Schema: services, methods and messages read at run time from a google.protobuf.FileDescriptorSet,
 * as every Kith service hands it out. Its descriptors work with protobuf-c and pbjson like compiled
 * ones; comments and policies of the .proto files come along.
 *
 * Read-only once loaded, so any thread may use it. Everything returned lives as long as the schema.
 */
#pragma once

#include "err/err.h"

#include <kith/v1/policy.pb-c.h>

#include <protobuf-c/protobuf-c.h>
#include <stdbool.h>
#include <stddef.h>

struct pbjson_schema;

struct pbjson_method {
    const char *path;    /* "kith.v1.ContactService/GetMember" */
    const char *service; /* "kith.v1.ContactService" */
    const char *name;    /* "GetMember" */
    const ProtobufCMessageDescriptor *in;
    const ProtobufCMessageDescriptor *out;
    const Kith__V1__MethodPolicy *policy; /* NULL: it has none */
    bool is_stream;                       /* returns a stream of `out` */
};

/* REQUEST_MALFORMED unless `set` is a usable descriptor set. */
MUST_USE enum err_code pbjson_schema_load(
    struct pbjson_schema **out, const void *set, size_t len, struct err *err);
void pbjson_schema_free(struct pbjson_schema *schema);

/* By full name, "kith.v1.Ask"; or by short name where only one has it. NULL: there is none. */
const ProtobufCMessageDescriptor *pbjson_schema_message(
    const struct pbjson_schema *schema, const char *name);
const ProtobufCEnumDescriptor *pbjson_schema_enum(
    const struct pbjson_schema *schema, const char *name);

/*
 * By path with or without the leading '/', by "ContactService/GetMember", "GetMember", or the
 * latter two with '.' for '/'; the shortened ones where only one method has it. NULL: there is
 * none.
 */
const struct pbjson_method *pbjson_schema_method(
    const struct pbjson_schema *schema, const char *name);

/* All methods, those of a service in a row. */
const struct pbjson_method *pbjson_schema_methods(const struct pbjson_schema *schema, size_t *n);

/* Comment over an element by its full name ("kith.v1.Ask.question"), lines joined; "" if none. */
const char *pbjson_schema_comment(const struct pbjson_schema *schema, const char *full_name);

/* Limits of a field by its full name; NULL: it has none. */
const Kith__V1__FieldLimits *pbjson_schema_limits(
    const struct pbjson_schema *schema, const char *full_name);
