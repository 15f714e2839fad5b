/* SPDX-License-Identifier: Apache-2.0 */
#include "domain/bank.h"
#include "domain/gloss.h"
#include "domain/meaning.h"
#include "synthetic.h"
#include "unit_test.h"
#include "wordnet_map.h"

#include <stdlib.h>
#include <string.h>

struct fixture {
    struct synthetic model;
    struct meaning_encoder encoder;
    struct encoder *owned;
    struct wordnet_map wordnet;
    char *bank; /* the bytes of a bank file */
};

static int set_up(void **state)
{
    struct fixture *f = calloc(1, sizeof *f);
    struct err err;

    synthetic_init(&f->model);
    assert_ok(encoder_new(f->model.bytes, f->model.size, &f->owned, &err), &err);
    assert_ok(wordnet_map_open(&f->wordnet, WORDNET_MAP_DEFAULT_DIR, &err), &err);
    f->encoder.encoder = f->owned;
    f->encoder.scratch = encoder_scratch_new(f->owned);
    f->bank = bank_make(&f->encoder);
    *state = f;
    return f->encoder.scratch == NULL || f->bank == NULL;
}

static int tear_down(void **state)
{
    struct fixture *f = *state;

    encoder_scratch_free(f->encoder.scratch);
    encoder_free(f->owned);
    synthetic_fini(&f->model);
    wordnet_map_close(&f->wordnet);
    free(f->bank);
    free(f);
    return 0;
}

/* A unit vector along one axis, tilted by `tilt` towards axis 0. */
static struct encoder_vector axis(size_t number, float tilt)
{
    struct encoder_vector packed;
    float v[ENCODER_DIM] = {0};

    v[number] = 1;
    v[0] += tilt;
    encoder_vector_pack(v, &packed);
    return packed;
}

static void hubness_is_the_mean_of_the_nearest_questions(void **state)
{
    enum { COUNT = HUBNESS_NEIGHBOURS + 100 };
    struct encoder_vector questions[COUNT];
    const struct hubness_bank bank = {questions, COUNT};
    struct encoder_vector text = axis(0, 0);

    (void)state;
    for (size_t i = 0; i < COUNT; i++)
        questions[i] = axis(1, 0);
    for (size_t i = 0; i < HUBNESS_NEIGHBOURS / 2; i++)
        questions[i * 20] = axis(0, 0);
    assert_true(hubness_of(&bank, &text) > 0.49F && hubness_of(&bank, &text) < 0.51F);
}

static void without_a_bank_nothing_is_taken_off(void **state)
{
    const struct hubness_bank bank = {NULL, 0};
    struct encoder_vector text = axis(0, 0);

    (void)state;
    assert_true(hubness_of(&bank, &text) == 0);
    assert_true(hubness_correct(0.5F, 0, 0) == 1);
}

static void a_hub_loses_against_what_is_near_to_this_question_alone(void **state)
{
    struct encoder_vector near_to_all = axis(1, 1);
    struct encoder_vector near_to_one = axis(2, 0.9F);
    const struct meaning_question question = {axis(0, 0), axis(0, 0), 0};
    struct encoder_vector others[20];
    const struct hubness_bank bank = {others, 20};
    struct meaning hub = {near_to_all, 0};
    struct meaning special = {near_to_one, 0};

    (void)state;
    for (size_t i = 0; i < 20; i++)
        others[i] = axis(1, 0);
    assert_true(meaning_likeness(&question, &hub) > meaning_likeness(&question, &special));
    hub.hubness = hubness_of(&bank, &hub.vector);
    special.hubness = hubness_of(&bank, &special.vector);
    assert_true(meaning_likeness(&question, &hub) < meaning_likeness(&question, &special));
}

static void a_gloss_says_what_the_nouns_are(void **state)
{
    const struct fixture *f = *state;
    char gloss[GLOSS_MAX_BYTES];

    assert_true(gloss_of(f->wordnet.wordnet, "Luthier", gloss) > 0);
    assert_non_null(strstr(gloss, "stringed instruments"));
    assert_true(gloss_of(f->wordnet.wordnet, "Locksmiths", gloss) > 0);
    assert_non_null(strstr(gloss, "locks"));
}

static void names_of_several_words_are_glossed_as_one(void **state)
{
    const struct fixture *f = *state;
    char gloss[GLOSS_MAX_BYTES];

    assert_true(gloss_of(f->wordnet.wordnet, "real estate agent", gloss) > 0);
    assert_null(strchr(gloss, ';'));
}

static void examples_and_unknown_words_are_left_out(void **state)
{
    const struct fixture *f = *state;
    char gloss[GLOSS_MAX_BYTES] = "before";

    assert_int_equal(gloss_of(f->wordnet.wordnet, "xqzzt of the \xc3\xa9\xff 17", gloss), 0);
    assert_string_equal(gloss, "");
    (void)gloss_of(f->wordnet.wordnet, "coach teacher friend", gloss);
    assert_null(strchr(gloss, '"'));
}

