/* SPDX-License-Identifier: Apache-2.0 */
#include "config/config.h"
#include "config/option.h"

#include <inttypes.h>

/* ---- help ------------------------------------------------------------------------------------ */

static const char *value_name(const struct config_option *option)
{
    switch (option->type) {
    case CONFIG_STR:
        return "TEXT";
    case CONFIG_INT:
        return "NUMBER";
    case CONFIG_BOOL:
        return "true|false";
    case CONFIG_ENUM:
        return option->choices;
    }
    return "";
}

static void print_option(const struct config_option *option, FILE *out)
{
    char env[OPTION_NAME_SIZE];
    option_env_name(option, env);
    (void)fprintf(
        out, "  --%s=%s\n      %s\n      %s", option->name, value_name(option), option->help, env);
    if (option->is_secret)
        (void)fprintf(
            out, "; or the name of a file holding it: --%s-file, %s_FILE", option->name, env);
    if (option->fallback && *option->fallback)
        (void)fprintf(out, "; default %s", option->fallback);
    (void)fputs("\n", out);
}

void config_print_help(const struct config_spec *spec, FILE *out)
{
    (void)fprintf(out,
        "%s: %s\n\n"
        "Usage: %s\n\n"
        "Each option is a flag, an environment variable, or a line `name = value` of the file\n"
        "named by --config or KITH_CONFIG. Flags win over the environment, that over the file.\n\n"
        "Options:\n",
        spec->program, spec->summary, spec->usage);
    for (const struct config_option *o = spec->options; o->name; o++)
        print_option(o, out);
    (void)fputs("  --config=FILE\n      The file to read settings from.\n      KITH_CONFIG\n"
                "  --print-config\n      Print every setting in force, secrets hidden, and exit.\n"
                "  --help, -h\n      Print this and exit.\n",
        out);
}

/* ---- values in force ------------------------------------------------------------------------- */

static void print_text(const struct config_option *option, const char *text, FILE *out)
{
    bool is_set = text && *text;
    if (option->is_secret)
        (void)fprintf(out, "%s = %s\n", option->name, is_set ? "(set)" : "(not set)");
    else
        (void)fprintf(out, "%s =%s%s\n", option->name, is_set ? " " : "", is_set ? text : "");
}

static void print_value(const struct config_option *option, const void *values, FILE *out)
{
    const void *member = (const char *)values + option->offset;
    switch (option->type) {
    case CONFIG_STR:
    case CONFIG_ENUM:
        print_text(option, *(const char *const *)member, out);
        break;
    case CONFIG_INT:
        (void)fprintf(out, "%s = %" PRId64 "\n", option->name, *(const int64_t *)member);
        break;
    case CONFIG_BOOL:
        (void)fprintf(out, "%s = %s\n", option->name, *(const bool *)member ? "true" : "false");
        break;
    }
}

void config_print(const struct config_spec *spec, const void *values, FILE *out)
{
    for (const struct config_option *o = spec->options; o->name; o++)
        print_value(o, values, out);
}
