/* SPDX-License-Identifier: Apache-2.0 */
/* What there is to call, in the words of the .proto files: of a running service where one answers,
 * else those this program was built with. */
#include "commands.h"
#include "nearest/nearest.h"
#include "pbjson/pbjson.h"
#include "pbjson/schema.h"
#include "view.h"

#include <ctype.h>
#include <kith/v1/services.h>
#include <sodium.h>
#include <stdlib.h>
#include <string.h>

enum { REFLECTION_MS = 1500 };

/* ---- where the schema comes from ------------------------------------------------------------- */

static struct pbjson_schema *load_reflected(struct cli *cli, const json_t *reply)
{
    const char *text = view_raw(reply, "descriptorSet");
    size_t max = strlen(text);
    unsigned char *set = arena_alloc(&cli->arena, max + 1);
    size_t len = 0;
    struct err err;
    struct pbjson_schema *schema = NULL;
    if (set == NULL || sodium_base642bin(set, max + 1, text, max, NULL, &len, NULL,
                           sodium_base64_VARIANT_ORIGINAL) != 0)
        return NULL;
    return pbjson_schema_load(&schema, set, len, &err) == ERR_OK ? schema : NULL;
}

static struct pbjson_schema *load_schema(struct cli *cli)
{
    const char *process = cli_option(cli, "process");
    struct kith_call_options options = {.size = sizeof(options),
        .timeout_ms = REFLECTION_MS,
        .process = process == NULL ? "contact" : process};
    struct kith_error *error = NULL;
    if (cli_client(cli) == NULL)
        return NULL;
    const json_t *reply =
        cli_try(cli, "ReflectionService/GetDescriptorSet", NULL, &options, &error);
    if (reply == NULL && process != NULL) {
        (void)cli_fail(cli, error);
        return NULL;
    }
    if (error != NULL && !cli->is_json && !cli->is_quiet)
        (void)fprintf(stderr,
            "kith %s: no service answers; this is what kith itself was built with\n",
            cli->command->name);
    kith_error_free(error);
    struct pbjson_schema *schema = reply == NULL ? NULL : load_reflected(cli, reply);
    if (schema != NULL)
        return schema;
    struct err err;
    size_t len = (size_t)(kith_v1_descriptor_set_end - kith_v1_descriptor_set);
    if (pbjson_schema_load(&schema, kith_v1_descriptor_set, len, &err) != ERR_OK)
        (void)cli_refuse(cli, STATUS_ERROR, NULL, "%s", err.msg);
    return schema;
}

/* ---- pieces ---------------------------------------------------------------------------------- */

/* A comment on one line, with single blanks. */
static const char *comment_of(
    struct cli *cli, const struct pbjson_schema *schema, const char *full_name)
{
    const char *text = view_clean(cli, pbjson_schema_comment(schema, full_name), false);
    char *out = arena_alloc(&cli->arena, strlen(text) + 1);
    size_t n = 0;
    for (; out != NULL && *text != '\0'; text++)
        if (*text != ' ' || (n > 0 && text[1] != ' ' && text[1] != '\0'))
            out[n++] = *text;
    return out == NULL ? "" : out;
}

/* Enough of a comment for a list. */
static const char *first_sentence(struct cli *cli, const char *comment)
{
    const char *end = strstr(comment, ". ");
    if (end == NULL)
        return comment;
    const char *sentence = arena_strndup(&cli->arena, comment, (size_t)(end - comment) + 1);
    return sentence == NULL ? comment : sentence;
}

static const char *method_comment(
    struct cli *cli, const struct pbjson_schema *schema, const struct pbjson_method *m)
{
    const char *full = arena_printf(&cli->arena, "%s.%s", m->service, m->name);
    return full == NULL ? "" : comment_of(cli, schema, full);
}

static const char *type_name(struct cli *cli, const ProtobufCFieldDescriptor *field)
{
    static const char *const scalars[] = {"int32", "sint32", "sfixed32", "int64", "sint64",
        "sfixed64", "uint32", "fixed32", "uint64", "fixed64", "float", "double", "bool"};
    const char *name = "string";
    if (field->type == PROTOBUF_C_TYPE_MESSAGE)
        name = ((const ProtobufCMessageDescriptor *)field->descriptor)->short_name;
    else if (field->type == PROTOBUF_C_TYPE_ENUM)
        name = ((const ProtobufCEnumDescriptor *)field->descriptor)->short_name;
    else if (field->type == PROTOBUF_C_TYPE_BYTES)
        name = "bytes";
    else if (field->type < sizeof(scalars) / sizeof(scalars[0]))
        name = scalars[field->type];
    if (field->label != PROTOBUF_C_LABEL_REPEATED)
        return name;
    const char *list = arena_printf(&cli->arena, "%s[]", name);
    return list == NULL ? name : list;
}

