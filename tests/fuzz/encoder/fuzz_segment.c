/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Any bytes as text: the pieces are of the vocabulary and few enough, the same each time, and the
 * vector has length 1, or 0 for a text without pieces. Needs no weights: the model is invented.
 */
#include "domain/encoder/encoder.h"
#include "synthetic.h"

#include <assert.h>
#include <math.h>
#include <stdlib.h>
#include <string.h>

struct model {
    struct synthetic synthetic;
    struct encoder *encoder;
    struct encoder_scratch *scratch;
};

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static const struct model *model(void)
{
    static struct model model;
    struct err err;

    if (model.encoder == NULL) {
        synthetic_init(&model.synthetic);
        if (encoder_new(model.synthetic.bytes, model.synthetic.size, &model.encoder, &err) !=
            ERR_OK)
            abort();
        model.scratch = encoder_scratch_new(model.encoder);
    }
    return &model;
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    const struct model *m = model();
    const char *text = (const char *)data;
    uint16_t first[ENCODER_MAX_PIECES];
    uint16_t again[ENCODER_MAX_PIECES];
    size_t count = encoder_segment(m->encoder, m->scratch, text, size, first);
    float vector[ENCODER_DIM];
    float square = 0;

    assert(count <= ENCODER_MAX_PIECES && (count == 0) == (size == 0));
    for (size_t i = 0; i < count; i++)
        assert(first[i] < m->synthetic.source.dims.vocabulary);
    assert(encoder_encode(m->encoder, m->scratch, text, size, vector) == count);
    assert(encoder_segment(m->encoder, m->scratch, text, size, again) == count);
    assert(memcmp(first, again, count * sizeof *first) == 0);
    for (size_t i = 0; i < ENCODER_DIM; i++)
        square += vector[i] * vector[i];
    assert(fabsf(square - (count > 0 ? 1.0F : 0.0F)) < 1e-3F);
    return 0;
}
