/* SPDX-License-Identifier: Apache-2.0 */
/*
 * What kith-eval measures with: the service's router and encoder, whichever of their data files are
 * there. One thread.
 */
#pragma once

#include "domain/route.h"
#include "encoder_file.h"
#include "wordnet_map.h"

struct bench {
    struct wordnet_map wordnet;
    struct encoder_file file;
    struct encoder_bank_file bank_file;
    struct meaning_encoder encoder; /* .encoder is NULL without a model file */
    void *own_bank;                 /* made here, where there is no file of it */
    struct router router;
};

/* Says on stderr what is missing. Ends the program without memory. */
void bench_open(struct bench *bench);
void bench_close(struct bench *bench);

/* "floor=0.2"; false if there is no such parameter. */
bool bench_set_parameter(struct bench *bench, const char *assignment);

/* The meanings of all statements of a network, for free(); NULL without a model file. */
struct meaning *bench_encode(const struct bench *bench, const struct network *network);

/* Prints how questions of `pairs` find their evidence, and what of `nobody` (may be NULL) is
 * refused. Returns the exit status. */
int topics_run(const struct bench *bench, const char *pairs, const char *nobody);

/* Prints how test questions of `dir` (questions.tsv, answers.tsv) find who answered them, by votes
 * of the train questions. Returns the exit status. */
int votes_run(const struct bench *bench, const char *dir);

/* Writes the vector of each line of stdin, before it is aligned, as floats to stdout. `kind` is
 * "questions" or "evidence". Returns the exit status. */
int encode_run(const struct bench *bench, const char *kind);
