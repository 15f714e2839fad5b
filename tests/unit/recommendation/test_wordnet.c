/* SPDX-License-Identifier: Apache-2.0 */
#include "domain/terms.h"
#include "sample.h"
#include "unit_test.h"

#include <string.h>

static struct wordnet_map map;
static struct arena arena;

static int reset(void **state)
{
    (void)state;
    arena_reset(&arena);
    return 0;
}

/* The concept called `label` among those reached from `word`; NULL if it is not. */
static const struct wordnet_reach *reach(
    const char *word, const char *label, const struct wordnet_reach **nodes)
{
    struct wordnet_reach *found = NULL;
    size_t n = 0;
    struct err err = {0};
    assert_int_equal(wordnet_spread(map.wordnet, word, 0.2F, &arena, &found, &n, &err), ERR_OK);
    *nodes = found;
    for (size_t i = 0; i < n; i++)
        if (strcmp(wordnet_label(map.wordnet, found[i].synset, &arena), label) == 0)
            return &found[i];
    return NULL;
}

static bool is_form(const char *word, const char *label)
{
    struct wordnet_form forms[WORDNET_MAX_FORMS];
    size_t n = wordnet_forms(map.wordnet, word, forms);
    for (size_t i = 0; i < n; i++)
        if (strcmp(wordnet_label(map.wordnet, forms[i].synset, &arena), label) == 0)
            return true;
    return false;
}

static void snorkeling_leads_to_swimming_through_skin_diving(void **state)
{
    (void)state;
    const struct wordnet_reach *nodes = NULL;
    const struct wordnet_reach *swimming = reach("snorkeling", "swimming", &nodes);
    assert_non_null(swimming);
    assert_int_equal(swimming->step, WORDNET_STEP_KIND_OF);
    const struct wordnet_reach *diving = &nodes[swimming->from];
    assert_string_equal(wordnet_label(map.wordnet, diving->synset, &arena), "skin diving");
    const struct wordnet_reach *start = &nodes[diving->from];
    assert_string_equal(wordnet_label(map.wordnet, start->synset, &arena), "snorkeling");
    assert_int_equal(start->from, (uint32_t)(start - nodes));
    assert_true(start->weight > diving->weight && diving->weight > swimming->weight);
}

static void general_concepts_are_never_reached(void **state)
{
    (void)state;
    static const char *const general[] = {"entity", "activity", "person", "artifact", "event",
        "physical entity", "abstraction", "act", "state", "device", "animal", "worker"};
    const struct wordnet_reach *nodes = NULL;
    for (size_t i = 0; i < sizeof(general) / sizeof(general[0]); i++) {
        assert_null(reach("snorkeling", general[i], &nodes));
        assert_null(reach("plumber", general[i], &nodes));
        arena_reset(&arena);
    }
}

static void words_of_one_origin_stand_for_one_another(void **state)
{
    (void)state;
    assert_true(is_form("swim", "swimming"));
    assert_true(is_form("swimmer", "swimming"));
    assert_true(is_form("investor", "investing"));
    assert_true(is_form("coach", "coaching"));
    assert_false(is_form("swim", "skin diving"));
}

static void inflections_are_found(void **state)
{
    (void)state;
    assert_true(is_form("masks", "mask"));
    assert_true(is_form("mice", "mouse"));
    assert_true(is_form("swam", "swim"));
    assert_true(is_form("tomatoes", "tomato"));
    assert_true(wordnet_count_senses(map.wordnet, "skin_diving") > 0);
    assert_int_equal(wordnet_count_senses(map.wordnet, "frobnicatoring"), 0);
    assert_int_equal(wordnet_count_senses(map.wordnet, ""), 0);
}

