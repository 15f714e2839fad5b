/* SPDX-License-Identifier: Apache-2.0 */
#include "pbjson/schema_types.h"

#include <string.h>

const ProtobufCMessageDescriptor *pbjson_schema_message(
    const struct pbjson_schema *schema, const char *name)
{
    const ProtobufCMessageDescriptor *found = NULL;
    for (size_t i = 0; i < schema->n_messages; i++) {
        const ProtobufCMessageDescriptor *made = schema->messages[i].made;
        if (strcmp(made->name, name) == 0)
            return made;
        if (strcmp(made->short_name, name) == 0)
            found = made;
    }
    return found;
}

const ProtobufCEnumDescriptor *pbjson_schema_enum(
    const struct pbjson_schema *schema, const char *name)
{
    for (size_t i = 0; i < schema->n_enums; i++)
        if (strcmp(schema->enums[i].made->name, name) == 0 ||
            strcmp(schema->enums[i].made->short_name, name) == 0)
            return schema->enums[i].made;
    return NULL;
}

/* Is `name` all of `path`, or a tail of it that begins at a '.' or '/'? Dots may stand for '/'. */
static bool is_tail(const char *path, const char *name)
{
    size_t n = strlen(path);
    size_t k = strlen(name);
    if (k > n || k == 0)
        return false;
    const char *tail = path + (n - k);
    for (size_t i = 0; i < k; i++)
        if (tail[i] != name[i] && !(tail[i] == '/' && name[i] == '.'))
            return false;
    return k == n || tail[-1] == '.' || tail[-1] == '/';
}

const struct pbjson_method *pbjson_schema_method(
    const struct pbjson_schema *schema, const char *name)
{
    const struct pbjson_method *found = NULL;
    if (*name == '/')
        name++;
    for (size_t i = 0; i < schema->n_methods; i++) {
        if (!is_tail(schema->methods[i].path, name))
            continue;
        if (found != NULL)
            return NULL;
        found = &schema->methods[i];
    }
    return found;
}

const struct pbjson_method *pbjson_schema_methods(const struct pbjson_schema *schema, size_t *n)
{
    *n = schema->n_methods;
    return schema->methods;
}

static const struct schema_element *find_element(
    const struct pbjson_schema *schema, const char *full_name)
{
    for (size_t i = 0; i < schema->n_elements; i++)
        if (strcmp(schema->elements[i].name, full_name) == 0)
            return &schema->elements[i];
    return NULL;
}

const char *pbjson_schema_comment(const struct pbjson_schema *schema, const char *full_name)
{
    const struct schema_element *e = find_element(schema, full_name);
    if (e == NULL || e->file->source_code_info == NULL)
        return "";
    for (size_t i = 0; i < e->file->source_code_info->n_location; i++) {
        const Google__Protobuf__SourceCodeInfo__Location *l =
            e->file->source_code_info->location[i];
        if (l->n_path == e->path.len && l->leading_comments != NULL &&
            memcmp(l->path, e->path.numbers, e->path.len * sizeof(l->path[0])) == 0)
            return l->leading_comments;
    }
    return "";
}

const Kith__V1__FieldLimits *pbjson_schema_limits(
    const struct pbjson_schema *schema, const char *full_name)
{
    const struct schema_element *e = find_element(schema, full_name);
    return e == NULL ? NULL : e->limits;
}
