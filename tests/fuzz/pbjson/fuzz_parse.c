/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The first byte chooses a message of Kith, the others are its JSON. What is read is printed, and
 * what is printed reads back as the same.
 */
#include "fuzz.h"
#include "pbjson/pbjson.h"

#include <assert.h>
#include <kith/v1/services.h>
#include <stdlib.h>
#include <string.h>

enum { MAX_MEMORY = 16 << 20 };

static const ProtobufCMessageDescriptor *choose(uint8_t n)
{
    unsigned left = n;
    for (;;)
        for (const ProtobufCServiceDescriptor *const *s = kith_v1_services; *s != NULL; s++)
            for (unsigned m = 0; m < (*s)->n_methods; m++)
                if (left-- == 0)
                    return (*s)->methods[m].input;
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    struct arena arena;
    struct err err = {0};
    ProtobufCMessage *message = NULL;
    if (size < 1)
        return 0;
    arena_init(&arena, MAX_MEMORY);
    const ProtobufCMessageDescriptor *type = choose(data[0]);
    if (pbjson_parse(type, (const char *)data + 1, size - 1, &arena, &message, &err) == ERR_OK) {
        char *first = pbjson_format(message);
        assert(first != NULL);
        enum err_code code = pbjson_parse(type, first, strlen(first), &arena, &message, &err);
        assert(code == ERR_OK);
        char *second = pbjson_format(message);
        assert(second != NULL && strcmp(first, second) == 0);
        free(first);
        free(second);
    } else {
        assert(err.reason != REASON_NONE && err.msg[0] != '\0');
    }
    arena_fini(&arena);
    return 0;
}
