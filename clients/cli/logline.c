/* SPDX-License-Identifier: Apache-2.0 */
#include "logline.h"

#include <stdbool.h>
#include <string.h>
#include <time.h>

/* From an opening quote to behind the closing one; 0: it is not closed. */
static size_t quoted_length(const char *text)
{
    for (size_t i = 1; text[i] != '\0'; i++) {
        if (text[i] == '"')
            return i + 1;
        i += text[i] == '\\' && text[i + 1] != '\0' ? 1 : 0;
    }
    return 0;
}

/* "key=value" at the start of the text. The length of it; 0: there is none. */
static size_t take_pair(const char *text, json_t *line)
{
    size_t key = strcspn(text, "= \n");
    if (key == 0 || text[key] != '=')
        return 0;
    const char *value = text + key + 1;
    bool is_quoted = *value == '"'; /* as JSON quotes */
    size_t len = is_quoted ? quoted_length(value) : strcspn(value, " \n");
    if (is_quoted && len == 0)
        return 0;
    json_t *json =
        is_quoted ? json_loadb(value, len, JSON_DECODE_ANY, NULL) : json_stringn(value, len);
    if (json == NULL || json_object_setn_new(line, text, key, json) != 0)
        return 0;
    return key + 1 + len;
}

static json_t *parse_logfmt(const char *text)
{
    json_t *line = json_object();
    while (*text != '\0' && *text != '\n') {
        size_t len = take_pair(text, line);
        if (len == 0) {
            json_decref(line);
            return NULL;
        }
        text += len;
        text += strspn(text, " ");
    }
    return line;
}

json_t *logline_parse(const char *line)
{
    json_t *parsed = *line == '{' ? json_loads(line, 0, NULL) : parse_logfmt(line);
    if (json_is_string(json_object_get(parsed, "evt")))
        return parsed;
    json_decref(parsed);
    return NULL;
}

int64_t logline_time_us(const json_t *line)
{
    enum { DIGITS = 6 };
    const char *text = json_string_value(json_object_get(line, "ts"));
    struct tm tm = {0};
    const char *rest = text == NULL ? NULL : strptime(text, "%Y-%m-%dT%H:%M:%S", &tm);
    if (rest == NULL)
        return 0;
    int64_t us = 0;
    const char *digit = *rest == '.' ? rest + 1 : "";
    for (int i = 0; i < DIGITS; i++)
        us = us * 10 + (*digit >= '0' && *digit <= '9' ? *digit++ - '0' : 0);
    return (int64_t)timegm(&tm) * 1000000 + us;
}
