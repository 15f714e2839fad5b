/* SPDX-License-Identifier: Apache-2.0 */
#include "err/err.h"

#include <stdarg.h>
#include <stdio.h>
#include <string.h>

static const struct err_reason_info reasons[] = {{"", ERR_UNKNOWN, "", ""},
#define ERR_ROW(name, code, meaning, remedy) {#name, ERR_##code, meaning, remedy},
    ERR_REASONS(ERR_ROW)
#undef ERR_ROW
};

enum { N_REASONS = sizeof(reasons) / sizeof(reasons[0]) };

static enum err_code PRINTF_LIKE(4, 0)
    fill(struct err *e, enum err_reason reason, const char *origin, const char *fmt, va_list args)
{
    err_clear(e);
    e->code = reasons[reason].code;
    e->reason = reason;
    e->origin = origin;
    (void)vsnprintf(e->msg, sizeof(e->msg), fmt, args);
    return e->code;
}

enum err_code err_raise_at(
    struct err *e, enum err_reason reason, const char *origin, const char *fmt, ...)
{
    va_list args;
    va_start(args, fmt);
    enum err_code code = fill(e, reason, origin, fmt, args);
    va_end(args);
    return code;
}

enum err_code err_raise_field_at(
    struct err *e, const char *field, const char *origin, const char *fmt, ...)
{
    va_list args;
    va_start(args, fmt);
    enum err_code code = fill(e, REASON_FIELD_INVALID, origin, fmt, args);
    va_end(args);
    (void)snprintf(e->field, sizeof(e->field), "%s", field);
    return code;
}

void err_detail(struct err *e, const char *fmt, ...)
{
    va_list args;
    va_start(args, fmt);
    (void)vsnprintf(e->detail, sizeof(e->detail), fmt, args);
    va_end(args);
}

const char *err_code_name(enum err_code code)
{
    switch (code) {
#define ERR_CASE(name, value) \
    case ERR_##name:          \
        return #name;
        ERR_CODES(ERR_CASE)
#undef ERR_CASE
    }
    return "UNKNOWN";
}

const struct err_reason_info *err_reason_info(enum err_reason reason)
{
    return &reasons[(unsigned)reason < N_REASONS ? reason : REASON_NONE];
}

enum err_reason err_reason_by_name(const char *name)
{
    for (unsigned i = 1; i < N_REASONS; i++)
        if (strcmp(reasons[i].name, name) == 0)
            return (enum err_reason)i;
    return REASON_NONE;
}
