/* SPDX-License-Identifier: Apache-2.0 */
#include "config/option.h"

#include <ctype.h>
#include <errno.h>
#include <inttypes.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>

static const char twin_suffix[] = "-file";

/* ---- names ----------------------------------------------------------------------------------- */

const struct config_option *option_find(const struct config_spec *spec, const char *name)
{
    for (const struct config_option *o = spec->options; o->name; o++)
        if (strcmp(o->name, name) == 0)
            return o;
    return NULL;
}

const struct config_option *option_find_twin(const struct config_spec *spec, const char *name)
{
    size_t len = strlen(name);
    size_t suffix_len = sizeof(twin_suffix) - 1;
    if (len <= suffix_len || strcmp(name + len - suffix_len, twin_suffix) != 0)
        return NULL;
    for (const struct config_option *o = spec->options; o->name; o++)
        if (o->is_secret && strlen(o->name) == len - suffix_len &&
            strncmp(o->name, name, len - suffix_len) == 0)
            return o;
    return NULL;
}

static size_t min3(size_t a, size_t b, size_t c)
{
    size_t least = a < b ? a : b;
    return least < c ? least : c;
}

/* Levenshtein's distance, one row of the matrix at a time. Names over the buffer are far away. */
static size_t edit_distance(const char *a, const char *b)
{
    size_t row[OPTION_NAME_SIZE];
    size_t b_len = strlen(b);
    if (b_len >= OPTION_NAME_SIZE)
        return SIZE_MAX;
    for (size_t j = 0; j <= b_len; j++)
        row[j] = j;
    for (size_t i = 0; a[i]; i++) {
        size_t diagonal = row[0];
        row[0] = i + 1;
        for (size_t j = 0; j < b_len; j++) {
            size_t above = row[j + 1];
            row[j + 1] = min3(above + 1, row[j] + 1, diagonal + (a[i] == b[j] ? 0 : 1));
            diagonal = above;
        }
    }
    return row[b_len];
}

const char *option_nearest(const struct config_spec *spec, const char *name, size_t max_edits)
{
    const char *nearest = NULL;
    size_t least = max_edits + 1;
    for (const struct config_option *o = spec->options; o->name; o++) {
        size_t distance = edit_distance(name, o->name);
        if (distance < least) {
            least = distance;
            nearest = o->name;
        }
    }
    return nearest;
}

void option_env_name(const struct config_option *option, char out[OPTION_NAME_SIZE])
{
    (void)snprintf(out, OPTION_NAME_SIZE, "KITH_%s", option->name);
    for (char *c = out; *c; c++)
        *c = (char)(*c == '-' ? '_' : toupper((unsigned char)*c));
}

/* ---- values ---------------------------------------------------------------------------------- */

static enum err_code to_int(const struct config_option *option, const char *text, const char *where,
    int64_t *out, struct err *err)
{
    bool is_bounded = option->min != 0 || option->max != 0;
    int64_t min = is_bounded ? option->min : INT64_MIN;
    int64_t max = is_bounded ? option->max : INT64_MAX;
    char *end = NULL;
    errno = 0;
    long long value = strtoll(text, &end, 10);
    bool is_number = *text && !isspace((unsigned char)*text) && *end == '\0' && errno == 0;
    if (!is_number || value < min || value > max)
        return err_raise(err, REASON_CONFIG_INVALID,
            "%s: %s must be a whole number from %" PRId64 " to %" PRId64 ", not \"%s\"", where,
            option->name, min, max, text);
    *out = value;
    return ERR_OK;
}

static enum err_code to_bool(const struct config_option *option, const char *text,
    const char *where, bool *out, struct err *err)
{
    static const char *const words[][2] = {
        {"false", "true"}, {"no", "yes"}, {"off", "on"}, {"0", "1"}};
    for (size_t i = 0; i < sizeof(words) / sizeof(words[0]); i++) {
        for (int value = 0; value < 2; value++) {
            if (strcasecmp(text, words[i][value]) == 0) {
                *out = value;
                return ERR_OK;
            }
        }
    }
    return err_raise(err, REASON_CONFIG_INVALID, "%s: %s must be true or false, not \"%s\"", where,
        option->name, text);
}

static bool is_choice(const char *choices, const char *text)
{
    size_t len = strlen(text);
    for (const char *c = choices; len > 0 && c; c = strchr(c, '|')) {
        c += *c == '|';
        if (strncmp(c, text, len) == 0 && (c[len] == '|' || c[len] == '\0'))
            return true;
    }
    return false;
}

static enum err_code to_choice(const struct config_option *option, const char *text,
    const char *where, const char **out, struct err *err)
{
    if (!is_choice(option->choices, text))
        return err_raise(err, REASON_CONFIG_INVALID, "%s: %s must be one of %s, not \"%s\"", where,
            option->name, option->choices, text);
    *out = text;
    return ERR_OK;
}

enum err_code option_store(const struct config_option *option, const char *text, const char *where,
    void *values, struct err *err)
{
    void *member = (char *)values + option->offset;
    switch (option->type) {
    case CONFIG_STR:
        *(const char **)member = text;
        return ERR_OK;
    case CONFIG_INT:
        return to_int(option, text, where, member, err);
    case CONFIG_BOOL:
        return to_bool(option, text, where, member, err);
    case CONFIG_ENUM:
        return to_choice(option, text, where, member, err);
    }
    return err_raise(err, REASON_INTERNAL_ERROR, "option %s has no known type", option->name);
}

void option_clear(const struct config_option *option, void *values)
{
    void *member = (char *)values + option->offset;
    switch (option->type) {
    case CONFIG_STR:
    case CONFIG_ENUM:
        *(const char **)member = "";
        break;
    case CONFIG_INT:
        *(int64_t *)member = 0;
        break;
    case CONFIG_BOOL:
        *(bool *)member = false;
        break;
    }
}