/* "1 to 200 bytes, one line" */
static const char *limits_of(struct cli *cli, const Kith__V1__FieldLimits *l)
{
    const char *text = "";
    if (l == NULL)
        return text;
    if (l->uuid)
        text = l->min_bytes > 0 || l->max_items > 0 ? "UUID" : "UUID or empty";
    else if (l->max_bytes > 0)
        text = arena_printf(
            &cli->arena, "%u to %u bytes", (unsigned)l->min_bytes, (unsigned)l->max_bytes);
    if (l->max_items > 0 && text != NULL)
        text = arena_printf(&cli->arena, "at most %u%s%s", (unsigned)l->max_items,
            *text == '\0' ? "" : ", each ", text);
    return text == NULL ? "" : text;
}

/* ---- things ---------------------------------------------------------------------------------- */

/* Rows of {"name", …} under a heading, or all of it as one JSON object. Takes `rows`. */
static void show_rows(
    struct cli *cli, const char *kind, const char *name, const char *comment, json_t *rows)
{
    static const struct view_column columns[] = {{"", VIEW_BOLD, false, false},
        {"", VIEW_PLAIN, false, false}, {"", VIEW_DIM, false, false},
        {"", VIEW_PLAIN, false, true}};
    struct view_table table = view_table(cli, columns, 4);
    cli_say(cli, "\n%s %s%s%s\n  %s", kind, cli->bold, name, cli->plain, comment);
    for (size_t i = 0; i < json_array_size(rows); i++) {
        const json_t *row = json_array_get(rows, i);
        const char *cells[] = {arena_printf(&cli->arena, "  %s", view_raw(row, "name")),
            view_raw(row, "type"), view_raw(row, "limits"), view_raw(row, "comment")};
        view_row(&table, cells);
    }
    view_print(&table);
    json_t *json = json_pack("{s:s,s:s,s:o}", kind, name, "comment", comment,
        strcmp(kind, "enum") == 0 ? "values" : "fields", rows);
    (void)cli_emit(cli, json);
    json_decref(json);
}

static void describe_message(
    struct cli *cli, const struct pbjson_schema *schema, const ProtobufCMessageDescriptor *type)
{
    json_t *rows = json_array();
    for (unsigned i = 0; i < type->n_fields; i++) {
        const ProtobufCFieldDescriptor *field = &type->fields[i];
        char camel[128];
        pbjson_camel_name(field->name, camel, sizeof(camel));
        const char *full = arena_printf(&cli->arena, "%s.%s", type->name, field->name);
        (void)json_array_append_new(
            rows, json_pack("{s:s,s:s,s:s,s:s}", "name", camel, "type", type_name(cli, field),
                      "limits", limits_of(cli, pbjson_schema_limits(schema, full)), "comment",
                      comment_of(cli, schema, full)));
    }
    show_rows(cli, "message", type->name, comment_of(cli, schema, type->name), rows);
}

static void describe_enum(
    struct cli *cli, const struct pbjson_schema *schema, const ProtobufCEnumDescriptor *type)
{
    json_t *rows = json_array();
    for (unsigned i = 0; i < type->n_values; i++) {
        const char *value = type->values[i].name;
        const char *full = arena_printf(&cli->arena, "%s.%s", type->name, value);
        (void)json_array_append_new(
            rows, json_pack("{s:s,s:s}", "name", value, "comment", comment_of(cli, schema, full)));
    }
    show_rows(cli, "enum", type->name, comment_of(cli, schema, type->name), rows);
}

static const char *callers_of(struct cli *cli, const Kith__V1__MethodPolicy *policy)
{
    static const char *const callers[] = {"?", "anybody", "a member", "the operator", "a service"};
    const char *text = "";
    for (size_t i = 0; i < policy->n_callers && text != NULL; i++) {
        unsigned caller = (unsigned)policy->callers[i];
        text = arena_printf(
            &cli->arena, "%s%s%s", text, i == 0 ? "" : " or ", callers[caller < 5 ? caller : 0]);
    }
    return text == NULL ? "" : text;
}

static json_t *method_json(
    struct cli *cli, const struct pbjson_schema *schema, const struct pbjson_method *m)
{
    static const Kith__V1__MethodPolicy none = KITH__V1__METHOD_POLICY__INIT;
    const Kith__V1__MethodPolicy *policy = m->policy == NULL ? &none : m->policy;
    return json_pack("{s:s,s:s,s:s,s:s,s:b,s:s,s:b,s:i}", "method", m->path, "comment",
        method_comment(cli, schema, m), "request", m->in->name, "reply", m->out->name, "stream",
        (int)m->is_stream, "callers", callers_of(cli, policy), "idempotent",
        (int)policy->idempotent, "timeoutMs", (int)policy->default_timeout_ms);
}

static void describe_method(
    struct cli *cli, const struct pbjson_schema *schema, const struct pbjson_method *m)
{
    static const char *const scopes[] = {
        "", " with a token that may read", " with a token that may write"};
    json_t *json = method_json(cli, schema, m);
    (void)cli_emit(cli, json);
    cli_say(cli, "method %s%s%s\n  %s", cli->bold, m->path, cli->plain, view_raw(json, "comment"));
    if (m->policy != NULL) {
        unsigned scope = (unsigned)m->policy->scope;
        cli_note(cli, "  for %s%s; %s%s; %u ms unless told otherwise", view_raw(json, "callers"),
            scopes[scope < 3 ? scope : 0], m->is_stream ? "returns a stream; " : "",
            m->policy->idempotent ? "calling twice is as calling once"
                                  : "an idempotency key makes it safe to repeat",
            (unsigned)m->policy->default_timeout_ms);
    }
    json_decref(json);
    describe_message(cli, schema, m->in);
    describe_message(cli, schema, m->out);
}

