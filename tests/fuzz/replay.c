/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Runs a fuzz target over every file of a folder: what fuzzing found once stays found.
 */
#include "fuzz.h"

#include <dirent.h>
#include <stdio.h>
#include <stdlib.h>

enum { LARGEST_INPUT = 1 << 20, LONGEST_PATH = 4096 };

/* Exactly as large as the file, so that a sanitizer sees a byte too many read. */
static void replay(const char *path)
{
    static uint8_t buffer[LARGEST_INPUT];
    FILE *file = fopen(path, "re");
    if (!file) {
        perror(path);
        exit(1);
    }
    size_t size = fread(buffer, 1, sizeof(buffer), file);
    (void)fclose(file);
    uint8_t *copy = malloc(size + (size == 0));
    if (!copy)
        exit(1);
    for (size_t i = 0; i < size; i++)
        copy[i] = buffer[i];
    (void)LLVMFuzzerTestOneInput(copy, size);
    free(copy);
}

int main(int argc, char **argv)
{
    size_t n = 0;
    DIR *folder = argc == 2 ? opendir(argv[1]) : NULL;
    if (!folder) {
        (void)fprintf(stderr, "usage: %s CORPUS-FOLDER\n", argv[0]);
        return 2;
    }
    const struct dirent *entry;
    while ((entry = readdir(folder)) != NULL) {
        char path[LONGEST_PATH];
        if (entry->d_name[0] == '.')
            continue;
        (void)snprintf(path, sizeof(path), "%s/%s", argv[1], entry->d_name);
        replay(path);
        n++;
    }
    (void)closedir(folder);
    (void)printf("%zu inputs\n", n);
    return n > 0 ? 0 : 1;
}
