/* SPDX-License-Identifier: Apache-2.0 */
/* Inside of libkith: nothing here is exported. */
#pragma once

#include "arena/arena.h"
#include "kith.h"
#include "pbjson/schema.h"
#include "rpc/client.h"

enum { RESULT_MEMORY = 32 << 20 };

/* Generated requests hold `char *` where they are only read; NULL becomes "". */
static inline char *request_text(const char *borrowed)
{
    union {
        const char *in;
        char *out;
    } cast = {borrowed == NULL ? "" : borrowed};
    return cast.out;
}

struct kith_error {
    struct err err;
    char trace_id[RPC_TRACE_ID_SIZE];
};

struct kith_cancel {
    struct rpc_cancel calls;
};

struct kith_result {
    struct arena arena;
    const ProtobufCMessage *message;
    char *json; /* made when first asked for */
    char trace_id[RPC_TRACE_ID_SIZE];
};

/* Hand `err` to the caller of the library, if she wants it. Returns its code. */
enum kith_code error_give(
    const struct err *err, const char trace_id[RPC_TRACE_ID_SIZE], struct kith_error **error);

/* The same for an error that belongs to no call. */
enum kith_code error_give_local(const struct err *err, struct kith_error **error);

enum kith_code error_out_of_memory(struct kith_error **error);

/* Empty; NULL when memory is short. */
struct kith_result *result_new(void);

/* A finished call: its result or its error goes to the caller of the library. Takes `made`. */
enum kith_code result_deliver(struct kith_result *made, enum err_code code, const struct err *err,
    struct kith_result **result, struct kith_error **error);

/* What the caller said, filled up with zeroes; `options` may be NULL or of an older library. */
struct kith_call_options call_options(const struct kith_call_options *options);

/* A view of a compiled message: the i-th in the result of this type. */
const void *result_find(
    const struct kith_result *result, const ProtobufCMessageDescriptor *type, size_t i);

/* A string field of the reply by its name in the .proto; "" where there is none. */
const char *result_text(const struct kith_result *result, const char *name);

/* Call a method of the .proto files this library was built with. */
enum kith_code client_call(struct kith_client *client, const char *method,
    const ProtobufCMessage *in, const struct kith_call_options *options,
    struct kith_result **result, struct kith_error **error);
