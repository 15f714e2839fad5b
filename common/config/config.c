/* SPDX-License-Identifier: Apache-2.0 */
#include "config/config.h"

#include "config/option.h"

#include <ctype.h>
#include <errno.h>
#include <stdlib.h>
#include <string.h>

enum {
    SECRET_MAX = 4096, /* bytes of a file holding a secret */
    TYPO_EDITS = 2,    /* a foreign KITH_* variable this near to an option is a mistyped one */
    TYPO_MIN_LEN = 6,  /* shorter names are near to everything: one edit only */
};

struct loader {
    const struct config_spec *spec;
    struct arena *arena;
    void *values;
    const char *path;    /* of the configuration file, or NULL */
    const char **set_by; /* per option: what in the current source set it, or NULL */
    struct config_request *request;
    struct err *err;
};

static enum err_code out_of_memory(struct err *err)
{
    return err_raise(err, REASON_INTERNAL_ERROR, "no memory left to read the configuration");
}

/* ---- one setting ----------------------------------------------------------------------------- */

/* The first SECRET_MAX bytes of the file without the newline at their end. */
static enum err_code read_secret(
    struct loader *l, const char *path, const char *where, const char **out)
{
    FILE *file = fopen(path, "re");
    if (!file)
        return err_raise(l->err, REASON_CONFIG_INVALID, "%s: can not read the secret in %s: %s",
            where, path, strerrordesc_np(errno));
    char text[SECRET_MAX + 1];
    size_t len = fread(text, 1, sizeof(text), file);
    bool is_broken = ferror(file) != 0;
    (void)fclose(file);

    while (len > 0 && (text[len - 1] == '\n' || text[len - 1] == '\r'))
        len--;
    if (is_broken || len == 0 || len > SECRET_MAX || memchr(text, '\0', len))
        return err_raise(l->err, REASON_CONFIG_INVALID,
            "%s: %s must hold a secret of 1 to %d bytes of text", where, path, SECRET_MAX);
    *out = arena_strndup(l->arena, text, len);
    explicit_bzero(text, sizeof(text));
    return *out ? ERR_OK : out_of_memory(l->err);
}

static enum err_code set_option(
    struct loader *l, const struct config_option *option, const char *text, const char *where)
{
    const char **set_by = &l->set_by[option - l->spec->options];
    if (*set_by)
        return err_raise(l->err, REASON_CONFIG_INVALID, "%s: %s is set already by %s", where,
            option->name, *set_by);
    *set_by = where;
    return option_store(option, text, where, l->values, l->err);
}

/* An option or the -file twin of a secret; *is_known tells whether there is such a name at all. */
static enum err_code set_by_name(
    struct loader *l, const char *name, const char *text, const char *where, bool *is_known)
{
    const struct config_option *option = option_find(l->spec, name);
    *is_known = true;
    if (option)
        return set_option(l, option, text, where);
    option = option_find_twin(l->spec, name);
    if (!option) {
        *is_known = false;
        return ERR_OK;
    }
    enum err_code code = read_secret(l, text, where, &text);
    return code == ERR_OK ? set_option(l, option, text, where) : code;
}

static enum err_code unknown_name(struct loader *l, const char *name, const char *where)
{
    const char *nearest = option_nearest(l->spec, name, 2 + strlen(name) / 3);
    if (!nearest)
        return err_raise(l->err, REASON_CONFIG_INVALID,
            "%s: there is no setting \"%s\"; --help lists all", where, name);
    return err_raise(l->err, REASON_CONFIG_INVALID,
        "%s: there is no setting \"%s\"; did you mean \"%s\"?", where, name, nearest);
}

/* ---- sources, weakest first ------------------------------------------------------------------ */

static void next_source(struct loader *l)
{
    for (size_t i = 0; l->spec->options[i].name; i++)
        l->set_by[i] = NULL;
}

static enum err_code load_defaults(struct loader *l)
{
    for (const struct config_option *o = l->spec->options; o->name; o++) {
        if (!o->fallback) {
            option_clear(o, l->values);
            continue;
        }
        enum err_code code = option_store(o, o->fallback, "default", l->values, l->err);
        if (code != ERR_OK)
            return code;
    }
    return ERR_OK;
}

