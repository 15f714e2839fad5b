/* SPDX-License-Identifier: Apache-2.0 */
#include "bench.h"

#include <limits.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

static void *must(void *memory)
{
    if (memory == NULL) {
        (void)fprintf(stderr, "kith-eval: out of memory\n");
        exit(1);
    }
    return memory;
}

static struct bank open_bank(struct bench *bench, const char *path)
{
    const struct encoder *encoder = bench->file.encoder;
    struct bank bank = {NULL, NULL};
    struct err err;

    if (encoder_bank_file_open(path, encoder, &bench->bank_file, &err) == ERR_OK)
        return bench->bank_file.bank;
    (void)fprintf(stderr, "%s; it is made for this once\n", err.msg);
    bench->own_bank = must(bank_make(&bench->encoder));
    if (bank_read(bench->own_bank, bank_file_size(), encoder, &bank, &err) != ERR_OK)
        (void)must(NULL);
    return bank;
}

static void open_encoder(struct bench *bench, const char *path)
{
    struct meaning_encoder *encoder = &bench->encoder;
    struct bank bank;

    encoder->encoder = bench->file.encoder;
    encoder->wordnet = bench->wordnet.wordnet;
    encoder->scratch = must(encoder_scratch_new(encoder->encoder));
    bank = open_bank(bench, path);
    bank_lend(&bank, encoder);
}

void bench_open(struct bench *bench)
{
    char path[PATH_MAX];
    struct err err;

    *bench = (struct bench){.own_bank = NULL};
    if (wordnet_map_open(&bench->wordnet, WORDNET_MAP_DEFAULT_DIR, &err) != ERR_OK)
        (void)fprintf(stderr, "without WordNet: %s\n", err.msg);
    encoder_file_default_path(path, sizeof path);
    if (encoder_file_open(path, &bench->file, &err) == ERR_OK)
        open_encoder(bench, path);
    else
        (void)fprintf(stderr, "without the encoder: %s\n", err.msg);
    bench->router = (struct router){bench->wordnet.wordnet, score_defaults};
}

void bench_close(struct bench *bench)
{
    encoder_scratch_free(bench->encoder.scratch);
    encoder_file_close(&bench->file);
    wordnet_map_close(&bench->wordnet);
    encoder_bank_file_close(&bench->bank_file);
    free(bench->own_bank);
}

bool bench_set_parameter(struct bench *bench, const char *assignment)
{
    char name[64];
    size_t len = strcspn(assignment, "=");

    if (len >= sizeof name)
        return false;
    memcpy(name, assignment, len);
    name[len] = '\0';
    return score_set_parameter(&bench->router.parameters, name, strtod(assignment + len + 1, NULL));
}

struct meaning *bench_encode(const struct bench *bench, const struct network *network)
{
    struct meaning *meanings;

    if (bench->encoder.encoder == NULL)
        return NULL;
    meanings = must(calloc((size_t)network->n_statements + 1, sizeof *meanings));
    for (uint32_t s = 0; s < network->n_statements; s++) {
        const char *text = network_text(network, s);
        struct meaning_question question;

        if (network->statements[s].kind != NETWORK_ANSWERED) {
            meaning_of_evidence(&bench->encoder, text, &meanings[s]);
            continue;
        }
        meaning_of_question(&bench->encoder, text, &question);
        meanings[s] = (struct meaning){.vector = question.vector};
    }
    return meanings;
}
