/* SPDX-License-Identifier: Apache-2.0 */
/*
 * One error type for all of Kith: a gRPC status code, a reason from reasons.h, a message that is
 * safe to show to the caller, and a private detail for the log.
 *
 * A fallible function returns `enum err_code` and, when it fails, has filled the caller's `struct
 * err`. Nobody logs on the way up; the rpc dispatcher or main() logs once. Thread-safe: no state.
 */
#pragma once

#include "err/reasons.h"

#include <stddef.h>
#include <stdint.h>

#define MUST_USE __attribute__((warn_unused_result))
#define PRINTF_LIKE(f, a) __attribute__((format(printf, f, a)))
#define CLEANUP(fn) __attribute__((cleanup(fn)))

/* Names and numbers of the status codes are gRPC's. */
#define ERR_CODES(X)          \
    X(OK, 0)                  \
    X(CANCELLED, 1)           \
    X(UNKNOWN, 2)             \
    X(INVALID_ARGUMENT, 3)    \
    X(DEADLINE_EXCEEDED, 4)   \
    X(NOT_FOUND, 5)           \
    X(ALREADY_EXISTS, 6)      \
    X(PERMISSION_DENIED, 7)   \
    X(RESOURCE_EXHAUSTED, 8)  \
    X(FAILED_PRECONDITION, 9) \
    X(ABORTED, 10)            \
    X(OUT_OF_RANGE, 11)       \
    X(UNIMPLEMENTED, 12)      \
    X(INTERNAL, 13)           \
    X(UNAVAILABLE, 14)        \
    X(DATA_LOSS, 15)          \
    X(UNAUTHENTICATED, 16)

enum err_code {
#define ERR_ENUM(name, value) ERR_##name = (value),
    ERR_CODES(ERR_ENUM)
#undef ERR_ENUM
};

enum err_reason {
    REASON_NONE,
#define ERR_ENUM(name, code, meaning, remedy) REASON_##name,
    ERR_REASONS(ERR_ENUM)
#undef ERR_ENUM
};

struct err {
    enum err_code code;
    enum err_reason reason;
    uint32_t retry_after_ms; /* 0: no advice */
    const char *origin;      /* function that raised it; static storage */
    char field[64];          /* request field at fault, or "" */
    char msg[320];           /* for the caller */
    char detail[512];        /* for the log only: SQLSTATE, libpq text, errno; never on the wire */
};

/* No error so far. It is large, and every call has some: what follows the first byte of a text is
 * left as it is. */
static inline void err_clear(struct err *e)
{
    e->code = ERR_OK;
    e->reason = REASON_NONE;
    e->retry_after_ms = 0;
    e->origin = NULL;
    e->field[0] = e->msg[0] = e->detail[0] = '\0';
}

/* What the table in reasons.h says of one reason. */
struct err_reason_info {
    const char *name;
    enum err_code code;
    const char *meaning;
    const char *remedy;
};

/*
 * Fill `e` and return the reason's code, so that a failing function reads
 * `return err_raise(err, REASON_CONTACT_NOT_FOUND, "contact %s is not in your address book", id);`
 */
#define err_raise(e, reason, ...) err_failed(err_raise_at((e), (reason), __func__, __VA_ARGS__))

/* The same for FIELD_INVALID, naming the field of the request: err_raise_field(err, "name", ...).
 */
#define err_raise_field(e, field, ...) \
    err_failed(err_raise_field_at((e), (field), __func__, __VA_ARGS__))

/* For who fills an error that somebody else will look at: nothing to return. */
#define err_fill(e, reason, ...) ((void)!err_raise((e), (reason), __VA_ARGS__))

MUST_USE enum err_code err_raise_at(struct err *e, enum err_reason reason, const char *origin,
    const char *fmt, ...) PRINTF_LIKE(4, 5);
MUST_USE enum err_code err_raise_field_at(
    struct err *e, const char *field, const char *origin, const char *fmt, ...) PRINTF_LIKE(4, 5);

/* No reason stands for OK: lets compiler and analyzer see that a raised error is one. */
MUST_USE static inline enum err_code err_failed(enum err_code code)
{
    if (code == ERR_OK)
        __builtin_unreachable();
    return code;
}

/* Add what only the log may see to an error already raised. */
void err_detail(struct err *e, const char *fmt, ...) PRINTF_LIKE(2, 3);

/* "NOT_FOUND" for ERR_NOT_FOUND; "UNKNOWN" for a number that is no code. */
const char *err_code_name(enum err_code code);

/* Never NULL; REASON_NONE gives a row with empty texts. */
const struct err_reason_info *err_reason_info(enum err_reason reason);

/* REASON_NONE if no reason has this name. */
enum err_reason err_reason_by_name(const char *name);
