/* SPDX-License-Identifier: Apache-2.0 */
#include "bench.h"

#include <stdio.h>
#include <string.h>

int encode_run(const struct bench *bench, const char *kind)
{
    char line[4096];
    float vector[ENCODER_DIM];

    if (bench->encoder.encoder == NULL)
        return 1;
    while (fgets(line, sizeof line, stdin) != NULL) {
        line[strcspn(line, "\r\n")] = '\0';
        if (strcmp(kind, "evidence") == 0)
            meaning_say_evidence(&bench->encoder, line, vector);
        else
            meaning_say_question(&bench->encoder, line, vector);
        if (fwrite(vector, sizeof vector, 1, stdout) != 1)
            return 1;
    }
    return 0;
}
