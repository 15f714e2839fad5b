/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Hint: what the failure of a call means to somebody at a command line, and what she types next.
 * The library's remedies are for every client; where one only repeats the message, or this program
 * knows better, the table here has the last word.
 */
#pragma once

#include "cli.h"

struct hint {
    const char *what; /* what happened */
    const char *next; /* "": the message says it all */
};

struct hint hint_of(struct cli *cli, const struct kith_error *error);

/* "kith ask QUESTION   (more: kith help ask)" */
const char *hint_usage(struct cli *cli);
