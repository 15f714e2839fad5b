/* SPDX-License-Identifier: Apache-2.0 */
/* Help: every page is made from the table of commands, so that none can lag behind. */
#pragma once

#include "cli.h"

enum status help_overview(struct cli *cli);
enum status help_command(struct cli *cli, const struct command *command);

/* `kith help`, `kith help fact add`, `kith help exit-codes`, --markdown, --names. */
command_fn help_run;
