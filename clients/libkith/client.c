/* SPDX-License-Identifier: Apache-2.0 */
#include "client.h"

#include "clock/clock.h"
#include "pbjson/pbjson.h"
#include "rpc/client_stream.h"

#include <kith/v1/services.h>
#include <stdlib.h>
#include <string.h>

enum { FALLBACK_TIMEOUT_MS = 5000 };

/* Where each process is found, and the service that is its own. */
static const struct process {
    const char *name;
    const char *service;
    const char *variable;
    const char *fallback;
} processes[N_PROCESSES] = {
    {"contact", "kith.v1.ContactService", "KITH_CONTACT_ENDPOINTS", "tcp://127.0.0.1:7101"},
    {"recommendation", "kith.v1.RecommendationService", "KITH_RECOMMENDATION_ENDPOINTS",
        "tcp://127.0.0.1:7102"},
    {"notification", "kith.v1.NotificationService", "KITH_NOTIFICATION_ENDPOINTS",
        "tcp://127.0.0.1:7103"},
};

int client_process_of(const char *service)
{
    for (int i = 0; i < N_PROCESSES; i++)
        if (strcmp(processes[i].service, service) == 0)
            return i;
    return -1;
}

int client_process_named(const char *name)
{
    for (int i = 0; i < N_PROCESSES; i++)
        if (strcmp(processes[i].name, name) == 0)
            return i;
    return -1;
}

const char *kith_version(void)
{
    return KITH_VERSION;
}

/* ---- life cycle ------------------------------------------------------------------------------ */

static char *endpoint_of(const struct process *process, const char *setting)
{
    const char *found = setting;
    if (found == NULL || *found == '\0')
        found = getenv(process->variable);
    if (found == NULL || *found == '\0')
        found = process->fallback;
    return strdup(found);
}

static char *setting_or_variable(const char *setting, const char *variable)
{
    const char *found = setting;
    if (found == NULL || *found == '\0')
        found = getenv(variable);
    return strdup(found == NULL ? "" : found);
}

static char *copy_of(const char *text)
{
    return text == NULL || *text == '\0' ? NULL : strdup(text);
}

static enum err_code fill_client(
    struct kith_client *client, const struct kith_settings *settings, struct err *err)
{
    const char *const endpoints[N_PROCESSES] = {settings->contact_endpoints,
        settings->recommendation_endpoints, settings->notification_endpoints};
    for (int i = 0; i < N_PROCESSES; i++) {
        client->endpoints[i] = endpoint_of(&processes[i], endpoints[i]);
        if (client->endpoints[i] == NULL)
            return err_raise(err, REASON_INTERNAL_ERROR, "out of memory");
    }
    client->tls_ca = setting_or_variable(settings->tls_ca, "KITH_TLS_CA");
    client->tls_certificate =
        setting_or_variable(settings->tls_certificate, "KITH_TLS_CERTIFICATE");
    client->tls_key = setting_or_variable(settings->tls_key, "KITH_TLS_KEY");
    client->token = copy_of(settings->token);
    client->timeout_ms = settings->timeout_ms;
    size_t len = (size_t)(kith_v1_descriptor_set_end - kith_v1_descriptor_set);
    return pbjson_schema_load(&client->built_in, kith_v1_descriptor_set, len, err);
}

enum kith_code kith_client_new(
    const struct kith_settings *settings, struct kith_client **client, struct kith_error **error)
{
    struct kith_settings known = {.size = sizeof(known)};
    if (settings != NULL)
        memcpy(&known, settings, settings->size < sizeof(known) ? settings->size : sizeof(known));
    struct err err;
    struct kith_client *made = calloc(1, sizeof(*made));
    if (made == NULL || pthread_mutex_init(&made->lock, NULL) != 0) {
        free(made);
        return error_out_of_memory(error);
    }
    if (fill_client(made, &known, &err) != ERR_OK) {
        kith_client_free(made);
        return error_give_local(&err, error);
    }
    *client = made;
    return KITH_OK;
}

