/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The first two bytes choose a method and, by a top bit, its request or its reply; the others are
 * that message. We, protobuf-c and the reference agree on what it is.
 */
#include "differential.h"
#include "fuzz.h"

#include <kith/v1/services.h>
#include <stdio.h>
#include <stdlib.h>

static const struct schema_method *choose(const struct schema *schema, uint8_t service, uint8_t n)
{
    char name[256];
    size_t n_services = 0;
    while (kith_v1_services[n_services])
        n_services++;
    const ProtobufCServiceDescriptor *chosen = kith_v1_services[service % n_services];
    (void)snprintf(
        name, sizeof(name), "/%s/%s", chosen->name, chosen->methods[n % chosen->n_methods].name);
    return schema_find_name(schema, name);
}

static struct schema *the_schema(void)
{
    static struct schema *schema; /* for all inputs; reachable, so no leak */
    struct err err;
    if (!schema && schema_new(&schema, &err) != ERR_OK)
        abort();
    return schema;
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    if (size < 2)
        return 0;
    const struct schema_method *method = choose(the_schema(), data[0], data[1]);
    (void)differential_check(data[1] < 0x80 ? method->in : method->out, data + 2, size - 2);
    return 0;
}
