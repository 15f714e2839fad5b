/* SPDX-License-Identifier: Apache-2.0 */
#include "log/log.h"

#include "clock/clock.h"
#include "log/line.h"

#include <errno.h>
#include <limits.h>
#include <math.h>
#include <poll.h>
#include <stdatomic.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

enum { SCHEMA_VERSION = 1 };

struct level_row {
    const char *name;
    const char *colour; /* SGR sequence of the text format */
};

static const struct level_row levels[] = {
    [LOG_TRACE] = {"trace", "\x1b[2m"},
    [LOG_DEBUG] = {"debug", "\x1b[36m"},
    [LOG_INFO] = {"info", "\x1b[32m"},
    [LOG_WARN] = {"warn", "\x1b[33m"},
    [LOG_ERROR] = {"error", "\x1b[31m"},
    [LOG_FATAL] = {"fatal", "\x1b[1;31m"},
};

static const char *const format_names[] = {
    [LOG_FORMAT_AUTO] = "auto",
    [LOG_FORMAT_TEXT] = "text",
    [LOG_FORMAT_JSON] = "json",
    [LOG_FORMAT_LOGFMT] = "logfmt",
};

enum { N_LEVELS = sizeof(levels) / sizeof(levels[0]) };
enum { N_FORMATS = sizeof(format_names) / sizeof(format_names[0]) };

/* Written once by log_open, before there are threads; only the level changes later. */
static struct {
    const char *service;
    const char *instance;
    enum log_format format;
    bool has_colour;
    bool is_whole; /* what is written in one piece stays so, however long */
} sink = {.format = LOG_FORMAT_JSON};
static _Atomic int lowest_level = LOG_INFO;

static _Thread_local struct log_buffer *own_buffer;

static bool wants_colour(void)
{
    const char *no_color = getenv("NO_COLOR");
    return isatty(STDOUT_FILENO) && !(no_color && *no_color);
}

/* Only a pipe mixes long writes with those of others. */
static bool keeps_writes_whole(void)
{
    struct stat status;
    return fstat(STDOUT_FILENO, &status) == 0 && !S_ISFIFO(status.st_mode);
}

void log_open(
    const char *service, const char *instance, enum log_format format, enum log_level level)
{
    if (format == LOG_FORMAT_AUTO)
        format = isatty(STDOUT_FILENO) ? LOG_FORMAT_TEXT : LOG_FORMAT_JSON;
    sink.service = service;
    sink.instance = instance;
    sink.format = format;
    sink.has_colour = format == LOG_FORMAT_TEXT && wants_colour();
    sink.is_whole = keeps_writes_whole();
    log_set_level(level);
}

void log_set_level(enum log_level level)
{
    atomic_store_explicit(&lowest_level, (int)level, memory_order_relaxed);
}

bool log_enabled(enum log_level level)
{
    return (int)level >= atomic_load_explicit(&lowest_level, memory_order_relaxed);
}

bool log_may_wait(enum log_level level)
{
    struct pollfd log = {.fd = STDOUT_FILENO, .events = POLLOUT};
    return log_enabled(level) && poll(&log, 1, 0) == 0;
}

/* ---- one field ------------------------------------------------------------------------------- */

static void put_key(struct line *line, const char *key)
{
    if (sink.format == LOG_FORMAT_JSON) {
        line_put_bytes(line, line_is_empty(line) ? "{\"" : ",\"", 2);
        line_put(line, key);
        line_put(line, "\":");
    } else {
        line_put(line, line_is_empty(line) ? "" : " ");
        line_put(line, key);
        line_put(line, "=");
    }
}

static void put_str(struct line *line, const char *key, const char *value)
{
    if (!value)
        return;
    put_key(line, key);
    if (sink.format != LOG_FORMAT_JSON && line_is_bare_word(value))
        line_put(line, value);
    else
        line_put_quoted(line, value);
}

static void put_int(struct line *line, const char *key, int64_t value)
{
    put_key(line, key);
    line_put_int(line, value);
}

/* JSON has no word for infinity and "not a number". */
static void put_float(struct line *line, const char *key, double value)
{
    put_key(line, key);
    if (isfinite(value) || sink.format != LOG_FORMAT_JSON)
        line_printf(line, "%.9g", value);
    else
        line_put(line, "null");
}

static void put_bool(struct line *line, const char *key, bool value)
{
    put_key(line, key);
    line_put(line, value ? "true" : "false");
}

static void put_field(struct line *line, const struct log_field *field)
{
    switch (field->type) {
    case LOG_FIELD_STR:
        put_str(line, field->key, field->value.str);
        break;
    case LOG_FIELD_INT:
        put_int(line, field->key, field->value.num);
        break;
    case LOG_FIELD_FLOAT:
        put_float(line, field->key, field->value.real);
        break;
    case LOG_FIELD_BOOL:
        put_bool(line, field->key, field->value.flag);
        break;
    case LOG_END:
        break;
    }
}

