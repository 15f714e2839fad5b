/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Configuration: a table of options fills a struct from, in rising precedence, defaults, a file,
 * the environment and flags. The same table makes --help and --print-config.
 *
 * Option "database-host" of program "kith-contact" is the line `database-host = …` in the file, the
 * variable KITH_DATABASE_HOST and the flag --database-host. A secret also has a twin ending in
 * -file / _FILE naming a file that holds it. Unknown keys are errors naming the nearest option.
 */
#pragma once

#include "arena/arena.h"
#include "err/err.h"

#include <stdbool.h>
#include <stddef.h>
#include <stdio.h>

enum config_type {
    CONFIG_STR,  /* const char * */
    CONFIG_INT,  /* int64_t, min ≤ value ≤ max */
    CONFIG_BOOL, /* bool: true/false, yes/no, on/off, 1/0; a bare flag is true */
    CONFIG_ENUM, /* const char *, one of `choices` */
};

struct config_option {
    const char *name; /* lower case, words joined by '-' */
    enum config_type type;
    size_t offset;        /* of the member in the struct to fill */
    const char *fallback; /* default as text; NULL: "" / 0 / false */
    const char *help;     /* one sentence with unit and limits */
    int64_t min, max;
    const char *choices; /* CONFIG_ENUM: "auto|text|json" */
    bool is_secret;
};

struct config_spec {
    const char *program; /* "kith-contact" */
    const char *summary; /* what the program is, one line */
    const char *usage;   /* "kith-contact [serve|migrate|healthcheck] [OPTION…]" */
    const struct config_option *options; /* ends with a row whose name is NULL */
};

struct config_request {
    bool wants_help;         /* --help or -h was given */
    bool wants_print_config; /* --print-config was given */
    const char *command;     /* the argument that is no flag, or NULL */
};

/*
 * Fill `*values` (a struct the options' offsets point into). The file is named by --config or
 * KITH_CONFIG. Strings live in `arena`. `argv`, as main() gets it, and
 * `environ` end with NULL. CONFIG_INVALID says which source and line was wrong.
 *
 * All Kith programs share one environment, so a KITH_* variable that is not ours is left alone,
 * except where it is within two edits of one of ours (one, for names shorter than six letters):
 * that is a slip of the pen and refused. An empty variable counts as not set. A file is one
 * program's own: there, an unknown name is always an error. So is setting one option twice in one
 * source. Flags may stand before and after the command; a second argument that is no flag is
 * refused.
 */
MUST_USE enum err_code config_load(const struct config_spec *spec, char *const argv[],
    char *const environ[], struct arena *arena, void *values, struct config_request *request,
    struct err *err);

void config_print_help(const struct config_spec *spec, FILE *out);

/* Every option with its value in force; secrets as "(set)" or "(not set)". */
void config_print(const struct config_spec *spec, const void *values, FILE *out);
