/* SPDX-License-Identifier: Apache-2.0 */
#include "internal.h"
#include "pbjson/pbjson.h"

#include <kith/v1/contact.pb-c.h>
#include <kith/v1/notification.pb-c.h>
#include <kith/v1/recommendation.pb-c.h>

#include <stdlib.h>
#include <string.h>

struct kith_result *result_new(void)
{
    struct kith_result *result = calloc(1, sizeof(*result));
    if (result != NULL)
        arena_init(&result->arena, RESULT_MEMORY);
    return result;
}

/* A finished call: its result or its error goes to the caller of the library. */
enum kith_code result_deliver(struct kith_result *made, enum err_code code, const struct err *err,
    struct kith_result **result, struct kith_error **error)
{
    if (code == ERR_OK && result != NULL) {
        *result = made;
        return KITH_OK;
    }
    enum kith_code given = code == ERR_OK ? KITH_OK : error_give(err, made->trace_id, error);
    kith_result_free(made);
    return given;
}

void kith_result_free(struct kith_result *result)
{
    if (result == NULL)
        return;
    arena_fini(&result->arena);
    free(result->json);
    free(result);
}

const char *kith_result_json(struct kith_result *result)
{
    if (result == NULL)
        return "";
    if (result->json == NULL)
        result->json = pbjson_format(result->message);
    return result->json == NULL ? "" : result->json;
}

const char *kith_result_trace_id(const struct kith_result *result)
{
    return result == NULL ? "" : result->trace_id;
}

static const void *member_at(const ProtobufCMessage *message, unsigned offset)
{
    const uint8_t *bytes = (const void *)message;
    return bytes + offset;
}

/* The list of a reply: its first repeated field of messages. */
static const ProtobufCFieldDescriptor *find_list(const ProtobufCMessageDescriptor *type)
{
    for (unsigned i = 0; i < type->n_fields; i++) {
        const ProtobufCFieldDescriptor *field = &type->fields[i];
        if (field->label == PROTOBUF_C_LABEL_REPEATED && field->type == PROTOBUF_C_TYPE_MESSAGE)
            return field;
    }
    return NULL;
}

size_t kith_result_count(const struct kith_result *result)
{
    const ProtobufCFieldDescriptor *list =
        result == NULL ? NULL : find_list(result->message->descriptor);
    if (list == NULL)
        return 0;
    const size_t *count = member_at(result->message, list->quantifier_offset);
    return *count;
}

static const void *element(
    const ProtobufCMessage *message, const ProtobufCFieldDescriptor *field, size_t i)
{
    if (field->label != PROTOBUF_C_LABEL_REPEATED) {
        const void *const *single = member_at(message, field->offset);
        return i == 0 ? *single : NULL;
    }
    const size_t *count = member_at(message, field->quantifier_offset);
    const void *const *const *items = member_at(message, field->offset);
    return i < *count ? (*items)[i] : NULL;
}

const void *result_find(
    const struct kith_result *result, const ProtobufCMessageDescriptor *type, size_t i)
{
    const ProtobufCMessageDescriptor *reply = result == NULL ? NULL : result->message->descriptor;
    for (unsigned k = 0; reply != NULL && k < reply->n_fields; k++)
        if (reply->fields[k].type == PROTOBUF_C_TYPE_MESSAGE && reply->fields[k].descriptor == type)
            return element(result->message, &reply->fields[k], i);
    return NULL;
}

const char *result_text(const struct kith_result *result, const char *name)
{
    const ProtobufCFieldDescriptor *field =
        result == NULL
            ? NULL
            : protobuf_c_message_descriptor_get_field_by_name(result->message->descriptor, name);
    if (field == NULL || field->type != PROTOBUF_C_TYPE_STRING)
        return "";
    const char *const *text = member_at(result->message, field->offset);
    return *text == NULL ? "" : *text;
}

const char *kith_result_next_page(const struct kith_result *result)
{
    return result_text(result, "next_page_token");
}

const char *kith_result_cursor(const struct kith_result *result)
{
    return result_text(result, "cursor");
}

const struct kith_contact *kith_result_contact(const struct kith_result *result, size_t i)
{
    return result_find(result, &kith__v1__contact__descriptor, i);
}

const struct kith_candidate *kith_result_candidate(const struct kith_result *result, size_t i)
{
    return result_find(result, &kith__v1__candidate__descriptor, i);
}

const struct kith_ask *kith_result_ask(const struct kith_result *result, size_t i)
{
    return result_find(result, &kith__v1__ask__descriptor, i);
}

const struct kith_notification *kith_result_notification(const struct kith_result *result, size_t i)
{
    return result_find(result, &kith__v1__notification__descriptor, i);
}

const struct kith_import *kith_result_import(const struct kith_result *result)
{
    return result_find(result, &kith__v1__import__descriptor, 0);
}