/* ---- one line -------------------------------------------------------------------------------- */

static void put_head(
    struct line *line, const char *ts, const struct level_row *level, const char *evt)
{
    if (sink.format == LOG_FORMAT_TEXT) {
        const char *colour = sink.has_colour ? level->colour : "";
        const char *plain = sink.has_colour ? "\x1b[0m" : "";
        line_printf(line, "%.10s %.12sZ %s%-5s%s %s", ts, ts + sizeof("YYYY-MM-DD"), colour,
            level->name, plain, evt);
        return;
    }
    put_int(line, "v", SCHEMA_VERSION);
    put_str(line, "ts", ts);
    put_str(line, "level", level->name);
    put_str(line, "svc", sink.service);
    put_str(line, "inst", sink.instance);
    put_str(line, "evt", evt);
}

static void put_fields(struct line *line, const struct log_field *fields)
{
    bool is_truncated = false;
    for (; fields->type != LOG_END && !is_truncated; fields++) {
        size_t before = line_mark(line);
        put_field(line, fields);
        is_truncated = line_is_full(line);
        if (is_truncated)
            line_cut(line, before);
    }
    line_use_reserve(line);
    if (is_truncated)
        put_bool(line, "truncated", true);
    line_put(line, sink.format == LOG_FORMAT_JSON ? "}\n" : "\n");
}

/* One write in all normal cases; a log nobody can take is no reason to stop serving. */
static void write_out(const char *text, size_t len)
{
    while (len > 0) {
        ssize_t n = write(STDOUT_FILENO, text, len);
        if (n < 0 && errno == EINTR)
            continue;
        if (n < 0)
            return;
        text += n;
        len -= (size_t)n;
    }
}

/* Into LINE_SIZE bytes; returns its length. */
static size_t format_line(
    char *text, enum log_level level, const char *evt, const struct log_field *fields)
{
    char ts[CLOCK_RFC3339_SIZE];
    clock_format_rfc3339(clock_wall_us(clock_system()), ts);
    struct line line;
    line_init(&line, text);
    put_head(&line, ts, &levels[level], evt);
    put_fields(&line, fields);
    return line_mark(&line);
}

void log_write(enum log_level level, const char *evt, const struct log_field *fields)
{
    if (!log_enabled(level))
        return;
    int saved_errno = errno;
    struct log_buffer *buffer = own_buffer;
    if (buffer && level <= LOG_INFO) {
        if (buffer->len + LINE_SIZE > sizeof(buffer->text))
            log_flush(buffer);
        buffer->len += format_line(buffer->text + buffer->len, level, evt, fields);
    } else {
        static _Thread_local char text[LINE_SIZE];
        size_t len = format_line(text, level, evt, fields);
        if (buffer)
            log_flush(buffer);
        write_out(text, len);
    }
    errno = saved_errno;
}

void log_use_buffer(struct log_buffer *buffer)
{
    own_buffer = buffer;
}

/* As many whole lines as are not mixed with other writers'; at least one. */
static const char *end_of_piece(const char *at, const char *end)
{
    if (end - at <= PIPE_BUF || sink.is_whole)
        return end;
    const char *stop = memrchr(at, '\n', PIPE_BUF);
    if (!stop)
        stop = memchr(at, '\n', (size_t)(end - at));
    return stop ? stop + 1 : end;
}

void log_flush(struct log_buffer *buffer)
{
    const char *at = buffer->text;
    const char *end = at + buffer->len;
    while (at < end) {
        const char *stop = end_of_piece(at, end);
        write_out(at, (size_t)(stop - at));
        at = stop;
    }
    buffer->len = 0;
}

/* ---- names ----------------------------------------------------------------------------------- */

enum err_code log_parse_level(const char *text, enum log_level *out, struct err *err)
{
    for (int i = 0; i < N_LEVELS; i++) {
        if (strcmp(text, levels[i].name) == 0) {
            *out = (enum log_level)i;
            return ERR_OK;
        }
    }
    return err_raise(err, REASON_CONFIG_INVALID,
        "log level \"%s\" is none of trace, debug, info, warn, error, fatal", text);
}

enum err_code log_parse_format(const char *text, enum log_format *out, struct err *err)
{
    for (int i = 0; i < N_FORMATS; i++) {
        if (strcmp(text, format_names[i]) == 0) {
            *out = (enum log_format)i;
            return ERR_OK;
        }
    }
    return err_raise(
        err, REASON_CONFIG_INVALID, "log format \"%s\" is none of auto, text, json, logfmt", text);
}
