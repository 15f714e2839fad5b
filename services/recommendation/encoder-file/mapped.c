/* SPDX-License-Identifier: Apache-2.0 */
#include "mapped.h"

#include <errno.h>
#include <fcntl.h>
#include <stdint.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <unistd.h>

static enum err_code map(int fd, const char *what, struct mapped *out, struct err *err)
{
    struct stat status;
    void *bytes;

    if (fstat(fd, &status) != 0 || !S_ISREG(status.st_mode) || status.st_size == 0)
        return err_raise(err, REASON_ENCODER_FILE_INVALID, "the %s is empty or no file", what);
    bytes = mmap(NULL, (size_t)status.st_size, PROT_READ, MAP_SHARED, fd, 0);
    if (bytes == MAP_FAILED) {
        enum err_code code =
            err_raise(err, REASON_ENCODER_FILE_INVALID, "the %s can not be mapped", what);

        err_detail(err, "mmap: errno %d", errno);
        return code;
    }
    *out = (struct mapped){bytes, (size_t)status.st_size};
    return ERR_OK;
}

enum err_code mapped_open(const char *path, const char *what, struct mapped *out, struct err *err)
{
    enum err_code code;
    int fd = open(path, O_RDONLY | O_CLOEXEC);

    if (fd < 0)
        return err_raise(err, REASON_ENCODER_FILE_MISSING, "there is no %s at %s", what, path);
    code = map(fd, what, out, err);
    (void)close(fd);
    return code;
}

void mapped_close(struct mapped *file)
{
    if (file->bytes != NULL)
        (void)munmap((void *)(uintptr_t)file->bytes, file->size);
    *file = (struct mapped){0};
}
