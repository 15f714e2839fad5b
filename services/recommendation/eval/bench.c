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

static void open_encoder(struct bench *bench)
{
    struct meaning_encoder *encoder = &bench->encoder;

    encoder->encoder = bench->file.encoder;
    encoder->wordnet = bench->wordnet.wordnet;
    encoder->scratch = must(encoder_scratch_new(encoder->encoder));
    if (!bank_init(&bench->bank))
        (void)must(NULL);
    bank_encode(encoder, &bench->bank);
    bank_lend(&bench->bank, encoder);
}

void bench_open(struct bench *bench)
{
    char path[PATH_MAX];
    struct err err;

    *bench = (struct bench){.bank = {NULL, NULL}};
    if (wordnet_map_open(&bench->wordnet, WORDNET_MAP_DEFAULT_DIR, &err) != ERR_OK)
        (void)fprintf(stderr, "without WordNet: %s\n", err.msg);
    encoder_file_default_path(path, sizeof path);
    if (encoder_file_open(path, &bench->file, &err) == ERR_OK)
        open_encoder(bench);
    else
        (void)fprintf(stderr, "without the encoder: %s\n", err.msg);
    bench->router = (struct router){bench->wordnet.wordnet, score_defaults};
}

void bench_close(struct bench *bench)
{
    encoder_scratch_free(bench->encoder.scratch);
    encoder_file_close(&bench->file);
    wordnet_map_close(&bench->wordnet);
    bank_fini(&bench->bank);
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
