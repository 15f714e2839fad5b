/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The first two bytes choose a method, the others are its request. What the validator lets through,
 * protobuf-c unpacks within its memory, and packs again into something the validator lets through.
 */
#include "arena/arena.h"
#include "fuzz.h"
#include "rpc/validate.h"

#include <assert.h>
#include <kith/v1/services.h>
#include <stdio.h>
#include <stdlib.h>

enum { MAX_MEMORY = 64 << 20 };

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

static void *allocate(void *arena, size_t size)
{
    return arena_alloc(arena, size);
}

static void release(void *arena, void *memory)
{
    (void)arena;
    (void)memory;
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
    struct err err = {0};
    if (size < 2)
        return 0;
    const struct schema_method *method = choose(the_schema(), data[0], data[1]);
    enum err_code code = validate_message(method->in, data + 2, size - 2, &err);
    assert((code == ERR_OK) == (err.reason == REASON_NONE));
    if (code != ERR_OK)
        return 0;

    struct arena arena;
    arena_init(&arena, MAX_MEMORY);
    ProtobufCAllocator allocator = {allocate, release, &arena};
    ProtobufCMessage *message =
        protobuf_c_message_unpack(method->in->type, &allocator, size - 2, data + 2);
    assert(message);
    size_t len = protobuf_c_message_get_packed_size(message);
    uint8_t *packed = arena_alloc(&arena, len);
    assert(packed);
    assert(protobuf_c_message_pack(message, packed) == len);
    assert(validate_message(method->in, packed, len, &err) == ERR_OK);
    arena_fini(&arena);
    return 0;
}
