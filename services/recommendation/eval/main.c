/* SPDX-License-Identifier: Apache-2.0 */
/*
 * kith-eval: measures how well questions find who knows, by the code of the service.
 *
 *   kith-eval topics FILE [NOBODY] [NAME=VALUE…]   pairs question<TAB>evidence; every evidence line
 *                                  is a contact, and the right one is on the question's own line
 *   kith-eval route DIR [NAME=VALUE…]   questions.tsv and answers.tsv: who answered a test question
 *                                  is found by the votes of train questions that are like it
 *   kith-eval encode KIND          vectors of the lines of stdin; for fit-alignment
 *
 *     bench.c   the parts a measurement needs: WordNet, encoder, bank
 *     topics.c  the first measurement
 *     votes.c   the second
 *     encode.c  the third
 */
#include "bench.h"

#include <stdio.h>
#include <string.h>

static int usage(void)
{
    (void)fprintf(stderr, "usage: kith-eval topics FILE [NOBODY] [NAME=VALUE…]\n"
                          "       kith-eval route DIR [NAME=VALUE…]\n"
                          "       kith-eval encode questions|evidence\n"
                          "NOBODY has questions nobody knows; NAME is a parameter of the score.\n");
    return 2;
}

int main(int argc, char **argv)
{
    struct bench bench;
    const char *nobody = NULL;
    const char *command = argc >= 3 ? argv[1] : "";
    int status = 2;

    bench_open(&bench);
    for (int i = 3; i < argc; i++) {
        if (strchr(argv[i], '=') == NULL)
            nobody = argv[i];
        else if (!bench_set_parameter(&bench, argv[i]))
            return usage();
    }
    if (strcmp(command, "route") == 0)
        status = votes_run(&bench, argv[2]);
    else if (strcmp(command, "topics") == 0)
        status = topics_run(&bench, argv[2], nobody);
    else if (strcmp(command, "encode") == 0)
        status = encode_run(&bench, argv[2]);
    else
        status = usage();
    bench_close(&bench);
    return status;
}
