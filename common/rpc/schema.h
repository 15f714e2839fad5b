/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Schema: every method of Kith with its policy and types, and the limits of every field, read at
 * start from the embedded descriptor set. Constant once made, so any thread may read it.
 */
#pragma once

#include "rpc/rpc.h"

/* How the values of a field are written. */
enum schema_wire { SCHEMA_VARINT = 0, SCHEMA_FIXED64 = 1, SCHEMA_BYTES = 2, SCHEMA_FIXED32 = 5 };

/* One field with its bounds, from the option (kith.v1.limits). */
struct schema_field {
    const ProtobufCFieldDescriptor *type;
    unsigned offset, quantifier_offset; /* as there */
    uint32_t size;                      /* of one value in the struct */
    uint8_t wire_type;                  /* of enum schema_wire */
    bool is_repeated;
    bool is_chosen;       /* one of a oneof */
    uint32_t known_below; /* of an enum: all numbers from 0 up to this have a name */
    uint32_t min_bytes;
    uint32_t max_bytes; /* UINT32_MAX: none declared */
    uint32_t max_items; /* UINT32_MAX: none declared */
    bool is_uuid;
    bool is_multiline;
    bool is_secret;                       /* not kept with a reply, nor shown to who watches */
    bool is_hidden;                       /* a secret, or not shown to who watches */
    const struct schema_message *message; /* of a field that is a message */
};

enum { SCHEMA_MAX_FIELDS = 64, SCHEMA_MAX_NUMBER = 127, SCHEMA_NO_FIELD = 255 };

struct schema_message {
    const ProtobufCMessageDescriptor *type;
    struct schema_field *fields;              /* in the order of type->fields */
    uint8_t by_number[SCHEMA_MAX_NUMBER + 1]; /* index of the field, or SCHEMA_NO_FIELD */
    uint8_t by_tag[128]; /* the same by one-byte tags, which say the wire type as well */
    uint64_t obligatory; /* bit n: field n must be there; of a oneof only if chosen */
    bool is_complete;    /* false while its fields are being walked */
    bool is_request;     /* part of some request: limits are obligatory */
};

/* Which of the message's fields has this number, or SCHEMA_NO_FIELD. */
static inline unsigned schema_field_index(const struct schema_message *message, uint32_t number)
{
    return number <= SCHEMA_MAX_NUMBER ? message->by_number[number] : SCHEMA_NO_FIELD;
}

struct schema_method {
    char *name; /* "/kith.v1.ContactService/GetMember" */
    uint32_t hash;
    unsigned callers; /* bits 1 << enum rpc_caller */
    unsigned scope;   /* of enum rpc_scope */
    bool is_idempotent;
    bool is_stream;        /* returns (stream X): request and items have a cursor to go on from */
    bool is_client_stream; /* refused */
    uint32_t default_timeout_ms;
    const struct schema_message *in;
    const struct schema_message *out;
};

struct schema;

/*
 * INTERNAL_ERROR if the .proto files break a rule: a method without policy, a recursive message,
 * two methods of one hash, a field of a request without limit.
 */
MUST_USE enum err_code schema_new(struct schema **out, struct err *err);
void schema_free(struct schema *schema);

/* A message that is part of no method, without limits, and all it contains; before the schema is
 * read by others. */
MUST_USE enum err_code schema_add_message(struct schema *schema,
    const ProtobufCMessageDescriptor *type, const struct schema_message **out, struct err *err);

/* Empty the strings of a message that are secrets. True if it has any. */
bool schema_clear_secrets(const struct schema_message *type, ProtobufCMessage *message);

/* Empty what is hidden from who watches, in the message and in all within it. */
void schema_clear_hidden(const struct schema_message *type, ProtobufCMessage *message);

/* NULL if there is none. The index is stable and below schema_count(). */
const struct schema_method *schema_find(const struct schema *schema, uint32_t hash);
const struct schema_method *schema_find_name(const struct schema *schema, const char *name);
size_t schema_index(const struct schema *schema, const struct schema_method *method);
size_t schema_count(const struct schema *schema);

/* kith.v1.Meta, which is checked like any request. */
const struct schema_message *schema_meta(const struct schema *schema);

/* The embedded google.protobuf.FileDescriptorSet. */
struct db_bytes schema_descriptor_set(void);
