/* SPDX-License-Identifier: Apache-2.0 */
#include "wordnet_map.h"

#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <stdio.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <unistd.h>

static const char *const extensions[WORDNET_N_POS] = {"noun", "verb", "adj", "adv"};

/* 0, or errno. */
static int map_file(const char *path, struct wordnet_file *out)
{
    int fd = open(path, O_RDONLY | O_CLOEXEC);
    if (fd < 0)
        return errno;
    struct stat st;
    int problem = fstat(fd, &st) < 0 ? errno : 0;
    if (!problem && st.st_size > 0) {
        void *data = mmap(NULL, (size_t)st.st_size, PROT_READ, MAP_PRIVATE, fd, 0);
        if (data == MAP_FAILED)
            problem = errno;
        else
            *out = (struct wordnet_file){data, (size_t)st.st_size};
    }
    (void)close(fd);
    return problem;
}

static enum err_code map_one(const char *dir, const char *format, const char *extension,
    struct wordnet_file *out, struct err *err)
{
    char name[32], path[PATH_MAX];
    (void)snprintf(name, sizeof(name), "%s%s%s", format[0] == '.' ? extension : format,
        format[0] == '.' ? "" : ".", format[0] == '.' ? format : extension);
    (void)snprintf(path, sizeof(path), "%s/%s", dir, name);
    int problem = map_file(path, out);
    if (!problem)
        return ERR_OK;
    enum err_code code = err_raise(err, REASON_CONFIG_INVALID,
        "WordNet's file %s can not be read from %s; install it: apt-get install wordnet-base", name,
        dir);
    err_detail(err, "%s: errno %d", path, problem);
    return code;
}

enum err_code wordnet_map_open(struct wordnet_map *map, const char *dir, struct err *err)
{
    struct wordnet_map opened = {0};
    enum err_code code = ERR_OK;
    for (int pos = 0; pos < WORDNET_N_POS && code == ERR_OK; pos++) {
        code = map_one(dir, "index", extensions[pos], &opened.files.index[pos], err);
        if (code == ERR_OK)
            code = map_one(dir, "data", extensions[pos], &opened.files.data[pos], err);
        if (code == ERR_OK)
            code = map_one(dir, ".exc", extensions[pos], &opened.files.exceptions[pos], err);
    }
    if (code == ERR_OK)
        code = wordnet_new(&opened.files, &opened.wordnet, err);
    if (code != ERR_OK) {
        wordnet_map_close(&opened);
        return code;
    }
    *map = opened;
    return ERR_OK;
}

static void unmap(struct wordnet_file *file)
{
    union {
        const char *mapped;
        void *memory;
    } at = {.mapped = file->data};
    if (file->data)
        (void)munmap(at.memory, file->len);
}

void wordnet_map_close(struct wordnet_map *map)
{
    wordnet_free(map->wordnet);
    for (int pos = 0; pos < WORDNET_N_POS; pos++) {
        unmap(&map->files.index[pos]);
        unmap(&map->files.data[pos]);
        unmap(&map->files.exceptions[pos]);
    }
    *map = (struct wordnet_map){0};
}
