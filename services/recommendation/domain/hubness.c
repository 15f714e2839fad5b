/* SPDX-License-Identifier: Apache-2.0 */
#include "domain/hubness.h"

enum { CHUNK = 64 };

static const float EVIDENCE_HUBNESS = 0.3F;
static const float QUESTION_HUBNESS = 0.8F;

/* The largest so far, largest first. */
static void keep(float kept[HUBNESS_NEIGHBOURS], size_t *n, float cosine)
{
    size_t i;

    if (*n == HUBNESS_NEIGHBOURS && cosine <= kept[*n - 1])
        return;
    i = *n < HUBNESS_NEIGHBOURS ? (*n)++ : HUBNESS_NEIGHBOURS - 1;
    for (; i > 0 && cosine > kept[i - 1]; i--)
        kept[i] = kept[i - 1];
    kept[i] = cosine;
}

float hubness_of(const struct hubness_bank *bank, const struct encoder_vector *text)
{
    float kept[HUBNESS_NEIGHBOURS];
    float cosines[CHUNK];
    float sum = 0;
    size_t n = 0;

    for (size_t begin = 0; begin < bank->count; begin += CHUNK) {
        size_t count = bank->count - begin < CHUNK ? bank->count - begin : CHUNK;

        encoder_vector_scan(text, bank->texts + begin, count, cosines);
        for (size_t i = 0; i < count; i++)
            keep(kept, &n, cosines[i]);
    }
    for (size_t i = 0; i < n; i++)
        sum += kept[i];
    return n > 0 ? sum / (float)n : 0;
}

float hubness_correct(float cosine, float evidence, float question)
{
    return 2 * cosine - EVIDENCE_HUBNESS * evidence - QUESTION_HUBNESS * question;
}