void kith_client_free(struct kith_client *client)
{
    if (client == NULL)
        return;
    for (int i = 0; i < N_PROCESSES; i++) {
        rpc_client_free(client->rpc[i]);
        pbjson_schema_free(client->reflected[i]);
        free(client->endpoints[i]);
    }
    pbjson_schema_free(client->built_in);
    free(client->tls_ca);
    free(client->tls_certificate);
    free(client->tls_key);
    free(client->token);
    (void)pthread_mutex_destroy(&client->lock);
    free(client);
}

void kith_client_set_token(struct kith_client *client, const char *token)
{
    (void)pthread_mutex_lock(&client->lock);
    free(client->token);
    client->token = copy_of(token);
    for (int i = 0; i < N_PROCESSES; i++)
        if (client->rpc[i] != NULL)
            rpc_client_set_token(client->rpc[i], client->token);
    (void)pthread_mutex_unlock(&client->lock);
}

/* The connection to a process, made when first needed. */
static enum err_code connection(
    struct kith_client *client, int process, struct rpc_client **out, struct err *err)
{
    (void)pthread_mutex_lock(&client->lock);
    enum err_code code = ERR_OK;
    if (client->rpc[process] == NULL) {
        struct rpc_client_config config = {
            .endpoints = client->endpoints[process],
            .token = client->token,
            .tls = {client->tls_certificate, client->tls_key, client->tls_ca},
        };
        code = rpc_client_new(&client->rpc[process], &config, err);
    }
    *out = client->rpc[process];
    (void)pthread_mutex_unlock(&client->lock);
    return code;
}

/* ---- giving up ------------------------------------------------------------------------------- */

struct kith_cancel *kith_cancel_new(void)
{
    return calloc(1, sizeof(struct kith_cancel));
}

void kith_cancel_free(struct kith_cancel *cancel)
{
    free(cancel);
}

void kith_cancel_calls(struct kith_client *client, struct kith_cancel *cancel)
{
    struct rpc_client *connections[N_PROCESSES];
    atomic_store(&cancel->calls.is_set, true); /* also for connections made from now on */
    (void)pthread_mutex_lock(&client->lock);
    memcpy(connections, client->rpc, sizeof(connections));
    (void)pthread_mutex_unlock(&client->lock);
    for (int i = 0; i < N_PROCESSES; i++)
        if (connections[i] != NULL)
            rpc_client_cancel(connections[i], &cancel->calls);
}

/* ---- one call -------------------------------------------------------------------------------- */

struct kith_call_options call_options(const struct kith_call_options *options)
{
    struct kith_call_options known = {.size = 0};
    if (options != NULL)
        memcpy(&known, options, options->size < sizeof(known) ? options->size : sizeof(known));
    known.size = sizeof(known);
    return known;
}

static int64_t timeout_of(const struct kith_client *client, const struct call *call)
{
    if (call->options.timeout_ms > 0)
        return call->options.timeout_ms;
    if (client->timeout_ms > 0)
        return client->timeout_ms;
    const Kith__V1__MethodPolicy *policy = call->method->policy;
    return policy != NULL && policy->default_timeout_ms > 0 ? policy->default_timeout_ms
                                                            : FALLBACK_TIMEOUT_MS;
}

