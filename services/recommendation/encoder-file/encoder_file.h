/* SPDX-License-Identifier: Apache-2.0 */
/*
 * A model file mapped into memory, read-only: its pages are shared by every process that uses it
 * and given back when memory is short.
 */
#pragma once

#include "domain/encoder/encoder.h"

struct encoder_file {
    const void *bytes;
    size_t size;
    struct encoder *encoder; /* made of the bytes */
};

/*
 * Where a model file is by default: the value of KITH_ENCODER_FILE, else share/kith/encoder.kenc
 * beside the bin/ this program lies in, else that of the build. Written to `path`, of `size` bytes.
 */
void encoder_file_default_path(char *path, size_t size);

/*
 * NOT_FOUND (ENCODER_FILE_MISSING) where there is none: that is not a fault, questions are routed
 * by words then. ENCODER_FILE_INVALID for one that can not be used.
 */
MUST_USE enum err_code encoder_file_open(
    const char *path, struct encoder_file *out, struct err *err);

/* Takes a zeroed one as well. */
void encoder_file_close(struct encoder_file *file);
