/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Log: one event per line on standard output, fields typed, for machines (json, logfmt) or people
 * (text). The log is an interface: event names and fields are documented and versioned.
 *
 *     log_info("rpc.call", LOG_STR("method", name), LOG_INT("dur_us", us));
 *
 * Ids, never names, addresses or texts of members. Callable from any thread; a line is written
 * whole.
 */
#pragma once

#include "err/err.h"

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

enum log_level { LOG_TRACE, LOG_DEBUG, LOG_INFO, LOG_WARN, LOG_ERROR, LOG_FATAL };
enum log_format { LOG_FORMAT_AUTO, LOG_FORMAT_TEXT, LOG_FORMAT_JSON, LOG_FORMAT_LOGFMT };

enum log_field_type { LOG_END, LOG_FIELD_STR, LOG_FIELD_INT, LOG_FIELD_FLOAT, LOG_FIELD_BOOL };

struct log_field {
    enum log_field_type type;
    const char *key;
    union {
        const char *str; /* NULL: the field is left out */
        int64_t num;
        double real;
        bool flag;
    } value;
};

#define LOG_STR(k, v) ((struct log_field){LOG_FIELD_STR, (k), {.str = (v)}})
#define LOG_INT(k, v) ((struct log_field){LOG_FIELD_INT, (k), {.num = (int64_t)(v)}})
#define LOG_FLOAT(k, v) ((struct log_field){LOG_FIELD_FLOAT, (k), {.real = (v)}})
#define LOG_BOOL(k, v) ((struct log_field){LOG_FIELD_BOOL, (k), {.flag = (v)}})

/* The fields of an error: code, reason, err (message), detail, origin. Expands to five fields. */
#define LOG_ERR(e)                                                                       \
    LOG_STR("code", err_code_name((e)->code)),                                           \
        LOG_STR("reason", err_reason_info((e)->reason)->name), LOG_STR("err", (e)->msg), \
        LOG_STR("detail", (e)->detail[0] ? (e)->detail : NULL), LOG_STR("origin", (e)->origin)

/* For an event without fields: log_info("service.ready", LOG_NONE). */
#define LOG_NONE ((struct log_field){LOG_END, NULL, {NULL}})

#define log_at(level, evt, ...) \
    log_write((level), (evt), (const struct log_field[]){__VA_ARGS__, LOG_NONE})
#define log_debug(evt, ...) log_at(LOG_DEBUG, evt, __VA_ARGS__)
#define log_info(evt, ...) log_at(LOG_INFO, evt, __VA_ARGS__)
#define log_warn(evt, ...) log_at(LOG_WARN, evt, __VA_ARGS__)
#define log_error(evt, ...) log_at(LOG_ERROR, evt, __VA_ARGS__)

/* Once, at start: name of the service for every line, instance id, format and lowest level. */
void log_open(
    const char *service, const char *instance, enum log_format format, enum log_level level);

/* May be called at any time (SIGHUP). */
void log_set_level(enum log_level level);
bool log_enabled(enum log_level level);

/* Would a line of that level have to wait, as of now, for who reads the log? For threads that must
 * not. */
bool log_may_wait(enum log_level level);

/* One event; `fields` end with LOG_END. Control characters are escaped, invalid UTF-8 replaced. */
void log_write(enum log_level level, const char *evt, const struct log_field *fields);

/*
 * Lines of this thread wait in `buffer` until it is full or log_flush() writes them at once; NULL:
 * each line is written as it comes, as at first. Warnings and worse never wait. For who logs many
 * lines and promises nothing before it flushes.
 */
struct log_buffer {
    size_t len;
    char text[64 * 1024];
};
void log_use_buffer(struct log_buffer *buffer);
void log_flush(struct log_buffer *buffer);

MUST_USE enum err_code log_parse_level(const char *text, enum log_level *out, struct err *err);
MUST_USE enum err_code log_parse_format(const char *text, enum log_format *out, struct err *err);
