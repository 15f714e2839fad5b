/* SPDX-License-Identifier: Apache-2.0 */
/*
 * A descriptor set, as a server one should not trust would send it. What loads gives descriptors
 * that protobuf-c can work with: every message of a method can be read empty, packed and printed.
 */
#include "fuzz.h"
#include "pbjson/pbjson.h"
#include "pbjson/schema.h"

#include <assert.h>
#include <stdlib.h>
#include <string.h>

enum { MAX_MEMORY = 4 << 20 };

static void use(const ProtobufCMessageDescriptor *type, const uint8_t *data, size_t size)
{
    struct arena arena;
    struct err err;
    ProtobufCMessage *message = NULL;
    arena_init(&arena, MAX_MEMORY);
    if (pbjson_parse(type, "{}", 2, &arena, &message, &err) == ERR_OK)
        assert(protobuf_c_message_get_packed_size(message) == 0);
    if (pbjson_unpack(type, data, size, &arena, &message, &err) == ERR_OK) {
        char *text = pbjson_format(message);
        assert(text != NULL);
        if (pbjson_parse(type, text, strlen(text), &arena, &message, &err) == ERR_OK)
            (void)protobuf_c_message_get_packed_size(message);
        free(text);
    }
    arena_fini(&arena);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    struct pbjson_schema *schema = NULL;
    struct err err = {0};
    size_t n;
    if (pbjson_schema_load(&schema, data, size, &err) != ERR_OK)
        return 0;
    const struct pbjson_method *methods = pbjson_schema_methods(schema, &n);
    for (size_t i = 0; i < n && i < 64; i++) {
        use(methods[i].in, data, size);
        use(methods[i].out, data, size);
        (void)pbjson_schema_comment(schema, methods[i].in->name);
        (void)pbjson_schema_method(schema, methods[i].path);
    }
    pbjson_schema_free(schema);
    return 0;
}
