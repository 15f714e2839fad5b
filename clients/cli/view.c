/* SPDX-License-Identifier: Apache-2.0 */
#include "view.h"

#include <ctype.h>
#include <inttypes.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>
#include <utf8proc.h>

enum { SHORT_ID = 8 };

/* ---- fields ---------------------------------------------------------------------------------- */

const char *view_raw(const json_t *object, const char *key)
{
    const char *text = json_string_value(json_object_get(object, key));
    return text == NULL ? "" : text;
}

const char *view_text(struct cli *cli, const json_t *object, const char *key)
{
    return view_clean(cli, view_raw(object, key), false);
}

const char *view_lines(struct cli *cli, const json_t *object, const char *key)
{
    return view_clean(cli, view_raw(object, key), true);
}

int64_t view_int(const json_t *object, const char *key)
{
    const json_t *value = json_object_get(object, key);
    if (json_is_string(value))
        return strtoll(json_string_value(value), NULL, 10);
    return json_integer_value(value);
}

bool view_is(const json_t *object, const char *key)
{
    return json_is_true(json_object_get(object, key));
}

double view_real(const json_t *object, const char *key)
{
    return json_number_value(json_object_get(object, key));
}

/* ---- texts ----------------------------------------------------------------------------------- */

static bool is_harmful(utf8proc_int32_t c, bool keep_lines)
{
    if (c == '\n')
        return !keep_lines;
    bool is_control = c < 0x20 || (c >= 0x7F && c < 0xA0);
    bool is_direction =
        (c >= 0x202A && c <= 0x202E) || (c >= 0x2066 && c <= 0x2069) || c == 0x200E || c == 0x200F;
    bool is_separator = c == 0x2028 || c == 0x2029;
    return is_control || is_direction || is_separator;
}

/* A line break or tab in a one-line text is only a space; the rest is made visible. */
static const char *instead_of(utf8proc_int32_t c)
{
    return c == '\n' || c == '\t' || c == '\r' ? " " : "\xEF\xBF\xBD";
}

bool view_is_utf8(const char *text)
{
    utf8proc_int32_t c;
    utf8proc_ssize_t size = 1;
    for (const char *at = text; *at != '\0' && size > 0; at += size)
        size = utf8proc_iterate((const utf8proc_uint8_t *)at, -1, &c);
    return size > 0;
}

const char *view_clean(struct cli *cli, const char *text, bool keep_lines)
{
    size_t len = strlen(text);
    char *out = arena_alloc(&cli->arena, len * 3 + 1);
    if (out == NULL)
        return "";
    size_t n = 0;
    for (size_t i = 0; i < len;) {
        utf8proc_int32_t c;
        utf8proc_ssize_t size =
            utf8proc_iterate((const utf8proc_uint8_t *)text + i, (utf8proc_ssize_t)(len - i), &c);
        bool is_bad = size <= 0 || is_harmful(c, keep_lines);
        const char *piece = is_bad ? instead_of(size <= 0 ? 0 : c) : text + i;
        size_t step = size <= 0 ? 1 : (size_t)size;
        size_t n_piece = is_bad ? strlen(piece) : step;
        memcpy(out + n, piece, n_piece);
        n += n_piece;
        i += step;
    }
    out[n] = '\0';
    return out;
}

size_t view_width(const char *text)
{
    size_t width = 0;
    size_t len = strlen(text);
    for (size_t i = 0; i < len;) {
        utf8proc_int32_t c;
        utf8proc_ssize_t size =
            utf8proc_iterate((const utf8proc_uint8_t *)text + i, (utf8proc_ssize_t)(len - i), &c);
        if (size <= 0)
            return width + (len - i);
        int cells = utf8proc_charwidth(c);
        width += cells > 0 ? (size_t)cells : 0;
        i += (size_t)size;
    }
    return width;
}

const char *view_id(struct cli *cli, const char *id)
{
    size_t len = strlen(id);
    if (len <= SHORT_ID)
        return id;
    char *text = arena_printf(&cli->arena, "\xE2\x80\xA6%s", id + len - SHORT_ID);
    return text == NULL ? id : text;
}

const char *view_enum(struct cli *cli, const json_t *object, const char *key, const char *prefix)
{
    const char *name = view_raw(object, key);
    size_t skip = strncmp(name, prefix, strlen(prefix)) == 0 ? strlen(prefix) : 0;
    char *out = arena_strdup(&cli->arena, name + skip);
    for (char *c = out; c != NULL && *c != '\0'; c++)
        *c = *c == '_' ? ' ' : (char)tolower((unsigned char)*c);
    return out == NULL ? name : out;
}

const char *view_count(struct cli *cli, int64_t n, const char *one, const char *many)
{
    const char *text = arena_printf(&cli->arena, "%" PRId64 " %s", n, n == 1 ? one : many);
    return text == NULL ? "" : text;
}

/* ---- times ----------------------------------------------------------------------------------- */

enum { MINUTE = 60, HOUR = 3600, DAY = 86400 };

static const char *date_of(struct cli *cli, int64_t seconds)
{
    time_t time = (time_t)seconds;
    struct tm tm;
    char text[32] = "";
    if (localtime_r(&time, &tm) != NULL)
        (void)strftime(text, sizeof(text), "%d %b %Y", &tm);
    const char *copy = arena_strdup(&cli->arena, text[0] == '0' ? text + 1 : text);
    return copy == NULL ? "" : copy;
}

static const char *span_of(struct cli *cli, int64_t seconds)
{
    const char *text = NULL;
    if (seconds < HOUR)
        text = arena_printf(&cli->arena, "%" PRId64 " min", seconds / MINUTE);
    else if (seconds < DAY)
        text = arena_printf(&cli->arena, "%" PRId64 " h", seconds / HOUR);
    else
        return view_count(cli, seconds / DAY, "day", "days");
    return text == NULL ? "" : text;
}

const char *view_ago(struct cli *cli, int64_t us)
{
    if (us == 0)
        return "";
    int64_t at = us / 1000000;
    int64_t ago = (int64_t)time(NULL) - at;
    if (ago < MINUTE && ago > -MINUTE)
        return "just now";
    if (ago < 0 || ago >= 14 * (int64_t)DAY)
        return date_of(cli, at);
    if (ago >= DAY && ago < 2 * DAY)
        return "yesterday";
    const char *text = arena_printf(&cli->arena, "%s ago", span_of(cli, ago));
    return text == NULL ? "" : text;
}

const char *view_until(struct cli *cli, int64_t us)
{
    int64_t left = us / 1000000 - (int64_t)time(NULL);
    if (us == 0)
        return "";
    if (left < MINUTE)
        return left < 0 ? "over" : "in a moment";
    const char *text = arena_printf(&cli->arena, "in %s", span_of(cli, left));
    return text == NULL ? "" : text;
}
