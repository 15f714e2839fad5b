/* SPDX-License-Identifier: Apache-2.0 */
#include "internal.h"

#include <stdlib.h>
#include <string.h>

enum kith_code error_give(
    const struct err *err, const char trace_id[RPC_TRACE_ID_SIZE], struct kith_error **error)
{
    struct kith_error *given = error == NULL ? NULL : calloc(1, sizeof(*given));
    if (given != NULL) {
        given->err = *err;
        memcpy(given->trace_id, trace_id, RPC_TRACE_ID_SIZE);
        *error = given;
    }
    return (enum kith_code)err->code;
}

enum kith_code error_give_local(const struct err *err, struct kith_error **error)
{
    static const char no_trace[RPC_TRACE_ID_SIZE];
    return error_give(err, no_trace, error);
}

enum kith_code error_out_of_memory(struct kith_error **error)
{
    struct err err = {
        .code = ERR_INTERNAL, .reason = REASON_INTERNAL_ERROR, .msg = "out of memory"};
    return error_give_local(&err, error);
}

enum kith_code kith_error_code(const struct kith_error *error)
{
    return error == NULL ? KITH_UNKNOWN : (enum kith_code)error->err.code;
}

const char *kith_error_reason(const struct kith_error *error)
{
    return error == NULL ? "" : err_reason_info(error->err.reason)->name;
}

const char *kith_error_message(const struct kith_error *error)
{
    return error == NULL ? "" : error->err.msg;
}

const char *kith_error_remedy(const struct kith_error *error)
{
    return error == NULL ? "" : err_reason_info(error->err.reason)->remedy;
}

const char *kith_error_field(const struct kith_error *error)
{
    return error == NULL ? "" : error->err.field;
}

const char *kith_error_trace_id(const struct kith_error *error)
{
    return error == NULL ? "" : error->trace_id;
}

uint32_t kith_error_retry_after_ms(const struct kith_error *error)
{
    return error == NULL ? 0 : error->err.retry_after_ms;
}

void kith_error_free(struct kith_error *error)
{
    free(error);
}

bool kith_explain(const char *reason, const char **meaning, const char **remedy)
{
    enum err_reason found = err_reason_by_name(reason);
    if (found == REASON_NONE)
        return false;
    *meaning = err_reason_info(found)->meaning;
    *remedy = err_reason_info(found)->remedy;
    return true;
}

const char *kith_reason_at(size_t i)
{
    const char *name = i < 1000 ? err_reason_info((enum err_reason)(i + 1))->name : "";
    return *name == '\0' ? NULL : name;
}
