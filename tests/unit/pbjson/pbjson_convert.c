/* SPDX-License-Identifier: Apache-2.0 */
/* pbjson_convert SET TYPE json|bin: the other form of the message on standard input. */
#include "pbjson/pbjson.h"
#include "pbjson/schema.h"

#include <stdbool.h>
#include <stdlib.h>
#include <string.h>

static char set[4 << 20];
static char input[1 << 20];

static size_t read_file(FILE *file, char *out, size_t size)
{
    return file == NULL ? 0 : fread(out, 1, size, file);
}

static enum err_code convert(
    const ProtobufCMessageDescriptor *type, bool is_json, struct arena *arena, struct err *err)
{
    size_t len = read_file(stdin, input, sizeof(input));
    ProtobufCMessage *message = NULL;
    enum err_code code = is_json ? pbjson_parse(type, input, len, arena, &message, err)
                                 : pbjson_unpack(type, input, len, arena, &message, err);
    if (code != ERR_OK)
        return code;
    if (!is_json) {
        pbjson_print(message, stdout);
        return ERR_OK;
    }
    uint8_t *packed = arena_alloc(arena, protobuf_c_message_get_packed_size(message) + 1);
    if (packed == NULL)
        return err_raise(err, REASON_REQUEST_TOO_LARGE, "too large");
    (void)fwrite(packed, 1, protobuf_c_message_pack(message, packed), stdout);
    return ERR_OK;
}

int main(int argc, char **argv)
{
    if (argc != 4)
        return 2;
    FILE *file = fopen(argv[1], "rb");
    size_t len = read_file(file, set, sizeof(set));
    if (file != NULL)
        (void)fclose(file);
    struct arena arena;
    arena_init(&arena, 16 << 20);
    struct err err = {0};
    struct pbjson_schema *schema = NULL;
    enum err_code code = pbjson_schema_load(&schema, set, len, &err);
    const ProtobufCMessageDescriptor *type =
        code == ERR_OK ? pbjson_schema_message(schema, argv[2]) : NULL;
    if (type != NULL)
        code = convert(type, strcmp(argv[3], "json") == 0, &arena, &err);
    if (code != ERR_OK || type == NULL)
        (void)fprintf(stderr, "pbjson_convert: %s\n", err.msg);
    pbjson_schema_free(schema);
    arena_fini(&arena);
    return code == ERR_OK && type != NULL ? 0 : 1;
}
