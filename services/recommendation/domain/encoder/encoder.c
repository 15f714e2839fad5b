/* SPDX-License-Identifier: Apache-2.0 */
#include "domain/encoder/encoder.h"

#include "domain/encoder/forward.h"
#include "domain/encoder/segment.h"

#include <sodium.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum { SHOWN_CHECKSUM_BYTES = 8 };

struct encoder {
    struct encoder_model model;
    const struct kernel *kernel;
    char name[ENCODER_MODEL_NAME_MAX];
};

struct encoder_scratch {
    struct segmenter *segmenter;
    struct workspace *workspace;
};

/* Everything but the checksum, which reads the whole file and so comes last. */
static const char *fault_of_header(const struct encoder_header *header, size_t size)
{
    struct encoder_model ignored;

    if (size < sizeof *header || memcmp(header->magic, ENCODER_FORMAT_MAGIC, 8) != 0)
        return "it is no model file";
    if (header->version != ENCODER_FORMAT_VERSION || header->header_bytes != sizeof *header)
        return "it is of another format version";
    if (header->file_bytes != size)
        return "it is cut or has bytes added";
    if (memchr(header->name, '\0', sizeof header->name) == NULL ||
        !encoder_dims_are_valid(&header->dims) ||
        encoder_model_layout(&header->dims, NULL, &ignored) != size)
        return "its numbers do not fit together";
    return NULL;
}

/* A trie that points outside of itself would make the segmenter read foreign memory. */
static bool trie_is_closed(const struct encoder_model *model)
{
    for (size_t i = 0; i < model->dims.trie_nodes; i++) {
        const struct encoder_trie_node *node = &model->trie[i];

        if ((uint64_t)node->first_child + node->child_count > model->dims.trie_nodes)
            return false;
        if (node->piece != ENCODER_NO_PIECE && node->piece >= model->dims.vocabulary)
            return false;
    }
    return true;
}

enum err_code encoder_new(const void *bytes, size_t size, struct encoder **out, struct err *err)
{
    const struct encoder_header *header = bytes;
    const char *fault = fault_of_header(header, size);
    uint8_t checksum[ENCODER_CHECKSUM_BYTES];
    char hex[2 * SHOWN_CHECKSUM_BYTES + 1];
    struct encoder *encoder;

    if (fault != NULL)
        return err_raise(
            err, REASON_ENCODER_FILE_INVALID, "the model file can not be used: %s", fault);
    encoder_checksum(bytes, size, checksum);
    if (memcmp(checksum, header->checksum, sizeof checksum) != 0)
        return err_raise(err, REASON_ENCODER_FILE_INVALID,
            "the model file can not be used: its checksum does not fit");
    encoder = calloc(1, sizeof *encoder);
    if (encoder == NULL)
        return err_raise(err, REASON_INTERNAL_ERROR, "out of memory");
    (void)encoder_model_layout(&header->dims, bytes, &encoder->model);
    if (!trie_is_closed(&encoder->model)) {
        encoder_free(encoder);
        return err_raise(err, REASON_ENCODER_FILE_INVALID,
            "the model file can not be used: its vocabulary is broken");
    }
    encoder->kernel = kernel_best();
    sodium_bin2hex(hex, sizeof hex, checksum, SHOWN_CHECKSUM_BYTES);
    (void)snprintf(encoder->name, sizeof encoder->name, "%.39s:%s", header->name, hex);
    *out = encoder;
    return ERR_OK;
}

void encoder_free(struct encoder *encoder)
{
    free(encoder);
}

const char *encoder_model_name(const struct encoder *encoder)
{
    return encoder->name;
}

struct encoder_scratch *encoder_scratch_new(const struct encoder *encoder)
{
    struct encoder_scratch *scratch = calloc(1, sizeof *scratch);

    if (scratch == NULL)
        return NULL;
    scratch->segmenter = segmenter_new();
    scratch->workspace = workspace_new(&encoder->model.dims);
    if (scratch->segmenter == NULL || scratch->workspace == NULL) {
        encoder_scratch_free(scratch);
        return NULL;
    }
    return scratch;
}

void encoder_scratch_free(struct encoder_scratch *scratch)
{
    if (scratch == NULL)
        return;
    segmenter_free(scratch->segmenter);
    workspace_free(scratch->workspace);
    free(scratch);
}

size_t encoder_segment(const struct encoder *encoder, struct encoder_scratch *scratch,
    const char *text, size_t len, uint16_t pieces[ENCODER_MAX_PIECES])
{
    return segment(&encoder->model, scratch->segmenter, text, len, pieces);
}

size_t encoder_encode(const struct encoder *encoder, struct encoder_scratch *scratch,
    const char *text, size_t len, float out[ENCODER_DIM])
{
    uint16_t pieces[ENCODER_MAX_PIECES];
    size_t count = encoder_segment(encoder, scratch, text, len, pieces);

    if (count == 0)
        memset(out, 0, ENCODER_DIM * sizeof *out);
    else
        forward(&encoder->model, encoder->kernel, scratch->workspace, pieces, count, out);
    return count;
}
