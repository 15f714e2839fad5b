/* SPDX-License-Identifier: Apache-2.0 */
/*
 * CLI: what every command of `kith` sees: its options and operands, the member it acts as, and how
 * it talks to the services and to the person. One thread; everything lives until exit.
 */
#pragma once

#include "arena/arena.h"
#include "profile.h"

#include <jansson.h>
#include <kith.h>
#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>

/* Documented in `kith help exit-codes`; scripts depend on them. */
enum status {
    STATUS_OK = 0,
    STATUS_ERROR = 1,
    STATUS_USAGE = 2,
    STATUS_NOT_FOUND = 3,
    STATUS_DENIED = 4,
    STATUS_CONFLICT = 5,
    STATUS_UNAVAILABLE = 6,
    STATUS_TIMEOUT = 7,
    STATUS_PARTIAL = 8,
};

struct cli;
typedef enum status command_fn(struct cli *cli);

struct option_row {
    const char *name;  /* "dry-run"; NULL ends a table */
    char letter;       /* 'n', or 0 */
    const char *value; /* "FILE"; NULL: takes none */
    const char *help;
};

struct command {
    const char *name;     /* "fact add": one or two words */
    const char *group;    /* heading of the overview */
    const char *operands; /* "CONTACT KIND VALUE", "[QUERY]" or "" */
    int min_operands;
    int max_operands; /* -1: any number */
    const char *summary;
    const char *details;  /* more paragraphs of its help, or NULL */
    const char *examples; /* one a line, or NULL */
    const struct option_row *options;
    command_fn *run;
};

enum { MAX_GIVEN = 64 };

struct given {
    const struct option_row *option;
    const char *value; /* "" where it takes none */
};

struct cli {
    struct arena arena;
    const struct command *command;
    struct given given[MAX_GIVEN];
    int n_given;
    const char **operands;
    int n_operands;

    bool is_json, is_quiet, is_verbose, may_ask;
    bool is_terminal;               /* standard output is one */
    const char *bold, *dim, *plain; /* "" without colour */
    size_t columns;                 /* of the terminal; 0: as many as needed */

    struct profile profile; /* whom we act as */
    int64_t timeout_ms;     /* --timeout; 0: as the methods declare */
    struct kith_client *client;
    json_t *kept;       /* every reply, so that what points into it stays */
    enum status status; /* of the last failure */
};

/* The value of an option of this run; NULL: not given. The n-th of a repeated one. */
const char *cli_option(const struct cli *cli, const char *name);
const char *cli_option_at(const struct cli *cli, const char *name, int n);
bool cli_has(const struct cli *cli, const char *name);

/* The number of --limit, 0 for all. False after saying that it is none. */
bool cli_limit(struct cli *cli, int64_t fallback, int64_t *limit);

/* The time an option says, "500ms"; unchanged where it is not given. False after saying that it is
 * none. */
bool cli_time(struct cli *cli, const char *option, int64_t *ms);

/* The n-th operand, NULL beyond the last. All of them from the n-th on, joined by spaces. */
const char *cli_operand(const struct cli *cli, int n);
const char *cli_operands_from(struct cli *cli, int n);

/* ---- talking to the services ---- */

/* NULL after saying what is wrong. */
struct kith_client *cli_client(struct cli *cli);

/* What all calls say: that they belong to the trace in TRACEPARENT, if there is one. */
struct kith_call_options cli_call_options(void);

/*
 * Call a method, "ContactService/GetMember". Takes `in` (NULL: {}); the reply belongs to the CLI.
 * NULL after the error was shown; cli->status then is the command's exit code.
 */
json_t *cli_call(struct cli *cli, const char *method, json_t *in);
json_t *cli_call_with(
    struct cli *cli, const char *method, json_t *in, const struct kith_call_options *options);

/* A call whose failure is for the caller to judge; `*error` is hers. */
json_t *cli_try(struct cli *cli, const char *method, json_t *in,
    const struct kith_call_options *options, struct kith_error **error);

/* Call a list method page by page and `each` with every element of `list`, until that says no. */
typedef bool each_fn(struct cli *cli, json_t *element, void *arg);
bool cli_each(struct cli *cli, const char *method, json_t *in, const char *list, int64_t limit,
    each_fn *each, void *arg);

/* ---- talking to the person ---- */

/* An error of our own: what happened, and what to do next (NULL: nothing to say). */
enum status cli_refuse(struct cli *cli, enum status status, const char *next, const char *fmt, ...)
    PRINTF_LIKE(4, 5);

/* Show an error of a call and free it. */
enum status cli_fail(struct cli *cli, struct kith_error *error);

/* For people: nothing with --json; notes and hints not with --quiet either. What was asked for and
 * notes on it go to standard output, what to do next to standard error, so that a pipe is free of
 * it. */
void cli_say(const struct cli *cli, const char *fmt, ...) PRINTF_LIKE(2, 3);
void cli_note(const struct cli *cli, const char *fmt, ...) PRINTF_LIKE(2, 3);
void cli_next(const struct cli *cli, const char *fmt, ...) PRINTF_LIKE(2, 3);

/* Nobody reads on: the other end of the pipe that is standard output was closed. For commands that
 * wait, whom otherwise only their next line would tell. */
bool cli_is_unread(void);

/* With --json, print this as one line. True if it did. */
bool cli_emit(const struct cli *cli, const json_t *value);