static char *trimmed(char *text)
{
    while (isspace((unsigned char)*text))
        text++;
    size_t len = strlen(text);
    while (len > 0 && isspace((unsigned char)text[len - 1]))
        text[--len] = '\0';
    return text;
}

/* `name = value`, a comment beginning with '#', or nothing. */
static enum err_code load_line(struct loader *l, char *raw, int number)
{
    char *line = trimmed(raw);
    if (*line == '\0' || *line == '#')
        return ERR_OK;
    const char *where = arena_printf(l->arena, "%s:%d", l->path, number);
    char *copy = arena_strdup(l->arena, line);
    if (!where || !copy)
        return out_of_memory(l->err);

    char *equals = strchr(copy, '=');
    if (!equals)
        return err_raise(
            l->err, REASON_CONFIG_INVALID, "%s: a line must read `name = value`", where);
    *equals = '\0';
    const char *name = trimmed(copy);
    bool is_known = false;
    enum err_code code = set_by_name(l, name, trimmed(equals + 1), where, &is_known);
    return is_known ? code : unknown_name(l, name, where);
}

static enum err_code load_file(struct loader *l)
{
    if (!l->path)
        return ERR_OK;
    FILE *file = fopen(l->path, "re");
    if (!file)
        return err_raise(l->err, REASON_CONFIG_INVALID, "can not read the configuration %s: %s",
            l->path, strerrordesc_np(errno));
    char *line = NULL;
    size_t size = 0;
    enum err_code code = ERR_OK;
    for (int number = 1; code == ERR_OK && getline(&line, &size, file) >= 0; number++)
        code = load_line(l, line, number);
    if (code == ERR_OK && ferror(file))
        code = err_raise(l->err, REASON_CONFIG_INVALID, "can not read the configuration %s: %s",
            l->path, strerrordesc_np(errno));
    free(line);
    (void)fclose(file);
    return code;
}

static bool is_set_variable(const char *entry, const char *equals)
{
    static const char prefix[] = "KITH_";
    return strncmp(entry, prefix, sizeof(prefix) - 1) == 0 && equals && equals[1] != '\0';
}

/* "database-host" for "KITH_DATABASE_HOST=…". */
static char *name_of_variable(struct arena *arena, const char *entry, const char *equals)
{
    const char *start = entry + sizeof("KITH_") - 1;
    char *name = arena_strndup(arena, start, (size_t)(equals - start));
    for (char *c = name; c && *c; c++)
        *c = (char)(*c == '_' ? '-' : tolower((unsigned char)*c));
    return name;
}

static enum err_code load_variable(struct loader *l, const char *entry)
{
    const char *equals = strchr(entry, '=');
    if (!is_set_variable(entry, equals))
        return ERR_OK;
    const char *where = arena_strndup(l->arena, entry, (size_t)(equals - entry));
    const char *name = name_of_variable(l->arena, entry, equals);
    if (!where || !name)
        return out_of_memory(l->err);
    if (strcmp(name, "config") == 0)
        return ERR_OK;

    const char *text = arena_strdup(l->arena, equals + 1);
    if (!text)
        return out_of_memory(l->err);
    bool is_known = false;
    enum err_code code = set_by_name(l, name, text, where, &is_known);
    bool is_typo =
        !is_known && option_nearest(l->spec, name, strlen(name) < TYPO_MIN_LEN ? 1 : TYPO_EDITS);
    return is_typo ? unknown_name(l, name, where) : code;
}

static enum err_code load_environment(struct loader *l, char *const environ[])
{
    for (; *environ; environ++) {
        enum err_code code = load_variable(l, *environ);
        if (code != ERR_OK)
            return code;
    }
    return ERR_OK;
}

/* ---- flags ----------------------------------------------------------------------------------- */

struct flag {
    const char *name;
    const char *where; /* the flag as typed, without its value */
    const char *text;  /* after '=', else the next argument, or NULL */
};

/* Flags that are about the configuration itself. */
static bool take_own_flag(struct loader *l, const struct flag *flag)
{
    if (strcmp(flag->name, "help") == 0)
        l->request->wants_help = true;
    else if (strcmp(flag->name, "print-config") == 0)
        l->request->wants_print_config = true;
    else if (strcmp(flag->name, "config") == 0 && flag->text)
        l->path = flag->text;
    else
        return false;
    return true;
}