static void a_gloss_of_many_words_is_cut_not_overrun(void **state)
{
    const struct fixture *f = *state;
    char gloss[GLOSS_MAX_BYTES];
    char text[4096] = "";

    for (size_t i = 0; i + 8 < sizeof text; i += 8)
        memcpy(text + i, "teacher ", 8);
    assert_true(gloss_of(f->wordnet.wordnet, text, gloss) < GLOSS_MAX_BYTES);
}

static void the_dictionary_changes_the_vector_of_evidence(void **state)
{
    struct fixture *f = *state;
    struct meaning without;
    struct meaning with;

    f->encoder.wordnet = NULL;
    meaning_of_evidence(&f->encoder, "baker", &without);
    f->encoder.wordnet = f->wordnet.wordnet;
    meaning_of_evidence(&f->encoder, "baker", &with);
    assert_memory_not_equal(&with.vector, &without.vector, sizeof with.vector);
}

static void texts_of_any_length_have_a_meaning(void **state)
{
    const struct fixture *f = *state;
    struct meaning_question question;
    struct meaning evidence;
    char *text = calloc(1, 100001);

    memset(text, 'b', 100000);
    meaning_of_question(&f->encoder, text, &question);
    meaning_of_evidence(&f->encoder, text, &evidence);
    assert_true(
        evidence.vector.scale > 0 && question.vector.scale > 0 && question.sought.scale > 0);
    meaning_of_evidence(&f->encoder, "", &evidence);
    free(text);
}

static void the_bank_has_enough_different_questions(void **state)
{
    (void)state;
    assert_true(bank_count() >= 500);
    for (size_t i = 0; i < bank_count(); i++) {
        assert_true(strlen(bank_question(i)) > 10);
        for (size_t k = 0; k < i; k++)
            assert_string_not_equal(bank_question(i), bank_question(k));
    }
}

static struct bank read_bank(const struct fixture *f, const void *bytes)
{
    struct bank bank = {NULL, NULL};
    struct err err;

    assert_ok(bank_read(bytes, bank_file_size(), f->owned, &bank, &err), &err);
    return bank;
}

static void a_bank_file_has_the_vectors_of_both_banks(void **state)
{
    const struct fixture *f = *state;
    const struct bank bank = read_bank(f, f->bank);
    struct meaning_question last;

    meaning_of_question(&f->encoder, bank_question(bank_count() - 1), &last);
    assert_memory_equal(&bank.questions[bank_count() - 1], &last.sought, sizeof last.sought);
    assert_true(bank.people[bank_people_count() - 1].scale > 0);
}

/* What is wrong with the bytes; "" if nothing is. */
static const char *fault_of(const struct fixture *f, const void *bytes, size_t size)
{
    static struct err err;
    struct bank bank;

    if (bank_read(bytes, size, f->owned, &bank, &err) == ERR_OK)
        return "";
    assert_int_equal(err.reason, REASON_ENCODER_BANK_INVALID);
    return err.msg;
}

static void a_bank_file_that_does_not_fit_is_refused_and_says_why(void **state)
{
    enum { A_LATER_BYTE = 1000 };
    const struct fixture *f = *state;
    char *bytes = f->bank;
    char *model = memmem(bytes, A_LATER_BYTE, encoder_model_name(f->owned), 8);
    char identity[BANK_IDENTITY_SIZE];
    char *ours;

    bank_identity(identity);
    ours = memmem(bytes, A_LATER_BYTE, identity, sizeof identity);
    assert_non_null(model);
    assert_non_null(ours);
    assert_string_equal(fault_of(f, bytes, bank_file_size()), "");
    assert_non_null(strstr(fault_of(f, bytes, 3), "no bank file"));
    assert_non_null(strstr(fault_of(f, bytes, bank_file_size() - 1), "cut"));
    bytes[A_LATER_BYTE] ^= 1;
    assert_non_null(strstr(fault_of(f, bytes, bank_file_size()), "checksum"));
    model[0] ^= 1;
    assert_non_null(strstr(fault_of(f, bytes, bank_file_size()), "another model"));
    ours[0] ^= 1;
    assert_non_null(strstr(fault_of(f, bytes, bank_file_size()), "another version"));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(hubness_is_the_mean_of_the_nearest_questions),
        cmocka_unit_test(without_a_bank_nothing_is_taken_off),
        cmocka_unit_test(a_hub_loses_against_what_is_near_to_this_question_alone),
        cmocka_unit_test(a_gloss_says_what_the_nouns_are),
        cmocka_unit_test(names_of_several_words_are_glossed_as_one),
        cmocka_unit_test(examples_and_unknown_words_are_left_out),
        cmocka_unit_test(a_gloss_of_many_words_is_cut_not_overrun),
        cmocka_unit_test(the_dictionary_changes_the_vector_of_evidence),
        cmocka_unit_test(texts_of_any_length_have_a_meaning),
        cmocka_unit_test(the_bank_has_enough_different_questions),
        cmocka_unit_test(a_bank_file_has_the_vectors_of_both_banks),
        cmocka_unit_test(a_bank_file_that_does_not_fit_is_refused_and_says_why),
    };

    return cmocka_run_group_tests(tests, set_up, tear_down);
}
