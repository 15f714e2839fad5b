/* SPDX-License-Identifier: Apache-2.0 */
/* Args: from the words of a command line to a command with its options and operands. */
#pragma once

#include "cli.h"

/* Every command; ends with a row whose name is NULL. */
extern const struct command commands[];

/* Options every command takes. */
extern const struct option_row global_options[];

/* STATUS_USAGE after saying what is wrong. `cli->command` is NULL when there were no words. */
enum status args_parse(struct cli *cli, int argc, char *const *argv);

/* NULL: none is called so. */
const struct command *args_find_command(const char *name);
