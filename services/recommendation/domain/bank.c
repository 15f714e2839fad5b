/* SPDX-License-Identifier: Apache-2.0 */
#include "domain/bank.h"

#include "bank_people.h"
#include "bank_questions.h"
#include "domain/alignment.h"

#include <assert.h>
#include <sodium.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define MAGIC "KITHBNK"

enum {
    VERSION = 1,
    N_QUESTIONS = sizeof bank_questions / sizeof *bank_questions - 1,
    N_PEOPLE = sizeof bank_people / sizeof *bank_people - 1,
    CHECKSUM_BYTES = 32
};

/* Little-endian, as the model file. */
struct bank_file {
    char magic[8];
    uint32_t version;
    uint32_t n_questions, n_people;
    char model[ENCODER_MODEL_NAME_MAX];
    char identity[BANK_IDENTITY_SIZE + 3];
    uint8_t checksum[CHECKSUM_BYTES]; /* BLAKE2b of the vectors */
    struct encoder_vector vectors[N_QUESTIONS + N_PEOPLE];
};

static_assert(sizeof(struct encoder_vector) == 516, "the stored form has no gaps");

size_t bank_count(void)
{
    return N_QUESTIONS;
}

const char *bank_question(size_t i)
{
    return bank_questions[i];
}

size_t bank_people_count(void)
{
    return N_PEOPLE;
}

size_t bank_file_size(void)
{
    return sizeof(struct bank_file);
}

static void add_lines(crypto_generichash_state *state, const char *const *lines, size_t n)
{
    for (size_t i = 0; i < n; i++)
        (void)crypto_generichash_update(
            state, (const unsigned char *)lines[i], strlen(lines[i]) + 1);
}

void bank_identity(char out[BANK_IDENTITY_SIZE])
{
    static const char *const way[] = {MEANING_WAY};
    crypto_generichash_state state;
    uint8_t hash[CHECKSUM_BYTES];
    size_t size;
    const void *alignment = alignment_weights(&size);

    (void)crypto_generichash_init(&state, NULL, 0, sizeof hash);
    add_lines(&state, way, 1);
    add_lines(&state, bank_questions, N_QUESTIONS);
    add_lines(&state, bank_people, N_PEOPLE);
    (void)crypto_generichash_update(&state, alignment, size);
    (void)crypto_generichash_final(&state, hash, sizeof hash);
    sodium_bin2hex(out, BANK_IDENTITY_SIZE, hash, BANK_IDENTITY_SIZE / 2);
}

/* A line is evidence, a tab, and what such a person is asked. */
static void encode_person(
    const struct meaning_encoder *encoder, const char *line, struct encoder_vector *out)
{
    char text[MEANING_MAX_BYTES];
    struct meaning meaning;

    (void)snprintf(text, sizeof text, "%.*s", (int)strcspn(line, "\t"), line);
    meaning_of_evidence(encoder, text, &meaning);
    *out = meaning.vector;
}

static void take_checksum(const struct bank_file *file, uint8_t out[CHECKSUM_BYTES])
{
    crypto_generichash(
        out, CHECKSUM_BYTES, (const unsigned char *)file->vectors, sizeof file->vectors, NULL, 0);
}

void *bank_make(const struct meaning_encoder *encoder)
{
    const struct meaning_encoder bare = {encoder->encoder, encoder->scratch, encoder->wordnet};
    struct bank_file *file = calloc(1, sizeof *file);

    if (file == NULL)
        return NULL;
    memcpy(file->magic, MAGIC, sizeof file->magic);
    file->version = VERSION;
    file->n_questions = N_QUESTIONS;
    file->n_people = N_PEOPLE;
    (void)snprintf(file->model, sizeof file->model, "%s", encoder_model_name(encoder->encoder));
    bank_identity(file->identity);
    for (size_t i = 0; i < N_QUESTIONS; i++) {
        struct meaning_question question;

        meaning_of_question(&bare, bank_questions[i], &question);
        file->vectors[i] = question.sought;
    }
    for (size_t i = 0; i < N_PEOPLE; i++)
        encode_person(&bare, bank_people[i], &file->vectors[N_QUESTIONS + i]);
    take_checksum(file, file->checksum);
    return file;
}

/* NULL if there is none. */
static const char *fault_of(
    const struct bank_file *file, size_t size, const struct encoder *encoder)
{
    uint8_t checksum[CHECKSUM_BYTES];
    char identity[BANK_IDENTITY_SIZE];

    if (size < offsetof(struct bank_file, vectors) ||
        memcmp(file->magic, MAGIC, sizeof file->magic) != 0)
        return "it is no bank file";
    bank_identity(identity);
    if (file->version != VERSION || file->n_questions != N_QUESTIONS ||
        file->n_people != N_PEOPLE || memcmp(file->identity, identity, sizeof identity) != 0)
        return "it was made by another version of Kith";
    if (size != sizeof *file)
        return "it is cut or has bytes added";
    if (strncmp(file->model, encoder_model_name(encoder), sizeof file->model) != 0)
        return "it was made for another model file";
    take_checksum(file, checksum);
    return memcmp(file->checksum, checksum, sizeof checksum) == 0 ? NULL
                                                                  : "its checksum does not fit";
}

enum err_code bank_read(const void *bytes, size_t size, const struct encoder *encoder,
    struct bank *out, struct err *err)
{
    const struct bank_file *file = bytes;
    const char *fault = fault_of(file, size, encoder);

    if (fault != NULL)
        return err_raise(
            err, REASON_ENCODER_BANK_INVALID, "the bank file can not be used: %s", fault);
    *out = (struct bank){file->vectors, file->vectors + N_QUESTIONS};
    return ERR_OK;
}

void bank_lend(const struct bank *bank, struct meaning_encoder *encoder)
{
    encoder->questions = (struct hubness_bank){bank->questions, N_QUESTIONS};
    encoder->people = (struct hubness_bank){bank->people, N_PEOPLE};
}
