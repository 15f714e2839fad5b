/* SPDX-License-Identifier: Apache-2.0 */
/* A file mapped into memory, read-only. */
#pragma once

#include "err/err.h"

#include <stddef.h>

struct mapped {
    const void *bytes; /* aligned to a page; NULL: none */
    size_t size;
};

/* ENCODER_FILE_MISSING, or ENCODER_FILE_INVALID for what is empty or no file. `what` is for the
 * message: "model file". */
MUST_USE enum err_code mapped_open(
    const char *path, const char *what, struct mapped *out, struct err *err);

/* Takes a zeroed one as well. */
void mapped_close(struct mapped *file);
