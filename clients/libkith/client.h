/* SPDX-License-Identifier: Apache-2.0 */
/* The client and one call of it. Inside of libkith. */
#pragma once

#include "internal.h"

#include <pthread.h>

enum { N_PROCESSES = 3 };

struct kith_client {
    char *endpoints[N_PROCESSES];
    int64_t timeout_ms;
    char *tls_ca, *tls_certificate, *tls_key; /* "": none */
    struct pbjson_schema *built_in;

    pthread_mutex_t lock; /* over what follows */
    char *token;
    struct rpc_client *rpc[N_PROCESSES];          /* NULL until first used; never replaced */
    struct pbjson_schema *reflected[N_PROCESSES]; /* likewise */
};

struct call {
    struct kith_call_options options;
    const struct pbjson_method *method;
    int process;
};

/* Call and unpack the reply as `type` into the result, which also gets the trace id. */
MUST_USE enum err_code client_exchange(struct kith_client *client, const struct call *call,
    const ProtobufCMessage *in, const ProtobufCMessageDescriptor *type, struct kith_result *result,
    struct err *err);

/* Find a method by name, of this library or by reflection, and whom to call. */
MUST_USE enum err_code client_resolve(
    struct kith_client *client, const char *name, struct call *call, struct err *err);

struct rpc_stream;
MUST_USE enum err_code client_open_stream(struct kith_client *client, const struct call *call,
    const ProtobufCMessage *in, struct rpc_stream **out, struct err *err);

/* Index of the process that serves "kith.v1.ContactService", or is called "contact"; -1: none. */
int client_process_of(const char *service);
int client_process_named(const char *name);
