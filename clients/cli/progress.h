/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Progress: a bar on standard error for somebody who watches, redrawn in place and gone when done;
 * nothing for anybody else.
 */
#pragma once

#include "cli.h"

/* A kith_progress_fn in kilobytes; `cli` is a struct cli. */
void progress_bytes(void *cli, uint64_t done, uint64_t total);

/* The same for things that are counted: "contacts". */
void progress_show(const struct cli *cli, uint64_t done, uint64_t total, const char *what);