static enum err_code exchange(struct kith_client *client, const struct call *call,
    const ProtobufCMessage *in, struct kith_result *result, struct db_bytes *out, struct err *err)
{
    struct rpc_trace trace;
    struct rpc_call_options options = {
        .timeout_ms = timeout_of(client, call),
        .idempotency_key = call->options.idempotency_key,
        .trace_id_out = result->trace_id,
        .cancel = call->options.cancel != NULL ? &call->options.cancel->calls : NULL,
    };
    if (call->options.traceparent != NULL && rpc_trace_parse(call->options.traceparent, &trace))
        options.trace = &trace;
    char key[ID_TEXT_SIZE];
    bool is_idempotent = call->method->policy != NULL && call->method->policy->idempotent;
    if (!is_idempotent && options.idempotency_key == NULL) {
        struct id id = id_new(clock_system());
        id_format(&id, key);
        options.idempotency_key = key;
    }
    size_t size = protobuf_c_message_get_packed_size(in);
    uint8_t *packed = arena_alloc(&result->arena, size + 1);
    char *path = arena_printf(&result->arena, "/%s", call->method->path);
    struct rpc_client *rpc = NULL;
    if (packed == NULL || path == NULL)
        return err_raise(err, REASON_REQUEST_TOO_LARGE, "the request is too large");
    enum err_code code = connection(client, call->process, &rpc, err);
    if (code != ERR_OK)
        return code;
    struct db_bytes bytes = {packed, protobuf_c_message_pack(in, packed)};
    return rpc_client_call_bytes(rpc, path, &options, &bytes, &result->arena, out, err);
}

enum err_code client_open_stream(struct kith_client *client, const struct call *call,
    const ProtobufCMessage *in, struct rpc_stream **out, struct err *err)
{
    struct rpc_trace trace;
    struct rpc_call_options options = {.timeout_ms = call->options.timeout_ms};
    if (call->options.traceparent != NULL && rpc_trace_parse(call->options.traceparent, &trace))
        options.trace = &trace;
    struct rpc_client *rpc = NULL;
    enum err_code code = connection(client, call->process, &rpc, err);
    if (code != ERR_OK)
        return code;
    struct arena arena;
    arena_init(&arena, RESULT_MEMORY);
    size_t size = protobuf_c_message_get_packed_size(in);
    uint8_t *packed = arena_alloc(&arena, size + 1);
    char *path = arena_printf(&arena, "/%s", call->method->path);
    struct db_bytes bytes = {packed, packed == NULL ? 0 : protobuf_c_message_pack(in, packed)};
    if (packed == NULL || path == NULL)
        code = err_raise(err, REASON_REQUEST_TOO_LARGE, "the request is too large");
    else
        code = rpc_stream_open(out, rpc, path, &options, &bytes, err);
    arena_fini(&arena);
    return code;
}

enum err_code client_exchange(struct kith_client *client, const struct call *call,
    const ProtobufCMessage *in, const ProtobufCMessageDescriptor *type, struct kith_result *result,
    struct err *err)
{
    struct db_bytes out = {NULL, 0};
    enum err_code code = exchange(client, call, in, result, &out, err);
    if (code != ERR_OK)
        return code;
    ProtobufCMessage *message = NULL;
    code = pbjson_unpack(type, out.data, out.len, &result->arena, &message, err);
    if (code == ERR_OK)
        result->message = message;
    return code;
}

/* Compiled type of a reply whose request is compiled: "…Request" answered by "…Response". */
static const ProtobufCMessageDescriptor *compiled_reply(const struct pbjson_method *method)
{
    for (const ProtobufCServiceDescriptor *const *s = kith_v1_services; *s != NULL; s++) {
        if (strcmp((*s)->name, method->service) != 0)
            continue;
        const ProtobufCMethodDescriptor *m =
            protobuf_c_service_descriptor_get_method_by_name(*s, method->name);
        return m == NULL ? NULL : m->output;
    }
    return NULL;
}

enum kith_code client_call(struct kith_client *client, const char *method,
    const ProtobufCMessage *in, const struct kith_call_options *options,
    struct kith_result **result, struct kith_error **error)
{
    struct call call = {
        .options = call_options(options),
        .method = pbjson_schema_method(client->built_in, method),
    };
    struct kith_result *made = result_new();
    if (made == NULL || call.method == NULL) {
        kith_result_free(made);
        return error_out_of_memory(error);
    }
    call.process = client_process_of(call.method->service);
    struct err err;
    enum err_code code =
        client_exchange(client, &call, in, compiled_reply(call.method), made, &err);
    return result_deliver(made, code, &err, result, error);
}