/* The services that the process named by --process serves; NULL: none is named. False after saying
 * that it does not answer. */
static bool find_served(struct cli *cli, const json_t **services)
{
    *services = NULL;
    if (!cli_has(cli, "process"))
        return true;
    const struct kith_call_options options = {.size = sizeof(options),
        .timeout_ms = REFLECTION_MS,
        .process = cli_option(cli, "process")};
    const json_t *reply = cli_call_with(cli, "ReflectionService/ListServices", NULL, &options);
    *services = json_object_get(reply, "services");
    return reply != NULL;
}

static bool is_served(const json_t *services, const char *service)
{
    bool is_found = services == NULL;
    for (size_t i = 0; i < json_array_size(services); i++)
        is_found = is_found || strcmp(json_string_value(json_array_get(services, i)), service) == 0;
    return is_found;
}

/* Methods of services whose name ends so, of one process where one is named. The number of them. */
static size_t list_methods(
    struct cli *cli, const struct pbjson_schema *schema, const char *service, bool with_comments)
{
    static const struct view_column columns[] = {
        {"", VIEW_BOLD, false, false}, {"", VIEW_PLAIN, false, true}};
    struct view_table table = view_table(cli, columns, with_comments ? 2 : 1);
    size_t n;
    size_t found = 0;
    const struct pbjson_method *methods = pbjson_schema_methods(schema, &n);
    const json_t *services;
    if (!find_served(cli, &services))
        return 0;
    for (size_t i = 0; i < n; i++) {
        const struct pbjson_method *m = &methods[i];
        size_t len = strlen(m->service);
        size_t tail = strlen(service);
        if (tail > len || strcmp(m->service + len - tail, service) != 0 ||
            !is_served(services, m->service))
            continue;
        found++;
        const char *comment = method_comment(cli, schema, m);
        const char *cells[] = {m->path, first_sentence(cli, comment)};
        json_t *json = method_json(cli, schema, m);
        if (!cli_emit(cli, json))
            view_row(&table, cells);
        json_decref(json);
    }
    view_print(&table);
    return found;
}

static enum status not_found(struct cli *cli, const struct pbjson_schema *schema, const char *typed)
{
    size_t n;
    struct nearest near = nearest_to(typed);
    const struct pbjson_method *methods = pbjson_schema_methods(schema, &n);
    for (size_t i = 0; i < n; i++) {
        nearest_consider(&near, methods[i].name);
        nearest_consider(&near, methods[i].in->short_name);
        nearest_consider(&near, methods[i].out->short_name);
        nearest_consider(&near, methods[i].path + strlen("kith.v1."));
    }
    const char *next = near.word == NULL
                           ? "kith list"
                           : arena_printf(&cli->arena, "did you mean kith describe %s?", near.word);
    return cli_refuse(
        cli, STATUS_NOT_FOUND, next, "there is no service, method, message or enum \"%s\"", typed);
}

static enum status describe(struct cli *cli, const struct pbjson_schema *schema, const char *typed)
{
    const ProtobufCMessageDescriptor *message = pbjson_schema_message(schema, typed);
    const ProtobufCEnumDescriptor *values = pbjson_schema_enum(schema, typed);
    const struct pbjson_method *method = pbjson_schema_method(schema, typed);
    if (method != NULL)
        describe_method(cli, schema, method);
    if (message != NULL)
        describe_message(cli, schema, message);
    if (values != NULL)
        describe_enum(cli, schema, values);
    if (method != NULL)
        cli_next(cli, "kith call %s '{…}'", method->path + strlen("kith.v1."));
    bool is_found = method != NULL || message != NULL || values != NULL ||
                    list_methods(cli, schema, typed, true) > 0;
    return is_found ? STATUS_OK : not_found(cli, schema, typed);
}

enum status run_describe(struct cli *cli)
{
    struct pbjson_schema *schema = load_schema(cli);
    const char *typed = cli_operand(cli, 0);
    enum status status = cli->status;
    if (schema != NULL && typed != NULL)
        status = describe(cli, schema, typed);
    else if (schema != NULL)
        status = list_methods(cli, schema, "", true) > 0 ? STATUS_OK : STATUS_ERROR;
    pbjson_schema_free(schema);
    return status;
}

enum status run_list(struct cli *cli)
{
    struct pbjson_schema *schema = load_schema(cli);
    const char *typed = cli_operand(cli, 0);
    enum status status = cli->status;
    if (schema != NULL)
        status = list_methods(cli, schema, typed == NULL ? "" : typed, false) > 0
                     ? STATUS_OK
                     : not_found(cli, schema, typed == NULL ? "" : typed);
    pbjson_schema_free(schema);
    return status;
}
