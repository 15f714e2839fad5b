/* SPDX-License-Identifier: Apache-2.0 */
/*
 * kith-eval: measures how well questions find who knows, by the code of the service.
 *
 *   kith-eval topics FILE [NOBODY] [NAME=VALUE…]   pairs question<TAB>evidence; every evidence line
 *                                  is a contact, and the right one is on the question's own line
 *   kith-eval route DIR [NAME=VALUE…]   questions.tsv and answers.tsv: who answered a test question
 *                                  is found by the votes of train questions that are like it
 *
 *     bench.c   the parts a measurement needs: WordNet, encoder, bank
 *     topics.c  the first measurement
 *     votes.c   the second
 */
#include "bench.h"

#include <stdio.h>
#include <string.h>

static int usage(void)
{
    (void)fprintf(stderr, "usage: kith-eval topics FILE [NOBODY] [NAME=VALUE…]\n"
                          "       kith-eval route DIR [NAME=VALUE…]\n"
                          "NOBODY has questions nobody knows; NAME is a parameter of the score.\n");
    return 2;
}

int main(int argc, char **argv)
{
    struct bench bench;
    const char *nobody = NULL;
    int status;

    bool is_route = argc >= 3 && strcmp(argv[1], "route") == 0;

    if (argc < 3 || (!is_route && strcmp(argv[1], "topics") != 0))
        return usage();
    bench_open(&bench);
    for (int i = 3; i < argc; i++) {
        if (strchr(argv[i], '=') == NULL)
            nobody = argv[i];
        else if (!bench_set_parameter(&bench, argv[i]))
            return usage();
    }
    status = is_route ? votes_run(&bench, argv[2]) : topics_run(&bench, argv[2], nobody);
    bench_close(&bench);
    return status;
}