static bool takes_value(const struct loader *l, const char *name)
{
    if (strcmp(name, "help") == 0 || strcmp(name, "print-config") == 0)
        return false;
    const struct config_option *option = option_find(l->spec, name);
    return !option || option->type != CONFIG_BOOL;
}

/* Split argv[*i], moving *i on where the value is the next argument. */
static enum err_code read_flag(struct loader *l, char *const argv[], int *i, struct flag *flag)
{
    const char *typed = argv[*i];
    const char *equals = strchr(typed, '=');
    size_t len = equals ? (size_t)(equals - typed) : strlen(typed);
    flag->where = arena_strndup(l->arena, typed, len);
    if (!flag->where)
        return out_of_memory(l->err);
    flag->name = strcmp(flag->where, "-h") == 0 ? "help" : flag->where + 2;
    flag->text = equals ? equals + 1 : NULL;
    if (!equals && takes_value(l, flag->name) && argv[*i + 1])
        flag->text = argv[++*i];
    return ERR_OK;
}

static enum err_code set_flag(struct loader *l, const struct flag *flag)
{
    const struct config_option *option = option_find(l->spec, flag->name);
    const char *text = flag->text;
    if (!text && option && option->type == CONFIG_BOOL)
        text = "true";
    bool is_known = option || option_find_twin(l->spec, flag->name);
    if (!is_known)
        return unknown_name(l, flag->name, flag->where);
    if (!text)
        return err_raise(l->err, REASON_CONFIG_INVALID, "%s needs a value", flag->where);
    return set_by_name(l, flag->name, text, flag->where, &is_known);
}

static bool is_flag(const char *arg)
{
    return strcmp(arg, "-h") == 0 || (strncmp(arg, "--", 2) == 0 && arg[2] != '\0');
}

/*
 * Walk the arguments. Twice: the first time to know what is asked and which file to read, the
 * second time, as the strongest source, to set options.
 */
static enum err_code walk_flags(struct loader *l, char *const argv[], bool set)
{
    for (int i = argv[0] ? 1 : 0; argv[i]; i++) {
        if (!is_flag(argv[i])) {
            if (l->request->command && l->request->command != argv[i])
                return err_raise(l->err, REASON_CONFIG_INVALID,
                    "\"%s\" is one too many: it takes one command, and options", argv[i]);
            l->request->command = argv[i];
            continue;
        }
        struct flag flag = {0};
        enum err_code code = read_flag(l, argv, &i, &flag);
        if (code == ERR_OK && !take_own_flag(l, &flag) && set)
            code = set_flag(l, &flag);
        if (code != ERR_OK)
            return code;
    }
    return ERR_OK;
}

static const char *variable(char *const environ[], const char *name)
{
    size_t len = strlen(name);
    for (; *environ; environ++)
        if (strncmp(*environ, name, len) == 0 && (*environ)[len] == '=')
            return *environ + len + 1;
    return NULL;
}

static enum err_code load_sources(struct loader *l, char *const argv[], char *const environ[])
{
    enum err_code code = load_defaults(l);
    if (code == ERR_OK)
        code = walk_flags(l, argv, false);
    if (code != ERR_OK || l->request->wants_help)
        return code;

    code = load_file(l);
    if (code != ERR_OK)
        return code;
    next_source(l);
    code = load_environment(l, environ);
    if (code != ERR_OK)
        return code;
    next_source(l);
    return walk_flags(l, argv, true);
}

enum err_code config_load(const struct config_spec *spec, char *const argv[], char *const environ[],
    struct arena *arena, void *values, struct config_request *request, struct err *err)
{
    const char *path = variable(environ, "KITH_CONFIG");
    struct loader loader = {
        .spec = spec,
        .arena = arena,
        .values = values,
        .path = path && *path ? path : NULL,
        .request = request,
        .err = err,
    };
    size_t n_options = 0;
    while (spec->options[n_options].name)
        n_options++;
    loader.set_by = arena_calloc(arena, n_options + 1, sizeof(*loader.set_by));
    if (!loader.set_by)
        return out_of_memory(err);
    *request = (struct config_request){0};
    return load_sources(&loader, argv, environ);
}
