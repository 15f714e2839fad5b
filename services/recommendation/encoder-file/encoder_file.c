/* SPDX-License-Identifier: Apache-2.0 */
#include "encoder_file.h"

#include <errno.h>
#include <fcntl.h>
#include <libgen.h>
#include <limits.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/stat.h>
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

static enum err_code map(int fd, struct encoder_file *file, struct err *err)
{
    struct stat status;
    void *bytes;

    if (fstat(fd, &status) != 0 || !S_ISREG(status.st_mode) || status.st_size == 0)
        return err_raise(err, REASON_ENCODER_FILE_INVALID, "the model file is empty or no file");
    bytes = mmap(NULL, (size_t)status.st_size, PROT_READ, MAP_SHARED, fd, 0);
    if (bytes == MAP_FAILED) {
        enum err_code code =
            err_raise(err, REASON_ENCODER_FILE_INVALID, "the model file can not be mapped");

        err_detail(err, "mmap: errno %d", errno);
        return code;
    }
    file->bytes = bytes;
    file->size = (size_t)status.st_size;
    return ERR_OK;
}

enum err_code encoder_file_open(const char *path, struct encoder_file *out, struct err *err)
{
    struct encoder_file file = {0};
    enum err_code code;
    int fd = open(path, O_RDONLY | O_CLOEXEC);

    if (fd < 0)
        return err_raise(err, REASON_ENCODER_FILE_MISSING, "there is no model file at %s", path);
    code = map(fd, &file, err);
    (void)close(fd);
    if (code == ERR_OK)
        code = encoder_new(file.bytes, file.size, &file.encoder, err);
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
    if (file->bytes != NULL)
        (void)munmap((void *)(uintptr_t)file->bytes, file->size);
    *file = (struct encoder_file){0};
}
