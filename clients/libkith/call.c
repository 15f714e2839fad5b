/* SPDX-License-Identifier: Apache-2.0 */
/* Any method by JSON, also of a server that knows more than this library was built with. */
#include "client.h"
#include "nearest/nearest.h"
#include "pbjson/pbjson.h"

#include <kith/v1/reflection.pb-c.h>

#include <assert.h>
#include <stdlib.h>
#include <string.h>

/* -1 and no error: none was named. */
static enum err_code named_process(const char *name, int *out, struct err *err)
{
    *out = -1;
    if (name == NULL || *name == '\0')
        return ERR_OK;
    *out = client_process_named(name);
    if (*out >= 0)
        return ERR_OK;
    return err_raise_field(err, "process",
        "there is no process \"%.40s\": it is contact, recommendation or notification", name);
}

/* What a process says of itself; asked once. */
static enum err_code reflect(
    struct kith_client *client, int process, const struct pbjson_schema **out, struct err *err)
{
    (void)pthread_mutex_lock(&client->lock);
    *out = client->reflected[process];
    (void)pthread_mutex_unlock(&client->lock);
    if (*out != NULL)
        return ERR_OK;
    struct call call = {
        .method =
            pbjson_schema_method(client->built_in, "kith.v1.ReflectionService/GetDescriptorSet"),
        .process = process,
    };
    struct kith_result *result = result_new();
    if (result == NULL || call.method == NULL) {
        kith_result_free(result);
        return err_raise(err, REASON_INTERNAL_ERROR, "out of memory");
    }
    Kith__V1__GetDescriptorSetRequest in = KITH__V1__GET_DESCRIPTOR_SET_REQUEST__INIT;
    enum err_code code = client_exchange(
        client, &call, &in.base, &kith__v1__get_descriptor_set_response__descriptor, result, err);
    struct pbjson_schema *loaded = NULL;
    if (code == ERR_OK) {
        const Kith__V1__GetDescriptorSetResponse *reply = (const void *)result->message;
        code =
            pbjson_schema_load(&loaded, reply->descriptor_set.data, reply->descriptor_set.len, err);
    }
    kith_result_free(result);
    if (code != ERR_OK)
        return code;
    (void)pthread_mutex_lock(&client->lock);
    if (client->reflected[process] == NULL)
        client->reflected[process] = loaded;
    else
        pbjson_schema_free(loaded); /* another thread was faster */
    *out = client->reflected[process];
    (void)pthread_mutex_unlock(&client->lock);
    return ERR_OK;
}

static enum err_code no_such_method(
    const struct pbjson_schema *schema, const char *name, struct err *err)
{
    struct nearest near = nearest_to(name);
    size_t n;
    const struct pbjson_method *methods = pbjson_schema_methods(schema, &n);
    for (size_t i = 0; i < n; i++) {
        nearest_consider(&near, methods[i].name);
        nearest_consider(&near, methods[i].path);
        nearest_consider(&near, methods[i].path + strlen("kith.v1."));
    }
    if (near.word == NULL)
        return err_raise(err, REASON_METHOD_UNKNOWN, "there is no method \"%.100s\"", name);
    return err_raise(err, REASON_METHOD_UNKNOWN, "there is no method \"%.100s\"; did you mean %s?",
        name, near.word);
}

/* Asks one process, or each in turn, for a schema that has the method. */
static enum err_code resolve_by_reflection(
    struct kith_client *client, const char *name, int named, struct call *call, struct err *err)
{
    enum err_code code = ERR_OK;
    for (int i = 0; i < N_PROCESSES; i++) {
        const struct pbjson_schema *schema = NULL;
        if (named >= 0 && named != i)
            continue;
        code = reflect(client, i, &schema, err);
        if (code != ERR_OK)
            continue;
        call->method = pbjson_schema_method(schema, name);
        if (call->method != NULL)
            return ERR_OK;
        return no_such_method(schema, name, err);
    }
    return code == ERR_OK ? no_such_method(client->built_in, name, err) : code;
}

enum err_code client_resolve(
    struct kith_client *client, const char *name, struct call *call, struct err *err)
{
    int named = -1;
    enum err_code code = named_process(call->options.process, &named, err);
    if (code != ERR_OK)
        return code;
    if (!call->options.use_reflection)
        call->method = pbjson_schema_method(client->built_in, name);
    if (call->method == NULL)
        code = resolve_by_reflection(client, name, named, call, err);
    if (code != ERR_OK)
        return code;
    call->process = named >= 0 ? named : client_process_of(call->method->service);
    if (call->process < 0)
        return err_raise_field(err, "process",
            "several processes may serve %s: say which one, contact, recommendation or "
            "notification",
            call->method->service);
    return ERR_OK;
}

enum kith_code kith_call(struct kith_client *client, const char *method, const char *json,
    const struct kith_call_options *options, struct kith_result **result, struct kith_error **error)
{
    struct kith_result *made = result_new();
    if (made == NULL)
        return error_out_of_memory(error);
    struct call call = {.options = call_options(options)};
    struct err err;
    ProtobufCMessage *in = NULL;
    enum err_code code = client_resolve(client, method, &call, &err);
    assert(code != ERR_OK || call.method != NULL);
    if (code == ERR_OK && call.method->is_stream)
        code = err_raise(&err, REASON_METHOD_STREAMS,
            "%s returns a stream; open it instead (kith_stream_open)", call.method->path);
    if (code == ERR_OK) {
        assert(call.method != NULL);
        code = pbjson_parse(call.method->in, json, strlen(json), &made->arena, &in, &err);
    }
    if (code == ERR_OK)
        code = client_exchange(client, &call, in, call.method->out, made, &err);
    return result_deliver(made, code, &err, result, error);
}
