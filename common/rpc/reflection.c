/* SPDX-License-Identifier: Apache-2.0 */
#include "rpc/health.h"
#include "rpc/schema.h"

#include <kith/v1/reflection.pb-c.h>

rpc_handler_fn rpc_list_services, rpc_get_descriptor_set;

RPC_HANDLER(list_services, Kith__V1__ListServicesRequest, Kith__V1__ListServicesResponse)
{
    (void)in;
    const struct reflection *reflection = ctx->service;
    out->services = arena_calloc(ctx->arena, reflection->n_services, sizeof(char *));
    if (!out->services)
        return err_raise(&ctx->err, REASON_INTERNAL_ERROR, "no memory to list the services");
    for (size_t i = 0; i < reflection->n_services; i++) {
        const char *name = reflection->services[i].service->descriptor->name;
        out->services[i] = arena_strdup(ctx->arena, name);
        if (!out->services[i])
            return err_raise(&ctx->err, REASON_INTERNAL_ERROR, "no memory to list the services");
        out->n_services++;
    }
    return ERR_OK;
}

RPC_HANDLER(
    get_descriptor_set, Kith__V1__GetDescriptorSetRequest, Kith__V1__GetDescriptorSetResponse)
{
    (void)in;
    struct db_bytes set = schema_descriptor_set();
    void *copy = arena_memdup(ctx->arena, set.data, set.len);
    if (!copy)
        return err_raise(&ctx->err, REASON_INTERNAL_ERROR, "no memory for the descriptor set");
    out->descriptor_set = (ProtobufCBinaryData){set.len, copy};
    return ERR_OK;
}

static const struct rpc_method reflection_methods[] = {
    {"ListServices", rpc_list_services, DB_TX_NONE, .is_instant = true},
    {"GetDescriptorSet", rpc_get_descriptor_set, DB_TX_NONE, .is_instant = true},
};

const struct rpc_service reflection_service = {&kith__v1__reflection_service__descriptor,
    reflection_methods, sizeof(reflection_methods) / sizeof(reflection_methods[0])};
