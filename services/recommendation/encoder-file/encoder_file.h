/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The model file and the bank file beside it, mapped into memory, read-only: their pages are shared
 * by every process that uses them and given back when memory is short.
 */
#pragma once

#include "domain/bank.h"
#include "mapped.h"

struct encoder_file {
    struct mapped file;
    struct encoder *encoder; /* made of its bytes */
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

/* The bank file of a model file has its name and ".bank". */
void encoder_file_bank_path(const char *model_path, char *path, size_t size);

struct encoder_bank_file {
    struct mapped file;
    struct bank bank; /* within it */
};

/* ENCODER_BANK_INVALID where there is none for this model and program. The caller then makes one
 * (bank_make), which takes some seconds. */
MUST_USE enum err_code encoder_bank_file_open(const char *model_path, const struct encoder *encoder,
    struct encoder_bank_file *out, struct err *err);

/* Takes a zeroed one as well. */
void encoder_bank_file_close(struct encoder_bank_file *file);
