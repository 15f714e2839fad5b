/* SPDX-License-Identifier: Apache-2.0 */
#include "rpc/routes.h"

#include <stdio.h>
#include <string.h>

static const struct rpc_method *find_row(const struct rpc_service *service, const char *name)
{
    for (size_t i = 0; i < service->n_methods; i++)
        if (strcmp(service->methods[i].name, name) == 0)
            return &service->methods[i];
    return NULL;
}

/* Whoever has to be asked for a token waits for the database. */
static bool may_be_instant(const struct rpc_method *row, const struct schema_method *method)
{
    return row->tx == DB_TX_NONE && !row->is_reader && method->is_idempotent &&
           !method->is_stream && method->callers == 1u << RPC_CALLER_ANYBODY;
}

static enum err_code add_method(struct route *routes, const struct schema *schema,
    const struct rpc_registration *r, const char *name, struct err *err)
{
    const char *service = r->service->descriptor->name;
    const struct rpc_method *row = find_row(r->service, name);
    if (!row || !row->handler)
        return err_raise(
            err, REASON_INTERNAL_ERROR, "method %s of %s has no handler", name, service);
    char full[256];
    (void)snprintf(full, sizeof(full), "/%s/%s", service, name);
    const struct schema_method *method = schema_find_name(schema, full);
    if (!method)
        return err_raise(err, REASON_INTERNAL_ERROR, "%s is not in the .proto files", full);
    struct route *route = &routes[schema_index(schema, method)];
    route->method = method;
    route->row = row;
    route->state = r->state;
    route_forget(route);
    if (row->is_instant && !may_be_instant(row, method))
        return err_raise(err, REASON_INTERNAL_ERROR,
            "%s is called instant, but may wait: it must be open to everybody, idempotent, without "
            "transaction, and return no stream",
            full);
    if (row->is_reader && (row->tx != DB_TX_NONE || !method->is_idempotent))
        return err_raise(
            err, REASON_INTERNAL_ERROR, "%s is called a reader, but may change something", full);
    return ERR_OK;
}

enum err_code routes_add(struct route *routes, const struct schema *schema,
    const struct rpc_registration *r, struct err *err)
{
    const ProtobufCServiceDescriptor *descriptor = r->service->descriptor;
    for (unsigned i = 0; i < descriptor->n_methods; i++) {
        enum err_code code = add_method(routes, schema, r, descriptor->methods[i].name, err);
        if (code != ERR_OK)
            return code;
    }
    if (r->service->n_methods == descriptor->n_methods)
        return ERR_OK;
    return err_raise(err, REASON_INTERNAL_ERROR,
        "the table of %s has rows that are no methods of the .proto", descriptor->name);
}