static void each_form_appears_once_and_strongest_first(void **state)
{
    (void)state;
    struct wordnet_form forms[WORDNET_MAX_FORMS];
    size_t n = wordnet_forms(map.wordnet, "run", forms);
    assert_true(n > 10 && n <= WORDNET_MAX_FORMS);
    for (size_t i = 1; i < n; i++) {
        assert_true(forms[i - 1].weight >= forms[i].weight);
        for (size_t k = 0; k < i; k++)
            assert_int_not_equal(forms[k].synset, forms[i].synset);
    }
}

static void rare_words_tell_more_than_frequent_ones(void **state)
{
    (void)state;
    double snorkeling = terms_weight(map.wordnet, "snorkeling");
    double trip = terms_weight(map.wordnet, "trip");
    double run = terms_weight(map.wordnet, "run");
    assert_true(snorkeling > trip && trip > run && run > 0);
}

static void collocations_are_taken_as_one_word(void **state)
{
    (void)state;
    struct text_analyser *analyser = text_analyser_new();
    struct terms terms;
    struct err err = {0};
    assert_int_equal(terms_of(analyser, map.wordnet, "skin diving or ice-cream, real. estate",
                         false, &arena, &terms, &err),
        ERR_OK);
    assert_int_equal(terms.n, 4);
    assert_string_equal(terms.items[0].lemma, "skin_diving");
    assert_string_equal(terms.items[0].shown, "skin diving");
    assert_string_equal(terms.items[1].lemma, "ice_cream");
    assert_string_equal(terms.items[2].lemma, "real");
    text_analyser_free(analyser);
}

static void spreading_twice_gives_the_same_bits(void **state)
{
    (void)state;
    struct wordnet_reach *a = NULL, *b = NULL;
    size_t n = 0, m = 0;
    struct err err = {0};
    assert_int_equal(wordnet_spread(map.wordnet, "music", 0.2F, &arena, &a, &n, &err), ERR_OK);
    assert_int_equal(wordnet_spread(map.wordnet, "music", 0.2F, &arena, &b, &m, &err), ERR_OK);
    assert_int_equal(n, m);
    assert_memory_equal(a, b, n * sizeof(*a));
}

static void files_that_are_not_wordnets_are_refused(void **state)
{
    (void)state;
    struct wordnet_map bad = {0};
    struct wordnet *wordnet = NULL;
    struct err err = {0};
    assert_int_equal(wordnet_map_open(&bad, "/nonexistent", &err), ERR_INVALID_ARGUMENT);
    assert_non_null(strstr(err.msg, "apt-get install wordnet-base"));
    struct wordnet_files files = map.files;
    files.data[WORDNET_VERB].len -= 1; /* cut in the middle of a line */
    assert_int_equal(wordnet_new(&files, &wordnet, &err), ERR_INVALID_ARGUMENT);
    files = map.files;
    files.data[WORDNET_NOUN] = files.index[WORDNET_NOUN];
    assert_int_equal(wordnet_new(&files, &wordnet, &err), ERR_INVALID_ARGUMENT);
    assert_non_null(strstr(err.msg, "data.noun"));
}

int main(void)
{
    sample_open_wordnet(&map);
    arena_init(&arena, 16 * 1024 * 1024);
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup(snorkeling_leads_to_swimming_through_skin_diving, reset),
        cmocka_unit_test_setup(general_concepts_are_never_reached, reset),
        cmocka_unit_test_setup(words_of_one_origin_stand_for_one_another, reset),
        cmocka_unit_test_setup(inflections_are_found, reset),
        cmocka_unit_test_setup(each_form_appears_once_and_strongest_first, reset),
        cmocka_unit_test_setup(rare_words_tell_more_than_frequent_ones, reset),
        cmocka_unit_test_setup(collocations_are_taken_as_one_word, reset),
        cmocka_unit_test_setup(spreading_twice_gives_the_same_bits, reset),
        cmocka_unit_test_setup(files_that_are_not_wordnets_are_refused, reset),
    };
    int failed = cmocka_run_group_tests(tests, NULL, NULL);
    arena_fini(&arena);
    wordnet_map_close(&map);
    return failed;
}
