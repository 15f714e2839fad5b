/* SPDX-License-Identifier: Apache-2.0 */
#include "encoder_file.h"

#include <libgen.h>
#include <limits.h>
#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>

#define PLACE "share/kith/encoder.kenc"

void encoder_file_default_path(char *path, size_t size)
{
    const char *named = getenv("KITH_ENCODER_FILE");
    char program[PATH_MAX] = "";

    if (named != NULL && named[0] != '\0') {
        (void)snprintf(path, size, "%s", named);
        return;
    }
    if (readlink("/proc/self/exe", program, sizeof program - 1) > 0) {
        (void)snprintf(path, size, "%s/../" PLACE, dirname(program));
        if (access(path, R_OK) == 0)
            return;
    }
    (void)snprintf(path, size, "%s/" PLACE, ENCODER_BUILD_PREFIX);
}

enum err_code encoder_file_open(const char *path, struct encoder_file *out, struct err *err)
{
    struct encoder_file file = {.encoder = NULL};
    enum err_code code = mapped_open(path, "model file", &file.file, err);

    if (code == ERR_OK)
        code = encoder_new(file.file.bytes, file.file.size, &file.encoder, err);
    if (code != ERR_OK) {
        encoder_file_close(&file);
        return code;
    }
    *out = file;
    return ERR_OK;
}

void encoder_file_close(struct encoder_file *file)
{
    encoder_free(file->encoder);
    mapped_close(&file->file);
    *file = (struct encoder_file){.encoder = NULL};
}

void encoder_file_bank_path(const char *model_path, char *path, size_t size)
{
    (void)snprintf(path, size, "%s.bank", model_path);
}

enum err_code encoder_bank_file_open(const char *model_path, const struct encoder *encoder,
    struct encoder_bank_file *out, struct err *err)
{
    struct encoder_bank_file file = {.bank = {NULL, NULL}};
    char path[PATH_MAX];
    struct err ignored;
    enum err_code code;

    encoder_file_bank_path(model_path, path, sizeof path);
    if (mapped_open(path, "bank file", &file.file, &ignored) != ERR_OK)
        return err_raise(err, REASON_ENCODER_BANK_INVALID, "there is no bank file at %s", path);
    code = bank_read(file.file.bytes, file.file.size, encoder, &file.bank, err);
    if (code != ERR_OK) {
        encoder_bank_file_close(&file);
        return code;
    }
    *out = file;
    return ERR_OK;
}

void encoder_bank_file_close(struct encoder_bank_file *file)
{
    mapped_close(&file->file);
    *file = (struct encoder_bank_file){.bank = {NULL, NULL}};
}
